"""Bronze to silver and quarantine: the rows of one delivery, typed as the resource declares.

What the rows say is read by `pipelines.typed` and judged by `pipelines.settle`: in this process where they are few, in
the engine's tasks where they are many. `conform` writes: what is quarantined first, what is accepted last, so that a
delivery whose rows are in silver is done, wherever a run was killed.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as f
from pyspark.sql.pandas.types import to_arrow_type
from pyspark.sql.types import MapType, StructType

from inbox.deliveries import Delivery
from onefile.files import write_whole
from pipelines import bronze, columnwise, erasing, names, present, settle, shaping, typed, types
from pipelines.errors import PipelineError
from pipelines.lake import ONLY_MADE, Lake, engine, framed
from pipelines.statements import Statements
from pipelines.table_design import TableDesign
from pipelines.typed import CARRIED, Plan
from schemas.model import Declarations, Resource, Table

CONFORMED = "conformed.json"
FEW = 300_000
"""Rows of a delivery that are read in this process; more are handed to the engine's tasks."""
MANY = 1_000_000
"""Rows that come out otherwise than accepted, and are handed to every task still."""
MOMENT = ("_key", "_valid_from")
"""What a statement is about: a record, from one day on."""
VERDICT = StructType(
    [
        types.field("_row_no", types.LONG, "row of the delivery"),
        types.field("_verdict", types.STRING, "accepted, quarantined or duplicate"),
        types.field("_is_conflict", types.BOOLEAN, "whether it contradicts another row of the delivery"),
    ]
)
STATEMENT = {
    "_resource": (types.STRING, "resource that made the statement"),
    "_department": (types.STRING, "department that provides the resource"),
    "_delivery": (types.STRING, "delivery that brought it"),
    "_seq": (types.LONG, "place of the delivery among all that were received"),
    "_row_no": (types.LONG, "row of the delivery"),
    "_row_hash": (types.STRING, "RFC 6962 leaf hash of the row's bytes, hex"),
    "_key": (types.STRING, "SHA-256 of the record's key values, hex"),
    "_content": (types.STRING, "SHA-256 of the statement, hex; 'withdrawn' for a withdrawal"),
    "_valid_from": (types.DATE, "day since when it is true, as the department says"),
    "_recorded_at": (types.INSTANT, "instant we learnt it, UTC"),
    "_withdrawn": (types.BOOLEAN, "true: the department takes the record back"),
    "_warnings": (types.PROBLEMS, "what was noticed and is no error"),
}


class CountsDiffer(PipelineError):
    """The rows of a delivery do not add up; nothing of it may be published."""

    def __init__(self, delivery: str, received: int, found: int) -> None:
        super().__init__(
            f"delivery {delivery}: {received} rows were received, but {found} are accepted, quarantined or "
            "duplicate: the lake was changed by something else; restore it from a backup"
        )


@dataclass(frozen=True)
class Conformed:
    """How the rows of a delivery came out; the three add up to the rows received."""

    accepted: int
    quarantined: int
    duplicates: int


@dataclass(frozen=True)
class Judged:
    """The rows of a delivery by what becomes of them, as their tables have them; `erasing` for `erasing.order`."""

    counts: Conformed
    statements: DataFrame | pa.Table
    rejected: DataFrame | pa.Table
    erasing: DataFrame


def conformed(delivery: Delivery) -> Conformed | None:
    """Return how the delivery's rows came out; None when it is not conformed yet."""
    path = delivery.folder / CONFORMED
    return Conformed(**json.loads(path.read_bytes())) if path.exists() else None


