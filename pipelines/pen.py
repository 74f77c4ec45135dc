"""Data files that we write ourselves, from Arrow columns, and that Delta's own transaction brings into a table.

The engine makes rows of columns and columns of rows again to write a file: for wide nested rows that is most of what
a build costs, and a commit of few rows costs a plan, a job and a task. Here a file is written from the columns in hand,
in this process or in a task of the engine, and named to Delta, which looks for conflicts and writes the log as ever.
It asks for an engine in this process, and for a lake in a folder: elsewhere the engine writes.
"""

from __future__ import annotations

import json
import os
import secrets
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.pandas.types import to_arrow_schema
from pyspark.sql.types import StructType

from onefile.files import DiskFull, is_full
from pipelines import constraints, sums
from pipelines.errors import EngineFailed
from pipelines.figures import Figures
from pipelines.table_design import STRIKING

CHANGES = "_change_data"
CHANGE = "_change_type"
INSERTED, DELETED, BEFORE, AFTER = "insert", "delete", "update_preimage", "update_postimage"
ROWS_A_GROUP = 20_000
CALENDAR = {"org.apache.spark.version": "4.2.0"}
"""Says to the engine that days of long ago are not counted by another calendar, as by its own early releases."""
TRIES = 30
ONE_ATTEMPT = {"spark.databricks.delta.maxCommitAttempts": "0"}
STRIKES = "deletionVectors"
OVERTAKEN = "DELTA_MAX_COMMIT_RETRIES_EXCEEDED"
KNOWN_FEATURES = {
    "appendOnly",
    "changeDataFeed",
    "checkConstraints",
    "clustering",
    STRIKES,
    "domainMetadata",
    "invariants",
    "rowTracking",
}
"""What a table may ask of its writers for us to be one of them."""
_SUMMED = 4096
"""Bytes that a sum of ours is of: the engine's own are of 512, and it reads from the sums themselves of how many."""


WRITTEN = "path string, size bigint, stats string"
Named = Mapping[str, Any]
"""A data file as the log names it: what Delta's `add` says of it."""
_TOLD_OF_THE_GONE = ("path", "size", "deletionVector", "baseRowId", "defaultRowCommitVersion")


@dataclass(frozen=True)
class Written:
    """A data file below a table's folder: its path, its bytes, and what Delta's log may keep of its columns (JSON)."""

    path: str
    size: int
    stats: str


@dataclass(frozen=True)
class Change:
    """What a version brings: files that come, those that go, and the rows that change.

    `struck` names files that stay, rows of them struck out, as the log has them from now on; as it had them, they
    are among those that go. `changes` is there where the table keeps what changed and not only rows are added.
    """

    added: Sequence[Written]
    removed: Sequence[Named] = ()
    struck: Sequence[Named] = ()
    changes: Written | None = None


@dataclass(frozen=True)
class Design:
    """What a version of a table asks of files: columns, those of which the log keeps the ends, constraints (SQL).

    `strikes` says that rows may be struck out of its files by deletion vectors.
    """

    folder: str
    version: int
    schema: pa.Schema
    figured: tuple[str, ...]
    constraints: tuple[str, ...]
    strikes: bool

    def fits(self, names: Iterable[str]) -> bool:
        """Say whether rows have no column that the table lacks."""
        return {*names} <= {*self.schema.names}

    def shaped(self, rows: pa.Table) -> pa.Table:
        """Return rows with the table's columns, in its order; those that they lack are empty."""
        there = {*rows.column_names}
        columns = [
            rows[each.name].cast(each.type) if each.name in there else pa.nulls(rows.num_rows, each.type)
            for each in self.schema
        ]
        return pa.table(columns, schema=self.schema)


def design(spark: SparkSession, path: str) -> Design | None:
    """Return what a table asks of its files; None where the engine has to write them.

    That is where it is no engine of this process, the lake is no folder, or the table asks for what is not known here.
    """
    if "://" in path or not hasattr(spark, "_jsparkSession"):
        return None
    snapshot = _log(spark, path).startTransaction().snapshot()
    protocol, metadata = snapshot.protocol(), snapshot.metadata()
    features = json.loads(protocol.json())["protocol"].get("writerFeatures", [])
    if not {*features} <= KNOWN_FEATURES or protocol.minWriterVersion() not in (2, 3, 7):
        return None
    told = json.loads(metadata.json())["metaData"]
    if told["partitionColumns"]:
        return None
    configuration: dict[str, str] = told["configuration"]
    rules = tuple(text for name, text in configuration.items() if name.startswith("delta.constraints."))
    if any(constraints.understood(text) is None for text in rules):
        return None
    schema = to_arrow_schema(StructType.fromJson(json.loads(told["schemaString"])), timezone="UTC")
    figured = tuple(filter(None, configuration.get("delta.dataSkippingStatsColumns", "").split(",")))
    strikes = STRIKING.items() <= configuration.items()
    return Design(path, snapshot.version(), schema, figured, rules, strikes)


