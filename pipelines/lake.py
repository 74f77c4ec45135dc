"""The one writer of the lake: Delta tables by path, appended to once, merged, read, asked for versions.

Every write goes through `Lake._commit`, so that a retry, a wrapped engine error or a stop at a
boundary is there for each step, also for one that is written next year. Only DataFrames and
SQL are used: both run alike in process and over Spark Connect.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from py4j.protocol import Py4JError
from pyspark.errors import AnalysisException, PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.pandas.types import from_arrow_schema, to_arrow_schema
from pyspark.sql.types import StructType

from onefile.errors import OneFileError
from pipelines import commit_check, peek, pen, rewriting, table_design
from pipelines.engine_errors import translated
from pipelines.errors import EngineFailed, LakeDamaged, PipelineError
from pipelines.places import Where, at
from pipelines.table_design import ROW_TRACKING, TableDesign

TRIES = 4
ONLY_MADE = 0
"""Version of a table that nothing was written to yet."""
NOTED_WITHIN = 100
"""How many commits back a note is looked for."""
CONFLICTS = ("DELTA_CONCURRENT", "Concurrent", "DELTA_PROTOCOL_CHANGED", "DELTA_METADATA_CHANGED", pen.OVERTAKEN)
# A vacuum that leaves less than Delta's week is ours to decide, and is no version of the table.
VACUUM = {
    "spark.databricks.delta.retentionDurationCheck.enabled": "false",
    "spark.databricks.delta.vacuum.logging.enabled": "false",
}


class TableMissing(PipelineError):
    """A table of the lake is asked for before anything was written to it."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the lake has no table {name!r} yet: `onefile run` makes it when something is delivered")


def no_boundary(name: str) -> None:
    """Do nothing at a boundary: what a run that nobody disturbs does."""


