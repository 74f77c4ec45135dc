"""Deliveries read again by declarations that changed: in a house beside, and then merged into what is there.

A resource's deliveries depend on each other (what was stated before is a duplicate) and on nobody else's. So they
are settled anew in their order, by the code that settles any, from bronze, which is as it was received whatever is
declared. What comes out otherwise is laid down row by row; merging it makes the tables those of a rebuild.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from pathlib import Path

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as f
from pyspark.sql.types import StructType

from inbox.deliveries import Delivery
from pipelines import answers, bronze, conform, erasing, finished, names, rebuilding, resolution, shaping, steps
from pipelines.lake import Lake, engine, literal_rows
from pipelines.table_design import TableDesign
from pipelines.workshop import Workshop
from schemas.model import Resource

FOLDER = "planned"
ROW = ("_delivery", "_row_no")
WAS = "_was"
"""In a difference: what the present table has in its place: `same_row`, or `nothing`."""
RECORD = ("_resource", "_key")


@dataclass(frozen=True)
class Part:
    """The rows of a table that a resource's deliveries made.

    `keys` tell one from the other; `mark` is a column that none of them lacks, `schema` and `design` what the table
    should be.
    """

    table: str
    keys: tuple[str, ...]
    mark: str
    schema: StructType
    design: TableDesign
    mine: Column


@dataclass(frozen=True)
class Counts:
    """What became of rows."""

    accepted: int = 0
    quarantined: int = 0
    duplicates: int = 0


@dataclass(frozen=True)
class Reread:
    """How a resource's deliveries come out otherwise.

    `stated`, `unstated` and `restated` count rows that are accepted now and were not, that were accepted and are
    not now, and that are accepted with other values. `otherwise` are the deliveries whose receipts say something
    else, `held` and `released` those that do not count any more, or do now.
    """

    resource: str
    deliveries: int
    before: Counts
    after: Counts
    stated: int
    unstated: int
    restated: int
    otherwise: tuple[str, ...]
    held: tuple[str, ...]
    released: tuple[str, ...]


@dataclass(frozen=True)
class Again:
    """A resource's deliveries in the house beside, in their order.

    `begun` are those of them that were killed before they were settled: their rows are there, and that they count
    is left to whoever settles them.
    """

    resource: Resource
    deliveries: tuple[Delivery, ...]
    begun: frozenset[str]

    @property
    def settled(self) -> list[Delivery]:
        return [delivery for delivery in self.deliveries if delivery.id not in self.begun]


def check_types(shop: Workshop, resource: Resource) -> None:
    """See that the columns of a resource's table are of the types that are declared now.

    Raises:
        pipelines.shaping.ColumnRetyped: one is not.
    """
    table = shop.declarations.tables[resource.table]
    name = names.silver(table.name)
    if shop.lake.exists(name):
        shaping.check_types(name, shop.lake.read(name).schema, conform.silver_schema(table))


def read_again(shop: Workshop, beside: Workshop, resource: Resource, on_step: Callable[[str], None]) -> Again:
    """Settle a resource's deliveries anew in a house beside; one that was done there before is not done again."""
    received = shop.received(resource.id)
    begun = _begun(shop, resource, [d for d in received if not finished.is_finished(d) and bronze.landed(d)])
    wanted = [d for d in received if finished.is_finished(d) or d.id in begun]
    found = []
    for number, delivery in enumerate(wanted, 1):
        laid = rebuilding.lay(delivery, beside, without=(conform.CONFORMED, finished.FINISHED, answers.READ_AGAIN))
        on_step(f"{number}/{len(wanted)} {resource.id} {delivery.id}")
        steps.settle_again(beside, laid, resource, bronze.rows_of(shop.lake, delivery, resource))
        found.append(laid)
    released = _deliveries(shop, [names.RELEASE], sorted(begun))
    return Again(resource, tuple(found), frozenset(begun - released))


def _begun(shop: Workshop, resource: Resource, landed: Sequence[Delivery]) -> set[str]:
    """Return which deliveries, landed and not settled to the end, have rows further on already."""
    places = [names.silver(resource.table), names.quarantine(resource.id), names.ERASURE_ORDER, names.RELEASE]
    return _deliveries(shop, places, [d.id for d in landed])


