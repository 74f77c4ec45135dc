"""Where statements about earlier numbers are looked for: in this process, or in frames of the engine. Rows are columns.

What is asked for is always the same: all statements of the records that ever said a certain thing. They are few, and
what follows from them is reckoned in one place (`pipelines.bridges`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as f
from pyspark.sql.types import StructType

from pipelines import present, types
from pipelines.lake import engine, literal_rows
from pipelines.present import RECORD
from pipelines.statements import Statements, texts
from schemas.model import Table

LENGTH = 9
"""Characters of an organisation code; in a credit code they begin at the ninth."""
_VALUE, _LEARNT = "_value", "_recorded_at"
_VALUES = StructType([types.field(_VALUE, types.STRING, "what is looked for")])


@dataclass(frozen=True)
class Ask:
    """Which records: those that ever said in a column one of some values (None: anything).

    `is_inside`: the organisation code inside the column's credit code is meant.
    """

    table: Table
    column: str
    values: frozenset[str] | None = None
    is_inside: bool = False


class Source(Protocol):
    """Statements that count."""

    def has(self, table: str) -> bool:
        """Say whether anything was ever stated in a table."""
        ...

    def codes(self, table: Table, column: str) -> dict[str, datetime]:
        """Return the values of a column that are as long as an organisation code, each with when we learnt it first."""
        ...

    def of_records(self, ask: Ask, columns: Sequence[str]) -> pa.Table:
        """Return columns of all statements of the records that are asked for; one that silver lacks is null."""
        ...


class Here:
    """Statements that are gone through in this process."""

    def __init__(self, said: Statements) -> None:
        self._said = said

    def has(self, table: str) -> bool:
        return self._said.has(table)

    def codes(self, table: Table, column: str) -> dict[str, datetime]:
        found = self._said.where(table.name, [column, _LEARNT], [column], lambda rows: _is_code(rows[column]))
        return _first(found.rename_columns([_VALUE, _LEARNT]))

    def of_records(self, ask: Ask, columns: Sequence[str]) -> pa.Table:
        records = self._said.where(ask.table.name, RECORD, [ask.column], lambda rows: _is_said(rows[ask.column], ask))
        return self._said.of_records(ask.table.name, records, columns)


def _first(met: pa.Table) -> dict[str, datetime]:
    """Return by value when it was learnt first. `met` has a row for each time that it was."""
    found: dict[str, datetime] = {}
    for value, learnt_at in zip(met[_VALUE].to_pylist(), met[_LEARNT].to_pylist(), strict=True):
        found[value] = min(learnt_at, found.get(value, learnt_at))
    return found


def _is_code(values: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_null(values.type):  # the table has no such column yet
        return pc.is_valid(values)
    return pc.equal(pc.utf8_length(values), LENGTH)


def _is_said(values: pa.ChunkedArray, ask: Ask) -> pa.ChunkedArray:
    if ask.values is None or pa.types.is_null(values.type):
        return pc.is_valid(values)
    if not ask.is_inside:
        return pc.is_in(values, texts(ask.values))
    is_credit_code = pc.equal(pc.utf8_length(values), 2 * LENGTH)
    return pc.and_(is_credit_code, pc.is_in(inside(values), texts(ask.values)))


def inside(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return the organisation codes inside credit codes."""
    return pc.utf8_slice_codeunits(values, LENGTH - 1, 2 * LENGTH - 1)


class OfFrames:
    """Statements that the engine has: `stated` gives those of a table, None where nothing was ever stated."""

    def __init__(self, stated: Callable[[str], DataFrame | None]) -> None:
        self._stated = stated

    def has(self, table: str) -> bool:
        return self._stated(table) is not None

    def codes(self, table: Table, column: str) -> dict[str, datetime]:
        rows = self._rows(table).where(f.length(column) == LENGTH)
        first = rows.groupBy(f.col(column).alias(_VALUE)).agg(f.min(_LEARNT).alias(_LEARNT))
        with engine("look for earlier numbers"):
            return _first(first.toArrow())

    def of_records(self, ask: Ask, columns: Sequence[str]) -> pa.Table:
        rows = self._rows(ask.table)
        found = present.of_records(rows, _saying(rows, ask)).select(*columns)
        with engine("read earlier numbers"):
            return found.toArrow()

    def _rows(self, table: Table) -> DataFrame:
        rows = self._stated(table.name)
        if rows is None:
            raise KeyError(table.name)
        return present.with_declared(rows, table)


def _saying(rows: DataFrame, ask: Ask) -> DataFrame:
    if ask.values is None:
        return rows.where(f.col(ask.column).isNotNull())
    wanted = literal_rows(rows.sparkSession, [(value,) for value in sorted(ask.values)], _VALUES)
    said: Column = f.col(ask.column)
    if ask.is_inside:
        said = f.when(f.length(ask.column) == 2 * LENGTH, f.substring(said, LENGTH, LENGTH))
    return rows.join(f.broadcast(wanted), said == f.col("_value"), "left_semi")
