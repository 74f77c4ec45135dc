"""What the product is held against in Spark and in the databases: the same rows, moved and not thought about."""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Iterable
from pathlib import Path

import psycopg
from pyspark.sql import DataFrame
from pyspark.sql import functions as f
from sqlalchemy import Connection, create_engine, func, make_url, select
from sqlalchemy.schema import CreateIndex, CreateTable

from pipelines import gold, names, present
from pipelines.lake import Lake
from schemas import feeds
from schemas.model import Declarations, OneFile
from schemas.serving import tables
from schemas.serving.connection import looking

Rows = Iterable[tuple[object, ...]]
ROWS_AT_ONCE = 5_000
SUBJECT = "subject_id, kind, number_type, number, digest, document, lake_version, published_at"
IDENTIFIER = "kind, number_type, number, subject_id"


def floor(lake: Lake, file: OneFile, declarations: Declarations, out: Path) -> None:
    """Read what the files are made of, shuffle it by subject, write it unchanged to Delta tables below `out`."""
    for table, columns in feeds.subject_columns(file, declarations).items():
        rows = lake.read(names.silver(table)) if lake.exists(names.silver(table)) else None
        if rows is not None:
            for column in columns:
                rows.repartition(f.col(column)).write.format("delta").save(str(out / f"{table}-{column}"))


def files_of(lake: Lake, table: str) -> list[str]:
    """Return the Parquet files that a table is made of now."""
    return [path.removeprefix("file://").removeprefix("file:") for path in lake.read(table).inputFiles()]


def kept_rows(rows: DataFrame, folder: Path) -> DataFrame:
    """Write rows down and return them as read from there, so that computing them is not measured again."""
    rows.write.mode("overwrite").parquet(str(folder))
    return rows.sparkSession.read.parquet(str(folder))


def append(rows: DataFrame, table: Path) -> None:
    """Append rows to a copy of a table, and think about nothing."""
    rows.write.format("delta").mode("append").save(str(table))


def merge(rows: DataFrame, table: Path) -> None:
    """Merge rows into a copy of gold by subject."""
    rows.createOrReplaceTempView("bare_rows")
    rows.sparkSession.sql(
        f"MERGE INTO delta.`{table}` t USING bare_rows s ON {gold.SAME_SUBJECT} "
        "WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *"
    )


def copied(lake: Lake, table: str, out: Path) -> Path:
    """Copy a table's folder."""
    shutil.copytree(lake.path(table), out)
    return out


def statements(lake: Lake, table: str) -> DataFrame | None:
    return present.statements(lake, table)


def loaded(url: str, path: Path | None) -> tuple[float, int]:
    """Load what is published in bulk into a new SQLite database, or (None) beside it; return seconds and files.

    The rows are read meanwhile, for a million files do not fit into memory: that takes a small part of the time.
    """
    with looking(url) as connection:
        count = connection.execute(select(func.count()).select_from(tables.SUBJECT)).scalar_one()
        streaming = connection.execution_options(yield_per=ROWS_AT_ONCE)
        began = time.perf_counter()
        subjects, identifiers = _all(streaming, tables.SUBJECT), _all(streaming, tables.IDENTIFIER)
        if path is None:
            load_postgresql(url, subjects, identifiers)
        else:
            load_sqlite(path, _schema(), subjects, identifiers)
        return time.perf_counter() - began, count


def _all(connection: Connection, table: object) -> Rows:
    """Yield all rows of a table, in an order that no load was made for, as they are asked for."""
    return (tuple(row) for row in connection.execute(select(table)))


def _schema() -> list[str]:
    """Return the statements that make the two tables and their indexes in SQLite."""
    dialect = create_engine("sqlite://").dialect
    made = [CreateTable(t) for t in (tables.SUBJECT, tables.IDENTIFIER)]
    indexes = [CreateIndex(i) for t in (tables.SUBJECT, tables.IDENTIFIER) for i in t.indexes]
    return [str(each.compile(dialect=dialect)) for each in (*made, *indexes)]


def load_sqlite(path: Path, schema: Iterable[str], subjects: Rows, identifiers: Rows) -> None:
    """Load rows into a new SQLite database in one transaction, with the product's tables and indexes."""
    base = sqlite3.connect(path)
    try:
        base.execute("PRAGMA journal_mode = WAL")
        for statement in schema:
            base.execute(statement)
        with base:
            base.executemany(f"INSERT INTO subject ({SUBJECT}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", subjects)
            base.executemany(f"INSERT INTO identifier ({IDENTIFIER}) VALUES (?, ?, ?, ?)", identifiers)
    finally:
        base.close()


def load_postgresql(url: str, subjects: Rows, identifiers: Rows) -> None:
    """Load rows with COPY into tables beside the product's, with the same keys and indexes."""
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain) as base:
        for table in ("subject", "identifier"):
            base.execute(f"DROP TABLE IF EXISTS bare_{table}")
            base.execute(f"CREATE TABLE bare_{table} (LIKE {table} INCLUDING ALL)")
        for table, columns, rows in (("subject", SUBJECT, subjects), ("identifier", IDENTIFIER, identifiers)):
            with base.cursor().copy(f"COPY bare_{table} ({columns}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
