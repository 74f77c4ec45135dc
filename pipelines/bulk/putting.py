"""Puts the tables of a share into its recipient's own database: all rows the first time, then what changed.

Changes go in one transaction with the note of them, so that a kill leaves the table as it was. All of a table goes in
parts, each with a note of how far it came: a run that was killed goes on from there. At its end the rows that the share
has no more are removed. Put again, nothing changes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Engine, Table, delete, insert, or_, select, update
from sqlalchemy.dialects import mysql, postgresql, sqlite

from catalog import shares
from ledger.record import Ledger
from onefile.files import lock
from onefile.verify.batch_files import RECORD, Change
from onefile.verify.reading import instant_text
from pipelines.bulk import counts
from pipelines.bulk.batches import TEXTS, look
from pipelines.bulk.counts import Count
from pipelines.bulk.errors import NoTarget, TargetMoved
from pipelines.bulk.tables import AT_ONCE, Handed, handed, spend
from pipelines.bulk.targets import LOAD, books, made, opened, table_of
from pipelines.errors import PipelineError
from pipelines.workshop import Workshop
from schemas.serving.connection import looking, writing
from schemas.serving.migration import upgrade
from schemas.serving.share_tables import SHARE_TARGET

_KEYS_AT_ONCE = 500


@dataclass(frozen=True)
class Put:
    """What was put into a recipient's table: rows in place and taken out; `kind` as of batches, empty: nothing new."""

    table: str
    kind: str
    version: int
    put: int
    removed: int


@dataclass(frozen=True)
class Target:
    """Into which database a share is put: `name` of the setting with its address, `schema` in it."""

    share_id: str
    name: str
    schema: str
    put_at: str | None
    fault: str


@dataclass(frozen=True)
class _Note:
    """How a recipient's table stands; `version` -1: it never was whole. `loading` names what all of is being put."""

    share: str
    grant_id: str
    fields: tuple[str, ...]
    generation: int
    version: int
    load_no: int
    loading: str
    position: int


def set_target(connection: Connection, share_id: str, name: str, schema: str, by: str, at: datetime) -> None:
    """Note into which database a share is put; an empty name: into none. UnknownShare where there is no such share."""
    shares.require(connection, share_id)
    connection.execute(delete(SHARE_TARGET).where(SHARE_TARGET.c.share_id == share_id))
    if name:
        connection.execute(insert(SHARE_TARGET).values(
            share_id=share_id, variable=name, schema_name=schema, set_at=instant_text(at), set_by=by, put_at=None,
            fault=""))  # fmt: skip


def targets(connection: Connection) -> list[Target]:
    """Return the databases of the shares in force, by share."""
    row = SHARE_TARGET.c
    active = {each.share_id for each in shares.shares(connection) if each.is_active}
    asked = select(row.share_id, row.variable, row.schema_name, row.put_at, row.fault).order_by(row.share_id)
    return [Target(*each) for each in connection.execute(asked) if each.share_id in active]


def target(connection: Connection, share_id: str) -> Target:
    """Return the database of a share.

    Raises:
        UnknownShare: there is no such share in force.
        NoTarget: it is put into none.
    """
    shares.require(connection, share_id)
    found = next((each for each in targets(connection) if each.share_id == share_id), None)
    if found is None:
        raise NoTarget(share_id)
    return found


def put(shop: Workshop, share_id: str, *, is_full: bool = False) -> list[Put]:
    """Put the tables of a share into its recipient's database.

    Args:
        is_full: all rows again, also where only some changed: rows that somebody altered there are put right.

    Raises:
        UnknownShare, NoTarget: there is nothing to put, or nowhere.
        NotHandedOut, TableMoved: a table cannot be had now.
        TargetUnusable, TargetFailed, TargetAltered, TargetMoved: the database cannot take it.
    """
    upgrade(shop.settings.database_url)
    with lock(shop.home / "locks" / f"hand-out-{share_id}.lock"):
        with looking(shop.settings.database_url) as connection:
            where = target(connection, share_id)
            found = handed(shop, connection, shares.require(connection, share_id))
        try:
            with opened(shop.settings.targets, where.name, shop.settings.database_url) as engine:
                done = [_put(shop, engine, each, where, is_full) for each in found]
        except PipelineError as error:
            _note_target(shop, share_id, str(error))
            raise
        _note_target(shop, share_id, "")
    return done


