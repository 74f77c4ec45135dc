"""Rows of granted resources go to the serving database: what holds in silver, of what somebody holds a grant for.

Only what is granted travels: no other resource, and no other column. Of a resource whose rows are there already, the
records are brought that deliveries stated since, or that are ordered to be erased; all of them are compared where
that does not tell enough: the first time, for a lake made anew, other columns, and once rows were erased. What no
longer holds goes out. Each resource is one transaction; a run that is killed, or comes again, changes nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, reduce

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as f

from catalog import granted_rows
from catalog.entries import entries
from inbox import deliveries
from onefile.files import lock
from pipelines import commit_check, declared, erasing, gold, names, numbers, peek, present, publish, steps
from pipelines.declared import DeclarationChanged
from pipelines.lake import TableMissing, engine
from pipelines.workshop import Workshop
from schemas.model import Resource, Table
from schemas.serving import migration, reading
from schemas.serving.connection import looking, writing
from schemas.serving.errors import NothingPublished, OlderDatabase
from schemas.serving.record_writing import Record, RecordBatch, RecordPublication, newest, record

FORMAT = "1"
AT_ONCE = 50_000
"""Records that are fetched before the database is held; more are handed over while it is."""
_ANY = "SELECT 1 FROM sharing_grant UNION ALL SELECT 1 FROM record_publication LIMIT 1"
RECORD, _SUBJECTS = "record", "\n"


@dataclass(frozen=True)
class Brought:
    """What became of a resource's rows. `from_version` None: all were compared; `to_version` is of the releases."""

    resource: str
    from_version: int | None
    to_version: int
    upserted: int
    deleted: int