def _deliveries(shop: Workshop, places: Sequence[str], ids: Sequence[str]) -> set[str]:
    """Return those of the deliveries that have rows in one of the tables."""
    frames = [
        shop.lake.read(place).where(f.col("_delivery").isin(list(ids))).select("_delivery")
        for place in places
        if ids and shop.lake.exists(place)
    ]
    if not frames:
        return set()
    with engine("look what was begun and not ended"):
        rows = reduce(DataFrame.unionByName, frames).distinct().collect()
    return {row["_delivery"] for row in rows}


def parts(shop: Workshop, again: Again) -> Iterator[Part]:
    """Yield what deliveries made in each table."""
    resource, table = again.resource, shop.declarations.tables[again.resource.table]
    ids, settled = [d.id for d in again.deliveries], [d.id for d in again.settled]
    theirs = f.col("_delivery").isin(ids)
    mine = theirs & (f.col("_resource") == resource.id)
    demanded = mine & (f.col("cause") == erasing.DEMAND)
    resolved = f.col("by_delivery").isin(ids) & (f.col("_resource") == resource.id)
    counting = f.col("_delivery").isin(settled)
    silver, quarantine = conform.silver_schema(table), conform.quarantine_design(resource)
    yield Part(names.silver(table.name), ROW, "_content", silver, conform.silver_design(table), mine)
    yield Part(names.quarantine(resource.id), ROW, "_row_hash", conform.QUARANTINE, quarantine, theirs)
    yield Part(names.RESOLUTION, ROW, "by_delivery", resolution.RESOLUTION, resolution.DESIGN, resolved)
    yield Part(names.RELEASE, ("_delivery",), "released_at", steps.RELEASE, steps.RELEASES, counting)
    yield Part(names.ERASURE_ORDER, (*RECORD, "upto_seq", *ROW), "basis", erasing.ORDER, erasing.ORDERS, demanded)


def lay_down(shop: Workshop, beside: Workshop, part: Part, folder: Path) -> DataFrame | None:
    """Write into a folder how the rows of a part come out otherwise; return them; None where neither house has any.

    Returns:
        A row per row that differs: as it is beside, with `WAS`; where it is not there, its keys alone.
    """
    held, made = (_rows(each.lake, part) for each in (shop, beside))
    if held is None and made is None:
        return None
    schema = _both(held, made)
    sides = [_with_all(shop.lake, rows, schema) for rows in (held, made)]
    differing = _differing(sides[0], sides[1], part, schema)
    with engine(f"compare {part.table} with what its deliveries give now"):
        differing.write.mode("overwrite").parquet(str(folder))
    return shop.spark.read.parquet(str(folder))


def merge(shop: Workshop, part: Part, folder: Path) -> None:
    """Bring the present table to what was laid down; done again, it changes nothing."""
    lake = shop.lake
    lake.create(part.table, part.schema, part.design)
    rows = shop.spark.read.parquet(str(folder))
    held = lake.read(part.table).schema
    source = shaping.with_all(rows, held)
    on = " AND ".join(f"t.{key} = s.{key}" for key in part.keys)
    clauses = (
        f"WHEN MATCHED AND s.{part.mark} IS NULL THEN DELETE WHEN MATCHED THEN UPDATE SET * "
        f"WHEN NOT MATCHED AND s.{part.mark} IS NOT NULL THEN INSERT *"
    )
    lake.merge(part.table, source, on, clauses, {})


def shape(shop: Workshop, resource: Resource) -> None:
    """Give the tables of a resource the columns of today, and take away what would refuse rows of today."""
    table = shop.declarations.tables[resource.table]
    name = names.silver(table.name)
    if shop.lake.exists(name):
        shaping.widen(shop.lake, name, conform.silver_schema(table))
        shaping.drop_constraints(shop.lake, name, conform.silver_design(table))


def bind(shop: Workshop, resource: Resource) -> None:
    """Hold the tables of a resource to the constraints of today, once their rows are of today, too."""
    table = shop.declarations.tables[resource.table]
    name = names.silver(table.name)
    if shop.lake.exists(name):
        shaping.add_constraints(shop.lake, name, conform.silver_design(table))