def conform(
    lake: Lake,
    rows: DataFrame | None,
    delivery: Delivery,
    resource: Resource,
    declarations: Declarations,
    on: date,
    staging: Path,
) -> Conformed:
    """Write the delivery's rows to silver or quarantine, once, and note the counts beside the kept files.

    Args:
        rows: the delivery's, as `bronze.rows_of` returns them; None: the lake's own bronze has them.
        on: the legal day of receipt, for values that may not lie after it.
        staging: folder that the typed rows of a large delivery are written to meanwhile.

    Raises:
        CountsDiffer: the counts do not add up.
    """
    table = declarations.tables[resource.table]
    lake.create(names.silver(table.name), silver_schema(table), silver_design(table))
    shaping.widen(lake, names.silver(table.name), silver_schema(table))
    lake.create(names.quarantine(resource.id), QUARANTINE, quarantine_design(resource))
    plan = typed.plan(resource, declarations, delivery.manifest.last_day, on)
    landed = bronze.landed(delivery)
    if landed is not None and landed.rows <= FEW:
        judging = _few(lake, rows, plan, delivery)
    else:
        all_rows = bronze.rows_of(lake, delivery, resource) if rows is None else rows
        judging = _many(lake, all_rows, plan, delivery, staging)
    with judging as judged:
        if judged.counts.quarantined:
            lake.append(names.quarantine(resource.id), judged.rejected, f"quarantine:{delivery.id}")
        if judged.counts.accepted:
            erasing.order(lake, judged.erasing, resource, table, delivery)
            lake.append(names.silver(table.name), judged.statements, f"silver:{delivery.id}")
        found = _count(lake, judged.counts, delivery, resource, table)
    write_whole(delivery.folder / CONFORMED, json.dumps(asdict(found), sort_keys=True).encode())
    return found


def typed_rows(rows: DataFrame, plan: Plan) -> DataFrame:
    """Return the typed rows of rows of bronze, made in the engine's tasks."""
    return rows.mapInArrow(partial(typed.in_task, plan=plan), typed.schema(plan.table))


@contextmanager
def _few(lake: Lake, rows: DataFrame | None, plan: Plan, delivery: Delivery) -> Iterator[Judged]:
    """Judge few rows in this process."""
    if rows is None:
        received = lake.fetched(names.bronze(plan.resource.id), delivery.id)
    else:
        with engine(f"read the rows of delivery {delivery.id}"):
            received = rows.toArrow()
    made = typed.rows(received, plan)
    asked = settle.asked(made)
    stated = _stated_of_few(lake, asked.select([*MOMENT]), delivery, plan.table)
    if stated is not None:
        asked = pa.concat_tables([asked, stated])
    verdicts = settle.judged(asked)
    is_accepted, is_rejected = (pc.equal(verdicts["_verdict"], each) for each in (settle.ACCEPTED, settle.QUARANTINED))
    found = settle.problems_of(made, verdicts, settle.conflict(plan.resource, plan.table))
    wrong = received.append_column("_key", made["_key"]).append_column("_problems", found).filter(is_rejected)
    accepted = made.filter(is_accepted)
    yield Judged(
        _counts(Counter(verdicts["_verdict"].to_pylist())),
        _statements_here(accepted.filter(pc.invert(accepted["_erases"])), plan, delivery),
        _rejected_here(wrong, plan.resource),
        framed(lake.spark, accepted.filter(accepted["_erases"]).select(["_key", "_row_no", "_delivery"])),
    )


@contextmanager
def _many(lake: Lake, rows: DataFrame, plan: Plan, delivery: Delivery, staging: Path) -> Iterator[Judged]:
    """Judge many rows in the engine's tasks, which write the typed ones down on the way."""
    folder = staging / "silver" / delivery.id
    try:
        with engine(f"read the rows of delivery {delivery.id}"):
            typed_rows(rows, plan).write.mode("overwrite").parquet(str(folder))
        made = lake.spark.read.parquet(str(folder))
        is_sound = (f.size("_problems") == 0).alias("_is_sound")
        seq = f.lit(None).cast("bigint").alias("_seq")
        asked = made.select("_key", "_valid_from", "_content", seq, "_row_no", is_sound)
        stated = _stated(lake, made.select(*MOMENT), delivery, plan.table)
        every = asked if stated is None else asked.unionAll(stated)
        verdicts = every.repartition("_key").mapInArrow(settle.in_task, VERDICT).persist()
        try:
            with engine(f"judge the rows of delivery {delivery.id}"):
                counted = verdicts.groupBy("_verdict").count().collect()
            counts = _counts(dict(counted))
            others = verdicts.where(f.col("_verdict") != settle.ACCEPTED).select("_row_no")
            if counts.quarantined + counts.duplicates <= MANY:
                others = f.broadcast(others)
            accepted = made.join(others, "_row_no", "left_anti")
            yield Judged(
                counts,
                _statements(accepted.where(~f.col("_erases")), plan, delivery),
                _rejected(rows.join(_wrong(made, verdicts, plan), "_row_no"), plan.resource),
                accepted.where("_erases"),
            )
        finally:
            verdicts.unpersist()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wrong(made: DataFrame, verdicts: DataFrame, plan: Plan) -> DataFrame:
    """Return `_row_no`, `_key` and `_problems` of the rows that are quarantined."""
    rejected = verdicts.where(f.col("_verdict") == settle.QUARANTINED)
    header, reason = settle.conflict(plan.resource, plan.table)
    conflict = f.array(f.struct(f.lit(header).alias("column"), f.lit(reason).alias("reason")))
    told = f.when(f.col("_is_conflict"), conflict).otherwise(f.col("_problems"))
    return made.join(rejected, "_row_no").select("_row_no", "_key", told.alias("_problems"))