class Lake:
    """The Delta tables of one place. A table's name is its path below it, as `silver/population`.

    `boundary` is called with a name right before and right after every commit.
    """

    def __init__(self, spark: SparkSession, where: Where, boundary: Callable[[str], None] = no_boundary) -> None:
        self.spark = spark
        self.place = at(where)
        self.root = self.place.address
        self._boundary = boundary
        self._seen: set[str] = set()

    def path(self, name: str) -> str:
        return f"{self.root}/{name}"

    def sql_name(self, name: str) -> str:
        return f"delta.`{self.path(name)}`"

    def exists(self, name: str) -> bool:
        """Say whether the table is there. One that was seen stays: nothing of ours takes a table away.

        Raises:
            LakeDamaged: it is there, and its log is cut off or cannot be read.
        """
        if not self.place.holds(name):
            return False  # the engine would look for longer, and find the same
        if name not in self._seen:
            try:
                self._open(name)
            except TableMissing:
                return False
            self._seen.add(name)
        return True

    def tables(self) -> list[str]:
        """Return the names of all tables there are, sorted."""
        return self.place.tables()

    def read(self, name: str, version: int | None = None) -> DataFrame:
        """Return the table as it is, or as it was at `version`.

        Raises:
            TableMissing: it was never written to, or has no such version any more.
            LakeDamaged: its log is cut off or cannot be read.
        """
        return self._open(name, version)

    def _open(self, name: str, version: int | None = None) -> DataFrame:
        """Open a table, and see before its first use that its newest commit is whole; errors as `read`."""
        if name not in self._seen:
            commit_check.check(self.place, name)
        reader = self.spark.read.format("delta")
        if version is not None:
            reader = reader.option("versionAsOf", version)
        try:
            frame = reader.load(self.path(name))
            frame.schema  # noqa: B018 - over Connect the table is looked for only when it is asked about
        except AnalysisException as error:
            if version is not None or not commit_check.has_commits(self.place, name):
                raise TableMissing(name) from None
            raise _failed(f"open {name}", error) from None
        except (PySparkException, Py4JError) as error:
            raise _failed(f"open {name}", error) from None
        return frame

    def fetched(self, name: str, delivery: str, columns: Sequence[str] | None = None) -> pa.Table:
        """Return the rows of one delivery, which are few, or columns of them, without the engine.

        Raises:
            TableMissing, LakeDamaged: as `read`.
        """
        return self.looked_at(name, columns, pc.field("_delivery") == delivery)

    def looked_at(self, name: str, columns: Sequence[str] | None, where: pc.Expression | None = None) -> pa.Table:
        """Return columns of a table (None: all), read without the engine; errors as `read`."""
        try:
            found = peek.rows(self.place, name, columns, where)
        except peek.TableUnreadable as error:
            raise LakeDamaged(f"read {name}", error.condition, name, error.file) from None
        if found is None:
            raise TableMissing(name)
        return found

    def create(self, name: str, schema: StructType, design: TableDesign) -> None:
        """Make the table, with column comments and constraints, if it is not there yet."""
        if self.exists(name):
            return
        statement = table_design.created(self.sql_name(name), schema, design)
        self._commit(f"create {name}", lambda: self.spark.sql(statement))

    def alter(self, what: str, name: str, clause: str) -> None:
        """Change what a table is, and none of its rows."""
        self._commit(f"{what} {name}", lambda: self.spark.sql(f"ALTER TABLE {self.sql_name(name)} {clause}"))

    def properties(self, name: str) -> dict[str, str]:
        """Return the properties of a table."""
        return dict(self._detail(name)["properties"])

    def append(self, name: str, rows: DataFrame | pa.Table, once: str) -> None:
        """Append rows. A second append under the same `once` does nothing, whatever its rows are.

        Rows in hand (Arrow) are written here where that can be (`pipelines.pen`): no plan and no task is made for them.
        """
        if isinstance(rows, pa.Table):
            self._append_here(name, rows, once, {})
            return

        def write() -> None:
            writer = rows.write.format("delta").mode("append").option("mergeSchema", "true")
            writer.option("txnAppId", once).option("txnVersion", 1).save(self.path(name))

        self._commit(f"append to {name}", write)

    def _append_here(self, name: str, rows: pa.Table, once: str | None, note: Mapping[str, Any]) -> None:
        design = self.layout(name, rows.column_names)
        shaped = None if design is None else design.shaped(rows)
        if design is None or shaped is None or not pen.is_sound(shaped, design):
            # Over Connect, and where a constraint is hurt, which the engine says as it always does.
            frame = framed(self.spark, rows)
            self.add(name, frame, note) if once is None else self.append(name, frame, once)
            return

        def write() -> None:
            file = pen.write([shaped], design)
            if file is not None:
                with self._noted(note):
                    pen.commit(self.spark, self.path(name), pen.Change([file]), once)

        self._commit(f"append to {name}" if once else f"add to {name}", write)

    def append_parts(self, name: str, parts: Iterator[pa.Table], columns: Sequence[str], once: str) -> bool:
        """Append rows that come part by part, as `append` does; no more than a part of them is held.

        Returns:
            Whether they were taken: False where the engine has to write them; then no part was asked for.
        """
        design = self.layout(name, columns)
        if design is None:
            return False
        file = pen.write((pen.sound(design.shaped(part), design) for part in parts), design)
        if file is not None:
            change = pen.Change([file])
            self._commit(f"append to {name}", lambda: pen.commit(self.spark, self.path(name), change, once))
        return True

    def layout(self, name: str, columns: Sequence[str]) -> pen.Design | None:
        """Return what a table asks of files that we write; None where the engine has to write rows of these columns."""
        with engine(f"look how {name} is laid out"):
            design = pen.design(self.spark, self.path(name))
        return design if design is not None and design.fits(columns) else None

    def add_files(self, name: str, files: Sequence[pen.Written], note: Mapping[str, Any]) -> None:
        """Append what tasks wrote into the table's folder; `note` is kept with the commit."""

        def write() -> None:
            with self._noted(note):
                pen.commit(self.spark, self.path(name), pen.Change(files))

        self._commit(f"add to {name}", write)

    def revise(self, name: str, revision: rewriting.Revision, note: Mapping[str, Any]) -> bool:
        """Put rows in the place of those of the same key, take some out, add some, in one version of the table.

        Returns:
            Whether it was done: False where the engine has to merge (`merge`).
        """
        columns = revision.rows.column_names
        return self._changed(f"revise {name}", name, columns, partial(rewriting.change, revision=revision), note)

    def _changed(
        self,
        what: str,
        name: str,
        columns: Sequence[str],
        made: Callable[..., pen.Change | None],
        note: Mapping[str, Any],
    ) -> bool:
        """Commit what is made of a table's design and its files; False where the engine has to."""
        if self.layout(name, columns) is None:
            return False

        def write() -> None:
            design = self.layout(name, columns)
            if design is None:
                raise EngineFailed(what, "LAYOUT_CHANGED")
            change = made(design, files=pen.files(self.spark, design))
            if change is not None:
                with self._noted(note):
                    pen.commit(self.spark, self.path(name), change, read=design.version)

        self._commit(what, write)
        return True

    def add(self, name: str, rows: DataFrame | pa.Table, note: Mapping[str, Any]) -> None:
        """Append rows that the caller knows are not there yet; `note` is kept with the commit."""
        if isinstance(rows, pa.Table):
            self._append_here(name, rows, None, note)
            return

        def write() -> None:
            with self._noted(note):
                rows.write.format("delta").mode("append").option("mergeSchema", "true").save(self.path(name))

        self._commit(f"add to {name}", write)

    def merge(self, name: str, rows: DataFrame, on: str, clauses: str, note: Mapping[str, Any]) -> None:
        """MERGE `rows` (seen as `s`) into the table (seen as `t`); `note` is kept with the commit."""
        view = f"merge_{abs(hash((name, on, clauses))):x}"

        def write() -> None:
            rows.createOrReplaceTempView(view)
            with self._noted(note):
                self.spark.sql(
                    f"MERGE WITH SCHEMA EVOLUTION INTO {self.sql_name(name)} t USING {view} s ON {on} {clauses}"
                )

        try:
            self._commit(f"merge into {name}", write)
        finally:
            self.spark.catalog.dropTempView(view)

    def mark(self, name: str, key: str, noted: Mapping[str, Any]) -> None:
        """Note something with a commit that changes no row; it stands among the table's properties, too."""
        with self._noted({key: noted}):
            shown = table_design.escaped(json.dumps(noted, sort_keys=True))
            self.alter("mark", name, f"SET TBLPROPERTIES ('onefile.{key}' = '{shown}')")

    def replace(self, name: str, rows: DataFrame | pa.Table, note: Mapping[str, Any]) -> None:
        """Put `rows` in the place of all that the table held, keeping its design; one commit."""
        if isinstance(rows, pa.Table):
            if self._changed(f"replace {name}", name, rows.column_names, partial(rewriting.instead, rows=rows), note):
                return
            rows = framed(self.spark, rows)

        def write() -> None:
            with self._noted(note):
                writer = rows.write.format("delta").mode("overwrite").option("mergeSchema", "true")
                writer.save(self.path(name))

        self._commit(f"replace {name}", write)

    def track_rows(self, name: str) -> None:
        """Let the table track its rows from now on: those that are there count as added now."""
        if not ROW_TRACKING.items() <= self.properties(name).items():
            shown = ", ".join(f"'{key}' = '{value}'" for key, value in ROW_TRACKING.items())
            self.alter("track the rows of", name, f"SET TBLPROPERTIES ({shown})")

    def compact(self, name: str) -> None:
        """Join small files into larger ones, clustered where the design says so. No row changes."""
        self._commit(f"compact {name}", lambda: self.spark.sql(f"OPTIMIZE {self.sql_name(name)}"))

    def purge(self, name: str) -> None:
        """Write anew the files of which rows are struck out, without these. No row changes."""
        if pen.STRIKES in self._detail(name)["tableFeatures"]:
            self._commit(f"purge {name}", lambda: self.spark.sql(f"REORG TABLE {self.sql_name(name)} APPLY (PURGE)"))

    def vacuum(self, name: str, hours: int) -> None:
        """Remove the files that no version of the last `hours` hours needs."""

        def write() -> None:
            with pen.configured(self.spark, VACUUM):
                self.spark.sql(f"VACUUM {self.sql_name(name)} RETAIN {hours} HOURS")

        self._commit(f"vacuum {name}", write)

    def version(self, name: str) -> int:
        """Return the table's newest version; -1 when there is no table."""
        if not self.exists(name):
            return -1
        found = commit_check.newest(self.place, name)
        if found is not None:
            return found
        with engine(f"read the history of {name}"):
            return int(self._history(name, 1)[0]["version"])

    def table_id(self, name: str) -> str:
        """Return Delta's id of a table: one made anew under the same path has another, and begins its versions anew."""
        return str(self._detail(name)["id"])

    def _detail(self, name: str) -> Any:
        with engine(f"read what {name} is"):
            return self.spark.sql(f"DESCRIBE DETAIL {self.sql_name(name)}").collect()[0]

    def note(self, name: str, key: str) -> Any | None:
        """Return the newest value noted under `key` with a commit of the table; None when there is none."""
        if not self.exists(name):
            return None
        noted = (json.loads(each) for each in commit_check.notes(self.place, name, NOTED_WITHIN))
        return next((each[key] for each in noted if key in each), None)

    def _history(self, name: str, limit: int) -> Sequence[Any]:
        return self.spark.sql(f"DESCRIBE HISTORY {self.sql_name(name)} LIMIT {limit}").collect()

    def _noted(self, note: Mapping[str, Any]) -> AbstractContextManager[None]:
        return pen.configured(
            self.spark, {"spark.databricks.delta.commitInfo.userMetadata": json.dumps(note, sort_keys=True)}
        )

    def _commit(self, what: str, write: Callable[[], object]) -> None:
        self._boundary(f"before {what}")
        for attempt in range(1, TRIES + 1):
            try:
                with engine(what):
                    write()
                break
            except EngineFailed as failed:
                if attempt == TRIES or not failed.condition.startswith(CONFLICTS):
                    raise
                time.sleep(0.2 * 2**attempt)
        self._boundary(f"after {what}")


