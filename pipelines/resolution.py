"""Which quarantined rows are settled: by a later row of the same record, or by one that was re-driven for them."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as f
from pyspark.sql.types import StructType

from inbox.deliveries import Delivery
from pipelines import names, types
from pipelines.lake import ONLY_MADE, Lake, engine, literal_rows
from pipelines.table_design import TableDesign
from schemas.model import Resource

RESOLUTION = StructType(
    [
        types.field("_resource", types.STRING, "resource of both rows"),
        types.field("_delivery", types.STRING, "delivery of the quarantined row"),
        types.field("_row_no", types.LONG, "the quarantined row"),
        types.field("by_delivery", types.STRING, "delivery that settled it"),
        types.field("by_row_no", types.LONG, "row that settled it"),
        types.field("resolved_at", types.INSTANT, "instant that delivery was received, UTC"),
    ]
)
DESIGN = TableDesign("quarantined rows that were settled", {})
REDRIVEN = StructType(
    [
        types.field("_delivery", types.STRING, "delivery of the quarantined row"),
        types.field("_row_no", types.LONG, "the quarantined row"),
        types.field("by_row_no", types.LONG, "row that was re-driven for it"),
    ]
)


def resolve(lake: Lake, delivery: Delivery, resource: Resource, *, is_first: bool = False) -> None:
    """Note which open quarantined rows the delivery's sound rows settle; once a delivery.

    A sound row settles another that is about the same record. A row that was re-driven for another, as
    its manifest says (`redrives`), takes its place: where it is quarantined again, it waits instead.

    Args:
        is_first: no delivery of the resource came before it.
    """
    if is_first or lake.version(names.quarantine(resource.id)) == ONLY_MADE:
        return
    rows = settled_by(lake, delivery, resource).select(
        f.lit(resource.id).alias("_resource"),
        "_delivery",
        "_row_no",
        f.lit(delivery.id).alias("by_delivery"),
        "by_row_no",
        f.lit(delivery.received_at).alias("resolved_at"),
    )
    with engine(f"look which rejected rows delivery {delivery.id} settles"):
        if rows.isEmpty():
            return
    lake.create(names.RESOLUTION, RESOLUTION, DESIGN)
    lake.append(names.RESOLUTION, rows, f"resolve:{delivery.id}")


def settled_by(lake: Lake, delivery: Delivery, resource: Resource) -> DataFrame:
    """Return the open quarantined rows that the delivery settles or takes the place of, each with `by_row_no`."""
    mine = f.col("_delivery") == delivery.id
    quarantined = lake.read(names.quarantine(resource.id))
    earlier = quarantined.where(~mine & (f.col("_recorded_at") <= f.lit(delivery.received_at)))
    waiting = earlier.select("_delivery", "_row_no", "_key")
    if lake.exists(names.RESOLUTION):
        done = lake.read(names.RESOLUTION).where(f.col("_resource") == resource.id).select("_delivery", "_row_no")
        waiting = waiting.join(done, ["_delivery", "_row_no"], "left_anti")
    silver = lake.read(names.silver(resource.table)).where(mine).select("_key", f.col("_row_no").alias("by_row_no"))
    by_record = silver.groupBy("_key").agg(f.min("by_row_no").alias("by_row_no"))
    found = waiting.join(by_record, "_key").select("_delivery", "_row_no", "by_row_no")
    if not delivery.manifest.redrives:
        return found
    told = [(r.delivery, r.row, number) for number, r in enumerate(delivery.manifest.redrives, 1)]
    asked = literal_rows(lake.spark, told, REDRIVEN)
    replaced = asked.join(waiting, ["_delivery", "_row_no"], "left_semi")
    both = found.unionByName(replaced.select("_delivery", "_row_no", "by_row_no"))
    return both.groupBy("_delivery", "_row_no").agg(f.min("by_row_no").alias("by_row_no"))
