"""Keys of a drawn row: values that no two rows share, in the form that the declaration asks for."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from samples.city import dates, patterns
from samples.city.chance import Ints
from samples.city.columns import Column, days, decimals, figures, joined, listed, whole
from samples.city.numbers import AREAS
from schemas.model import Code, CodeList, Table
from schemas.model import Column as Declared

TELLING = ("string", "code", "area_code", "date", "long", "decimal")
"""Types of key columns that are counted through; the others are subjects, or drawn."""

STREETS, COMMUNITIES = 6, 5
_ENOUGH = 10_000_000
_SERIAL_DIGITS = 10


def places(table: Table, lists: Mapping[str, CodeList], rows: Ints) -> Mapping[str, Ints]:
    """Return for each counted key column the place of each row's value among all that it may have.

    One column with values enough tells the rows apart by itself; else all of them together do.
    """
    sizes = _sizes(table, lists)
    wide = next((name for name, size in sizes.items() if size >= _ENOUGH), None)
    if wide is not None or _names_its_subject(table):
        return {name: rows if name == wide else rows % size for name, size in sizes.items()}
    found, left = {}, rows
    for name, size in sizes.items():
        found[name], left = left % size, left // size
    return found


def capacity(table: Table, lists: Mapping[str, CodeList]) -> int:
    """Return how many rows a table's key can tell apart."""
    if _names_its_subject(table):
        return patterns.MOST
    found = 1
    for size in _sizes(table, lists).values():
        found = min(patterns.MOST, found * size)
    return found


def column(declared: Declared, lists: Mapping[str, CodeList], place: Ints, day: int) -> Column:
    """Return the values of a counted key column at their places."""
    if declared.type == "string":
        return patterns.texts(declared.pattern, place) if declared.pattern else _serial(declared, place)
    if declared.type == "code":
        return listed([code.code for code in current(lists[declared.codes or ""], declared)], place)
    if declared.type == "area_code":
        return listed(areas(declared), place)
    if declared.type == "date":
        return days(dates.months_back(day, place))
    number = place + (declared.minimum or 0)
    if declared.type == "decimal":
        return decimals(number * 10**declared.scale, declared.precision, declared.scale)
    return whole(number)


@lru_cache(maxsize=512)
def current(code_list: CodeList, declared: Declared) -> tuple[Code, ...]:
    """Return the codes that a column may have and that are in use."""
    import re

    fits = re.compile(declared.pattern or "").search
    return tuple(code for code in code_list.codes.values() if code.until is None and fits(code.code))


def areas(declared: Declared) -> list[str]:
    """Return the city's areas of the level that a column speaks of: county, street or community."""
    about = declared.about.lower()
    if "community" in about:
        return [
            f"{county}{street:03}{place:03}"
            for county in AREAS
            for street in range(1, STREETS + 1)
            for place in range(1, COMMUNITIES + 1)
        ]
    if "street" in about:
        return [f"{county}{street:03}" for county in AREAS for street in range(1, STREETS + 1)]
    return list(AREAS)


def _names_its_subject(table: Table) -> bool:
    return bool(table.key) and any(subject.column in table.key for subject in table.subjects)


def _sizes(table: Table, lists: Mapping[str, CodeList]) -> dict[str, int]:
    subjects = {subject.column for subject in table.subjects}
    declared = [table.column(name) for name in table.key if name not in subjects]
    return {c.name: _size(c, lists) for c in declared if c.type in TELLING}


def _size(declared: Declared, lists: Mapping[str, CodeList]) -> int:
    if declared.type == "string":
        return patterns.capacity(declared.pattern) if declared.pattern else patterns.MOST
    if declared.type == "code":
        return max(1, len(current(lists[declared.codes or ""], declared)))
    if declared.type == "area_code":
        return len(areas(declared))
    if declared.type == "date":
        return dates.MONTHS
    least = declared.minimum or 0
    return declared.maximum - least + 1 if declared.maximum is not None else patterns.MOST


def _serial(declared: Declared, place: Ints) -> Column:
    width = min(_SERIAL_DIGITS, (declared.max_length or _SERIAL_DIGITS + 2) - 2)
    return joined("69", figures(np.asarray(place), width)) if width > 3 else figures(np.asarray(place))
