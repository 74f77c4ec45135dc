"""Amounts of money as people write them: figure, unit and currency in any order.

`5,000(万元人民币)`, `人民币500万元`, `US$1,000`, `壹佰万元整`, `600(万美元)` are all read; what
cannot be told for certain is refused with a reason and never guessed.
"""

from __future__ import annotations

import csv
import functools
import re
from collections.abc import Iterator, Mapping
from importlib.resources import files

from pyspark.sql import Column
from pyspark.sql import functions as f

from pipelines.binding import bound
from pipelines.characters import BLANKS, INVISIBLE, WIDTH_FROM, WIDTH_TO
from pipelines.lookup import look_up
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
_PARTING_IN_CLASS = re.escape(_PARTING)
_NOISE = BLANKS + "()[]{}〈〉《》〔〕【】「」:\"'’‘“”。"
_KNOWN = WIDTH_FROM + "abcdefghijklmnopqrstuvwxyz" + "壹贰叁肆伍陆柒捌玖貳參参弌弍弎陸两兩〇拾佰仟萬億圆圓"
_MEANT = WIDTH_TO + "ABCDEFGHIJKLMNOPQRSTUVWXYZ" + "一二三四五六七八九二三三一二三六二二零十百千万亿元元"
_SHAPE = rf"^([^0-9.,+-]*)([+-]?{FIGURE})([^0-9.,+-]*)\z"
_SIZE = f"^({'|'.join(sorted(filter(None, CENTS), key=len, reverse=True))})"
_HAN_DIGITS = "零一二三四五六七八九"
_PARTED = rf"[0-9.,][{re.escape(_NOISE)}]+[0-9.,]|[{_HAN_DIGITS}十百千万亿][{re.escape(_NOISE)}]+[{_HAN_DIGITS}十百千]"
_HAN_SHAPE = rf"^([^{_HAN_DIGITS}十百千万亿]*)([{_HAN_DIGITS}十百千万亿]+)([^{_HAN_DIGITS}0-9]*)\z"


