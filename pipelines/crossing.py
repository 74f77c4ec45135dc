"""The days of a row held against each other, and against the day of receipt. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.columnwise import constant
from schemas.model import Table

BEFORE, AFTER = "before", "after"


def cross(table: Table, typed: Mapping[str, pa.Array], received_on: date) -> dict[str, pa.Array]:
    """Return, for each column that has `not_before` or `not_after` or is `observed`, why its day does not fit its row.

    Args:
        typed: the table's columns by name.
        received_on: the legal day of receipt, which `received` stands for.

    Returns:
        By column name: `before`, `after` or null; null too where one of the days is missing.
    """
    found: dict[str, pa.Array] = {}
    for column in table.columns:
        faults = []
        if column.not_before is not None:
            faults.append((pc.less, column.not_before, BEFORE))
        # Since when a record is true lies never after its receipt: it would win over all that comes.
        latest = column.not_after or ("received" if column.name == table.observed else None)
        if latest is not None:
            faults.append((pc.greater, latest, AFTER))
        day = _day(typed[column.name]) if faults else None
        told = [_fault(differs(day, _other(name, typed, received_on)), word) for differs, name, word in faults]
        if told:
            found[column.name] = pc.coalesce(*told)
    return found


def _fault(is_one: pa.Array, word: str) -> pa.Array:
    """Return the word where it is a fault; null too where nobody can tell."""
    return pc.if_else(is_one, constant(word, pa.string(), len(is_one)), pa.scalar(None, pa.string()))


def _other(name: str, typed: Mapping[str, pa.Array], received_on: date) -> pa.Array | pa.Scalar:
    return pa.scalar(received_on, pa.date32()) if name == "received" else _day(typed[name])


def _day(values: pa.Array) -> pa.Array:
    """Return the days of days or instants; of these the day in UTC."""
    return values if pa.types.is_date32(values.type) else pc.floor_temporal(values, unit="day").cast(pa.date32())
