"""Orders the erasure of records whose time is over, as their table declares it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from datetime import date, datetime

from pyspark.sql import DataFrame
from pyspark.sql import functions as f
from pyspark.sql.types import StructType

from onefile.files import lock
from pipelines import erasing, names, present, types
from pipelines.conform import conformed
from pipelines.lake import Lake, engine, literal_rows
from pipelines.present import latest
from pipelines.workshop import Workshop
from schemas.model import Declarations, Retention

LAST = StructType(
    [
        types.field("_resource", types.STRING, "a resource"),
        types.field("upto_seq", types.LONG, "place among all deliveries of its last one that was read"),
    ]
)


def is_declared(declarations: Declarations) -> bool:
    """Tell whether any table says how long its records are kept."""
    return any(table.retention is not None for table in declarations.tables.values())


def order_due(shop: Workshop) -> int:
    """Order the erasure of every record whose time is over on the day of the run; return how many there are."""
    with lock(shop.home / "locks" / "retention.lock"):
        return sum(
            _order(shop, table.name, table.retention)
            for table in shop.declarations.tables.values()
            if table.retention is not None
        )


def _order(shop: Workshop, table: str, kept: Retention) -> int:
    filling = sorted(resource.id for resource in shop.resources.values() if resource.table == table)
    with ExitStack() as held:  # what settles meanwhile may repeat a record, which the order would not be about
        for resource in filling:
            held.enter_context(lock(shop.home / "locks" / f"resource-{resource}.lock"))
        return _order_of(shop, table, kept, filling)


def _order_of(shop: Workshop, table: str, kept: Retention, filling: Sequence[str]) -> int:
    lake = shop.lake
    stated = present.statements(lake, table)
    if stated is None:
        return 0
    last = [
        (name, max((d.seq for d in shop.received(name) if conformed(d) is not None), default=0)) for name in filling
    ]
    settled = literal_rows(lake.spark, last, LAST)
    rows = due(stated, settled, kept, shop.legal_day(shop.at), shop.at).persist()
    try:
        with engine(f"look which records of {table} are kept no longer"):
            count = rows.count()
        if count:  # what is ordered is no statement any more: a run that is done again finds nothing
            erasing.keep_orders(lake, rows, f"term:{table}:{_orders_made(lake)}")
    finally:
        rows.unpersist()
    return count


def due(stated: DataFrame, settled: DataFrame, kept: Retention, on: date, at: datetime) -> DataFrame:
    """Return an order for each record that is kept no longer.

    A record is kept for so many months from the day that its last statement gives, and through the day on which they
    end. That it was withdrawn since changes nothing of it; a record without that day is kept. All that was received
    of it goes, also a row that only repeated what was stated.

    Args:
        stated: the released statements of one table.
        settled: the last delivery of each resource that is settled, as `LAST`.
        on: the legal day of the run.
        at: the instant of the run.
    """
    said = latest(stated.where(~f.col("_withdrawn")), present.RECORD, present.ORDER)
    over = said.where(f.add_months(f.col(kept.since), kept.months) < f.lit(on)).select(*present.RECORD)
    return over.join(f.broadcast(settled), "_resource").select(
        "_resource",
        "_key",
        "upto_seq",
        f.lit(erasing.TERM).alias("cause"),
        f.lit(kept.basis).alias("basis"),
        f.lit(None).cast("string").alias("_delivery"),
        f.lit(None).cast("bigint").alias("_row_no"),
        f.lit(at).alias("ordered_at"),
    )


def _orders_made(lake: Lake) -> int:
    return lake.version(names.ERASURE_ORDER)
