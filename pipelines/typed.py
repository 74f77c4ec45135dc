"""Rows as received become typed rows of their resource's table, column by column outside the engine. Pure.

Whoever runs it - the engine's tasks for very many rows, the process itself for few - gets the same: a row follows from
itself alone and from what is declared.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql.pandas.types import to_arrow_schema
from pyspark.sql.types import DataType, StructType

from pipelines import choosing, columnwise, crossing, names, settle, types
from pipelines.choosing import Words
from pipelines.values import ColumnReader, Values
from schemas.model import CodeList, Column, ColumnMapping, Declarations, Resource, Table

AREA = "area"
"""Name of the code list of areas: numbers have areas."""
CARRIED: dict[str, DataType] = {
    "_delivery": types.STRING,
    "_row_no": types.LONG,
    "_row_hash": types.STRING,
    "_recorded_at": types.INSTANT,
}
FOUND: dict[str, DataType] = {
    "_withdrawn": types.BOOLEAN,
    "_erases": types.BOOLEAN,
    "_warnings": types.PROBLEMS,
    "_problems": types.PROBLEMS,
    "_valid_from": types.DATE,
    "_key": types.STRING,
    "_content": types.STRING,
}


@dataclass(frozen=True)
class Plan:
    """How rows of a resource are read: what is declared, and two days.

    `codes`: the code lists that the columns are read by. `period_day`: the delivery's last day, since when a row is
    true where the table has no column that says it. `received_on`: the legal day of receipt.
    """

    resource: Resource
    table: Table
    codes: Mapping[str, CodeList]
    period_day: date
    received_on: date


def plan(resource: Resource, declarations: Declarations, period_day: date, received_on: date) -> Plan:
    """Return the plan of a resource, with just what is needed to carry it out."""
    table = declarations.tables[resource.table]
    lists = {AREA, *(column.codes for column in table.columns if column.codes)}
    return Plan(resource, table, {name: declarations.codes[name] for name in lists}, period_day, received_on)


def schema(table: Table) -> StructType:
    """Return the columns of typed rows: what was carried over, the table's own, and what was found."""
    own = {c.name: types.spark_type(c.type, c.precision, c.scale) for c in table.columns}
    made = StructType()
    for name, kind in (CARRIED | own | FOUND).items():
        made = made.add(name, kind)
    return made


def rows(received: pa.Table, plan: Plan) -> pa.Table:
    """Turn rows of bronze into typed rows.

    Args:
        received: every column a string, with `_delivery`, `_row_no`, `_row_hash`, `_recorded_at`.

    Returns:
        One row per row, as `schema` has them: the table's columns typed, null where unreadable; `_problems` and
        `_warnings` (lists of header and reason), `_withdrawn`, `_erases` (such a row is a withdrawal, too),
        `_valid_from`, `_key` and `_content` as `settle.identified` makes them.
    """
    return Reader(plan).rows(received)


def in_task(batches: Iterable[pa.RecordBatch], plan: Plan) -> Iterator[pa.RecordBatch]:
    """Type rows in one of the engine's tasks, which hands them over in batches."""
    reader = Reader(plan)
    for batch in batches:
        yield from reader.rows(pa.Table.from_batches([batch])).to_batches()


class Reader:
    """Carries a plan out; made once for all the rows of a task."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._called = names.columns_of(plan.resource)
        self._read_as = choosing.coded(plan.resource, plan.table)
        self._schema = to_arrow_schema(schema(plan.table), timezone="UTC")
        self._mappings = {m.column: m for m in plan.resource.columns}
        self._readers = {m.column: self._reader(plan.table.column(m.column), m) for m in plan.resource.columns}

    def _reader(self, column: Column, mapping: ColumnMapping) -> ColumnReader:
        kind = self._schema.field(column.name).type
        plan = self._plan
        return ColumnReader(column, mapping, plan.resource.empty, plan.codes, plan.received_on, kind)

    def rows(self, received: pa.Table) -> pa.Table:
        """Return typed rows, as the module's `rows` does."""
        plan, count = self._plan, received.num_rows
        given = {header: _texts(received, name) for header, name in self._called.items()}
        words = Words(given)
        erases = choosing.erasing(plan.resource, words, count)
        withdrawn = pc.or_(erases, choosing.withdrawn(plan.resource, words, count))
        read = self._meant(
            {
                m.column: self._readers[m.column].read(choosing.text(m, given, words, self._read_as, count))
                for m in plan.resource.columns
            }
        )
        typed = {c.name: self._value(read, c, count) for c in plan.table.columns}
        found = self._reasons(read, typed, withdrawn)
        found += choosing.unlisted(plan.resource, words, self._read_as, count)
        noticed = [(self._header(name), values.warning) for name, values in read.items()]
        made: dict[str, pa.Array] = {name: received[name].combine_chunks() for name in CARRIED}
        made |= typed
        made |= {"_withdrawn": withdrawn, "_erases": erases}
        made |= {"_warnings": settle.problems(noticed, count), "_problems": settle.problems(found, count)}
        made["_valid_from"] = self._valid_from(typed, count)
        made |= settle.identified(made, plan.table)
        return pa.table([made[name] for name in self._schema.names], schema=self._schema)

    def _meant(self, read: dict[str, Values]) -> dict[str, Values]:
        """Empty, with its reason, what was read in rows whose code says that the column is not meant."""
        plan, made = self._plan, dict(read)
        values = {name: each.value for name, each in read.items()}
        for mapping in plan.resource.columns:
            is_meant = choosing.is_meant(mapping, plan.table, self._read_as, values, plan.codes)
            if is_meant is not None:
                empty = (pc.if_else(is_meant, each, pa.scalar(None, each.type)) for each in read[mapping.column])
                made[mapping.column] = Values(*empty)
        return made

    def _value(self, read: Mapping[str, Values], column: Column, count: int) -> pa.Array:
        return read[column.name].value if column.name in read else pa.nulls(count, self._schema.field(column.name).type)

    def _reasons(
        self, read: Mapping[str, Values], typed: Mapping[str, pa.Array], withdrawn: pa.Array
    ) -> list[tuple[str, pa.Array]]:
        """Return why values are not there or do not fit each other; a withdrawal has to be right in its key alone."""
        reasons = {name: values.reason for name, values in read.items()}
        for name, late in crossing.cross(self._plan.table, typed, self._plan.received_on).items():
            reasons[name] = pc.coalesce(reasons[name], late) if name in reasons else late
        nothing = pa.scalar(None, pa.string())
        return [
            (self._header(name), reason if name in self._plan.table.key else pc.if_else(withdrawn, nothing, reason))
            for name, reason in reasons.items()
        ]

    def _valid_from(self, typed: Mapping[str, pa.Array], count: int) -> pa.Array:
        period = columnwise.constant(self._plan.period_day, pa.date32(), count)
        observed = self._plan.table.observed
        return period if observed is None else pc.coalesce(typed[observed].cast(pa.date32()), period)

    def _header(self, name: str) -> str:
        """Return the department's own word for a column."""
        mapping = self._mappings.get(name)
        return name if mapping is None or mapping.source is None else mapping.source


def _texts(received: pa.Table, name: str) -> pa.Array:
    """Return a column of texts; one that a header was not delivered for is empty."""
    if name in received.column_names:
        return received[name].combine_chunks()
    return pa.nulls(received.num_rows, pa.string())
