"""Amounts of money as people write them: figure, unit and currency in any order.

`5,000(万元人民币)`, `人民币500万元`, `US$1,000`, `壹佰万元整`, `600(万美元)` are all read; what
cannot be told for certain is refused with a reason and never guessed.
"""

from __future__ import annotations

import csv
import functools
import re
from collections.abc import Callable, Iterator, Mapping
from decimal import ROUND_HALF_UP, Context, Decimal
from importlib.resources import files
from typing import NamedTuple

from pipelines.characters import BLANKS, INVISIBLE, WIDTH_FROM, WIDTH_TO
from pipelines.money_order import FIGURE, in_order, is_uncertain
from pipelines.outcome import Cleaned

CENTS: Mapping[str, int] = {
    "": 100,
    "分": 1,
    "角": 10,
    "百": 10**4,
    "千": 10**5,
    "万": 10**6,
    "十万": 10**7,
    "百万": 10**8,
    "千万": 10**9,
    "亿": 10**10,
    "十亿": 10**11,
    "百亿": 10**12,
    "千亿": 10**13,
    "万亿": 10**14,
}
"""Cents in each unit, without the 元 that may follow it."""

NO_AMOUNT = "?"
_PARTING = ";/|\\、"  # at an end it says nothing; within, it parts one amount or unit from another
_NOISE = BLANKS + "()[]{}〈〉《》〔〕【】「」:\"'’‘“”。"
_KNOWN = WIDTH_FROM + "abcdefghijklmnopqrstuvwxyz" + "壹贰叁肆伍陆柒捌玖貳參参弌弍弎陸两兩〇拾佰仟萬億圆圓"
_MEANT = WIDTH_TO + "ABCDEFGHIJKLMNOPQRSTUVWXYZ" + "一二三四五六七八九二三三一二三六二二零十百千万亿元元"
_TO_KNOWN = str.maketrans(_KNOWN, _MEANT, INVISIBLE)
_WITHOUT_NOISE = str.maketrans("", "", _NOISE)
_AS_PLAIN = str.maketrans(_KNOWN, _MEANT, _NOISE)
_HAN_DIGITS = "零一二三四五六七八九"
_HAN_PLACES = {"十": 10, "百": 100, "千": 1000}

_UNKNOWN_FORM = re.compile(f"[{re.escape(_KNOWN + INVISIBLE)}]")
_NOISY = re.compile(f"[{re.escape(_NOISE)}]")
_PARTED = re.compile(
    rf"[0-9.,][{re.escape(_NOISE)}]+[0-9.,]|[{_HAN_DIGITS}十百千万亿][{re.escape(_NOISE)}]+[{_HAN_DIGITS}十百千]"
)
_CLOSING = re.compile(r"(?<=[元角分])[整正]|\.\Z")
_SHAPE = re.compile(rf"([^0-9.,+-]*)([+-]?{FIGURE})([^0-9.,+-]*)\Z")
_SIZE = re.compile("|".join(sorted(filter(None, CENTS), key=len, reverse=True)))
_ORDINARY = re.compile(rf"([0-9]{{1,15}}(?:\.[0-9]{{1,12}})?)({_SIZE.pattern}|)(元?)\Z")
_DIGIT = re.compile("[0-9]")
_HAN_DIGIT = re.compile(f"[{_HAN_DIGITS}十]")
_HAN_SHAPE = re.compile(rf"([^{_HAN_DIGITS}十百千万亿]*)([{_HAN_DIGITS}十百千万亿]+)([^{_HAN_DIGITS}0-9]*)\Z")
_SOME = f"[{_HAN_DIGITS[1:]}]"
_GROUP = f"(?:{_SOME}千)?零?(?:{_SOME}百)?零?(?:{_SOME}?十)?零?{_SOME}?"
_HAN_FIGURE = re.compile(rf"(?:(?!万|亿){_GROUP}万?亿)?零?(?:(?!万){_GROUP}万)?零?(?:{_GROUP})?\Z")
# 一百五万 is said for 1,500,000 and for 1,050,000: a place that is left out needs its 零.
_LOOSE = re.compile(rf"百{_SOME}(?!十)|千{_SOME}(?!百)|[万亿]{_SOME}(?!千)")
_MORE_THAN_ONE = re.compile(rf"^[十百千万亿]|[{re.escape(_PARTING)}]")
_LIKE_CURRENCY = re.compile(r"(?:元|圆|币|幣|金|镑|郎|马克|卢布|比索|盾|币种|[A-Z]{3}|\$)\Z")

