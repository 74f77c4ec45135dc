"""Whom the rows of deliveries are about, or were about before: whose files are to be made anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce

import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as f

from pipelines import present
from pipelines.lake import engine

FEW = 200_000
"""Records that are fetched, so that tables which say nothing of them are not read."""


def touched_numbers(
    stated: Mapping[str, DataFrame],
    columns: Mapping[str, tuple[str, ...]],
    deliveries: Sequence[str],
    erased: Mapping[str, DataFrame],
) -> DataFrame | None:
    """Return the numbers of subjects that the deliveries' rows are about, or were about before; column `number`.

    Args:
        erased: by table, statements that are in `stated` no more.
    """
    return touched_of(stated, columns, _rows_of(stated, deliveries), erased)


def touched_of(
    stated: Mapping[str, DataFrame],
    columns: Mapping[str, tuple[str, ...]],
    records: Mapping[str, DataFrame],
    erased: Mapping[str, DataFrame],
) -> DataFrame | None:
    """Return what `touched_numbers` does, of `records` by table; None where there are none, and nothing is erased."""
    frames = [present.named(rows, columns[table]) for table, rows in erased.items()]
    frames += [
        present.named(present.of_records(stated[table], mine), columns[table]) for table, mine in records.items()
    ]
    if not frames:
        return None
    return reduce(DataFrame.unionByName, frames).select(f.col("_named").alias("number")).distinct()


def records_of(stated: Mapping[str, DataFrame], deliveries: Sequence[str]) -> dict[str, DataFrame]:
    """Return by table the records that the deliveries' rows are about, fetched where they are few.

    Then tables that the deliveries say nothing of are left out: nothing of theirs is read to find who was touched.
    """
    mine = _rows_of(stated, deliveries)
    if not mine:
        return {}
    every = [rows.select(f.lit(table).alias("_table"), *present.RECORD) for table, rows in mine.items()]
    with engine("find the records that were released"):
        found = reduce(DataFrame.unionAll, every).distinct().limit(FEW + 1).toArrow()
    if len(found) > FEW:
        return mine
    told = {table: found.filter(pc.equal(found["_table"], table)).select([*present.RECORD]) for table in mine}
    return {table: mine[table].sparkSession.createDataFrame(rows) for table, rows in told.items() if len(rows)}


def _rows_of(stated: Mapping[str, DataFrame], deliveries: Sequence[str]) -> dict[str, DataFrame]:
    """Return by table the rows that deliveries brought; nothing where there are none of these."""
    is_theirs = f.col("_delivery").isin(list(deliveries))
    return {table: rows.where(is_theirs) for table, rows in stated.items()} if deliveries else {}
