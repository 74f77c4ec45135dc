"""Shared tables as they stand: what a share gives today, its rows at a version, and what changed between two.

No engine is started: `deltalake` reads the log, and each file is read with its pages held against their checksums.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError
from sqlalchemy import Connection

from catalog import grants, spending
from catalog.entries import entries
from catalog.errors import GrantNotInForce
from catalog.grants import Given
from catalog.shares import Share, SharedTable
from catalog.sharing_store import get
from onefile.verify.batch_files import RECORD, Change
from onefile.verify.rows import text_of
from pipelines import peek, sums
from pipelines.bulk.errors import NotHandedOut, TableMoved
from pipelines.workshop import Workshop
from schemas.model import Column
from schemas.serving.connection import writing
from schemas.serving.projections import FOLDER, Projection, projections

AT_ONCE = 10_000
"""Rows that are held in memory at once."""
MOST_CHANGES = 1_000_000
"""Changes that are held in memory; where there are more, all of the table is handed out instead."""
_OLD, _NEW, _GONE = "update_preimage", ("insert", "update_postimage"), "delete"


@dataclass(frozen=True)
class Handed:
    """A table that a share gives today, pinned to its newest version. `columns` are its granted ones, as declared."""

    share: Share
    table: SharedTable
    given: Given
    projection: Projection
    columns: tuple[Column, ...]
    folder: Path
    version: int

    @property
    def name(self) -> str:
        """`<provider>.<resource>`."""
        return f"{self.table.schema}.{self.table.name}"

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Its columns' names, without the key."""
        return tuple(column.name for column in self.columns)

    def rows(self) -> Iterator[list[Change]]:
        """Yield its rows, some thousand at a time, in an order that is always the same.

        Raises:
            TableMoved: files of it were taken out meanwhile.
        """
        try:
            for place in sorted(_open(self.folder, self.version).file_uris()):
                sums.hold_footer(sums.LOCAL, place)
                with pq.ParquetFile(place, page_checksum_verification=True, coerce_int96_timestamp_unit="us") as file:
                    for batch in file.iter_batches(AT_ONCE, columns=[RECORD, *self.names], use_threads=False):
                        yield _changes(pa.Table.from_batches([batch]), self.names)
        except (DeltaError, OSError, pa.ArrowException):
            raise TableMoved(self.name) from None

    def since(self, version: int) -> Changed | None:
        """Return what changed since a version of this generation; None where that cannot be told, or is very much."""
        if version >= self.version:
            return Changed({}, [], [])
        try:
            feed = _open(self.folder, self.version).load_cdf(version + 1, self.version)
            return _net(feed, self.names)
        except (DeltaError, OSError, pa.ArrowException):
            return None  # files of old versions are kept for a week


@dataclass(frozen=True)
class Changed:
    """What became of rows between two versions: by key their last state, and every row that came and that went."""

    last: dict[str, Change]
    came: list[tuple[str | None, ...]]
    went: list[tuple[str | None, ...]]


def handed(shop: Workshop, connection: Connection, share: Share, name: str = "") -> list[Handed]:
    """Return the tables of a share, or the one of a name, as they stand.

    Raises:
        NotHandedOut: there is none of that name, its grant gives nothing today, or what is projected is not what the
            grant gives now.
    """
    wanted = [each for each in share.tables if name in ("", f"{each.schema}.{each.name}")]
    if not wanted:
        raise NotHandedOut(name, f"the share {share.share_id} has no such table", "`onefile share list` names them")
    return [_handed(shop, connection, share, table) for table in wanted]


def spend(shop: Workshop, handed: Handed) -> None:
    """Take one look of the day's quota of a table's grant, as a query over Delta Sharing does.

    Raises:
        NotHandedOut: none is left today.
    """
    with writing(shop.settings.database_url) as connection:
        if not spending.take(connection, handed.given, 1, shop.legal_day(shop.at)):
            raise NotHandedOut(handed.name, "today's quota of its grant is used up", "run it again tomorrow")


def _handed(shop: Workshop, connection: Connection, share: Share, table: SharedTable) -> Handed:
    name = f"{table.schema}.{table.name}"
    case = get(connection, table.grant_id)
    try:
        given = grants.in_force(case, entries(shop.catalogue).get(case.entry_id), shop.legal_day(shop.at))
    except GrantNotInForce as error:
        raise NotHandedOut(name, str(error.reason), f"see `onefile grant show {table.grant_id}`") from None
    found = projections(connection).get(table.grant_id)
    if found is None or not found.gives(given.fields, given.rows):
        raise NotHandedOut(name, "its table is not made yet as the grant is now", "run `onefile run` first")
    declared = shop.declarations.tables[shop.resource(case.entry_id).table]
    columns = tuple(declared.column(field) for field in given.fields)
    folder = shop.home / FOLDER / found.place
    return Handed(share, table, given, found, columns, folder, _newest(folder, name))


def _newest(folder: Path, name: str) -> int:
    try:
        return int(_open(folder, None).version())
    except (DeltaError, OSError):
        raise TableMoved(name) from None


def _open(folder: Path, version: int | None) -> DeltaTable:
    return DeltaTable(str(folder), version=version)


def _changes(rows: pa.Table, names: tuple[str, ...]) -> list[Change]:
    return [Change(str(key), tuple(values)) for key, *values in _texts(rows, (RECORD, *names))]


def _texts(rows: pa.Table, names: tuple[str, ...]) -> Iterator[tuple[str | None, ...]]:
    found = peek.dicts(rows.select(list(names)))
    yield from (tuple(text_of(row[name]) for name in names) for row in found)


def _net(feed: object, names: tuple[str, ...]) -> Changed | None:
    last: dict[str, tuple[int, Change]] = {}
    came, went = list[tuple[str | None, ...]](), list[tuple[str | None, ...]]()
    for batch in pa.RecordBatchReader.from_stream(feed):
        rows = pa.Table.from_batches([batch])
        told = zip(rows["_change_type"].to_pylist(), rows["_commit_version"].to_pylist(), strict=True)
        for (kind, version), (key, *values) in zip(told, _texts(rows, (RECORD, *names)), strict=True):
            row = (key, *values)
            (came if kind in _NEW else went).append(row)
            if kind == _OLD or (str(key) in last and last[str(key)][0] >= version):
                continue
            is_gone = kind == _GONE
            last[str(key)] = (version, Change(str(key), () if is_gone else tuple(values), is_gone))
        if len(came) + len(went) > MOST_CHANGES:
            return None
    return Changed({key: change for key, (_, change) in sorted(last.items())}, came, went)