def files(spark: SparkSession, design: Design) -> list[Named]:
    """Return the data files of a version of a table.

    Raises:
        EngineFailed: with the condition `OVERTAKEN`: the table has another version by now.
    """
    snapshot = _log(spark, design.folder).startTransaction().snapshot()
    if snapshot.version() != design.version:
        raise EngineFailed(f"list the files of {Path(design.folder).name}", OVERTAKEN)
    told = DataFrame(snapshot.allFiles().toDF(), spark).selectExpr("to_json(struct(*)) AS told")
    return [json.loads(row["told"]) for row in told.collect()]


def is_sound(rows: pa.Table, design: Design) -> bool:
    """Say whether rows meet the table's constraints, and have a value wherever they must."""
    held = [constraints.understood(text) for text in design.constraints]
    required = (f.name for f in design.schema if not f.nullable)
    return all(not rows[name].null_count for name in required) and constraints.are_met(rows, filter(None, held))


def sound(rows: pa.Table, design: Design) -> pa.Table:
    """Return rows, which meet the table's constraints.

    Raises:
        EngineFailed: they do not; it is an error of ours, and not of whoever delivered them.
    """
    if not is_sound(rows, design):
        raise EngineFailed(f"write to {Path(design.folder).name}", "DELTA_VIOLATE_CONSTRAINT_WITH_VALUES")
    return rows


def write(rows: Iterable[pa.Table], design: Design, kind: str = "part") -> Written | None:
    """Write rows, shaped as the table's, to a new file of its folder; None where there are none.

    Whoever is killed leaves a file that no version names, and that a vacuum removes.

    Raises:
        DiskFull: there is no room; nothing is left of the file.
    """
    below = CHANGES if kind == "cdc" else ""
    path = Path(design.folder, below, f"{kind}-00000-{unique()}.c000.snappy.parquet")
    figures = Figures(design.figured)
    with making(path, design) as file:
        is_any = _put(rows, file, figures)
    if not is_any:
        _take_away(path)
        return None
    named = f"{below}/{path.name}" if below else path.name
    return Written(named, path.stat().st_size, figures.told(is_tight=design.strikes))


def unique() -> uuid.UUID:
    """Return what no file was named by yet."""
    return uuid.UUID(bytes=secrets.token_bytes(16), version=4)


@contextmanager
def making(path: Path, design: Design) -> Iterator[BinaryIO]:
    """Make a file of a table, for its owner's eyes alone, with its sums beside it. One that fails is taken away.

    Raises:
        DiskFull: there is no room; nothing is left of the file.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    is_made = False
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            yield file
        _sum(path)
        is_made = True
    except OSError as error:
        if is_full(error):
            raise DiskFull(f"the lake, table {'/'.join(Path(design.folder).parts[-2:])}") from error
        raise
    finally:
        if not is_made:
            _take_away(path)


def _put(rows: Iterable[pa.Table], file: BinaryIO, figures: Figures) -> bool:
    """Put rows into a file; False where there were none."""
    writer = None
    try:
        for part in rows:
            if part.num_rows:
                if writer is None:
                    schema = part.schema.with_metadata(CALENDAR)
                    writer = pq.ParquetWriter(
                        file, schema, compression="snappy", write_page_checksum=True, store_decimal_as_integer=True
                    )
                writer.write_table(part, row_group_size=ROWS_A_GROUP)
                figures.look_at(part)
    finally:
        if writer is not None:
            writer.close()
    return writer is not None


def in_task(batches: Iterable[pa.RecordBatch], design: Design) -> Iterator[pa.RecordBatch]:
    """Write a bucket of rows in one of the engine's tasks; yields what was written, as `WRITTEN` has it."""
    parts = (sound(design.shaped(pa.Table.from_batches([batch])), design) for batch in batches)
    found = write(parts, design)
    if found is not None:
        yield pa.RecordBatch.from_pylist([found.__dict__])


def commit(spark: SparkSession, path: str, change: Change, once: str | None = None, read: int | None = None) -> None:
    """Bring a change into a table, in one version of it.

    Args:
        once: a name under which a second commit does nothing.
        read: the version that the change was made from, where files go: no other may come between. Without it,
            where somebody else's version comes between, this one is tried anew, and `once` looked for again.

    Raises:
        EngineFailed: with the condition `OVERTAKEN`: others committed meanwhile.
    """
    log = _log(spark, path)
    for attempt in range(1, TRIES + 1):
        transaction = log.startTransaction()
        if once is not None and _is_done(transaction, path, once):
            for each in change.added:  # no version will ever name them
                _take_away(Path(path, each.path))
            return
        if read is not None and transaction.readVersion() != read:
            break
        try:
            with _COMMITTING, configured(spark, ONE_ATTEMPT):
                transaction.commit(_actions(spark, _told(change, once, log.clock().getTimeMillis())), _operation(spark))
            return
        except (PySparkException, Py4JJavaError) as error:
            if OVERTAKEN not in str(error):
                raise
            time.sleep(0.01 * attempt)
    raise EngineFailed(f"commit to {Path(path).name}", OVERTAKEN)


