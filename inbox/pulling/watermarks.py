"""What holds for watermarks, which come as texts: instants, days and numbers, that grow with each change of a row."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

_DAY = re.compile(r"[0-9]{4,}-[0-9]{2}-[0-9]{2}")


def before(watermark: str, overlap: int) -> str:
    """Return the watermark from which rows are read again: seconds before an instant, units before a number."""
    if not overlap or not watermark:
        return watermark
    if _is_number(watermark):
        return str(int(watermark) - overlap)
    try:
        told = datetime.fromisoformat(watermark) - timedelta(seconds=overlap)
    except (ValueError, OverflowError):
        return watermark
    text = told.isoformat(sep=watermark[10] if len(watermark) > len("2026-11-30") else " ")
    return f"{text.removesuffix('+00:00')}Z" if watermark.endswith("Z") else text


def is_ahead(watermark: str, today: date) -> bool:
    """Say whether a watermark is of a day after tomorrow or later: a mistake, or a word for "without end".

    Were it the highest, nothing that changes from now on would be above it.
    """
    day = _DAY.match(watermark)
    if watermark == "infinity":
        return True
    limit = first_ahead(today)
    return day is not None and (len(day[0]), day[0]) >= (len(limit), limit) and not watermark.endswith("BC")


def first_ahead(today: date) -> str:
    """Return the first day that `is_ahead`."""
    return (today + timedelta(days=2)).isoformat()


def is_after(one: str, other: str) -> bool:
    """Say whether a watermark is higher: numbers by value, instants by their instant, other texts by their signs."""
    if _is_number(one) and _is_number(other):
        return int(one) > int(other)
    first, second = _instant(one), _instant(other)
    if first is not None and second is not None and (first.tzinfo is None) == (second.tzinfo is None):
        return first > second
    return one > other


def goes_on(mark: str, high: str) -> bool:
    """Say whether what is the highest now can have grown from a mark.

    It cannot where it is of another kind, or lower: the column has become another, or the table was filled anew.
    """
    return _is_number(mark) == _is_number(high) and not is_after(mark, high)


def _instant(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _is_number(text: str) -> bool:
    return re.fullmatch("-?[0-9]+", text) is not None
