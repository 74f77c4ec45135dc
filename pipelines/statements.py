"""What silver says, read into this process from the files of the lake: for what few subjects or records are about.

The engine takes a second or more to plan a question, however little it is about. Here the columns that tell whom rows
are about are gone through, and whole statements are read of the records alone that are asked for. What counts is what
`pipelines.present` says; `tests/spark/test_gold_here.py` holds both against each other.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from functools import cached_property, reduce
from threading import Lock

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame

from pipelines import columnwise, erasing, names, sifting
from pipelines.errors import LakeDamaged
from pipelines.lake import Lake, TableMissing, framed
from pipelines.peek import TableUnreadable
from pipelines.present import ORDER, RECORD

MANY = 10_000_000
"""Statements that are gone through in this process, a second or so a million; of more the engine is asked."""
FEW_AGAIN = 200_000
"""Records stated more than once that are told apart from the others; with more of them nothing is won by it."""
_TELLING = ("_delivery", *RECORD, "_seq")

Wanted = Callable[[pa.Table], pa.Array]
"""Says of rows, by some of their columns, which are wanted."""


class Statements:
    """The statements of a lake that count, as `present.statements` has them, at the time they are first asked for."""

    def __init__(self, lake: Lake, *, is_erased_kept: bool = False) -> None:
        self.lake = lake
        self._is_erased_kept = is_erased_kept

    @cached_property
    def deliveries(self) -> pa.Array:
        """The deliveries that count."""
        if not self.lake.exists(names.RELEASE):
            return pa.array([], pa.string())
        return self.lake.looked_at(names.RELEASE, ["_delivery"])["_delivery"].combine_chunks().unique()

    def counting(self) -> DataFrame:
        """Return these deliveries as a frame, as `present.counting` does."""
        return framed(self.lake.spark, pa.table({"_delivery": self.deliveries}))

    @cached_property
    def ordered(self) -> dict[tuple[str, str], int]:
        """The records that are to be erased, as long as they count, each with the `_seq` up to which it is."""
        if not self.lake.exists(names.ERASURE_ORDER):
            return {}
        orders = self.lake.looked_at(names.ERASURE_ORDER, [*RECORD, "upto_seq", "cause", "_delivery"])
        is_demanded = pc.is_in(orders["_delivery"], self.deliveries)
        holding = orders.filter(pc.or_(pc.equal(orders["cause"], erasing.TERM), is_demanded))
        last: dict[tuple[str, str], int] = {}
        for record, seq in zip(_records(holding), holding["upto_seq"].to_pylist(), strict=True):
            last[record] = max(seq, last.get(record, seq))
        return last

    def count(self, tables: Iterable[str]) -> int | None:
        """Return how many rows tables hold, as their logs tell; None where one does not."""
        counts = [sifting.count(self.lake.place, names.silver(table)) for table in tables]
        return None if None in counts else sum(count for count in counts if count)

    def are_few(self, tables: Iterable[str], limit: int | None = None) -> bool:
        """Say whether tables hold no more rows than `limit` (None: `MANY`); False where that cannot be told."""
        count = self.count(tables)
        return count is not None and count <= (MANY if limit is None else limit)

    def has(self, table: str) -> bool:
        """Say whether anything was ever stated in a table."""
        return self.lake.exists(names.silver(table))

    def where(self, table: str, columns: Sequence[str] | None, by: Sequence[str], is_wanted: Wanted) -> pa.Table:
        """Return columns (None: all) of the statements that `is_wanted` picks, told by the columns in `by`.

        Of a table in which nothing was stated there are none; a column that it lacks is null.
        """
        if not self.has(table):
            return pa.table({name: pa.nulls(0) for name in columns or ()})
        telling = tuple(dict.fromkeys([*_TELLING, *by]) if self._is_hiding else dict.fromkeys(["_delivery", *by]))
        asked = None if columns is None else tuple(columns)
        sieve = sifting.Sieve(telling, lambda rows: pc.and_(self._is_counting(rows), is_wanted(rows)), asked)
        return sifted(self.lake, names.silver(table), sieve)

    def every(self, table: str, columns: Sequence[str] | None = None) -> pa.Table:
        """Return all statements of a table."""
        return self.where(table, columns, (), lambda rows: _all(len(rows)))

    def of_records(self, table: str, records: pa.Table, columns: Sequence[str] | None = None) -> pa.Table:
        """Return the statements about some records: `records` has a row per `_resource` and `_key`, maybe twice."""
        return self.where(table, columns, RECORD, lambda rows: is_of(rows, records))

    def naming(self, table: str, columns: Sequence[str], numbers: pa.Array) -> pa.Table:
        """Return the records (`RECORD`) of a table that ever named one of some subjects in one of its columns."""
        return self.where(table, RECORD, columns, lambda rows: _any(pc.is_in(rows[c], numbers) for c in columns))

    def stated_again(self, table: str) -> pa.Table | None:
        """Return the records of which there is more than one statement, and maybe some others; None: they are many.

        What is held meanwhile is eight bytes a statement.
        """
        prints: list[np.ndarray] = [np.empty(0, np.uint64)]
        lock = Lock()

        def none(rows: pa.Table) -> pa.Array:
            found = _prints(rows["_key"].filter(self._is_counting(rows)))
            with lock:
                prints.append(found)
            return pc.invert(_all(len(rows)))

        telling = (*_TELLING,) if self._is_hiding else ("_delivery", "_key")
        sifted(self.lake, names.silver(table), sifting.Sieve(telling, none, ()))
        every = np.sort(np.concatenate(prints))
        again = np.unique(every[1:][every[1:] == every[:-1]])
        if len(again) > FEW_AGAIN:
            return None
        if not len(again):
            return pa.table({name: texts(()) for name in RECORD})
        return self.where(table, RECORD, RECORD, lambda rows: pa.array(np.isin(_prints(rows["_key"]), again)))

    @property
    def _is_hiding(self) -> bool:
        """Say whether orders hide any; with it is settled what counts, before threads that go through files ask."""
        return len(self.deliveries) > 0 and not self._is_erased_kept and bool(self.ordered)

    def _is_counting(self, rows: pa.Table) -> pa.Array:
        counts = pc.is_in(rows["_delivery"], self.deliveries)
        return pc.and_(counts, pc.invert(self._is_erased(rows))) if self._is_hiding else counts

    def _is_erased(self, rows: pa.Table) -> pa.Array:
        """Say which statements an order is about."""
        hidden = np.zeros(len(rows), np.bool_)
        keys = pa.array([key for _, key in self.ordered], pa.string())
        places = np.flatnonzero(pc.is_in(rows["_key"], keys).to_numpy())
        maybe = rows.take(pa.array(places))
        for place, record, seq in zip(places, _records(maybe), maybe["_seq"].to_pylist(), strict=True):
            hidden[place] = seq <= self.ordered.get(record, -1)
        return pa.array(hidden)


def sifted(lake: Lake, name: str, sieve: sifting.Sieve) -> pa.Table:
    """Return the rows of a table that a sieve lets through.

    Raises:
        TableMissing: it was never written to.
        LakeDamaged: its log or a file of it is damaged or gone.
    """
    try:
        found = sifting.sifted(lake.place, name, sieve)
    except TableUnreadable as error:
        raise LakeDamaged(f"read {name}", error.condition, name, error.file) from None
    if found is None:
        raise TableMissing(name)
    return found


def present(statements: pa.Table) -> pa.Table:
    """Return the last statement of each record, without withdrawn ones: as `pipelines.present.present`."""
    record = columnwise.places([statements[name].combine_chunks() for name in RECORD])
    by = [columnwise.ranks(statements[name].combine_chunks()) for name in reversed(ORDER)]
    order = np.lexsort((*by, record))
    last = order[np.flatnonzero(np.diff(record[order], append=-1))]
    found = statements.take(pa.array(np.sort(last)))
    return found.filter(pc.invert(found["_withdrawn"]))


def named(statements: pa.Table, columns: Sequence[str]) -> pa.Array:
    """Return the numbers of all subjects that statements name, each once."""
    parts = [statements[name].combine_chunks() for name in columns]
    return pa.concat_arrays([pa.array([], pa.string()), *parts]).drop_null().unique()


def is_of(rows: pa.Table, records: pa.Table) -> pa.Array:
    """Say which rows are about one of some records."""
    by_resource = {resource: records.filter(pc.equal(records["_resource"], resource))["_key"].combine_chunks()
                   for resource in records["_resource"].unique().to_pylist()}  # fmt: skip
    return _any(
        [pc.and_(pc.equal(rows["_resource"], resource), pc.is_in(rows["_key"], keys))
         for resource, keys in by_resource.items()]
        or [pc.invert(_all(len(rows)))]
    )  # fmt: skip


def texts(values: Collection[str]) -> pa.Array:
    """Return texts as a column."""
    return pa.array([*values], pa.string())


def _prints(keys: pa.ChunkedArray) -> np.ndarray:
    """Return a number for each key (SHA-256 in hex) that hardly two of them share."""
    held = keys.combine_chunks()
    if not len(held):
        return np.empty(0, np.uint64)
    _, offsets, data = held.buffers()
    ends = np.frombuffer(offsets, np.int32)[held.offset : held.offset + len(held) + 1]
    words = np.frombuffer(data, np.uint8)[ends[0] : ends[-1]].reshape(len(held), 64)[:, :16].copy().view(np.uint64)
    found: np.ndarray = words[:, 0] * np.uint64(0x9E3779B97F4A7C15) ^ words[:, 1]
    return found


def _records(rows: pa.Table) -> Iterable[tuple[str, str]]:
    return zip(*(rows[name].to_pylist() for name in RECORD), strict=True)


def _all(count: int) -> pa.Array:
    return columnwise.constant(True, pa.bool_(), count)


def _any(answers: Iterable[pa.Array]) -> pa.Array:
    return reduce(pc.or_, answers)
