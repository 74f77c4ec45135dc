"""What becomes of each row that was read: accepted, quarantined or a duplicate. Pure.

A row states something of one record (its key) from one day on. The same statement twice is
a duplicate, in one delivery or over several. Two different statements of one record for one
day in one delivery contradict each other, and nobody here may choose: both are quarantined.
"""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as f

from pipelines import types
from schemas.model import Resource, Table

ACCEPTED, QUARANTINED, DUPLICATE = "accepted", "quarantined", "duplicate"
ERASED = "erased"


def identified(rows: DataFrame, table: Table) -> DataFrame:
    """Add `_key` (null when a key value is missing) and `_content`, SHA-256 in hex over canonical JSON.

    A row that takes its record back has the content 'withdrawn', one that has it erased 'erased'.
    """
    key = f.concat_ws("\x1f", *(_text(f.col(name)) for name in table.key))
    has_key = f.expr(" and ".join(f"`{name}` is not null" for name in table.key))
    values = [f.col(column.name) for column in table.columns]
    return rows.withColumns(
        {
            "_key": f.when(has_key, f.sha2(key, 256)),
            "_content": f.when(f.col("_erases"), ERASED)
            .when(f.col("_withdrawn"), "withdrawn")
            .otherwise(f.sha2(f.to_json(f.struct(*values)), 256)),
        }
    )


def settled(rows: DataFrame, stated: DataFrame, resource: Resource, table: Table) -> DataFrame:
    """Add `_verdict` to the rows of one delivery, and to `_problems` what only the whole shows.

    Args:
        rows: one row per received row, as `identified` returns them, with `_problems`.
        stated: one row per record and day stated before: `_key`, `_valid_from`, `_content`.

    Returns:
        The same rows; `_verdict` is `accepted`, `quarantined` or `duplicate`.
    """
    sound = f.size("_problems") == 0
    moment = Window.partitionBy("_key", "_valid_from", sound)
    same = Window.partitionBy("_key", "_valid_from", sound, "_content").orderBy("_row_no")
    judged = rows.withColumns(
        {
            "_conflict": sound & (f.min("_content").over(moment) != f.max("_content").over(moment)),
            "_again": f.row_number().over(same) > 1,
        }
    ).withColumn("_problems", f.when(f.col("_conflict"), _conflict(resource, table)).otherwise(f.col("_problems")))
    before = stated.select("_key", "_valid_from", f.col("_content").alias("_before"))
    joined = judged.join(before, ["_key", "_valid_from"], "left")
    return joined.withColumn("_verdict", _verdict()).drop("_conflict", "_again", "_before")


def _verdict() -> Column:
    stated = f.coalesce(f.col("_before") == f.col("_content"), f.lit(False))
    return f.when(f.size("_problems") > 0, QUARANTINED).when(f.col("_again") | stated, DUPLICATE).otherwise(ACCEPTED)


def _conflict(resource: Resource, table: Table) -> Column:
    """Return the problem of rows that contradict each other, named at the first key column."""
    header = next((m.source for m in resource.columns if m.column == table.key[0] and m.source), table.key[0])
    return f.array(f.struct(f.lit(header).alias("column"), f.lit("key_conflict").alias("reason")))


def _text(column: Column) -> Column:
    return column.cast("string")


def problems(found: Sequence[tuple[str, Column]]) -> Column:
    """Gather (header, reason or null) into one array of problems, without the nulls."""
    named = [
        f.when(reason.isNotNull(), f.struct(f.lit(header).alias("column"), reason.alias("reason")))
        for header, reason in found
    ]
    if not named:
        return f.array().cast(types.PROBLEMS)
    # Two columns may be read from one header: what is wrong with its text is one problem.
    return f.array_distinct(f.array_compact(f.array(*named))).cast(types.PROBLEMS)
