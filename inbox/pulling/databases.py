"""Rows of a department's database: all, or those since the last time, in one consistent view, whole or not at all."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from pathlib import Path

from inbox.header import check_header
from inbox.pulling.addresses import Address
from inbox.pulling.drivers import Binary, Zone, engine
from inbox.pulling.errors import SourceFailed, SourceOdd, SourceUnusable
from inbox.pulling.jdbc import SCHEME, JdbcDatabase
from inbox.pulling.marks import Mark
from inbox.pulling.rows import Rows
from inbox.pulling.views import Broke, Database, SqlDatabase, View
from inbox.pulling.watermarks import before, first_ahead, goes_on, is_ahead
from onefile.files import make_folder
from schemas.model import Resource
from schemas.sources import DatabaseSource

ATTEMPTS = 3
_NOT_OF_THE_ENCODING = "22021"
"""SQL state of bytes that are no text."""


@dataclass(frozen=True)
class Got:
    """Files of rows that were pulled, in order, and how far; `watermark` None: nothing to go on from."""

    files: tuple[Path, ...]
    rows: int
    watermark: str | None = None
    seen: frozenset[str] = field(default_factory=frozenset)


def pull(
    resource: Resource, way: DatabaseSource, address: Address, folder: Path, mark: Mark | None, zone: Zone, today: date,
    wait: Callable[[float], None] = time.sleep,
) -> Got:  # fmt: skip
    """Pull the rows of a resource into a folder.

    A connection that drops is tried again, with nothing kept of what came before, three times in all.

    Args:
        folder: is emptied first.
        mark: how far it was pulled before; None: all of it.
        zone: of legal days.
        today: the day that it is there; a watermark that lies ahead of it moves nothing on.
        wait: sleeps some seconds.

    Raises:
        FileBroken: the columns are not those that the resource declares.
        SourceUnusable: the setting or `source` cannot be used with this database.
        SourceFailed: the database broke off each time, or refused.
        SourceOdd: a column holds bytes, or its key is no whole number.
    """
    database = opened(address, zone)
    try:
        for attempt in range(1, ATTEMPTS + 1):
            shutil.rmtree(folder, ignore_errors=True)
            make_folder(folder)
            try:
                return _Pull(resource, way, address.setting, folder, database, mark, today).run()
            except Broke as error:
                if error.kind == _NOT_OF_THE_ENCODING:
                    raise _other_encoding(address.setting) from None
                if attempt == ATTEMPTS or not error.may_pass:
                    raise SourceFailed(address.setting, error.kind, attempt) from None
            except UnicodeDecodeError:
                raise _other_encoding(address.setting) from None
            except Binary:
                raise SourceOdd(address.setting, "a column of bytes", "texts, numbers and days: have a query leave it "
                                "out, or make a text of it") from None  # fmt: skip
            wait(4.0 ** (attempt - 1))
        raise SourceFailed(address.setting, "nothing", ATTEMPTS)
    finally:
        database.close()


def _other_encoding(setting: str) -> SourceOdd:
    return SourceOdd(setting, "texts in another encoding than it says", "texts in the encoding that it says: have a "
                     "view or a query convert them")  # fmt: skip


def opened(address: Address, zone: Zone) -> Database:
    """Return a database that views can be opened of; nothing is asked of it yet.

    Raises:
        SourceUnusable: the address is none of a database, or its driver is not there.
    """
    if address.scheme == SCHEME:
        return JdbcDatabase(address, zone)
    return SqlDatabase(engine(address, zone), zone)


@dataclass(frozen=True)
class _Pull:
    """One attempt."""

    resource: Resource
    way: DatabaseSource
    setting: str
    folder: Path
    database: Database
    mark: Mark | None
    today: date

    def run(self) -> Got:
        with self.database.view() as view:
            self._check_columns(view)
            if self.way.watermark is None:
                return self._all(view)
            high = self._high(view, view.quoted(self.way.watermark))
            if high is not None:
                self._refuse_texts(view, view.quoted(self.way.watermark), high)
            return self._since(view, high)

    def _high(self, view: View, column: str) -> str | None:
        """Return the highest watermark that does not lie ahead."""
        asked = f"SELECT max({column}) FROM {self._from(view)}"
        high = _one(view, asked)
        if high is not None and is_ahead(high, self.today):
            return _one(view, f"{asked} WHERE {column} < {view.parameter(0)}", [first_ahead(self.today)])
        return high

    def _refuse_texts(self, view: View, column: str, high: str) -> None:
        """Refuse numbers that are kept as texts of several lengths: '9' is the highest there, and '10' never above."""
        if not high.isdecimal() or high.startswith(("0", "1" if len(high) == 1 else "0")):
            return
        is_short = len(high) > 1 and high < "9"
        sign, other = ("<", "9") if is_short else (">", f"1{'0' * len(high)}")  # false of numbers, true of texts
        asked = f"SELECT count(*) FROM {self._from(view)} WHERE {column}"
        are_texts = _one(view, f"{asked} = {view.parameter(0)} AND {column} {sign} {view.parameter(1)}", [high, other])
        if are_texts == "0":
            return
        if _one(view, f"{asked} IS NOT NULL AND length({column}) <> {len(high)}") != "0":
            raise SourceOdd(self.setting, "a watermark that is a number kept as a text", "a column of numbers or "
                            "instants, or a query that makes one of it")  # fmt: skip

    def _check_columns(self, view: View) -> None:
        """Hold the table's columns against the declaration before any row is read."""
        own = {self.way.watermark, self.way.key} - set(self.resource.headers)
        names = view.names(f"SELECT * FROM {self._from(view)} WHERE 1 = 0")
        check_header([name for name in names if name not in own], self.resource)

    def _all(self, view: View) -> Got:
        ranges = self._ranges(view) if self.way.parallel > 1 else ["1 = 1"]
        if len(ranges) == 1:
            file = self._read(view, 1, ranges[0])
            return Got((file.path,), file.written)
        snapshot = self._snapshot(view)
        with ThreadPoolExecutor(len(ranges)) as pool:
            files = list(pool.map(self._range, [snapshot] * len(ranges), range(1, len(ranges) + 1), ranges))
        return Got(tuple(file.path for file in files), sum(file.written for file in files))

    def _range(self, snapshot: str | None, number: int, condition: str) -> Rows:
        with self.database.view(snapshot) as view:
            return self._read(view, number, condition)

    def _snapshot(self, view: View) -> str | None:
        if not self.way.is_one_view:
            return None
        if self.database.kind != "postgresql":
            raise SourceUnusable(
                self.setting, "connections to this database cannot share one view",
                "leave 'parallel' out, or say 'one_view: false' where the table does not change meanwhile",
            )  # fmt: skip
        return _one(view, "SELECT pg_export_snapshot()")

    def _ranges(self, view: View) -> list[str]:
        """Return conditions that part the table by its key."""
        key = view.quoted(self.way.key or "")
        least, most = (_one(view, f"SELECT {of}({key}) FROM {self._from(view)}") for of in ("min", "max"))
        if least is None or most is None:
            return ["1 = 1"]
        try:
            first, last = int(least), int(most)
        except ValueError:
            raise SourceOdd(self.setting, f"a key {self.way.key!r} that is no whole number",
                            "a whole-number key for ranges in parallel") from None  # fmt: skip
        count = min(self.way.parallel, last - first + 1)
        edges = [first + (last - first + 1) * part // count for part in range(1, count)]
        if not edges:
            return ["1 = 1"]
        between = [f"{key} >= {low} AND {key} < {high}" for low, high in pairwise(edges)]
        return [f"({key} < {edges[0]} OR {key} IS NULL)", *between, f"{key} >= {edges[-1]}"]

    def _since(self, view: View, high: str | None) -> Got:
        """Read what is new since the mark, or all where the highest cannot have grown from it.

        Rows without a watermark, and those that lie ahead, are looked at each time.
        """
        column, mark = view.quoted(self.way.watermark or ""), self.mark
        known = mark.seen if mark is not None else frozenset()
        if high is None:
            file = self._read(view, 1, "1 = 1", "1", known=known)
            return Got((file.path,), file.written, mark.watermark if mark else "", frozenset(file.seen))
        edge = f"CASE WHEN {column} >= {view.parameter(0)} OR {column} IS NULL THEN 1 ELSE 0 END"
        condition, values = "1 = 1", [before(high, self.way.overlap)]
        if mark is not None and mark.watermark and goes_on(mark.watermark, high):
            condition = f"({column} >= {view.parameter(1)} OR {column} IS NULL)"
            values.append(before(mark.watermark, self.way.overlap))
        file = self._read(view, 1, condition, edge, values, known)
        return Got((file.path,), file.written, high, frozenset(file.seen))

    def _read(
        self, view: View, number: int, condition: str, edge: str = "0", values: Sequence[str] = (),
        known: AbstractSet[str] = frozenset(),
    ) -> Rows:  # fmt: skip
        names = self.resource.headers
        order = f" ORDER BY {view.quoted(self.way.key)}" if self.way.key else ""
        columns = ", ".join([*map(view.quoted, names), edge])
        asked = f"SELECT {columns} FROM {self._from(view)} WHERE {condition}{order}"
        with Rows(self.folder / f"{self.resource.name}-{number}.jsonl", known) as file:
            for row in view.rows(asked, values):
                file.add(dict(zip(names, row, strict=False)), is_edge=row[-1] == "1")
        return file

    def _from(self, view: View) -> str:
        if self.way.table is not None:
            return ".".join(map(view.quoted, self.way.table.split(".")))
        return f"({view.plain(self.way.query or '')}\n) q"  # a comment may end it


def _one(view: View, asked: str, values: Sequence[str] = ()) -> str | None:
    rows = list(view.rows(asked, values))
    return rows[0][0] if rows else None