def money(text: Column, argument: Mapping[str, str]) -> Cleaned:
    """Read an amount and give its cents or its currency.

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
    found = bound(_plain(text), lambda shape: bound(_parts(shape), lambda parts: _judged(parts, argument)))
    return Cleaned(found["text"], found["reason"])


def _parts(shape: Column) -> Column:
    """Take the text apart: words before the figure, the figure, its size, words behind it."""
    after = f.regexp_extract(shape, _SHAPE, 3)
    size = f.regexp_extract(after, _SIZE, 1)
    rest = f.substr(after, f.length(size) + 1, f.length(after))
    figure = f.replace(f.regexp_extract(shape, _SHAPE, 2), f.lit(","), f.lit(""))
    return f.struct(
        shape.isNotNull().alias("is_given"),
        f.nullif(figure, f.lit("")).try_cast("decimal(27,12)").alias("number"),
        f.regexp_extract(shape, _SHAPE, 1).alias("before"),
        after.alias("after"),
        size.alias("size"),
        rest.alias("rest"),
        look_up(_words(is_first=True), f.regexp_extract(shape, _SHAPE, 1)).alias("first"),
        look_up(_words(is_first=False), rest).alias("last"),
    )


def _judged(parts: Column, argument: Mapping[str, str]) -> Column:
    """Return a struct of what is to be given as text, and of the reason why it cannot be."""
    number, first, last = parts["number"], parts["first"], parts["last"]
    named = f.array_distinct(f.filter(f.array(*(f.rtrim(w, f.lit("+")) for w in (first, last))), lambda c: c != ""))
    unit = _unit(parts["size"], first, last, named, argument.get("default_unit"))
    cents = f.try_multiply(number.cast("decimal(27,6)"), unit.cast("decimal(15,0)"))
    whole = f.when(number == 0, f.lit(0)).otherwise(f.round(cents, 0).try_cast("bigint"))
    reason = (
        f.when(~parts["is_given"], None)
        .when(number.isNull() | (f.size(named) > 1), "money_unreadable")
        .when(last.isNull() & parts["rest"].rlike(f"^[十百千万亿]|[{_PARTING_IN_CLASS}]"), "money_unreadable")
        .when(first.isNull() & _looks_like_currency(parts["before"]), "currency_unknown")
        .when(last.isNull() & _looks_like_currency(parts["after"]), "currency_unknown")
        .when(first.isNull() | last.isNull(), "money_unreadable")
        .when((number != 0) & unit.isNull(), "unit_missing")
        .when(whole.isNull(), "money_unreadable")
        .when((number != 0) & (whole == 0), "too_precise")
    )
    usual = f.lit(argument.get("default_currency", "CNY"))
    currency = f.coalesce(f.get(named, f.lit(0)), usual)
    if argument.get("currencies") == "default":
        reason = reason.when(currency != usual, "currency_other")
    value = currency if argument["give"] == "currency" else whole.cast("string")
    given = f.struct(value.alias("text"), reason.alias("reason"))
    return bound(
        given,
        lambda g: f.struct(
            f.when(parts["is_given"] & g["reason"].isNull(), g["text"]).alias("text"), g["reason"].alias("reason")
        ),
    )


def _plain(text: Column) -> Column:
    """Return the text half-width, in capitals, without noise and closing words, Han figures as digits.

    Where noise parts a figure from a figure the text stays as it is, and is read as none: it may be two.
    """
    bare = f.btrim(f.translate(f.translate(text, INVISIBLE, ""), _KNOWN, _MEANT), f.lit(_PARTING + BLANKS))
    told = f.regexp_replace(f.translate(bare, _NOISE, ""), r"(?<=[元角分])[整正]|\.\z", "")
    told = in_order(f.regexp_replace(f.regexp_replace(told, "廿", "二十"), "卅", "三十"))
    quiet = f.when(is_uncertain(bare), f.lit(NO_AMOUNT)).when(bare.rlike(_PARTED), bare).otherwise(told)

    def read(text: Column) -> Column:
        is_han = ~text.rlike("[0-9]") & text.rlike(f"[{_HAN_DIGITS}十]")
        return f.when(is_han, _han_amount(text)).otherwise(text)

    return bound(quiet, read)


def _han_amount(text: Column) -> Column:
    """Put digits in the place of a Han figure that is well formed; other texts stay as they are."""
    names = ("before", "figure", "after")
    parts = f.struct(*(f.regexp_extract(text, _HAN_SHAPE, n).alias(name) for n, name in enumerate(names, 1)))
    return bound(parts, lambda p: _with_digits(text, p["before"], p["figure"], p["after"]))


def _with_digits(text: Column, before: Column, figure: Column, after: Column) -> Column:
    digits = f.aggregate(
        f.filter(f.split(figure, ""), lambda c: c != ""),
        f.expr("named_struct('total', 0L, 'section', 0L, 'digit', 0L)"),
        _next,
        lambda state: state["total"] + state["section"] + state["digit"],
    )
    digit = f"[{_HAN_DIGITS[1:]}]"
    group = f"(?:{digit}千)?零?(?:{digit}百)?零?(?:{digit}?十)?零?{digit}?"
    is_figure = figure.rlike(rf"^(?:(?!万|亿){group}万?亿)?零?(?:(?!万){group}万)?零?(?:{group})?\z")
    # 一百五万 is said for 1,500,000 and for 1,050,000: a place that is left out needs its 零.
    is_loose = figure.rlike(rf"百{digit}(?!十)|千{digit}(?!百)|[万亿]{digit}(?!千)")
    unit = f.when(figure.rlike("[万亿]") & ~after.startswith("元"), "元").otherwise("")
    whole = f.concat(before, digits.cast("string"), unit, after)
    return f.when((figure != "") & is_figure & ~is_loose, whole).otherwise(text)


def _next(state: Column, character: Column) -> Column:
    """Fold one Han character into (total, section below 万, digit not yet placed)."""
    value = f.instr(f.lit(_HAN_DIGITS), character).cast("bigint") - 1
    place = f.when(character == "十", 10).when(character == "百", 100).when(character == "千", 1000)
    small = state["section"] + state["digit"]
    none = f.lit(0).cast("bigint")
    total = (
        f.when(character == "万", state["total"] + small * 10**4)
        .when(character == "亿", (state["total"] + small) * 10**8)
        .otherwise(state["total"])
    )
    section = (
        f.when(place.isNotNull(), state["section"] + f.greatest(state["digit"], f.lit(1)) * place)
        .when(character.isin("万", "亿"), none)
        .otherwise(state["section"])
    )
    digit = f.when(value >= 0, value).otherwise(none)
    return f.struct(total.alias("total"), section.alias("section"), digit.alias("digit"))


def _unit(size: Column, first: Column, last: Column, named: Column, default: str | None) -> Column:
    """Return the cents of the unit that is written, else of the default; null when there is neither."""
    written = look_up({name: str(cents) for name, cents in CENTS.items() if name}, size)
    is_main = first.endswith("+") | last.endswith("+")
    unit = f.coalesce(written, f.when(is_main, "100"))
    if default is not None:
        return f.coalesce(unit, f.lit(str(CENTS[default.removesuffix("元")])))
    return f.coalesce(unit, f.when(f.size(named) > 0, "100"))


def _looks_like_currency(words: Column) -> Column:
    """Tell words that end as a currency's name or code does from words that are none."""
    return words.rlike(r"(元|圆|币|幣|金|镑|郎|马克|卢布|比索|盾|币种|[A-Z]{3}|\$)\z")


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
    as_plain = str.maketrans(_KNOWN, _MEANT, _NOISE)
    for row in csv.DictReader(text.splitlines()):
        for name in (row["code"], row["name"], *filter(None, row["synonyms"].split("|"))):
            if not name.isdigit() and name not in ("元", "圆"):
                yield row["code"], name.translate(as_plain)