def put_all(shop: Workshop) -> tuple[int, list[str]]:
    """Put every share into its recipient's database; return how many tables were other, and which shares failed."""
    upgrade(shop.settings.database_url)
    with looking(shop.settings.database_url) as connection:
        waiting = targets(connection)
    changed, failed = 0, list[str]()
    for each in waiting:
        try:
            changed += sum(bool(done.kind) for done in put(shop, each.share_id))
        except PipelineError as error:
            failed.append(f"{each.share_id}: {error}")
    return changed, failed


def _put(shop: Workshop, engine: Engine, handed: Handed, where: Target, is_full: bool) -> Put:
    table, (state, _) = table_of(handed, where.schema), books(where.schema)
    with engine.begin() as connection:
        for book in books(where.schema):
            book.create(connection, checkfirst=True)
        note = _noted(connection, state, table, handed)
        if made(connection, table, handed, note.fields):
            note = _begun_anew(connection, state, table, note)
    goal = f"g{handed.projection.generation}/v{handed.version}"
    is_same = note.generation == handed.projection.generation and note.fields == handed.names
    if note.version == handed.version and is_same and not is_full and not note.loading:
        return Put(table.fullname, "", note.version, 0, 0)
    count = counts.count(shop, handed)
    spend(shop, handed)
    Ledger(shop.home / "ledger", shop.keys).append(
        look(shop, handed, f"rows for {where.share_id} into its own database", "shares.put", count.digest)
    )
    may_go_on = is_same and not is_full and not note.loading and note.version >= 0
    changed = handed.since(note.version) if may_go_on else None
    job = _Job(shop, engine, handed, where, table, count)
    return job.load(note, goal) if changed is None else job.change(note, list(changed.last.values()))


@dataclass(frozen=True)
class _Job:
    """One table that is being put."""

    shop: Workshop
    engine: Engine
    handed: Handed
    where: Target
    table: Table
    count: Count

    def change(self, note: _Note, changes: Sequence[Change]) -> Put:
        """Put what changed, in one transaction."""
        came = [each for each in changes if not each.is_gone]
        with self.engine.begin() as connection:
            self._hold(connection, note)
            for start in range(0, len(came), AT_ONCE):
                self._upsert(connection, came[start : start + AT_ONCE], note.load_no)
            removed = self._remove(connection, [each.record for each in changes if each.is_gone])
            self._finish(connection, note)
        return Put(self.table.fullname, "changes", self.handed.version, len(came), removed)

    def load(self, note: _Note, goal: str) -> Put:
        """Put all rows, from where an earlier run of the same load came to; then remove what is not among them."""
        if note.loading != goal:
            note = self._noted(note, replace(note, loading=goal, position=0, load_no=note.load_no + 1))
        done = 0
        for rows in self.handed.rows():
            done += len(rows)
            if done <= note.position:
                continue
            with self.engine.begin() as connection:
                self._hold(connection, note)
                self._upsert(connection, rows, note.load_no)
                after = replace(note, position=done)
                self._keep(connection, after)
            note = after
        with self.engine.begin() as connection:
            self._hold(connection, note)
            load = self.table.columns[LOAD]
            gone = connection.execute(delete(self.table).where(or_(load.is_(None), load != note.load_no)))
            self._finish(connection, note)
        return Put(self.table.fullname, "full", self.handed.version, done, gone.rowcount)

    def _noted(self, note: _Note, after: _Note) -> _Note:
        with self.engine.begin() as connection:
            self._hold(connection, note)
            self._keep(connection, after)
        return after

    def _hold(self, connection: Connection, note: _Note) -> None:
        """Hold the table's note to the end of the transaction; TargetMoved where it is another than it was."""
        if _noted(connection, books(self.where.schema)[0], self.table, self.handed, is_held=True) != note:
            raise TargetMoved(self.table.fullname)

    def _keep(self, connection: Connection, note: _Note) -> None:
        state = books(self.where.schema)[0]
        values = {**vars(note), "fields": json.dumps(note.fields), "put_at": instant_text(self.shop.at)}
        connection.execute(update(state).where(state.c.table_name == self.table.name).values(**values))

    def _finish(self, connection: Connection, note: _Note) -> None:
        """Note that the table is whole, and what it has to come to."""
        handed, book = self.handed, books(self.where.schema)[1]
        self._keep(connection, replace(
            note, share=handed.share.share_id, grant_id=handed.given.grant_id, fields=handed.names,
            generation=handed.projection.generation, version=handed.version, loading="", position=0))  # fmt: skip
        same = (book.c.table_name == self.table.name) & (book.c.counted_on == self.count.counted_on)
        connection.execute(delete(book).where(same))
        connection.execute(insert(book).values(
            table_name=self.table.name, counted_on=self.count.counted_on, generation=self.count.generation,
            version=self.count.version, row_count=self.count.rows, digest=self.count.digest))  # fmt: skip

    def _upsert(self, connection: Connection, rows: Sequence[Change], load_no: int) -> None:
        columns = {each.name: each.type for each in self.handed.columns}
        dialect = connection.dialect.name
        values = [
            {RECORD: row.record, LOAD: load_no,
             **{name: _value(text, columns[name], dialect) for name, text in zip(columns, row.values, strict=True)}}
            for row in rows
        ]  # fmt: skip
        if values:
            connection.execute(_upsert(connection.dialect.name, self.table), values)

    def _remove(self, connection: Connection, keys: Sequence[str]) -> int:
        removed, column = 0, self.table.columns[RECORD]
        for start in range(0, len(keys), _KEYS_AT_ONCE):
            some = delete(self.table).where(column.in_(keys[start : start + _KEYS_AT_ONCE]))
            removed += connection.execute(some).rowcount
        return removed