def _stated(lake: Lake, moments: DataFrame, delivery: Delivery, table: Table) -> DataFrame | None:
    """Return what released deliveries before this one stated of these records and days, as `settle.STATED` has it."""
    if lake.version(names.silver(table.name)) == ONLY_MADE:
        return None
    every = present.released(lake, lake.read(names.silver(table.name))).where(
        (f.col("_resource") == delivery.manifest.resource) & (f.col("_seq") < delivery.seq)
    )
    asked = moments.where(f.col("_key").isNotNull()).distinct()
    same = every.join(asked, [*MOMENT], "left_semi")
    return same.select(*MOMENT, "_content", "_seq", "_row_no", f.lit(False).alias("_is_sound"))


def _stated_of_few(lake: Lake, moments: pa.Table, delivery: Delivery, table: Table) -> pa.Table | None:
    """Do as `_stated`, of moments in hand; where few statements were made before, without the engine."""
    said = Statements(lake)
    if not said.are_few([table.name]):
        frame = _stated(lake, framed(lake.spark, moments), delivery, table)
        with engine(f"read what was stated before delivery {delivery.id}"):
            return None if frame is None else frame.toArrow().cast(settle.STATED)
    if lake.version(names.silver(table.name)) == ONLY_MADE:
        return None
    keys = moments["_key"].combine_chunks().drop_null().unique()

    def is_theirs(rows: pa.Table) -> pa.Array:
        is_before = pc.and_(
            pc.equal(rows["_resource"], delivery.manifest.resource), pc.less(rows["_seq"], delivery.seq)
        )
        return pc.and_(is_before, pc.is_in(rows["_key"], keys))

    wanted = [*MOMENT, "_content", "_seq", "_row_no"]
    found = said.where(table.name, wanted, ("_resource", "_seq", "_key"), is_theirs)
    found = found.filter(pc.is_in(_as_one(found), _as_one(moments)))
    return found.append_column("_is_sound", columnwise.constant(False, pa.bool_(), len(found))).cast(settle.STATED)


def _as_one(moments: pa.Table) -> pa.Array:
    """Return record and day of each row as one text; null where the record is not known."""
    key, day = (moments[name].combine_chunks() for name in MOMENT)
    return columnwise.join(key, "/", day.cast(pa.string()))


def _own(plan: Plan, delivery: Delivery) -> dict[str, str | int]:
    """Return what all statements of a delivery have in common."""
    resource = plan.resource
    return {
        "_resource": resource.id,
        "_department": resource.department,
        "_delivery": delivery.id,
        "_seq": delivery.seq,
    }


def _statements(rows: DataFrame, plan: Plan, delivery: Delivery) -> DataFrame:
    """Return statements, as silver has them, of typed rows."""
    own = {name: f.lit(value).cast(STATEMENT[name][0]) for name, value in _own(plan, delivery).items()}
    columns = [own[name].alias(name) if name in own else f.col(name) for name in STATEMENT]
    return rows.select(*columns, *(c.name for c in plan.table.columns))


def _statements_here(rows: pa.Table, plan: Plan, delivery: Delivery) -> pa.Table:
    """Do as `_statements`, with rows in hand."""
    own = {name: columnwise.constant(value, to_arrow_type(STATEMENT[name][0]), rows.num_rows)
           for name, value in _own(plan, delivery).items()}  # fmt: skip
    columns = [*STATEMENT, *(c.name for c in plan.table.columns)]
    return pa.table({name: own[name] if name in own else rows[name] for name in columns})


