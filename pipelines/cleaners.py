"""The declared cleaners: text in, text out, or a reason why not.

`schemas.cleaners` lists them with the shape of their arguments, for whoever reads
declarations; here is what they do. What a column declares is put together once, into one
function of a text that knows nothing of rows: the same runs over a few values and over
millions.

Most values are clean. So cleaners that cannot fail are gathered into steps: a step looks
once, by one regular expression, whether its cleaners have anything to do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from string import ascii_lowercase, ascii_uppercase
from typing import Any

from pipelines import date_patterns, money, personal_names
from pipelines.characters import BLANKS, INVISIBLE, WIDTH_FROM, WIDTH_TO
from pipelines.outcome import Cleaned
from schemas.identifiers import persons
from schemas.model import Cleaner, ColumnMapping

Change = Callable[[str], str]
Step = Callable[[str], str | None]
Look = Callable[[str], object]

_AROUND = BLANKS + INVISIBLE
_NOTHING = Cleaned(None)
_FIGURE = re.compile(r"[+-]?[0-9]{1,18}(?:\.[0-9]{1,10})?\Z")
_PERCENTAGE = re.compile(r"(.*)([%‰])\Z", re.DOTALL)
_ZERO = re.compile(r"0+(?:\.0+)?\Z")
_WIDTH = str.maketrans(WIDTH_FROM, WIDTH_TO)
_WITHOUT_BLANKS = str.maketrans("", "", BLANKS)
_PRODUCT = Context(prec=39, rounding=ROUND_HALF_UP)
_FACTOR_PLACES, _PLACES = Decimal("1e-8"), Decimal("1e-9")


def clean(text: str | None, cleaners: Sequence[Cleaner]) -> Cleaned:
    """Apply cleaners in the order written.

    Args:
        text: None stays None, and gives no reason.
        cleaners: as declared; KeyError for a name that `schemas.cleaners` does not have.

    Returns:
        The text, None where a cleaner could not read it; then `reason` says why. A text that
        is empty or blank, before or after, is None.
    """
    return _composed(cleaners, {}, ())(text)


def prepared(mapping: ColumnMapping, empty: Sequence[str] = ()) -> Callable[[str | None], Cleaned]:
    """Return what makes of a source column's text the one to be read: empties gone, cleaned, looked up.

    Args:
        mapping: its cleaners, and its `lookup` of known dirty values after cleaning. A text
            that a cleaner could not read can be looked up too, as it was before that cleaner;
            what the lookup gives is taken as it stands there.
        empty: texts that mean "nothing", compared without the blanks around them.
    """
    return _composed(mapping.clean, mapping.lookup, empty)


def _composed(
    cleaners: Sequence[Cleaner], lookup: Mapping[str, str], empty: Sequence[str]
) -> Callable[[str | None], Cleaned]:
    """Put cleaners and lookup into one function; a cleaner that may fail can only be the last."""
    last = CLEANERS[cleaners[-1].name] if cleaners else None
    if last is not None and last.may_fail:
        return _fallible(_in_turn(_steps(cleaners[:-1], empty)), last.make(cleaners[-1].argument), lookup)
    change = _in_turn(_steps(cleaners, empty))

    def plain(text: str | None) -> Cleaned:
        return _NOTHING if text is None else Cleaned(change(text))

    def looked_up(text: str | None) -> Cleaned:
        changed = None if text is None else change(text)
        return _NOTHING if changed is None else Cleaned(lookup.get(changed, changed))

    return looked_up if lookup else plain


def _fallible(
    change: Step, read: Callable[[str], Cleaned], lookup: Mapping[str, str]
) -> Callable[[str | None], Cleaned]:
    """Return what changes a text and reads it; where that fails, the lookup is asked for what it was before."""

    def cleaned(text: str | None) -> Cleaned:
        changed = None if text is None else change(text)
        if changed is None:
            return _NOTHING
        found = read(changed)
        meant = lookup.get(changed if found.text is None else found.text)
        return found if meant is None else Cleaned(meant)

    return cleaned


def _steps(cleaners: Sequence[Cleaner], empty: Sequence[str]) -> tuple[Step, ...]:
    """Gather cleaners; one that stands alone reads what those before it left, and finds no blank text."""
    groups: list[list[Cleaner]] = [[]]
    for cleaner in cleaners:
        if CLEANERS[cleaner.name].begins_anew:
            groups.append([])
        groups[-1].append(cleaner)
    return tuple(_gathered(group, () if place else empty) for place, group in enumerate(groups))


def _in_turn(steps: Sequence[Step]) -> Step:
    if len(steps) == 1:
        return steps[0]

    def change(text: str) -> str | None:
        made: str | None = text
        for step in steps:
            made = None if made is None else step(made)
        return made

    return change


def _gathered(cleaners: Sequence[Cleaner], empty: Sequence[str]) -> Step:
    """Return the step of cleaners that cannot fail; blank texts, before or after, and those in `empty` become None."""
    kinds = [(CLEANERS[cleaner.name], cleaner.argument) for cleaner in cleaners]
    changes: tuple[Change, ...] = tuple(kind.make(argument) for kind, argument in kinds)
    is_touched = _looked_for([kind.touches(argument) for kind, argument in kinds])
    nothing = frozenset(("", *empty))

    def step(text: str) -> str | None:
        if text not in nothing and not is_touched(text):
            return text
        if text.strip(_AROUND) in nothing:
            return None
        made = text
        for change in changes:
            made = change(made)
        return made if made.strip(_AROUND) else None

    return step


def _looked_for(touched: Sequence[str | Look]) -> Look:
    """Put into one look what may be changed: characters, wherever they stand, and what a function of its own finds."""
    looks = [look for look in touched if not isinstance(look, str)]
    characters = set(_AROUND).union(*(look for look in touched if isinstance(look, str)))
    if any(look is _IN_NAMES for look in looks):
        characters = {character for character in characters if not _IN_NAMES(character)}
    if characters:
        looks.insert(0, re.compile(f"[{''.join(map(re.escape, sorted(characters)))}]").search)
    if len(looks) == 1:
        return looks[0]
    first, second, *others = looks
    if not others:
        return lambda text: first(text) or second(text)
    return lambda text: any(look(text) for look in looks)


def width(_: object) -> Change:
    """Turn full-width letters, digits and signs, and the ideographic space, into half-width ones."""
    return _translated(_WIDTH)


def trim(_: object) -> Change:
    """Take Unicode blanks off both ends, and invisible characters wherever they stand."""
    invisible = str.maketrans("", "", INVISIBLE)
    return lambda text: text.translate(invisible).strip(BLANKS)


def collapse(_: object) -> Change:
    """Turn each run of Unicode blanks into one space."""
    runs = re.compile(f"[{BLANKS}]+")
    return lambda text: runs.sub(" ", text)


def upper(_: object) -> Change:
    """Turn a–z into capitals."""
    return _translated(str.maketrans(ascii_lowercase, ascii_uppercase))


def lower(_: object) -> Change:
    """Turn A–Z into small letters."""
    return _translated(str.maketrans(ascii_uppercase, ascii_lowercase))


def remove(characters: str) -> Change:
    """Take each of the characters out, wherever it stands."""
    return _translated(str.maketrans("", "", characters))


def prefix(head: str) -> Change:
    """Set a text in front, unless it stands there."""
    return lambda text: text if text.startswith(head) else head + text


def strip_prefix(heads: Sequence[str]) -> Change:
    """Take off the first of the texts that the text begins with."""

    def change(text: str) -> str:
        for head in heads:
            if text.startswith(head):
                return text[len(head) :]
        return text

    return change


def replace(pairs: Mapping[str, str]) -> Change:
    """Put the right of each pair in the place of its left, wherever it stands, pair by pair."""
    told = tuple((left, right) for left, right in pairs.items() if left)

    def change(text: str) -> str:
        for left, right in told:
            text = text.replace(left, right)
        return text

    return change


def citizen_18(_: object) -> Change:
    """Upgrade citizen numbers of 15 digits to 18 characters; any other text stays as it is."""
    return lambda text: persons.upgrade(text) if _is_legacy(text) else text


def _is_legacy(text: str) -> bool:
    return len(text) == 15 and text.isascii() and text.isdigit()


def name(_: object) -> Change:
    """Keep a person's name as `pipelines.personal_names` says."""
    return personal_names.personal_name