def _upsert(dialect: str, table: Table) -> Any:
    names = [column.name for column in table.columns if column.name != RECORD]
    if dialect == "mysql":
        mine = mysql.insert(table)
        return mine.on_duplicate_key_update({name: mine.inserted[name] for name in names})
    made_of = postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
    return made_of.on_conflict_do_update(index_elements=[RECORD], set_={name: made_of.excluded[name] for name in names})


def _value(text: str | None, kind: str, dialect: str) -> object:
    """Return the value that a text stands for, as its driver takes it; instants in UTC."""
    if text is None or kind in TEXTS or (kind, dialect) == ("decimal", "sqlite"):
        return text
    if kind == "instant":
        at = datetime.fromisoformat(text).astimezone(UTC)
        return at if dialect == "postgresql" else at.replace(tzinfo=None)
    if kind == "decimal":
        return Decimal(text)
    return _READ[kind](text)


_READ: dict[str, Any] = {"long": int, "boolean": lambda text: text == "true", "date": date.fromisoformat}


def _noted(connection: Connection, state: Table, table: Table, handed: Handed, is_held: bool = False) -> _Note:
    """Return how a table stands; a table that is not noted is from here on."""
    names = tuple(_Note.__dataclass_fields__)
    asked = select(*(state.c[name] for name in names)).where(state.c.table_name == table.name)
    found = connection.execute(asked.with_for_update() if is_held else asked).one_or_none()
    if found is not None:
        return _Note(**{**found._mapping, "fields": tuple(json.loads(found.fields))})
    note = _Note(handed.share.share_id, handed.given.grant_id, (), 0, -1, 0, "", 0)
    connection.execute(insert(state).values(
        **{**vars(note), "fields": "[]"}, table_name=table.name, put_at=""))  # fmt: skip
    return note


def _begun_anew(connection: Connection, state: Table, table: Table, note: _Note) -> _Note:
    """Note that a table was made, and holds nothing, whatever was noted of one before it."""
    after = replace(note, version=-1, loading="", position=0)
    values = {"version": after.version, "loading": "", "position": 0}
    connection.execute(update(state).where(state.c.table_name == table.name).values(**values))
    return after


def _note_target(shop: Workshop, share_id: str, fault: str) -> None:
    values: dict[str, object] = {"fault": fault[:500]} if fault else {"fault": "", "put_at": instant_text(shop.at)}
    with writing(shop.settings.database_url) as connection:
        connection.execute(update(SHARE_TARGET).where(SHARE_TARGET.c.share_id == share_id).values(**values))