_EXACT = Context(prec=60, rounding=ROUND_HALF_UP)
_MILLIONTH, _ONE = Decimal("0.000001"), Decimal(1)
_GREATEST = 2**63 - 1


def money(argument: Mapping[str, str]) -> Callable[[str], Cleaned]:
    """Return what reads an amount and gives its cents or its currency.

    A currency's cents are hundredths of its main unit, also where it has none (yen, won).
    Parts of a cent are rounded half up, but an amount that is not 0 never becomes 0. An amount of 0 needs
    no unit. A figure whose commas do not part thousands, an exponent, two different currencies, a bound
    (`>500万元`), a range, or a figure in brackets (an accountant's minus) is refused.

    Args:
        argument: `give` is `amount_cents` or `currency`; `default_unit` (one of
            `schemas.cleaners.MONEY_UNITS`) holds where no unit is written; without it a
            named currency counts as the unit; `default_currency` (CNY when absent) holds
            where none is written. `currencies`: `default` where nothing tells the currency
            of the amount, which then may be in no other.

    Returns:
        Whole cents, or an ISO 4217 code, as text; reasons `money_unreadable`,
        `currency_unknown`, `unit_missing`, `too_precise`, `currency_other`.
    """
    unit, usual = argument.get("default_unit"), argument.get("default_currency", "CNY")
    default = None if unit is None else CENTS[unit.removesuffix("元")]
    gives_currency, takes_usual_only = argument["give"] == "currency", argument.get("currencies") == "default"

    def read(text: str) -> Cleaned:
        parts = _ordinary(text) or _parts(_plain(text))
        reason = "money_unreadable" if parts is None else _fault_of_words(parts)
        if parts is None or reason is not None:
            return Cleaned(None, reason)
        cents, reason = _cents(parts, default)
        if reason is not None:
            return Cleaned(None, reason)
        currency = parts.currency or usual
        if takes_usual_only and currency != usual:
            return Cleaned(None, "currency_other")
        return Cleaned(currency if gives_currency else str(cents))

    return read


class _Parts(NamedTuple):
    """An amount taken apart; `first` and `last` are what the words before and behind it say, None: nothing known."""

    figure: str
    before: str
    after: str
    size: str
    rest: str
    first: str | None
    last: str | None

    @property
    def currency(self) -> str:
        """The currency that is named; empty where none is."""
        return (self.first or "").rstrip("+") or (self.last or "").rstrip("+")


def _ordinary(text: str) -> _Parts | None:
    """Take apart what most amounts are, `500万元`: nothing in it has another form or place."""
    found = _ORDINARY.match(text)
    if found is None:
        return None
    figure, size, rest = found.groups()
    return _Parts(figure, "", size + rest, size, rest, "", _words(is_first=False)[rest])


def _parts(shape: str) -> _Parts | None:
    """Take the text apart: words before the figure, the figure, its size, words behind it; None where it cannot be."""
    found = _SHAPE.match(shape)
    if found is None:
        return None
    before, figure, after = found.groups()
    sized = _SIZE.match(after)
    size = sized[0] if sized is not None else ""
    rest = after[len(size) :]
    first, last = _words(is_first=True).get(before), _words(is_first=False).get(rest)
    return _Parts(figure.replace(",", ""), before, after, size, rest, first, last)


def _fault_of_words(parts: _Parts) -> str | None:
    """Return why the words around a figure leave its meaning open, or None."""
    first, last = parts.first, parts.last
    if first and last and first.rstrip("+") and last.rstrip("+") and first.rstrip("+") != last.rstrip("+"):
        return "money_unreadable"
    if first is not None and last is not None:
        return None
    if last is None and _MORE_THAN_ONE.search(parts.rest):
        return "money_unreadable"
    if first is None and _LIKE_CURRENCY.search(parts.before):
        return "currency_unknown"
    return "currency_unknown" if last is None and _LIKE_CURRENCY.search(parts.after) else "money_unreadable"


