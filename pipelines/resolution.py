"""Which quarantined rows are settled: by a later row of the same record, or by one that was re-driven for them."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql.pandas.types import to_arrow_schema
from pyspark.sql.types import StructType

from inbox.deliveries import Delivery
from pipelines import columnwise, names, types
from pipelines.lake import ONLY_MADE, Lake, literal_table
from pipelines.sifting import Sieve
from pipelines.statements import sifted
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
SETTLED = StructType([RESOLUTION[name] for name in ("_delivery", "_row_no", "by_row_no")])


def resolve(lake: Lake, delivery: Delivery, resource: Resource, *, is_first: bool = False) -> None:
    """Note which open quarantined rows the delivery's sound rows settle; once a delivery.

    A sound row settles another that is about the same record. A row that was re-driven for another, as
    its manifest says (`redrives`), takes its place: where it is quarantined again, it waits instead.

    Args:
        is_first: no delivery of the resource came before it.
    """
    if is_first or lake.version(names.quarantine(resource.id)) == ONLY_MADE:
        return
    found = settled_by(lake, delivery, resource)
    if not len(found):
        return
    own = {"_resource": resource.id, "by_delivery": delivery.id, "resolved_at": delivery.received_at}
    kinds = to_arrow_schema(RESOLUTION, timezone="UTC")
    columns = {name: columnwise.constant(value, kinds.field(name).type, len(found)) for name, value in own.items()}
    columns |= {name: found[name] for name in found.column_names}
    lake.create(names.RESOLUTION, RESOLUTION, DESIGN)
    rows = pa.table([columns[name] for name in RESOLUTION.names], schema=kinds)
    lake.append(names.RESOLUTION, rows, f"resolve:{delivery.id}")


def settled_by(lake: Lake, delivery: Delivery, resource: Resource) -> pa.Table:
    """Return the open quarantined rows that the delivery settles or takes the place of.

    Returns:
        `_delivery`, `_row_no`, and `by_row_no`, the first of the delivery's rows that does.
    """
    waiting = _waiting(lake, delivery, resource)
    keys = waiting["_key"].combine_chunks().drop_null().unique()

    def is_theirs(rows: pa.Table) -> pa.Array:
        return pc.and_(pc.equal(rows["_delivery"], delivery.id), pc.is_in(rows["_key"], keys))

    sieve = Sieve(("_delivery", "_key"), is_theirs, ("_key", "_row_no"))
    sound = sifted(lake, names.silver(resource.table), sieve).group_by("_key").aggregate([("_row_no", "min")])
    place = pc.index_in(waiting["_key"], sound["_key"].combine_chunks(), skip_nulls=True)
    by_row = [None if p is None else int(sound["_row_no_min"][p].as_py()) for p in place.to_pylist()]
    replaced = {(r.delivery, r.row): number for number, r in enumerate(delivery.manifest.redrives, 1)}
    told = []
    for which, by_record in zip(_pairs(waiting), by_row, strict=True):
        by = min((n for n in (by_record, replaced.get(which)) if n is not None), default=None)
        if by is not None:
            told.append((*which, by))
    return literal_table(told, SETTLED)


def _waiting(lake: Lake, delivery: Delivery, resource: Resource) -> pa.Table:
    """Return `_delivery`, `_row_no` and `_key` of rows that were quarantined before, and that nothing settled yet."""
    columns = ["_delivery", "_row_no", "_key", "_recorded_at"]
    rows = lake.looked_at(names.quarantine(resource.id), columns)
    is_other = pc.not_equal(rows["_delivery"], delivery.id)
    rows = rows.filter(pc.and_(is_other, pc.less_equal(rows["_recorded_at"], delivery.received_at)))
    if not len(rows) or not lake.exists(names.RESOLUTION):
        return rows
    sieve = Sieve(("_resource",), lambda r: pc.equal(r["_resource"], resource.id), ("_delivery", "_row_no"))
    done = {*_pairs(sifted(lake, names.RESOLUTION, sieve))}
    return rows.filter(pa.array([pair not in done for pair in _pairs(rows)], pa.bool_()))


def _pairs(rows: pa.Table) -> Iterator[tuple[str, int]]:
    return zip(rows["_delivery"].to_pylist(), rows["_row_no"].to_pylist(), strict=True)
