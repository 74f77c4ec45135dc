"""The ways in which one value may be written so that the declared cleaners read it back, the usual one first."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any

from schemas.model import Cleaner, CodeList, Column, ColumnMapping
from schemas.patterns import EXCEL

Form = Callable[[Any], str | None]

_TOKEN = re.compile(r"'([^']*)'|(yyyy|MM|M|dd|d|HH|H|mm|m|ss|s)|(.)", re.DOTALL)
_MORNING = {"HH": "08", "H": "8", "mm": "30", "m": "30", "ss": "00", "s": "0"}
_FULL_WIDTH = re.compile("[\uff01-\uff5e\u3000￠￡￥￦]")
_MANY_WAYS = 4


def forms(mapping: ColumnMapping, column: Column, codes: Mapping[str, CodeList]) -> tuple[Form, ...]:
    """Return the ways to write a value of the column, in the order of how often they are met."""
    cleaners = {cleaner.name: cleaner.argument for cleaner in mapping.clean}
    if column.type == "date":
        return tuple(partial(day, pattern) for pattern in patterns(mapping))
    if column.type in ("long", "decimal"):
        return (partial(_figure, cleaners),)
    if column.type == "code":
        return _wordings(mapping, codes[column.codes or ""])
    if column.type == "area_code":
        known = codes["area"].codes
        return (lambda code: code if code[:6] in known else None,)
    if column.type == "boolean":
        return (lambda value: "是" if value else "否",)
    if column.type == "instant":
        return (datetime.isoformat,)
    return ()


def patterns(mapping: ColumnMapping) -> tuple[str, ...]:
    """Return the date patterns that a mapping reads by."""
    for cleaner in mapping.clean:
        if cleaner.name == "date" and isinstance(cleaner.argument, Sequence):
            return tuple(cleaner.argument)
    return ("yyyy-MM-dd",)


def day(pattern: str, value: date | tuple[int, int, int]) -> str:
    """Write a day, which the calendar need not have, by a Java pattern; a time of day is half past eight."""
    parts = value if isinstance(value, tuple) else (value.year, value.month, value.day)
    if pattern == EXCEL:
        return _counted(parts)
    year, month, day_ = parts
    words = {"yyyy": f"{year:04}", "MM": f"{month:02}", "M": str(month), "dd": f"{day_:02}", "d": str(day_)} | _MORNING
    return "".join(quoted or words.get(word) or other for quoted, word, other in _TOKEN.findall(pattern))


def _counted(parts: tuple[int, int, int]) -> str:
    """Write a day as Excel counts it; one that the calendar lacks as a person would type it."""
    try:
        return str((date(*parts) - date(1899, 12, 30)).days)
    except ValueError:
        return "/".join(map(str, parts))


def money(argument: Mapping[str, str], amount: int, currency: str, currencies: CodeList) -> tuple[str, ...]:
    """Return the ways to write an amount in cents; the usual one leaves out what the declaration supplies."""
    figure = plain(Decimal(amount) / 1_000_000)
    grouped = f"{Decimal(amount) / 1_000_000:,f}" if amount % 1_000_000 == 0 else figure
    if currency != "CNY":
        name = currencies.codes[currency].name
        return f"{figure}万{name}", f"{grouped}(万{name})"
    usual = argument.get("default_unit") == "万元" and argument.get("default_currency", "CNY") == "CNY"
    ways = (f"{figure}万元", f"{figure}万元人民币", f"人民币{figure}万元", f"{grouped}(万元人民币)")
    return (figure, *ways[:-1]) if usual else ways


def plain(value: Decimal) -> str:
    """Write a decimal without exponent and without zeros at its end."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def is_kept(text: str, cleaners: Iterable[Cleaner]) -> bool:
    """Say whether the cleaners leave a text as it is."""
    return all(_KEEPS[c.name](text, c.argument) for c in cleaners if c.name in _KEEPS)


_KEEPS: Mapping[str, Callable[[str, Any], bool]] = {
    "width": lambda text, _: _FULL_WIDTH.search(text) is None,
    "trim": lambda text, _: text == text.strip(),
    "collapse": lambda text, _: not re.search(r"\s\s|[^\S ]", text),
    "upper": lambda text, _: not re.search("[a-z]", text),
    "lower": lambda text, _: not re.search("[A-Z]", text),
    "remove": lambda text, characters: not any(character in text for character in characters),
    "prefix": lambda text, head: text.startswith(head),
    "strip_prefix": lambda text, heads: not text.startswith(tuple(heads)),
    "replace": lambda text, pairs: not any(left in text for left in pairs),
}


def _figure(cleaners: Mapping[str, object], value: int | Decimal) -> str:
    number = Decimal(value)
    if "percent" in cleaners:
        return f"{plain(number * 100)}%"
    unit = cleaners.get("unit")
    return plain(number / Decimal(unit["factor"])) if isinstance(unit, Mapping) else plain(number)


def _wordings(mapping: ColumnMapping, code_list: CodeList) -> tuple[Form, ...]:
    """Return ways to write a code: in the department's own words, as the code, its name or a synonym.

    A house has its habit: which of them is the usual one depends on the column and the list.
    """
    met = Counter(word for entry in code_list.codes.values() for word in {entry.code, entry.name, *entry.synonyms})
    habit = hashlib.sha256(f"{mapping.source}/{code_list.name}".encode()).digest()[0] % 2

    def written(code: str) -> list[str]:
        entry = code_list.codes[code]
        own = [text for text, meant in mapping.lookup.items() if meant == code]
        common = [entry.code, entry.name] if habit else [entry.name, entry.code]
        sure = [
            text for text in (*common, *entry.synonyms) if mapping.lookup.get(text, code) == code and met[text] == 1
        ]
        return [text for text in dict.fromkeys((*own, *sure)) if is_kept(text, mapping.clean)] or [code]

    def way(number: int, code: str) -> str:
        texts = written(code)
        return texts[number % len(texts)]

    return tuple(partial(way, number) for number in range(_MANY_WAYS))