@contextmanager
def engine(what: str) -> Iterator[None]:
    """Turn an engine's error into one of ours that quotes nothing: what is hurt, that the disk is full, what failed."""
    try:
        yield
    except (PySparkException, Py4JError) as error:
        raise _failed(what, error) from None


def _failed(what: str, error: Exception) -> OneFileError:
    return translated(what, error) or EngineFailed(what, type(error).__name__)


def literal_rows(spark: SparkSession, rows: Sequence[Sequence[object]], schema: StructType) -> DataFrame:
    """Return a small frame made of values in hand; by Arrow, so that no Python worker is started for it."""
    return spark.createDataFrame(literal_table(rows, schema), schema)


def framed(spark: SparkSession, rows: pa.Table) -> DataFrame:
    """Return columns in hand as a frame; over Spark Connect nobody can tell of no rows what they are."""
    return spark.createDataFrame(rows, from_arrow_schema(rows.schema))


def literal_table(rows: Sequence[Sequence[object]], schema: StructType) -> pa.Table:
    """Return values in hand, row by row, as columns."""
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    arrow = to_arrow_schema(schema, timezone="UTC")
    arrays = [pa.array(column, field.type) for column, field in zip(columns, arrow, strict=True)]
    return pa.Table.from_arrays(arrays, schema=arrow)
