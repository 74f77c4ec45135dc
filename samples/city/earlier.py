"""Numbers that people and enterprises had before theirs, and who still writes them."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow.compute as pc

from samples.city.chance import Flags, Ints
from samples.city.city import City
from samples.city.columns import Column, codes, days, either, figures, without
from samples.city.numbers import AREAS, checked

CHANGED = 0.01
"""Share of people whose number was once changed."""
STILL_WRITTEN = 0.3
"""Share of rows of who has an earlier number that departments write under that one."""
_CODES_SINCE = (date(2015, 10, 1) - date(1970, 1, 1)).days
_AREAS = np.array([int(area) + 90 for area in AREAS], dtype=np.int64)
"""Areas in which no number is given but an earlier one."""


def has_other_number(city: City, people: Ints) -> Flags:
    """Say who had another number before."""
    found: Flags = city.chance.share("number changed", people, CHANGED)
    return found


def person(city: City, rows: Ints) -> Column:
    """Return the earlier numbers of people, also of those who never had one: as it would have been."""
    number = np.ascontiguousarray(city.people.number[rows]).view(np.uint8).reshape(len(rows), 18).astype(np.int64)
    orders = (number[:, 14:17] - ord("0")) @ np.array([100, 10, 1])
    return codes(checked(_AREAS[city.people.area[rows]], city.people.birth[rows], orders))


def changed_on(city: City, rows: Ints) -> Column:
    """Return the days on which numbers were changed."""
    age = city.chance.of("number changed on", rows)
    return days(city.people.birth[rows] + (age * (city.began - 400 - city.people.birth[rows]).clip(1)).astype(np.int64))


def is_of_old(city: City, rows: Ints) -> Flags:
    """Say which enterprises had numbers before there were credit codes."""
    found: Flags = city.firms.established[rows] < _CODES_SINCE
    return found


def registration(city: City, rows: Ints) -> Column:
    """Return registration numbers of 15 digits."""
    body = np.array([int(area) for area in AREAS], dtype=np.int64)[city.firms.area[rows]] * 10**8 + rows
    state = np.full(len(rows), 10, dtype=np.int64)
    for power in range(13, -1, -1):
        left = (state + body // 10**power % 10) % 10
        state = np.where(left == 0, 10, left) * 2 % 11
    return figures(body * 10 + (11 - state) % 10)


def organisation(city: City, rows: Ints) -> Column:
    """Return the organisation codes that stand in credit codes."""
    return pc.utf8_slice_codeunits(codes(city.firms.code[rows]), 8, 17)


def given_on(city: City, rows: Ints) -> Column:
    """Return the days on which credit codes took the place of numbers before them."""
    return without(days(_CODES_SINCE + city.chance.below("code given", rows, 800)), ~is_of_old(city, rows))


def written_person(city: City, table: str, people: Ints, now: Column) -> Column:
    """Return numbers as a department writes them: some under the one before."""
    some = np.maximum(people, 0)
    is_old = has_other_number(city, some) & (people >= 0)
    is_old &= city.slips(f"earlier number {table}", some, STILL_WRITTEN)
    return either(is_old, person(city, some), now)


def written_firm(city: City, table: str, firms: Ints, now: Column) -> Column:
    """Return credit codes as a department writes them: some as registration numbers."""
    some = np.maximum(firms, 0)
    is_old = is_of_old(city, some) & (firms >= 0) & city.slips(f"earlier number {table}", some, STILL_WRITTEN / 10)
    return either(is_old, registration(city, some), now)
