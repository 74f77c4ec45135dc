"""The declared cleaners as Spark column expressions: text in, text out, or a reason why not.

`schemas.cleaners` lists them with the shape of their arguments, for whoever reads
declarations without Spark; here is what they do. Nothing raises under ANSI and no Python
function runs on rows, so that all of it works over Spark Connect.

Most values are clean, and Spark computes an expression anew wherever it stands. So cleaners
are gathered into steps: a step looks once, by one regular expression, whether its cleaners
have anything to do. Whoever reads many columns makes each step a projection of its own
(`pipelines.values`); `clean` puts them into one expression.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

from pyspark.sql import Column
from pyspark.sql import functions as f

from pipelines import date_patterns, identifiers, money, personal_names
from pipelines.characters import BLANKS, INVISIBLE, WIDTH_FROM, WIDTH_TO
from pipelines.lookup import look_up
from pipelines.outcome import Cleaned
from schemas.model import Cleaner, ColumnMapping

Step = Callable[[Cleaned], Cleaned]

_AROUND = BLANKS + INVISIBLE
_AT_AN_END = f"^[{_AROUND}]|[{_AROUND}]\\z|^\\z"
_FIGURE = r"^[+-]?[0-9]{1,18}(\.[0-9]{1,10})?\z"


def clean(text: Column, cleaners: Sequence[Cleaner]) -> Cleaned:
    """Apply cleaners in the order written.

    Args:
        text: string; null stays null, and gives no reason.
        cleaners: as declared; KeyError for a name that `schemas.cleaners` does not have.

    Returns:
        The text, null where a cleaner could not read it; then `reason` says why. A text that
        is empty or blank, before or after, is null.
    """
    return run(text, steps(cleaners, {}, ()))


def prepare(text: Column, mapping: ColumnMapping, empty: Sequence[str] = ()) -> Cleaned:
    """Return a source column's text as it is to be read: empties gone, cleaned, looked up.

    Args:
        text: the column as received (or the mapping's constant).
        mapping: its cleaners, and its `lookup` of known dirty values after cleaning. A text
            that a cleaner could not read can be looked up too, as it was before that cleaner;
            what the lookup gives is taken as it stands there.
        empty: texts that mean "nothing", compared without the blanks around them.
    """
    return run(text, steps(mapping.clean, mapping.lookup, empty))


def run(text: Column, made: Iterable[Step]) -> Cleaned:
    """Put steps into one expression each for text and reason."""
    return reduce(lambda cleaned, step: step(cleaned), made, Cleaned(text))


def steps(cleaners: Sequence[Cleaner], lookup: Mapping[str, str], empty: Sequence[str]) -> tuple[Step, ...]:
    """Return what is to be done to a text, each step reading only what the one before left."""
    made: list[Step] = []
    group: list[Cleaner] = []
    for cleaner in cleaners:
        kind = CLEANERS[cleaner.name]
        if kind.is_long or kind.guard is None:
            made.append(_gathered(group, empty if not made else ()))
            group = []
        if kind.guard is None:
            made.append(_fallible(cleaner))
        else:
            group.append(cleaner)
    if group or not made:
        made.append(_gathered(group, empty if not made else ()))
    if lookup:
        made.append(lambda cleaned: _looked_up(cleaned, lookup))
    return (*made, _finished) if any(CLEANERS[c.name].guard is None for c in cleaners) else tuple(made)


def _gathered(cleaners: Sequence[Cleaner], empty: Sequence[str]) -> Step:
    """Return the step of cleaners that cannot fail; before them, blank texts and `empty` become null."""
    cleaners = tuple(cleaners)
    guards = [_AT_AN_END, *(_guard(cleaner) for cleaner in cleaners)]
    if empty:
        guards.append(f"^(?:{'|'.join(map(_quoted, empty))})\\z")

    def step(before: Cleaned) -> Cleaned:
        text = before.text
        chained = reduce(lambda made, c: CLEANERS[c.name].apply(made, c.argument), cleaners, text)
        bare = f.btrim(text, f.lit(_AROUND))
        cleaned = f.when(~bare.isin("", *empty), _not_blank(chained))
        return Cleaned(f.when(text.rlike("|".join(guards)), cleaned).otherwise(text), before.reason)

    return step


def _guard(cleaner: Cleaner) -> str:
    guard = CLEANERS[cleaner.name].guard
    return guard(cleaner.argument) if guard is not None else ""


def _fallible(cleaner: Cleaner) -> Step:
    """Return the step of a cleaner that may fail; where it does, the text stays what it was before it."""

    def step(before: Cleaned) -> Cleaned:
        after: Cleaned = CLEANERS[cleaner.name].apply(before.text, cleaner.argument)
        return Cleaned(f.coalesce(after.text, before.text), after.reason)

    return step


def _looked_up(cleaned: Cleaned, lookup: Mapping[str, str]) -> Cleaned:
    meant = look_up(lookup, cleaned.text)
    text = f.coalesce(meant, cleaned.text)
    return Cleaned(text) if cleaned.reason is None else Cleaned(text, f.when(meant.isNull(), cleaned.reason))


def _finished(cleaned: Cleaned) -> Cleaned:
    if cleaned.reason is None:
        return cleaned
    return Cleaned(f.when(cleaned.reason.isNull(), cleaned.text), cleaned.reason)


def _not_blank(text: Column) -> Column:
    return f.when(f.btrim(text, f.lit(_AROUND)) != "", text)


def _quoted(text: str) -> str:
    return re.sub(r"([^\w])", r"\\\1", text, flags=re.ASCII) if text.isascii() else re.escape(text)


def width(text: Column, _: object) -> Column:
    """Turn full-width letters, digits and signs, and the ideographic space, into half-width ones."""
    return f.translate(text, WIDTH_FROM, WIDTH_TO)


def trim(text: Column, _: object) -> Column:
    """Take Unicode blanks off both ends, and invisible characters wherever they stand."""
    return f.btrim(f.translate(text, INVISIBLE, ""), f.lit(BLANKS))


def collapse(text: Column, _: object) -> Column:
    """Turn each run of Unicode blanks into one space."""
    return f.regexp_replace(text, f"[{BLANKS}]+", " ")


def upper(text: Column, _: object) -> Column:
    """Turn a–z into capitals."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    return f.translate(text, letters, letters.upper())


def lower(text: Column, _: object) -> Column:
    """Turn A–Z into small letters."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return f.translate(text, letters, letters.lower())


def remove(text: Column, characters: str) -> Column:
    """Take each of the characters out, wherever it stands."""
    return f.translate(text, characters, "")


def prefix(text: Column, head: str) -> Column:
    """Set a text in front, unless it stands there."""
    return f.when(text.startswith(head), text).otherwise(f.concat(f.lit(head), text))


def strip_prefix(text: Column, heads: Sequence[str]) -> Column:
    """Take off the first of the texts that the text begins with."""
    kept = [(text.startswith(head), f.substring(text, len(head) + 1, 1 << 30)) for head in heads]
    (first, rest), *others = kept
    chain = reduce(lambda made, branch: made.when(*branch), others, f.when(first, rest))
    return chain.otherwise(text)


def replace(text: Column, pairs: Mapping[str, str]) -> Column:
    """Put the right of each pair in the place of its left, wherever it stands, pair by pair."""
    return reduce(lambda made, pair: f.replace(made, f.lit(pair[0]), f.lit(pair[1])), pairs.items(), text)


def citizen_18(text: Column, _: object) -> Column:
    """Upgrade citizen numbers of 15 digits to 18 characters; any other text stays as it is."""
    return f.when(text.rlike(r"^[0-9]{15}\z"), identifiers.upgraded(text)).otherwise(text)


def date(text: Column, patterns: Sequence[str]) -> Cleaned:
    """Read a day by the first pattern that fits and write it yyyy-MM-dd; else `not_a_date`."""
    day = date_patterns.day(text, patterns).cast("string")
    return Cleaned(day, f.when(text.isNotNull() & day.isNull(), "not_a_date"))


def unit(text: Column, argument: Mapping[str, str]) -> Cleaned:
    """Multiply a figure by `factor`; else `not_a_number`. Ten decimal places are kept."""
    return _scaled(text, text, f.lit(argument["factor"]).cast("decimal(18,8)"), "not_a_number")


def percent(text: Column, _: object) -> Cleaned:
    """Write 12.5% as 0.125 (‰ too); a figure without its sign is refused, for nobody knows what it means."""
    plain = f.translate(f.translate(text, BLANKS, ""), WIDTH_FROM, WIDTH_TO)
    is_zero = plain.rlike(r"^0+(\.0+)?\z")
    figure = f.when(plain.rlike(r"[%‰]\z"), f.substr(plain, f.lit(1), f.length(plain) - 1)).when(is_zero, plain)
    factor = f.when(plain.endswith("‰"), f.lit("0.001")).otherwise(f.lit("0.01")).cast("decimal(18,8)")
    return _scaled(text, figure, factor, "not_a_percentage")


def _scaled(given: Column, figure: Column, factor: Column, reason: str) -> Cleaned:
    number = f.when(figure.rlike(_FIGURE), figure.try_cast("decimal(28,10)"))
    product = f.try_multiply(number, factor).try_cast("decimal(38,10)").cast("string")
    text = f.regexp_replace(product, r"\.?0+\z", "")
    return Cleaned(text, f.when(given.isNotNull() & text.isNull(), reason))


@dataclass(frozen=True)
class _Kind:
    """What a cleaner does, and the texts that it may change.

    `guard` gives a regular expression that is found in every text which the cleaner with that
    argument changes; None: the cleaner may fail, and gives a `Cleaned`. `is_long`: its
    expression reads the text so often that the text should be at hand.
    """

    apply: Callable[[Column, Any], Any]
    guard: Callable[[Any], str] | None = None
    is_long: bool = False


CLEANERS: Mapping[str, _Kind] = {
    "width": _Kind(width, lambda _: f"[{WIDTH_FROM}]"),
    "trim": _Kind(trim, lambda _: f"[{INVISIBLE}]"),
    "collapse": _Kind(collapse, lambda _: f"[{BLANKS.replace(' ', '')}]|  "),
    "upper": _Kind(upper, lambda _: "[a-z]"),
    "lower": _Kind(lower, lambda _: "[A-Z]"),
    "remove": _Kind(remove, lambda characters: "|".join(map(_quoted, characters))),
    "prefix": _Kind(prefix, lambda head: f"^(?!{_quoted(head)})"),
    "strip_prefix": _Kind(strip_prefix, lambda heads: f"^(?:{'|'.join(map(_quoted, heads))})"),
    "replace": _Kind(replace, lambda pairs: "|".join(map(_quoted, pairs))),
    "citizen_18": _Kind(citizen_18, lambda _: r"^[0-9]{15}\z", is_long=True),
    "name": _Kind(personal_names.personal_name, lambda _: personal_names.NOT_PLAIN),
    "date": _Kind(date),
    "unit": _Kind(unit),
    "money": _Kind(money.money),
    "percent": _Kind(percent),
}
"""Every cleaner by its declared name; the keys are those of `schemas.cleaners.CLEANERS`."""