def date(patterns: Sequence[str]) -> Callable[[str], Cleaned]:
    """Read a day by the first pattern that fits and write it yyyy-MM-dd; else `not_a_date`."""
    day, refused = date_patterns.days(patterns), Cleaned(None, "not_a_date")

    def read(text: str) -> Cleaned:
        found = day(text)
        return refused if found is None else Cleaned(found.isoformat())

    return read


def unit(argument: Mapping[str, str]) -> Callable[[str], Cleaned]:
    """Multiply a figure by `factor`; else `not_a_number`. Nine decimal places are kept."""
    factor = Decimal(argument["factor"]).quantize(_FACTOR_PLACES, rounding=ROUND_HALF_UP)
    refused = Cleaned(None, "not_a_number")
    return lambda text: Cleaned(_scaled(text, factor)) if _FIGURE.match(text) else refused


def percent(_: object) -> Callable[[str], Cleaned]:
    """Write 12.5% as 0.125 (‰ too); a figure without its sign is refused, for nobody knows what it means."""
    factors, refused = {"%": Decimal("0.01"), "‰": Decimal("0.001")}, Cleaned(None, "not_a_percentage")

    def read(text: str) -> Cleaned:
        plain = text.translate(_WITHOUT_BLANKS).translate(_WIDTH)
        found = _PERCENTAGE.match(plain)
        if found is not None and _FIGURE.match(found[1]):
            return Cleaned(_scaled(found[1], factors[found[2]]))
        return Cleaned("0") if _ZERO.match(plain) and _FIGURE.match(plain) else refused

    return read