_COMMITTING = Lock()
"""One thread commits at a time: who sets the session back would leave another one to Delta's own attempts, which do
not look for `once` again."""


@contextmanager
def configured(spark: SparkSession, settings: Mapping[str, str]) -> Iterator[None]:
    """Let a session have settings meanwhile."""
    for key, value in settings.items():
        spark.conf.set(key, value)
    try:
        yield
    finally:
        for key in settings:
            spark.conf.unset(key)


def _is_done(transaction: Any, path: str, once: str) -> bool:
    """Say whether something was committed under a name: what Delta keeps beside each commit says it without a query."""
    sums = Path(path, "_delta_log", f"{transaction.readVersion():020d}.crc")
    try:
        told = json.loads(sums.read_bytes()).get("setTransactions")
    except (OSError, ValueError):
        told = None
    if told is None:
        return bool(transaction.txnVersion(once) >= 1)
    return any(each["appId"] == once for each in told)


def _told(change: Change, once: str | None, now: int) -> list[dict[str, Any]]:
    """Return the lines of a commit; `now` in milliseconds, by Delta's own clock."""
    told: list[dict[str, Any]] = []
    if once is not None:
        told.append({"txn": {"appId": once, "version": 1, "lastUpdated": now}})
    about = {"partitionValues": {}, "dataChange": True}
    for each in change.added:
        file = {"path": each.path, "size": each.size, "modificationTime": now, "stats": each.stats}
        told.append({"add": file | about})
    told += [{"add": {**each, **about}} for each in change.struck]
    for gone in change.removed:
        file = {name: gone[name] for name in _TOLD_OF_THE_GONE if name in gone}
        told.append({"remove": file | about | {"deletionTimestamp": now, "extendedFileMetadata": True}})
    if change.changes is not None:
        file = {"path": change.changes.path, "size": change.changes.size}
        told.append({"cdc": file | about | {"dataChange": False}})
    return told


def _actions(spark: SparkSession, told: Iterable[Mapping[str, Any]]) -> Any:
    jvm: Any = spark._jvm
    actions = jvm.java.util.ArrayList()
    for each in told:
        actions.add(jvm.org.apache.spark.sql.delta.actions.Action.fromJson(json.dumps(each, ensure_ascii=False)))
    return jvm.scala.jdk.javaapi.CollectionConverters.asScala(actions).toSeq()


def _operation(spark: SparkSession) -> Any:
    jvm: Any = spark._jvm
    nothing = getattr(jvm.scala, "None$").__getattr__("MODULE$")
    mode = jvm.org.apache.spark.sql.SaveMode.Append
    return jvm.org.apache.spark.sql.delta.DeltaOperations.Write(mode, *[nothing] * 8)


def _log(spark: SparkSession, path: str) -> Any:
    jvm: Any = spark._jvm
    return jvm.org.apache.spark.sql.delta.DeltaLog.forTable(spark._jsparkSession, path)


def _sum(path: Path) -> None:
    """Write beside a file the sums of its parts, as the engine does: it holds every byte it reads against them."""
    descriptor = os.open(_beside(path), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(sums.beside(path.read_bytes(), _SUMMED))


def _take_away(path: Path) -> None:
    path.unlink(missing_ok=True)
    _beside(path).unlink(missing_ok=True)


def is_as_summed(path: Path) -> bool:
    """Say whether a file is what the sums beside it say; where there are none, nothing speaks against it."""
    return not _beside(path).exists() or sums.is_of(_beside(path).read_bytes(), path.read_bytes())


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.crc")


def parts(path: Path, design: Design, wanted: np.ndarray | None = None) -> Iterator[tuple[int, pa.Table]]:
    """Yield the rows of a data file part by part, each part with the place of its first; pages held against their sums.

    Args:
        wanted: places of rows, in order: a part that holds none of them is not read. None: all are.
    """
    first = 0
    with pq.ParquetFile(path, page_checksum_verification=True, coerce_int96_timestamp_unit="us") as file:
        for group in range(file.num_row_groups):
            end = first + file.metadata.row_group(group).num_rows
            if wanted is None or np.searchsorted(wanted, first) < np.searchsorted(wanted, end):
                yield first, design.shaped(file.read_row_group(group, use_threads=False))
            first = end