@dataclass(frozen=True)
class Wish:
    """Of which resource which columns are to be held, and what they are made from; `read_by`: how silver was read."""

    resource: Resource
    table: Table
    fields: tuple[str, ...]
    read_by: declared.Note | None

    @property
    def declared(self) -> str:
        """A digest of all that decides what a row says: how silver was read, and how it is made from that."""
        subjects = [(subject.kind, subject.column) for subject in self.table.subjects]
        read_by = None if self.read_by is None else (self.read_by.is_whole, self.read_by.parts)
        told = json.dumps((FORMAT, self.fields, subjects, read_by), ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(told.encode()).hexdigest()


def is_due(shop: Workshop) -> bool:
    """Say whether rows of a granted resource may be other than those published; starts no engine."""
    try:
        with reading.reading(shop.settings.database_url) as snapshot:
            if not snapshot.rows(_ANY, {}):
                return False
    except NothingPublished:
        return False
    except OlderDatabase:
        return True
    wanted, held = _wanted(shop)
    state = _State(shop)
    return wanted.keys() != held.keys() or any(not state.is_same(wish, held[name]) for name, wish in wanted.items())


def bring(shop: Workshop) -> list[Brought]:
    """Bring the rows of every granted resource up to what holds, and take out what nobody holds a grant for any more.

    Raises:
        EngineFailed: Spark failed; nothing of that resource is kept.
        schemas.serving.errors.ServingError: the database failed; likewise.
        DeclarationChanged: a resource was read by other declarations than today's; all others are brought.
    """
    migration.upgrade(shop.settings.database_url)
    with lock(shop.home / "locks" / "publish-records.lock"):
        wanted, held = _wanted(shop)
        state = _State(shop)
        done = [_clear(shop, held[name]) for name in sorted(held.keys() - wanted.keys())]
        waiting = []
        for name, wish in wanted.items():
            last = held.get(name)
            if last is None or not state.is_same(wish, last):
                try:
                    done.append(_bring(shop, wish, last, state))
                except DeclarationChanged as changed:
                    waiting.append(changed)
        for unread in waiting:
            raise unread
    return done


def documents(rows: DataFrame, wish: Wish) -> DataFrame:
    """Turn statements that hold into what the serving database takes.

    Returns:
        One row per row: `record`; `subjects`, a line for the internal id of each subject that it names; `observed_on`,
        `delivery`, `row_no`; `document`: the wanted columns as JSON, nulls left out, days as YYYY-MM-DD; `digest`.
    """
    content = f.to_json(f.struct(*wish.fields), publish.INSTANTS)
    made = rows.select(
        f.col("_key").alias(RECORD),
        f.array_join(f.array_distinct(numbers.subject_ids(wish.table)), _SUBJECTS).alias("subjects"),
        f.col("_valid_from").cast("string").alias("observed_on"),
        f.col("_delivery").alias("delivery"),
        f.col("_row_no").alias("row_no"),
        content.alias("document"),
    )
    return made.withColumn("digest", f.sha2(f.concat_ws("\x1f", *made.columns), 256))


def digests(shop: Workshop, last: RecordPublication) -> dict[tuple[str, str], str] | None:
    """Return what rows of a resource were to be published with a publication: digest by record and subject id.

    None where silver cannot tell any more: it was read otherwise since, made anew, or erased from; or is to be.
    """
    wish, state = _wish(shop, last.resource, last.fields), _State(shop)
    if not state.is_continued(wish, last) or state.orders != last.order_version:
        return None
    stated = present.statements(shop.lake, wish.table.name, last.lake_version)
    if stated is None:
        return {}
    made = documents(present.present(_of(stated, wish)), wish)
    found = made.select("record", f.explode(f.split("subjects", _SUBJECTS)).alias("subject"), "digest")
    with engine(f"read what rows of {last.resource} hold"):
        table = found.where("subject <> ''").toArrow()
    columns = [table.column(name).to_pylist() for name in ("record", "subject", "digest")]
    return {(each, subject): digest for each, subject, digest in zip(*columns, strict=True)}


class _State:
    """What the lake's rows follow from at this moment: releases, orders to erase, rows erased; each looked up once."""

    def __init__(self, shop: Workshop) -> None:
        self._shop, self._lake = shop, shop.home / "lake"
        self._released: dict[int, list[str]] = {}

    @cached_property
    def release(self) -> int:
        return self._version(names.RELEASE)

    @cached_property
    def orders(self) -> int:
        return self._version(names.ERASURE_ORDER)

    @cached_property
    def lake_table(self) -> str:
        """Delta's id of the release table; empty before anything was released."""
        return peek.table_id(self._lake, names.RELEASE)

    @cached_property
    def erased(self) -> Counter[str]:
        stones = peek.rows(self._lake, names.TOMBSTONE, ["_resource"])
        return Counter() if stones is None else Counter(stones["_resource"].to_pylist())

    def is_same(self, wish: Wish, last: RecordPublication) -> bool:
        """Say whether nothing changed that rows are made from since they were published."""
        return self.is_continued(wish, last) and (self.release, self.orders) == (last.lake_version, last.order_version)

    def is_continued(self, wish: Wish, last: RecordPublication) -> bool:
        """Say whether what was published can be told from what is new by the deliveries and orders since."""
        now = (wish.declared, self.lake_table, self.erased[wish.resource.id])
        return now == (last.declared, last.lake_table, last.erased) and last.lake_version <= self.release

    def released(self, after: int, resource: str) -> list[str]:
        """Return the deliveries of a resource that were released after a version; what is not kept may be of any."""
        if after not in self._released:
            self._released[after] = gold.released_between(self._shop.lake, after, self.release)
        kept = {each: deliveries.find(self._shop.home, each) for each in self._released[after]}
        return [each for each, found in kept.items() if found is None or found.manifest.resource == resource]

    def _version(self, table: str) -> int:
        found = commit_check.newest(str(self._lake), table)
        return -1 if found is None else found


def _wanted(shop: Workshop) -> tuple[dict[str, Wish], dict[str, RecordPublication]]:
    """Return what is to be held, and what is held, by resource."""
    url, on = shop.settings.database_url, shop.legal_day(shop.at)
    with looking(url) as connection:
        granted, held = granted_rows.columns(connection, entries(shop.catalogue), on), newest(connection)
    return {resource: _wish(shop, resource, fields) for resource, fields in granted.items()}, held


def _wish(shop: Workshop, resource_id: str, fields: tuple[str, ...]) -> Wish:
    resource = shop.resource(resource_id)
    table = shop.declarations.tables[resource.table]
    return Wish(resource, table, fields, declared.noted(shop.home, resource.id))


def _require_read(shop: Workshop, resource: Resource) -> None:
    """See that silver has a resource's rows as the declarations of today read them.

    Raises:
        DeclarationChanged: they were read by others, or are being read again: they are brought once that is done.
    """
    is_noted = declared.noted(shop.home, resource.id) is not None
    settled = {resource.id} if is_noted else steps.settled_resources(shop)
    for unread in declared.unread(shop.home, [resource], shop.declarations, settled):
        raise DeclarationChanged(unread.id)


def _clear(shop: Workshop, last: RecordPublication) -> Brought:
    """Take out the rows that nobody holds a grant for any more."""
    with writing(shop.settings.database_url) as connection:
        batch = RecordBatch(connection, last.resource, (), last.lake_version, publish.instant(shop.at))
        deleted = batch.clear()
        record(connection, RecordPublication(
            last.resource, (), "", last.lake_table, last.lake_version, last.lake_version, last.order_version,
            last.erased, publish.instant(shop.at), 0, deleted))  # fmt: skip
    return Brought(last.resource, last.lake_version, last.lake_version, 0, deleted)


def _bring(shop: Workshop, wish: Wish, last: RecordPublication | None, state: _State) -> Brought:
    name, at = wish.resource.id, publish.instant(shop.at)
    _require_read(shop, wish.resource)
    if last is not None and last.lake_table and not state.lake_table:
        raise TableMissing(names.RELEASE)
    stated = present.statements(shop.lake, wish.table.name, state.release)
    mine = None if stated is None else _of(stated, wish)
    touched = None if last is None or not state.is_continued(wish, last) else _touched(shop, wish, last, state)
    since = None if last is None or touched is None else last.lake_version
    handed = _some(mine, touched, wish) if touched is not None else _every(mine, wish)
    with writing(shop.settings.database_url) as connection:
        batch = RecordBatch(connection, name, wish.fields, state.release, at)
        if mine is None and not batch.is_first:
            raise TableMissing(names.silver(wish.table.name))
        upserted, deleted = _taken(batch, handed, is_all=touched is None)
        _require_read(shop, wish.resource)  # else it was begun to be read again meanwhile
        record(connection, RecordPublication(
            name, wish.fields, wish.declared, state.lake_table, since, state.release, state.orders, state.erased[name],
            at, upserted, deleted))  # fmt: skip
    return Brought(name, since, state.release, upserted, deleted)


def _of(stated: DataFrame, wish: Wish) -> DataFrame:
    """Return a resource's own statements of those of its table, with all the columns that are declared."""
    return present.with_declared(stated, wish.table).where(f.col("_resource") == wish.resource.id)


def _taken(batch: RecordBatch, handed: Iterable[list[Row]], *, is_all: bool) -> tuple[int, int]:
    """Take in what is handed over; return how many rows came, and how many went."""
    upserted = deleted = 0
    for chunk in handed:
        upserted += batch.put([_record(row) for row in chunk if row["digest"] is not None])
        gone = [row["record"] for row in chunk if row["digest"] is None]
        deleted += batch.remove(gone) if gone else 0
        if is_all:
            batch.see(row["record"] for row in chunk)
    return upserted, deleted + (batch.remove_unseen() if is_all else 0)


def _touched(shop: Workshop, wish: Wish, last: RecordPublication, state: _State) -> list[DataFrame] | None:
    """Return the records that may be other than published, as frames of `record`; None where these are very many."""
    new = state.released(last.lake_version, wish.resource.id)
    kept = (deliveries.find(shop.home, each) for each in new)
    outcomes = (steps.outcome(each) for each in kept if each is not None)
    if sum(outcome.accepted for outcome in outcomes if outcome is not None) > AT_ONCE:
        return None
    lake, silver, frames = shop.lake, names.silver(wish.table.name), []
    if new and lake.exists(silver):
        frames.append(lake.read(silver).where(f.col("_delivery").isin(new)))
    if state.orders > last.order_version:
        released = lake.read(names.RELEASE, state.release).select("_delivery").distinct()
        frames.append(erasing.that_hold(lake.read(names.ERASURE_ORDER, state.orders), released))
    mine = f.col("_resource") == wish.resource.id
    return [frame.where(mine).select(f.col("_key").alias("record")) for frame in frames]


def _some(mine: DataFrame | None, touched: list[DataFrame], wish: Wish) -> Iterable[list[Row]]:
    """Return the records that are touched, fetched; what does not hold any more has no digest."""
    if mine is None or not touched:
        return []
    wanted = reduce(DataFrame.unionByName, touched).distinct()
    about = mine.join(f.broadcast(wanted), f.col("_key") == f.col("record"), "left_semi")
    rows = wanted.join(documents(present.present(about), wish), "record", "left")
    return list(publish.chunks(lambda _: rows, 1, RECORD))


def _every(mine: DataFrame | None, wish: Wish) -> Iterable[list[Row]]:
    """Return all records; fetched before the first is asked for, unless they are very many."""
    if mine is None:
        return []
    with engine(f"count the rows of {wish.resource.id} to publish"):
        count = mine.count()

    def made(between: publish.Between) -> DataFrame:
        return documents(present.present(mine.where(between(f.col("_key")))), wish)

    chunks = publish.chunks(made, count, RECORD)
    return list(chunks) if count <= AT_ONCE else chunks


def _record(row: Row) -> Record:
    subjects = tuple(each for each in row["subjects"].split(_SUBJECTS) if each)
    return Record(
        row["record"], subjects, row["observed_on"], row["delivery"], row["row_no"], row["digest"], row["document"]
    )


__all__ = ["Brought", "bring", "digests", "documents", "is_due"]