def records(shop: Workshop, beside: Workshop, resource: Resource, laid: dict[str, DataFrame]) -> DataFrame | None:
    """Return the records of which something else counts: a row per `_resource` and `_key`; None where there is none.

    Args:
        laid: what `lay_down` returned, by table.
    """
    silver = names.silver(resource.table)
    statements = [rows for rows in (_mine(each.lake, silver, resource) for each in (shop, beside)) if rows is not None]
    frames = []
    if silver in laid:
        differing = laid[silver].select(*ROW)
        frames += [rows.join(differing, list(ROW), "left_semi").select(*RECORD) for rows in statements]
    if names.RELEASE in laid:
        flipped = laid[names.RELEASE].select("_delivery")
        frames += [rows.join(f.broadcast(flipped), "_delivery", "left_semi").select(*RECORD) for rows in statements]
    if names.ERASURE_ORDER in laid:
        frames.append(laid[names.ERASURE_ORDER].select(*RECORD))
    return reduce(DataFrame.unionByName, frames).distinct() if frames else None


def told(shop: Workshop, again: Again, laid: dict[str, DataFrame]) -> Reread:
    """Say how the deliveries of a resource come out otherwise; `laid` is what `lay_down` returned, by table."""
    outcomes = [(finished.outcome(shop.delivery(made.id)[0]), finished.outcome(made)) for made in again.settled]
    both = [(before, after) for before, after in outcomes if before is not None and after is not None]
    stated, unstated, restated = _figures(laid.get(names.silver(again.resource.table)))
    wordings = [(made.id, answers.given(shop, made.id), answers.would_say(made)) for made in again.settled]
    return Reread(
        resource=again.resource.id,
        deliveries=len(again.deliveries),
        before=_sum(before for before, _ in both),
        after=_sum(after for _, after in both),
        stated=stated,
        unstated=unstated,
        restated=restated,
        otherwise=tuple(delivery for delivery, given, would_say in wordings if given not in (None, would_say)),
        held=tuple(a.delivery for b, a in both if (b.status, a.status) == ("released", "held")),
        released=tuple(a.delivery for b, a in both if (b.status, a.status) == ("held", "released")),
    )


def _sum(outcomes: Iterable[finished.Outcome]) -> Counts:
    found = Counts()
    for each in outcomes:
        found = replace(
            found,
            accepted=found.accepted + each.accepted,
            quarantined=found.quarantined + each.quarantined,
            duplicates=found.duplicates + each.duplicates,
        )
    return found


def _figures(statements: DataFrame | None) -> tuple[int, int, int]:
    """Count the rows that are stated now, that are no longer, and that are stated otherwise."""
    if statements is None:
        return 0, 0, 0
    is_there, was_there = f.col("_content").isNotNull(), f.col(WAS) == "same_row"
    counted = [f.count_if(is_there & ~was_there), f.count_if(~is_there), f.count_if(is_there & was_there)]
    with engine("count what is stated otherwise"):
        (row,) = statements.select(*counted).collect()
    return int(row[0]), int(row[1]), int(row[2])


def _rows(lake: Lake, part: Part) -> DataFrame | None:
    return lake.read(part.table).where(part.mine) if lake.exists(part.table) else None


def _mine(lake: Lake, table: str, resource: Resource) -> DataFrame | None:
    return lake.read(table).where(f.col("_resource") == resource.id) if lake.exists(table) else None


def _both(held: DataFrame | None, made: DataFrame | None) -> StructType:
    """Return the columns that either has."""
    found = {}
    for rows in (held, made):
        found.update({field.name: field for field in rows.schema.fields} if rows is not None else {})
    return StructType(list(found.values()))


def _with_all(lake: Lake, rows: DataFrame | None, schema: StructType) -> DataFrame:
    return shaping.with_all(rows, schema) if rows is not None else literal_rows(lake.spark, [], schema)


def _differing(held: DataFrame, made: DataFrame, part: Part, schema: StructType) -> DataFrame:
    seal = f.sha2(f.to_json(f.struct(*sorted(schema.names))), 256)
    there = held.select(*(f.col(key).alias(f"_held{key}") for key in part.keys), seal.alias("_held_seal"))
    both = made.withColumn("_made_seal", seal).join(
        there, reduce(Column.__and__, (f.col(key) == f.col(f"_held{key}") for key in part.keys)), "full_outer"
    )
    keys = {key: f.coalesce(f.col(key), f.col(f"_held{key}")) for key in part.keys}
    was = f.when(f.col("_held_seal").isNull(), "nothing").otherwise("same_row")
    return both.where(~f.col("_made_seal").eqNullSafe(f.col("_held_seal"))).select(
        *(keys.get(name, f.col(f"`{name}`")).alias(name) for name in schema.names), was.alias(WAS)
    )
