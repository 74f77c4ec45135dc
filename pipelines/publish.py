"""Publication: what changed in gold since the last time goes to the serving database, in one transaction.

Only changes travel: Delta's change feed between the version published last and the newest one.
Where there is no such feed (the first time, a table made anew, history cleaned away), every
file is compared by its digest. Either way the database ends up as gold is at that version,
a run killed half-way leaves it as it was, and a run that comes again changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import islice

from pyspark.sql import Column, DataFrame, Row, SparkSession
from pyspark.sql import functions as f

from pipelines import commit_check, handover, names, peek
from pipelines.errors import EngineFailed
from pipelines.lake import Lake, TableMissing, engine
from pipelines.places import Where
from pipelines.present import latest
from schemas.serving import migration, writing
from schemas.serving.connection import writing as write_transaction

ROWS_A_CHUNK = 2_500
ROWS_A_SLICE = 250_000
"""Rows that one Spark job hands over: bounds what a Spark Connect server has to hold for its client."""

DIGEST = "_digest"
SUBJECT = "subject_id"
_NUMBERS, _PARTS = "\n", "\t"
INSTANTS = {"timestampFormat": "yyyy-MM-dd'T'HH:mm:ss[.SSSSSS]XXX"}


@dataclass(frozen=True)
class Published:
    """What a publication did.

    `from_version` and `to_version` are versions of the gold table. `from_version` is None when
    every file was compared; both are equal when there was nothing new; `to_version` is -1 when
    there is no gold table yet. `upserted` and `deleted` count subjects.
    """

    kind: str
    from_version: int | None
    to_version: int
    upserted: int
    deleted: int


def publish(
    spark: SparkSession,
    where: Where,
    database_url: str,
    kind: str,
    at: datetime,
    *,
    version: int | None = None,
    run_id: str | None = None,
) -> Published:
    """Bring the serving database's files of one kind to a version of gold.

    Args:
        spark: a session, in process or over Spark Connect.
        where: where the lake's tables lie.
        database_url: an SQLAlchemy URL of SQLite or PostgreSQL.
        kind: `person` or `enterprise`.
        at: the instant to note with what is published.
        version: the version of gold, as the one that passed its expectations; None: the newest. One that is
            older than what is published already changes nothing.
        run_id: the run that publishes, to be noted with the batch.

    Raises:
        TableMissing: files were published before, but gold is gone; nothing is taken out for that.
        EngineFailed: Spark failed; nothing is kept.
        schemas.serving.errors.ServingError: the database failed; nothing is kept.
    """
    lake = Lake(spark, where)
    table = names.gold(kind)
    migration.upgrade(database_url)
    with write_transaction(database_url) as connection:
        last = writing.last(connection, kind)
        version = _newest(lake, table) if version is None else version
        if version < 0:
            if last is not None:
                raise TableMissing(table)
            return Published(kind, None, version, 0, 0)
        lake_table = peek.table_id(lake.place, table)
        since = last.lake_version if last is not None and last.lake_table == lake_table else None
        if since is not None and since >= version:
            return Published(kind, since, since, 0, 0)
        done = _bring(lake, writing.Batch(connection, kind, version, instant(at)), kind, since, version)
        counts = (done.upserted, done.deleted)
        batch = writing.Publication(kind, lake_table, done.from_version, version, instant(at), *counts, run_id)
        writing.record(connection, batch)
    return done


def documents(rows: DataFrame) -> DataFrame:
    """Turn gold rows into what the serving database takes.

    Args:
        rows: one row per subject, as gold has them.

    Returns:
        One row per row: `subject_id`, `number_type`, `number`, `digest`; `document`: the whole row
        but for its digest as JSON, null fields left out, days as YYYY-MM-DD, instants in UTC;
        `numbers`: a line for each number, type and number parted by a tab.
    """
    content = [name for name in rows.columns if not name.startswith("_")]
    return rows.select(
        "subject_id",
        "number_type",
        "number",
        f.col(DIGEST).alias("digest"),
        f.to_json(f.struct(*content), INSTANTS).alias("document"),
        _numbers().alias("numbers"),
    )


def last_changes(feed: DataFrame) -> DataFrame:
    """Return of a change feed the last row of each subject, with `_is_gone` where it was a deletion.

    A version that writes a table anew has a deletion and an insertion of the same subject: the
    insertion is what holds.
    """
    kept = feed.where("_change_type <> 'update_preimage'").withColumn("_is_there", f.col("_change_type") != "delete")
    newest = latest(kept, ["subject_id"], ["_commit_version", "_is_there"])
    return newest.withColumn("_is_gone", ~f.col("_is_there"))


def _newest(lake: Lake, table: str) -> int:
    """Return gold's newest version, whose commit is whole; -1 when there is no table."""
    commit_check.check(lake.place, table)
    found = commit_check.newest(lake.place, table)
    return lake.version(table) if found is None else found


