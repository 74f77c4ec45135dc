"""What silver says now: the last statement of each record, of deliveries that were released.

Silver is append-only: a row is one statement, never changed afterwards. The present is
derived from it, and so is any past day.
"""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import DataFrame
from pyspark.sql import functions as f

from pipelines import erasing, names, types
from pipelines.lake import Lake
from schemas.model import Table

# A statement wins over one that has been true for less long; of two about the same day, the one learnt later.
ORDER = ("_valid_from", "_seq", "_row_no")
RECORD = ("_resource", "_key")


def released(
    lake: Lake,
    statements: DataFrame,
    version: int | None = None,
    *,
    is_erased_kept: bool = False,
    among: DataFrame | None = None,
) -> DataFrame:
    """Keep the statements of deliveries that passed their critical expectations, by a version of the release table.

    What is ordered to be erased is left out, whether it is still in the table or not, unless `is_erased_kept`.

    Args:
        among: what `counting` returned for that version; who asks for several tables asks for it once.
    """
    deliveries = counting(lake, version) if among is None else among
    if deliveries is None:
        return statements.limit(0)
    said = statements.join(f.broadcast(deliveries), "_delivery", "left_semi").select(*statements.columns)
    return said if is_erased_kept else erasing.without(said, erasing.in_force(lake, deliveries))


def counting(lake: Lake, version: int | None = None) -> DataFrame | None:
    """Return the deliveries that count, a row per `_delivery`, by a version of the release table; None: none does."""
    return lake.read(names.RELEASE, version).select("_delivery").distinct() if lake.exists(names.RELEASE) else None


def present(statements: DataFrame, beside: Sequence[str] = ()) -> DataFrame:
    """Return the last statement of each record, without the records that were withdrawn.

    Args:
        beside: further columns that part the statements, each part having a present of its own.
    """
    return latest(statements, (*RECORD, *beside), ORDER).where(~f.col("_withdrawn"))


def present_of(statements: DataFrame, again: DataFrame | None) -> DataFrame:
    """Do as `present`, where it is known of which records there may be more than one statement.

    The others are not brought together: to shuffle whole statements takes longer than to make files of them.

    Args:
        again: those records (`RECORD`); None: there are none.
    """
    if again is None:
        return statements.where(~f.col("_withdrawn"))
    once = statements.join(f.broadcast(again), list(RECORD), "left_anti").select(*statements.columns)
    return once.where(~f.col("_withdrawn")).unionByName(present(of_records(statements, again)))


def erased(lake: Lake, table: str) -> DataFrame | None:
    """Return the statements that are ordered to be erased and still in a table; None where there never was an order."""
    if not (lake.exists(names.silver(table)) and lake.exists(names.RELEASE)):
        return None
    orders = erasing.in_force(lake, lake.read(names.RELEASE).select("_delivery").distinct())
    if orders is None:
        return None
    return of_records(released(lake, lake.read(names.silver(table)), is_erased_kept=True), orders)


def statements(
    lake: Lake, table: str, version: int | None = None, *, among: DataFrame | None = None
) -> DataFrame | None:
    """Return the statements of a table, by a version of the release table; None when nothing was ever stated.

    Args:
        among: as in `released`.
    """
    name = names.silver(table)
    return released(lake, lake.read(name), version, among=among) if lake.exists(name) else None


def with_declared(statements: DataFrame, table: Table) -> DataFrame:
    """Add to statements the columns that the table is declared with since; they are empty in all of them."""
    kinds = {c.name: types.spark_type(c.type, c.precision, c.scale) for c in table.columns}
    missing = {name: kind for name, kind in kinds.items() if name not in statements.columns}
    return statements.select("*", *(f.lit(None).cast(kind).alias(name) for name, kind in missing.items()))


def of_records(statements: DataFrame, records: DataFrame) -> DataFrame:
    """Keep the statements about some records: `records` has a row per `_resource` and `_key`."""
    return statements.join(f.broadcast(records.select(*RECORD).distinct()), list(RECORD), "left_semi").select(
        *statements.columns
    )


def about(statements: DataFrame, columns: Sequence[str], numbers: DataFrame) -> DataFrame:
    """Keep the statements of the records that ever named one of the subjects in `numbers` (column `number`)."""
    wanted = f.broadcast(numbers.select(f.col("number").alias("_wanted")).distinct())
    naming = named(statements, columns, RECORD).join(wanted, f.col("_named") == f.col("_wanted"), "left_semi")
    return of_records(statements, naming)


def named(statements: DataFrame, columns: Sequence[str], kept: Sequence[str] = ()) -> DataFrame:
    """Return a row for each subject that a statement names: its number as `_named`, and the `kept` columns."""
    # Not called `number`: a table may have a column of that name.
    every = f.explode(f.array_compact(f.array(*(f.col(column) for column in columns))))
    return statements.select(*kept, every.alias("_named"))


def latest(rows: DataFrame, by: Sequence[str], order: Sequence[str]) -> DataFrame:
    """Return of each group the row that comes last in `order`; equal order is broken by `order` alone."""
    packed = rows.groupBy(*by).agg(f.max_by(f.struct("*"), f.struct(*order)).alias("_last"))
    return packed.select("_last.*")
