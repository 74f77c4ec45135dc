"""Rows of granted resources go to the serving database: what holds in silver, of what somebody holds a grant for.

Only what is granted travels: no other resource, and no other column. Of a resource whose rows are there already, the
records are brought that deliveries stated since, or that are ordered to be erased; all of them are compared where
that does not tell enough: the first time, for a lake made anew, other columns, and once rows were erased. What no
longer holds goes out. Each resource is one transaction; a run that is killed, or comes again, changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as f

from catalog import granted_rows
from catalog.entries import entries
from onefile.files import lock
from pipelines import names, numbers, present, publish
from pipelines.declared import DeclarationChanged
from pipelines.lake import TableMissing, engine
from pipelines.record_state import AT_ONCE, RECORD, State, Wish, finds, own, require_read, touched, wished
from pipelines.workshop import Workshop
from schemas.serving import migration
from schemas.serving.connection import looking, writing
from schemas.serving.record_writing import Record, RecordBatch, RecordPublication, newest, record

_ANY = "SELECT 1 FROM sharing_grant UNION ALL SELECT 1 FROM record_publication LIMIT 1"
_SUBJECTS = "\n"


@dataclass(frozen=True)
class Brought:
    """What became of a resource's rows. `from_version` None: all were compared; `to_version` is of the releases."""

    resource: str
    from_version: int | None
    to_version: int
    upserted: int
    deleted: int


def is_due(shop: Workshop) -> bool:
    """Say whether rows of a granted resource may be other than those published; starts no engine."""
    is_any = finds(shop, _ANY)
    if not is_any:
        return is_any is None
    wanted, held = _wanted(shop)
    state = State(shop)
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
        state = State(shop)
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
    wish, state = wished(shop, last.resource, last.fields), State(shop)
    if not state.is_continued(wish, last) or state.orders != last.order_version:
        return None
    stated = present.statements(shop.lake, wish.table.name, last.lake_version)
    if stated is None:
        return {}
    made = documents(present.present(own(stated, wish)), wish)
    found = made.select("record", f.explode(f.split("subjects", _SUBJECTS)).alias("subject"), "digest")
    with engine(f"read what rows of {last.resource} hold"):
        table = found.where("subject <> ''").toArrow()
    columns = [table.column(name).to_pylist() for name in ("record", "subject", "digest")]
    return {(each, subject): digest for each, subject, digest in zip(*columns, strict=True)}


def _wanted(shop: Workshop) -> tuple[dict[str, Wish], dict[str, RecordPublication]]:
    """Return what is to be held, and what is held, by resource."""
    url, on = shop.settings.database_url, shop.legal_day(shop.at)
    with looking(url) as connection:
        granted, held = granted_rows.columns(connection, entries(shop.catalogue), on), newest(connection)
    return {resource: wished(shop, resource, fields) for resource, fields in granted.items()}, held


def _clear(shop: Workshop, last: RecordPublication) -> Brought:
    """Take out the rows that nobody holds a grant for any more."""
    with writing(shop.settings.database_url) as connection:
        batch = RecordBatch(connection, last.resource, (), last.lake_version, publish.instant(shop.at))
        deleted = batch.clear()
        record(connection, RecordPublication(
            last.resource, (), "", last.lake_table, last.lake_version, last.lake_version, last.order_version,
            last.erased, publish.instant(shop.at), 0, deleted))  # fmt: skip
    return Brought(last.resource, last.lake_version, last.lake_version, 0, deleted)


def _bring(shop: Workshop, wish: Wish, last: RecordPublication | None, state: State) -> Brought:
    name, at = wish.resource.id, publish.instant(shop.at)
    require_read(shop, wish.resource)
    if last is not None and last.lake_table and not state.lake_table:
        raise TableMissing(names.RELEASE)
    stated = present.statements(shop.lake, wish.table.name, state.release)
    mine = None if stated is None else own(stated, wish)
    anew = None if last is None or not state.is_continued(wish, last) else touched(shop, wish, last, state)
    since = None if last is None or anew is None else last.lake_version
    handed = _some(mine, anew, wish) if anew is not None else _every(mine, wish)
    with writing(shop.settings.database_url) as connection:
        batch = RecordBatch(connection, name, wish.fields, state.release, at)
        if mine is None and not batch.is_first:
            raise TableMissing(names.silver(wish.table.name))
        upserted, deleted = _taken(batch, handed, is_all=anew is None)
        require_read(shop, wish.resource)  # else it was begun to be read again meanwhile
        record(connection, RecordPublication(
            name, wish.fields, wish.declared, state.lake_table, since, state.release, state.orders, state.erased[name],
            at, upserted, deleted))  # fmt: skip
    return Brought(name, since, state.release, upserted, deleted)


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
