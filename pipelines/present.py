"""What silver says now: the last statement of each record, of deliveries that were released.

Silver is append-only: a row is one statement, never changed afterwards. The present is
derived from it, and so is any past day.
"""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import DataFrame
from pyspark.sql import functions as f

from pipelines import names
from pipelines.lake import Lake, latest

# A statement wins over one that has been true for less long; of two about the same day, the one learnt later.
ORDER = ("_valid_from", "_seq", "_row_no")
RECORD = ("_resource", "_key")


def released(lake: Lake, statements: DataFrame) -> DataFrame:
    """Keep the statements of deliveries that passed their critical expectations."""
    if not lake.exists(names.RELEASE):
        return statements.limit(0)
    deliveries = lake.read(names.RELEASE).select("_delivery").distinct()
    return statements.join(f.broadcast(deliveries), "_delivery", "left_semi").select(*statements.columns)


def present(statements: DataFrame) -> DataFrame:
    """Return the last statement of each record, without the records that were withdrawn."""
    return latest(statements, RECORD, ORDER).where(~f.col("_withdrawn"))


def statements(lake: Lake, table: str) -> DataFrame | None:
    """Return the released statements of a table; None when nothing was ever stated."""
    name = names.silver(table)
    return released(lake, lake.read(name)) if lake.exists(name) else None


def of_records(statements: DataFrame, records: DataFrame) -> DataFrame:
    """Keep the statements about some records: `records` has a row per `_resource` and `_key`."""
    return statements.join(f.broadcast(records.select(*RECORD).distinct()), list(RECORD), "left_semi").select(
        *statements.columns
    )


def about(statements: DataFrame, columns: Sequence[str], numbers: DataFrame) -> DataFrame:
    """Keep the statements whose `columns` name one of the subjects in `numbers` (column `number`)."""
    # Not called `number` here: a table may have a column of that name.
    wanted = f.broadcast(numbers.select(f.col("number").alias("_wanted")).distinct())
    keys = [
        statements.where(f.col(column).isNotNull())
        .join(wanted, f.col(column) == f.col("_wanted"), "left_semi")
        .select(*RECORD)
        for column in columns
    ]
    found = keys[0]
    for more in keys[1:]:
        found = found.unionByName(more)
    return of_records(statements, found)