def _rejected(rows: DataFrame, resource: Resource) -> DataFrame:
    """Return rows of the quarantine: rows of bronze, with `_key` and `_problems`."""
    told = _received(resource, rows.columns).items()
    pairs = [item for header, column in told for item in (f.lit(header), f.col(f"`{column}`"))]
    resource_id = f.lit(resource.id).alias("_resource")
    as_received = f.create_map(*pairs).alias("row")
    return rows.select(resource_id, *CARRIED, "_key", f.col("_problems").alias("problems"), as_received)


def _rejected_here(rows: pa.Table, resource: Resource) -> pa.Table:
    """Do as `_rejected`, with rows in hand."""
    told = _received(resource, rows.column_names)
    texts = [rows[column].combine_chunks() for column in told.values()]
    own = {"_resource": columnwise.constant(resource.id, pa.string(), rows.num_rows)}
    own |= {name: rows[name] for name in (*CARRIED, "_key")}
    return pa.table(own | {"problems": rows["_problems"], "row": columnwise.maps([*told], texts, rows.num_rows)})


def _received(resource: Resource, columns: Sequence[str]) -> dict[str, str]:
    """Return by header those of the columns of bronze that hold what was received."""
    return {header: column for header, column in names.columns_of(resource).items() if column in columns}


def _counts(verdicts: Mapping[str, int]) -> Conformed:
    return Conformed(*(verdicts.get(each, 0) for each in (settle.ACCEPTED, settle.QUARANTINED, settle.DUPLICATE)))


def _count(lake: Lake, judged: Conformed, delivery: Delivery, resource: Resource, table: Table) -> Conformed:
    """Count duplicates as judged, the others in the lake itself, and hold the sum against the rows received.

    What was erased since counts as what it was.
    """
    places = {settle.ACCEPTED: names.silver(table.name), settle.QUARANTINED: names.quarantine(resource.id)}
    counts = Counter({v: lake.fetched(place, delivery.id, ["_row_no"]).num_rows for v, place in places.items()})
    missing = erasing.missing(lake)
    if missing is not None:
        gone = missing.where(f.col("_delivery") == delivery.id).groupBy("verdict").count()
        with engine(f"count the rows of delivery {delivery.id}"):
            counts.update(dict(gone.collect()))
    duplicates = judged.duplicates + counts.get(settle.DUPLICATE, 0)
    found = Conformed(counts.get(settle.ACCEPTED, 0), counts.get(settle.QUARANTINED, 0), duplicates)
    landed = bronze.landed(delivery)
    received = landed.rows if landed is not None else -1
    total = found.accepted + found.quarantined + found.duplicates
    if total != received:
        raise CountsDiffer(delivery.id, received, total)
    return found


def silver_schema(table: Table) -> StructType:
    """Return silver's columns: who stated it when, then the table's own."""
    fields = [
        types.field(name, spark_type, comment, name != "_warnings") for name, (spark_type, comment) in STATEMENT.items()
    ]
    fields += [
        types.field(c.name, types.spark_type(c.type, c.precision, c.scale), f"{c.label}: {c.about}", False)
        for c in table.columns
    ]
    return StructType(fields)


def quarantine_design(resource: Resource) -> TableDesign:
    """Return how the table of a resource's rejected rows is laid out."""
    return TableDesign(f"rejected rows of {resource.id}", {})


def silver_design(table: Table) -> TableDesign:
    """Return how silver is laid out: what is required is there, but in a withdrawal, which needs its key."""
    required = {f"{c.name}_is_there": f"_withdrawn OR `{c.name}` IS NOT NULL" for c in table.columns if c.required}
    keys = {f"key_{name}_is_there": f"`{name}` IS NOT NULL" for name in table.key}
    return TableDesign(f"{table.label}: {table.grain}; a row is one statement, append only", required | keys)


QUARANTINE = StructType(
    [
        types.field("_resource", types.STRING, "resource the row was delivered for", True),
        types.field("_delivery", types.STRING, "delivery that brought it", True),
        types.field("_row_no", types.LONG, "row of the delivery", True),
        types.field("_row_hash", types.STRING, "RFC 6962 leaf hash of the row's bytes, hex", True),
        types.field("_recorded_at", types.INSTANT, "instant we learnt it, UTC", True),
        types.field("_key", types.STRING, "SHA-256 of the record's key values, hex; null when unreadable", False),
        types.field("problems", types.PROBLEMS, "the department's header and the reason code", True),
        types.field("row", MapType(types.STRING, types.STRING), "the row as received, by header", True),
    ]
)
