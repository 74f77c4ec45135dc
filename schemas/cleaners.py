"""The cleaners that a resource may declare: names, arguments, and what column types they serve.

A cleaner turns text into text; `pipelines.cleaners` is the only implementation. The reader of
resources checks every use against this list, without Spark, and hands the argument on in one
form, said by `argument`:

    none      None
    text      str, not empty
    texts     tuple of str, at least one, each not empty
    patterns  tuple of Java date patterns, tried in order
    map       Mapping of str to str, at least one
    unit      {"factor": decimal text}
    money     {"give": "amount_cents" or "currency"[, "default_unit": …][, "default_currency": …]},
              and {"currencies": "default"} where no column takes the currency from the same header

Several cleaners run in the order written, after the resource's `empty` texts became nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

MONEY_GIVES = ("amount_cents", "currency")
MONEY_UNITS = ("分", "角", "元", "千元", "万元", "百万元", "千万元", "亿元")


@dataclass(frozen=True)
class CleanerKind:
    """A cleaner as it may be declared.

    `serves` are the column types it fits (empty: any). `is_last`: it leaves the canonical
    writing of a value, so that no cleaner may follow.
    """

    argument: str
    about: str
    example: str
    serves: tuple[str, ...] = ()
    is_last: bool = False


_PERSON = ("citizen_number", "person_number")
_NUMBER = ("long", "decimal")

CLEANERS: Mapping[str, CleanerKind] = {
    "width": CleanerKind("none", "full-width letters, digits and signs become half-width", "width"),
    "trim": CleanerKind("none", "white space before and after goes, the ideographic space too", "trim"),
    "collapse": CleanerKind("none", "runs of white space become one space", "collapse"),
    "upper": CleanerKind("none", "lower-case ASCII letters become capitals", "upper"),
    "lower": CleanerKind("none", "capital ASCII letters become lower-case", "lower"),
    "remove": CleanerKind("text", "each of the characters given goes, wherever it stands", 'remove: "- *"'),
    "prefix": CleanerKind("text", "the text is set in front, unless it stands there already", 'prefix: "110"'),
    "strip_prefix": CleanerKind(
        "texts", "the first of the texts that it begins with goes", "strip_prefix: [证号, 编号]"
    ),
    "replace": CleanerKind("map", "each text on the left, wherever it stands, becomes its right", "replace: {號: 号}"),
    "date": CleanerKind(
        "patterns",
        "the day is read by the first pattern that fits the whole text (excel: its number); a time of day is dropped",
        "date: [yyyy/M/d, yyyy年M月d日]",
        ("date",),
        is_last=True,
    ),
    "unit": CleanerKind(
        "unit", "the figure is multiplied by the factor", "unit: {factor: 10000}", _NUMBER, is_last=True
    ),
    "money": CleanerKind(
        "money",
        "an amount as people write it gives its cents (hundredths of its own currency), or its currency",
        "money: {give: amount_cents, default_unit: 万元, default_currency: CNY}",
        ("long", "code"),
        is_last=True,
    ),
    "percent": CleanerKind("none", "12.5% becomes 0.125", "percent", ("decimal",), is_last=True),
    "citizen_18": CleanerKind(
        "none", "a citizen number of 15 digits becomes one of 18; others stay", "citizen_18", _PERSON
    ),
    "name": CleanerKind(
        "none", "NFC, listed rare characters, one middle dot, no white space at the ends", "name", ("string",)
    ),
}
