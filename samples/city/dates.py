"""Days of a drawn row, in the order that its declaration asks for."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from samples.city.calendar import NEVER, YEAR
from samples.city.chance import Chance, Ints
from samples.city.register import Register
from schemas.model import Column, Table

MONTHS = 240
"""How many months back days of a key go."""

_RECEIVED = "received"
_OPEN, _ENDED = 0.15, 0.2
"""Share of rows without a last day of validity, and share of rows that have an end that lies behind."""


def dates(
    table: Table, register: Register, chance: Chance, rows: Ints, known: Mapping[str, Ints]
) -> Mapping[str, Ints]:
    """Return the days of each date column; NEVER where there is none.

    Args:
        known: days by the columns of which they are known: births, and days of the key.
    """
    found: dict[str, Ints] = {}
    waiting = [column for column in table.columns if column.type == "date"]
    while waiting:
        ready = [c for c in waiting if {c.not_before, c.not_after} - {None, _RECEIVED} <= found.keys()]
        for column in ready or waiting[:1]:
            found[column.name] = known.get(column.name, _day(table, column, found, register, chance, rows))
            waiting.remove(column)
    return found


def _day(
    table: Table, column: Column, found: Mapping[str, Ints], register: Register, chance: Chance, rows: Ints
) -> Ints:
    name = f"{table.name}.{column.name}"
    start = found.get(column.not_before or "", register.began)
    if column.name == table.observed:
        return np.maximum(register.updated, np.where(start < NEVER, start, 0))
    end = found.get(column.not_after or "")
    if end is not None:
        return np.where(end < NEVER, np.minimum(start, end), start)
    if column.not_before is None:
        return start
    start = np.where(start < NEVER, start, register.began)
    if column.not_after == _RECEIVED:
        is_there = chance.share(f"{name} ended", rows, 1.0 if column.required else _ENDED)
        late = np.maximum(start, register.updated)
        day = start + (chance.of(name, rows) * (late - start + 1)).astype(np.int64)
    else:
        is_there = chance.share(f"{name} is set", rows, 1.0 if column.required else 1 - _OPEN)
        day = start + ((1 + chance.below(name, rows, 10)) * YEAR).astype(np.int64) - 1
    return np.where(is_there, day, NEVER)


def months_back(day: int, place: Ints) -> Ints:
    """Return the last day of the month so many months back."""
    month = np.int64(np.int64(day).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)) - place
    first: Ints = month.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    return first - 1
