"""Rows of a table picked out by what some of their columns say, read from its files without the engine.

A file is gone through a group of rows at a time: first the columns that tell, then of groups that hold a wanted row
the others. What is held does not grow with the table.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError

from pipelines import commit_check, peek, sums
from pipelines.peek import TableUnreadable
from pipelines.places import Where, at

TOGETHER = 2
"""Files that are gone through at a time, or shares of a file."""
LARGE = 16 * 2**20
"""Bytes above which a file is shared."""


@dataclass(frozen=True)
class Sieve:
    """Which rows are wanted, as some of their columns (`by`) tell, and which columns of these; None: all."""

    by: tuple[str, ...]
    is_wanted: Callable[[pa.Table], pa.Array]
    columns: tuple[str, ...] | None = None


def count(lake: Where, name: str) -> int | None:
    """Return how many rows a table has, as its log tells; None where it does not, 0 where there is no table.

    Raises:
        TableUnreadable: its log is damaged.
    """
    table = _opened(lake, name)
    if table is None:
        return 0
    told = pa.table(table.get_add_actions())["num_records"]
    return None if told.null_count else int(pc.sum(told).as_py() or 0)


def sifted(lake: Where, name: str, sieve: Sieve) -> pa.Table | None:
    """Return the rows of a table that a sieve lets through; None when the table was never written to.

    They come in no order. A column that the table lacks, or a file of it, is null.

    Raises:
        TableUnreadable, LakeDamaged: its log or a file of it is damaged or gone.
    """
    table = _opened(lake, name)
    if table is None:
        return None
    declared = pa.schema(table.schema().to_arrow())
    told = pa.table(table.get_add_actions())
    sizes = dict(zip(told["path"].to_pylist(), told["size_bytes"].to_pylist(), strict=True))
    asked = declared.names if sieve.columns is None else sieve.columns
    wanted = pa.schema([_field(declared, column) for column in asked])
    telling = pa.schema([_field(declared, column) for column in sieve.by])
    files, kept = at(lake).files(name), _kept(table, name)

    def held(share: tuple[str, int, int]) -> list[pa.Table]:
        path, *each = share
        return [*_held(_File(name, files, path, kept.get(unquote(path))), sieve, telling, wanted, *each)]

    shares = [(path, each, of) for path, size in sizes.items() for of in (_shared(size),) for each in range(of)]
    with ThreadPoolExecutor(TOGETHER) as pool:
        found = [part for parts in pool.map(held, shares) for part in parts]
    return pa.concat_tables([wanted.empty_table(), *found])


def _shared(size: int) -> int:
    """Return how many share a file of so many bytes."""
    return TOGETHER if size > LARGE else 1


def added(lake: Where, name: str, columns: tuple[str, ...], between: tuple[int, int]) -> pa.Table | None:
    """Return columns, texts, of the rows that came after one version of a table, up to another; None: not to be had.

    That is so where commits or files of that time are gone, or rows were taken out meanwhile.
    """
    place = at(lake)
    after, upto = between
    paths = []
    try:
        for version in range(after + 1, upto + 1):
            if not commit_check.is_whole(place, name, version):
                return None
            actions = [
                json.loads(line) for line in place.read(name, f"{version:020d}.json").splitlines() if line.strip()
            ]
            moved = [(kind, action[kind]) for action in actions for kind in ("add", "remove") if kind in action]
            changing = [(kind, file) for kind, file in moved if file.get("dataChange", True)]
            if any(kind == "remove" or file.get("deletionVector") for kind, file in changing):
                return None
            paths += [file["path"] for _, file in changing]
        files, schema = place.files(name), pa.schema([(column, pa.string()) for column in columns])
        whole = Sieve(columns, lambda rows: pa.repeat(pa.scalar(True), len(rows)))
        parts = [part for path in paths for part in _held(_File(name, files, path), whole, schema, schema)]
    except (OSError, TableUnreadable, ValueError, KeyError):
        return None
    return pa.concat_tables([schema.empty_table(), *parts])


def _opened(lake: Where, name: str) -> DeltaTable | None:
    place = at(lake)
    if not place.holds(name):
        return None
    commit_check.check(place, name)
    try:
        return place.opened(name)
    except TableNotFoundError:
        return None
    except (DeltaError, OSError) as error:
        raise TableUnreadable(name, type(error).__name__) from None


def _kept(table: DeltaTable, name: str) -> Mapping[str, pa.Array]:
    try:
        return peek.kept_rows(table, name)
    except (DeltaError, OSError) as error:
        raise TableUnreadable(name, type(error).__name__) from None


def _field(declared: pa.Schema, column: str) -> pa.Field:
    return declared.field(column) if column in declared.names else pa.field(column, pa.null())


@dataclass(frozen=True)
class _File:
    """A data file of a table, by its path as the log has it, in Arrow's file system of the table's folder.

    `kept` says which of its rows count, where some are struck out.
    """

    table: str
    files: Any
    path: str
    kept: pa.Array | None = None

    def counting(self, first: int, mask: pa.Array) -> pa.Array:
        """Return which of the rows from one place on count and are true in `mask`; of what nothing is said counts."""
        if self.kept is None:
            return mask
        told = self.kept.slice(first, len(mask))
        return pc.and_(mask, pa.concat_arrays([told, pa.repeat(pa.scalar(True), len(mask) - len(told))]))

    @contextmanager
    def opened(self) -> Iterator[pq.ParquetFile]:
        """Open it; its pages are held against their checksums."""
        with self.read():
            sums.hold_footer(self.files, unquote(self.path))
            source = self.files.open_input_file(unquote(self.path))
            file = pq.ParquetFile(source, page_checksum_verification=True, coerce_int96_timestamp_unit="us")
        with source, file:
            yield file

    @contextmanager
    def read(self) -> Iterator[None]:
        """Say of what fails meanwhile that the file is damaged or gone."""
        try:
            yield
        except (OSError, pa.ArrowException) as error:
            raise TableUnreadable(self.table, type(error).__name__, self.path) from None


def _held(
    file: _File, sieve: Sieve, telling: pa.Schema, wanted: pa.Schema, share: int = 0, of: int = 1
) -> Iterator[pa.Table]:
    """Yield the wanted rows of a file, or of a share of it, group by group."""
    more = pa.schema([field for field in wanted if field.name not in telling.names])
    first = 0
    with file.opened() as opened:
        for group in range(opened.num_row_groups):
            before, first = first, first + opened.metadata.row_group(group).num_rows
            if group % of != share:
                continue
            told = _read(file, opened, group, telling)
            mask = file.counting(before, pc.fill_null(sieve.is_wanted(told), False))
            if not pc.any(mask, min_count=0).as_py():
                continue
            columns = {name: told[name] for name in telling.names if name in wanted.names}
            if len(more):
                others = _read(file, opened, group, more)
                columns |= {name: others[name] for name in more.names}
            yield pa.Table.from_arrays([columns[name].filter(mask) for name in wanted.names], schema=wanted)


def _read(file: _File, opened: pq.ParquetFile, group: int, schema: pa.Schema) -> pa.Table:
    there = [name for name in schema.names if name in opened.schema_arrow.names]
    with file.read():
        found = opened.read_row_group(group, columns=there, use_threads=False)
        nothing = pa.nulls(opened.metadata.row_group(group).num_rows)
        arrays = [found[field.name] if field.name in there else nothing for field in schema]
        return pa.Table.from_arrays([a.cast(f.type) for a, f in zip(arrays, schema, strict=True)], schema=schema)