def _cents(parts: _Parts, default: int | None) -> tuple[int, str | None]:
    """Return the cents of an amount, and why it has none."""
    number = Decimal(parts.figure)
    if not number:
        return 0, None
    unit = _unit(parts, default)
    if unit is None:
        return 0, "unit_missing"
    exact = _EXACT.multiply(number.quantize(_MILLIONTH, context=_EXACT), Decimal(unit))
    cents = int(exact.quantize(_ONE, context=_EXACT))
    if not -_GREATEST - 1 <= cents <= _GREATEST:
        return 0, "money_unreadable"
    return cents, None if cents else "too_precise"


def _unit(parts: _Parts, default: int | None) -> int | None:
    """Return the cents of the unit that is written, else of the default; None when there is neither."""
    if parts.size:
        return CENTS[parts.size]
    if (parts.first or "").endswith("+") or (parts.last or "").endswith("+"):
        return CENTS[""]
    if default is not None:
        return default
    return CENTS[""] if parts.currency else None


def _plain(text: str) -> str:
    """Return the text half-width, in capitals, without noise and closing words, Han figures as digits.

    Where noise parts a figure from a figure the text stays as it is, and is read as none: it may be two.
    """
    known = text.translate(_TO_KNOWN) if _UNKNOWN_FORM.search(text) else text
    bare = known.strip(_PARTING + BLANKS)
    if is_uncertain(bare):
        return NO_AMOUNT
    if _NOISY.search(bare):
        quiet = bare if _PARTED.search(bare) else _told(bare.translate(_WITHOUT_NOISE))
    else:
        quiet = _told(bare)
    return _han_amount(quiet) if not _DIGIT.search(quiet) and _HAN_DIGIT.search(quiet) else quiet


def _told(text: str) -> str:
    return in_order(_CLOSING.sub("", text).replace("廿", "二十").replace("卅", "三十"))


def _han_amount(text: str) -> str:
    """Put digits in the place of a Han figure that is well formed; other texts stay as they are."""
    found = _HAN_SHAPE.match(text)
    if found is None:
        return text
    before, figure, after = found.groups()
    if not _HAN_FIGURE.match(figure) or _LOOSE.search(figure):
        return text
    unit = "元" if ("万" in figure or "亿" in figure) and not after.startswith("元") else ""
    return f"{before}{_han_number(figure)}{unit}{after}"


def _han_number(figure: str) -> int:
    """Return the number of a well-formed Han figure: the whole, the section below 万, the digit not yet placed."""
    total = section = digit = 0
    for character in figure:
        if character in _HAN_PLACES:
            section, digit = section + max(digit, 1) * _HAN_PLACES[character], 0
        elif character == "万":
            total, section, digit = total + (section + digit) * 10**4, 0, 0
        elif character == "亿":
            total, section, digit = (total + section + digit) * 10**8, 0, 0
        else:
            digit = _HAN_DIGITS.index(character)
    return total + section + digit


@functools.cache
def _words(*, is_first: bool) -> Mapping[str, str]:
    """Return what words before (or after) a figure and its size say: a currency, `+` for a unit, or both.

    The currency's own code or a name like 人民币 or 美金 names no unit; 美元, 英镑 and $ do.
    """
    words = {"": ""} if is_first else {"": "", "元": "+", "块": "+"}
    for code, name in _currencies():
        is_unit = not (name.isascii() and name.isalpha()) and not name.endswith(("币", "幣", "金", "种", "他", "它"))
        words[name] = f"{code}+" if is_unit else code
        if not is_first:
            words |= {f"元{name}": f"{code}+", f"{name}元": f"{code}+"}
    return words


def _currencies() -> Iterator[tuple[str, str]]:
    """Yield (ISO 4217 code, way of writing it) from the code list `currency`, written as `_plain` writes."""
    text = files("schemas").joinpath("codes/currency.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        for name in (row["code"], row["name"], *filter(None, row["synonyms"].split("|"))):
            if not name.isdigit() and name not in ("元", "圆"):
                yield row["code"], name.translate(_AS_PLAIN)
