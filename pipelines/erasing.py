"""What is to be erased, and what was: orders that hide records at once, and tombstones of rows that are gone.

An order is about one record of a resource, and about all that was said of it up to a delivery. It comes
from a department, by a row of a delivery that counts (a *demand*), or from the end of the time that a
table's records are kept (a *term*). From then on nothing that is made from silver says anything of
the record. `pipelines.purging` then takes its rows out of the lake and the kept files; a tombstone
stands for each, and the order is gone.
"""

from __future__ import annotations

from functools import reduce

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as f
from pyspark.sql.types import ArrayType, StructType

from inbox.deliveries import Delivery
from pipelines import names, settle, types
from pipelines.lake import Lake
from pipelines.table_design import TableDesign
from schemas.model import Resource, Table

DEMAND, TERM = "demand", "term"
RECORD = ("_resource", "_key")

ORDER = StructType(
    [
        types.field("_resource", types.STRING, "resource of the record"),
        types.field("_key", types.STRING, "SHA-256 of the record's key values, hex"),
        types.field("upto_seq", types.LONG, "place among all deliveries of the last one that it is about"),
        types.field("cause", types.STRING, "demand: the department asks for it; term: the time to keep it is over"),
        types.field("basis", types.STRING, "the law it is done by"),
        types.field("_delivery", types.STRING, "delivery that asks for it; null for a term", False),
        types.field("_row_no", types.LONG, "row of that delivery", False),
        types.field("ordered_at", types.INSTANT, "instant that delivery was received, or the term was seen, UTC"),
    ]
)
TOMBSTONE = StructType(
    [
        types.field("_resource", types.STRING, "resource of the row that was erased"),
        types.field("_delivery", types.STRING, "delivery that brought it"),
        types.field("_row_no", types.LONG, "row of the delivery"),
        types.field("verdict", types.STRING, "what had become of it: accepted, quarantined or duplicate"),
        types.field("problems", types.PROBLEMS, "why it had been quarantined"),
        types.field("sealed_hash", types.STRING, "its RFC 6962 leaf hash under the bureau's key, hex"),
        types.field("subjects", ArrayType(types.STRING), "keyed hashes of the subjects that it named"),
        types.field("cause", types.STRING, "demand or term"),
        types.field("basis", types.STRING, "the law it was done by"),
        types.field("erased_at", types.INSTANT, "instant of the order, UTC"),
    ]
)
ORDERS = TableDesign("records to be erased; a row goes when its record is gone", {})
_TOMBSTONES = TableDesign("rows that were erased by law, without what they said; append only", {})


def order(lake: Lake, asking: DataFrame, resource: Resource, table: Table, delivery: Delivery) -> None:
    """Write down which records the delivery's rows have erased; nothing where the resource knows no such row.

    They hold from the delivery's release on.

    Args:
        asking: the accepted rows that have their record erased: `_key`, `_delivery`, `_row_no`.
    """
    if resource.operation is None or not resource.operation.erase:
        return
    rows = asking.select(
        f.lit(resource.id).alias("_resource"),
        "_key",
        f.lit(delivery.seq).cast("bigint").alias("upto_seq"),
        f.lit(DEMAND).alias("cause"),
        f.lit(table.erasure).alias("basis"),
        "_delivery",
        "_row_no",
        f.lit(delivery.received_at).alias("ordered_at"),
    )
    if not rows.isEmpty():
        keep_orders(lake, rows, f"erase:{delivery.id}")


def keep_orders(lake: Lake, rows: DataFrame, once: str) -> None:
    """Append orders, once under a name."""
    lake.create(names.ERASURE_ORDER, ORDER, ORDERS)
    lake.append(names.ERASURE_ORDER, rows, once)


def keep_tombstones(lake: Lake, rows: pa.Table, once: str) -> None:
    """Append tombstones, once under a name."""
    lake.create(names.TOMBSTONE, TOMBSTONE, _TOMBSTONES)
    lake.append(names.TOMBSTONE, rows, once)


def is_any_ordered(lake: Lake) -> bool:
    """Tell whether anything is ordered to be erased, whether it counts already or not."""
    return lake.exists(names.ERASURE_ORDER) and len(lake.looked_at(names.ERASURE_ORDER, ["_key"])) > 0


def in_force(lake: Lake, released: DataFrame) -> DataFrame | None:
    """Return the orders that hold: terms, and demands of deliveries that count; None where there never was one.

    Args:
        released: the deliveries that count, a row per `_delivery`.
    """
    return that_hold(lake.read(names.ERASURE_ORDER), released) if lake.exists(names.ERASURE_ORDER) else None


def that_hold(orders: DataFrame, released: DataFrame) -> DataFrame:
    """Keep the orders that come from a term, or from a delivery that counts."""
    demanded = orders.join(f.broadcast(released), "_delivery", "left_semi").select(*orders.columns)
    return orders.where(f.col("cause") == TERM).unionByName(demanded)


def without(statements: DataFrame, orders: DataFrame | None) -> DataFrame:
    """Return the statements that no order is about."""
    if orders is None:
        return statements
    last = orders.groupBy(*RECORD).agg(f.max("upto_seq").alias("_upto_seq"))
    joined = statements.join(f.broadcast(last), list(RECORD), "left")
    return joined.where(f.col("_upto_seq").isNull() | (f.col("_seq") > f.col("_upto_seq"))).select(*statements.columns)


def missing(lake: Lake) -> DataFrame | None:
    """Return what silver and quarantine lack of what was received; None where nothing was ever ordered or erased.

    Returns:
        A row per row that was erased, or that asks for an erasure and is no statement: `_delivery`,
        `verdict`, and `is_gone`, true where bronze lacks it too.
    """
    frames = []
    if lake.exists(names.TOMBSTONE):
        gone = lake.read(names.TOMBSTONE)
        frames.append(gone.select("_delivery", "verdict", f.lit(True).alias("is_gone")))
    if lake.exists(names.ERASURE_ORDER):
        asking = lake.read(names.ERASURE_ORDER).where(f.col("cause") == DEMAND)
        if frames:
            asking = asking.join(gone.select("_delivery", "_row_no"), ["_delivery", "_row_no"], "left_anti")
        frames.append(
            asking.select("_delivery", f.lit(settle.ACCEPTED).alias("verdict"), f.lit(False).alias("is_gone"))
        )
    return reduce(DataFrame.unionByName, frames) if frames else None