def _scaled(figure: str, factor: Decimal) -> str:
    """Multiply a figure; the product has up to nine decimal places, rounded half up."""
    product = _PRODUCT.multiply(Decimal(figure), factor).quantize(_PLACES, context=_PRODUCT)
    return f"{product:f}".rstrip("0").rstrip(".") if product else "0"


def _translated(table: Mapping[int, int | str | None]) -> Change:
    return lambda text: text.translate(table)


def _characters(characters: str) -> Callable[[object], str]:
    return lambda _: characters


def _touches_nothing(_: object) -> str:
    return ""


@dataclass(frozen=True)
class _Kind:
    """What a cleaner does, and the texts that it may change.

    `make` gives its function for an argument: a `Change`, or, where it `may_fail`, one that
    gives a `Cleaned`. `touches` gives characters one of which is in every text that is
    changed, or what tells such texts; it may tell others too. `begins_anew`: a text that the
    cleaners before it left blank does not come to it.
    """

    make: Callable[[Any], Callable[[str], Any]]
    touches: Callable[[Any], str | Look] = _touches_nothing
    may_fail: bool = False
    begins_anew: bool = False


_IN_NAMES: Look = re.compile(personal_names.NOT_PLAIN).search

CLEANERS: Mapping[str, _Kind] = {
    "width": _Kind(width, _characters(WIDTH_FROM)),
    "trim": _Kind(trim, _characters(INVISIBLE)),
    "collapse": _Kind(collapse, _characters(BLANKS)),
    "upper": _Kind(upper, _characters(ascii_lowercase)),
    "lower": _Kind(lower, _characters(ascii_uppercase)),
    "remove": _Kind(remove, lambda characters: characters),
    "prefix": _Kind(prefix, lambda head: lambda text: not text.startswith(head)),
    "strip_prefix": _Kind(strip_prefix, lambda heads: lambda text: text.startswith(tuple(heads))),
    "replace": _Kind(replace, lambda pairs: "".join(left[:1] for left in pairs)),
    "citizen_18": _Kind(citizen_18, lambda _: _is_legacy, begins_anew=True),
    "name": _Kind(name, lambda _: _IN_NAMES),
    "date": _Kind(date, may_fail=True),
    "unit": _Kind(unit, may_fail=True),
    "money": _Kind(money.money, may_fail=True),
    "percent": _Kind(percent, may_fail=True),
}
"""Every cleaner by its declared name; the keys are those of `schemas.cleaners.CLEANERS`."""