def _bring(lake: Lake, batch: writing.Batch, kind: str, since: int | None, version: int) -> Published:
    """Bring the changes after `since`, or everything where these are not to be had."""
    shelf = handover.opened(lake.root, names.gold(kind), version)
    changed = None
    if since is not None:
        changed = _changes(lake, kind, since, version) if shelf is None else handover.changes(shelf, since, _pace(kind))
    upserted = deleted = 0
    if changed is not None:
        for files, gone in changed:
            upserted += batch.put(files) if files else 0
            deleted += batch.remove(gone) if gone else 0
        return Published(kind, since, version, upserted, deleted)
    for files, _ in _every(lake, kind, version, shelf):
        upserted += batch.put(files)
        batch.see(file.subject_id for file in files)
    return Published(kind, None, version, upserted, batch.remove_unseen())


def every(lake: Lake, kind: str, version: int) -> Iterator[handover.Handed]:
    """Yield all files of a version of gold as a publication hands them over: some thousand, and nobody who goes.

    Raises:
        TableMissing: gold has no such version any more.
        LakeDamaged, EngineFailed: it cannot be read.
    """
    return _every(lake, kind, version, handover.opened(lake.root, names.gold(kind), version))


def _every(lake: Lake, kind: str, version: int, shelf: handover.Shelf | None) -> Iterator[handover.Handed]:
    return _everything(lake, kind, version) if shelf is None else handover.everything(shelf, _pace(kind))


def _pace(kind: str) -> handover.Pace:
    return handover.Pace(ROWS_A_CHUNK, ROWS_A_SLICE, f"{kind[0]}-")


def _changes(lake: Lake, kind: str, since: int, version: int) -> Iterator[handover.Handed] | None:
    """Return what the engine says changed after a version; None where the lake no longer has all of that."""
    feed = _feed(lake, kind, since, version)
    if feed is None:
        return None
    changes = last_changes(feed.rows)
    rows = documents(changes.where("not _is_gone")).unionByName(
        changes.where("_is_gone").select("subject_id"), allowMissingColumns=True
    )
    handed = chunks(_sliced(rows), feed.count, SUBJECT, f"{kind[0]}-") if feed.count else iter(())
    return (
        (
            [_file(row) for row in chunk if row["digest"] is not None],
            [row["subject_id"] for row in chunk if row["digest"] is None],
        )
        for chunk in handed
    )


def _everything(lake: Lake, kind: str, version: int) -> Iterator[handover.Handed]:
    """Yield every file as the engine makes it."""
    gold = lake.read(names.gold(kind), version)
    with engine("count the files to publish"):
        count = gold.count()
    for chunk in chunks(_sliced(documents(gold)), count, SUBJECT, f"{kind[0]}-"):
        yield [_file(row) for row in chunk], []


@dataclass(frozen=True)
class _Feed:
    rows: DataFrame
    count: int


def _feed(lake: Lake, kind: str, since: int, version: int) -> _Feed | None:
    """Return the changes after a version; None where the lake no longer has them all.

    Counting reads every file of the feed, so that a missing one is found before anything is written.
    """
    reader = lake.spark.read.format("delta").option("readChangeFeed", "true")
    reader = reader.option("startingVersion", since + 1).option("endingVersion", version)
    try:
        with engine("read the changes to publish"):
            rows = reader.load(lake.path(names.gold(kind)))
            return _Feed(rows, rows.count())
    except EngineFailed:
        return None


Between = Callable[[Column], Column]
"""Says of a column of hashes whether it lies in a slice."""


def chunks(made: Callable[[Between], DataFrame], count: int, by: str, prefix: str = "") -> Iterator[list[Row]]:
    """Hand rows over in chunks; neither this process nor Spark's ever holds more than a slice of them.

    Args:
        made: returns the rows of a slice.
        count: about how many rows there are.
        by: the column of hashes, hexadecimal after `prefix`, that parts them: slices of equal width are of equal size.
    """
    slices = max(1, -(-count // ROWS_A_SLICE))
    partitions = max(1, -(-count // slices // ROWS_A_CHUNK))
    for low, high in handover.edges(slices, prefix):
        mine = made(partial(_between, low, high)).repartition(partitions, by)
        with engine("hand over what is to be published"):
            iterator = mine.toLocalIterator(prefetchPartitions=True)
            while chunk := list(islice(iterator, ROWS_A_CHUNK)):
                yield chunk


def _sliced(rows: DataFrame) -> Callable[[Between], DataFrame]:
    return lambda between: rows.where(between(f.col(SUBJECT)))


def _between(low: str | None, high: str | None, key: Column) -> Column:
    return (f.lit(True) if low is None else key >= low) & (f.lit(True) if high is None else key < high)


def _numbers() -> Column:
    lines = f.transform("identifiers", lambda number: f.concat_ws(_PARTS, number["type"], number["number"]))
    return f.array_join(f.array_distinct(lines), _NUMBERS)


def _file(row: Row) -> writing.File:
    subject_id, number_type, number, digest, document, lines = row  # by place: by name costs as much as all the rest
    numbers = tuple((kind, value) for kind, _, value in (line.partition(_PARTS) for line in lines.split(_NUMBERS)))
    return writing.File(subject_id, number_type, number, digest, document, numbers)


def instant(at: datetime) -> str:
    """Return an instant as the serving database has it: RFC 3339 in UTC, to the second."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
