"""Bronze to silver and quarantine: the rows of one delivery, typed as the resource declares.

`typed` is the pure part. `conform` writes: what is quarantined first, what is accepted last,
so that a delivery whose rows are in silver is done, wherever a run was killed.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from datetime import date
from functools import reduce
from pathlib import Path

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as f
from pyspark.sql.types import MapType, StructType

from inbox.deliveries import Delivery
from onefile.files import write_whole
from pipelines import bronze, choosing, erasing, names, present, reading, settle, shaping, types, values
from pipelines.errors import PipelineError
from pipelines.lake import Lake, TableDesign, engine
from schemas.model import Column as Declared
from schemas.model import ColumnMapping, Declarations, Resource, Table

CONFORMED = "conformed.json"
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


def conformed(delivery: Delivery) -> Conformed | None:
    """Return how the delivery's rows came out; None when it is not conformed yet."""
    path = delivery.folder / CONFORMED
    return Conformed(**json.loads(path.read_bytes())) if path.exists() else None


def conform(
    lake: Lake,
    rows: DataFrame,
    delivery: Delivery,
    resource: Resource,
    declarations: Declarations,
    on: date,
    staging: Path,
) -> Conformed:
    """Write the delivery's rows to silver or quarantine, once, and note the counts beside the kept files.

    Args:
        rows: the delivery's, as `bronze.rows_of` returns them.
        on: the legal day of receipt, for values that may not lie after it.
        staging: folder that the typed rows are written to meanwhile, so that what follows plans
            over plain columns: the plan that reads them is far larger than the rows.

    Raises:
        CountsDiffer: the counts do not add up.
    """
    table = declarations.tables[resource.table]
    lake.create(names.silver(table.name), silver_schema(table), silver_design(table))
    shaping.widen(lake, names.silver(table.name), silver_schema(table))
    lake.create(names.quarantine(resource.id), QUARANTINE, quarantine_design(resource))
    read = typed(rows, resource, declarations, delivery.manifest.last_day, on)
    folder = staging / "silver" / delivery.id
    identified = _staged(lake, settle.identified(read, table), folder, delivery)
    judged = settle.settled(identified, _stated(lake, identified, delivery, table), resource, table).persist()
    try:
        verdicts = _verdicts(judged, delivery)
        if verdicts.quarantined:
            rejected = _rejected(judged.where(f.col("_verdict") == settle.QUARANTINED), resource)
            lake.append(names.quarantine(resource.id), rejected, f"quarantine:{delivery.id}")
        if verdicts.accepted:
            accepted = judged.where(f.col("_verdict") == settle.ACCEPTED)
            erasing.order(lake, accepted, resource, table, delivery)
            stated = _statements(accepted.where(~f.col("_erases")), resource, delivery, table)
            lake.append(names.silver(table.name), stated, f"silver:{delivery.id}")
        found = _count(lake, verdicts, delivery, resource, table)
    finally:
        judged.unpersist()
        shutil.rmtree(folder, ignore_errors=True)
    write_whole(delivery.folder / CONFORMED, json.dumps(asdict(found), sort_keys=True).encode())
    return found


def _staged(lake: Lake, rows: DataFrame, folder: Path, delivery: Delivery) -> DataFrame:
    with engine(f"read the rows of delivery {delivery.id}"):
        rows.write.mode("overwrite").parquet(str(folder))
    return lake.spark.read.parquet(str(folder))


def typed(
    rows: DataFrame, resource: Resource, declarations: Declarations, period_day: date, received_on: date
) -> DataFrame:
    """Turn bronze rows of one delivery into typed rows of the resource's table.

    Args:
        rows: bronze: every column a string, with `_row_no`, `_row_hash`, `_recorded_at`.
        period_day: the delivery's last day: since when a row is true, where the table has no
            column that says it.
        received_on: the legal day of receipt.

    Returns:
        One row per row, the table's columns typed, null where unreadable; `_problems` and
        `_warnings` (arrays of header and reason), `_withdrawn`, `_erases` (such a row is a withdrawal, too),
        `_valid_from`, `_row` (the row as received, by header).
    """
    table = declarations.tables[resource.table]
    called = bronze.columns(resource)
    known = rows.columns
    mappings = {m.column: m for m in resource.columns}
    read_as = choosing.coded(resource, table)
    unlisted = dict(choosing.unlisted(resource, called, read_as))
    marks = {f"_unlisted_{place}": reason for place, reason in enumerate(unlisted.values())}
    erases = choosing.erasing(resource, called)
    withdrawn = erases | choosing.withdrawn(resource, called)
    marked = rows.withColumns({"_withdrawn": withdrawn, "_erases": erases, **marks})
    sources = [values.Source(table.column(m.column), choosing.text(m, called, read_as), m) for m in resource.columns]
    read = values.read(marked, sources, resource.empty, declarations.codes, received_on)
    read = _meant(read, resource, table, read_as, declarations)
    valued = read.select(
        "_delivery",
        "_row_no",
        "_row_hash",
        "_recorded_at",
        "_withdrawn",
        "_erases",
        *(_value(mappings, column).alias(column.name) for column in table.columns),
        *(f"_why_{name}" for name in mappings),
        *marks,
        _warnings(mappings).alias("_warnings"),
        _as_received(called, known).alias("_row"),
    )
    reasons = {name: f.col(f"_why_{name}") for name in mappings}
    for name, late in reading.cross(table, received_on).items():
        reasons[name] = f.coalesce(reasons[name], late) if name in reasons else late
    found = [
        (_header(mappings, name), reason if name in table.key else f.when(~f.col("_withdrawn"), reason))
        for name, reason in reasons.items()
    ]
    found += [(header, f.col(mark)) for header, mark in zip(unlisted, marks, strict=True)]
    valid_from = f.lit(period_day)
    if table.observed is not None:
        valid_from = f.coalesce(f.col(table.observed), valid_from)
    return (
        valued.withColumn("_problems", settle.problems(found))
        .withColumn("_valid_from", valid_from)
        .drop(*(f"_why_{name}" for name in mappings), *marks)
    )


def _meant(
    read: DataFrame, resource: Resource, table: Table, read_as: dict[str, str], declarations: Declarations
) -> DataFrame:
    """Empty, with its reason, what was read in rows whose code says that the column is not meant."""
    chosen = [m for m in resource.columns if read_as.keys() & m.when.keys()]
    if not chosen:
        return read
    made = {}
    for mapping in chosen:
        is_meant = choosing.is_meant(mapping, table, read_as, declarations.codes)
        for kind in ("_value_", "_why_", "_warning_"):
            made[f"{kind}{mapping.column}"] = f.when(is_meant, f.col(f"{kind}{mapping.column}"))
    return read.withColumns(made)


def _value(mappings: dict[str, ColumnMapping], column: Declared) -> Column:
    value = f.col(f"_value_{column.name}") if column.name in mappings else f.lit(None)
    return value.cast(types.spark_type(column.type, column.precision, column.scale))


def _warnings(mappings: dict[str, ColumnMapping]) -> Column:
    return settle.problems([(_header(mappings, name), f.col(f"_warning_{name}")) for name in mappings])


def _header(mappings: dict[str, ColumnMapping], name: str) -> str:
    """Return the department's own word for a column."""
    mapping = mappings.get(name)
    return name if mapping is None or mapping.source is None else mapping.source


def _as_received(called: dict[str, str], known: list[str]) -> Column:
    pairs = [
        item for header, column in called.items() if column in known for item in (f.lit(header), f.col(f"`{column}`"))
    ]
    return f.create_map(*pairs)


def _stated(lake: Lake, rows: DataFrame, delivery: Delivery, table: Table) -> DataFrame:
    """Return what released deliveries before this one stated last of the same records and days."""
    every = present.released(lake, lake.read(names.silver(table.name))).where(
        (f.col("_resource") == delivery.manifest.resource) & (f.col("_seq") < delivery.seq)
    )
    asked = rows.where(f.col("_key").isNotNull()).select("_key", "_valid_from").distinct()
    same = every.join(asked, ["_key", "_valid_from"], "left_semi")
    return same.groupBy("_key", "_valid_from").agg(f.max_by("_content", f.struct("_seq", "_row_no")).alias("_content"))


def _statements(rows: DataFrame, resource: Resource, delivery: Delivery, table: Table) -> DataFrame:
    own = {
        "_resource": f.lit(resource.id),
        "_department": f.lit(resource.department),
        "_delivery": f.lit(delivery.id),
        "_seq": f.lit(delivery.seq).cast("bigint"),
    }
    columns = [own[name].alias(name) if name in own else f.col(name) for name in STATEMENT]
    return rows.select(*columns, *(c.name for c in table.columns))


def _rejected(rows: DataFrame, resource: Resource) -> DataFrame:
    return rows.select(
        f.lit(resource.id).alias("_resource"),
        "_delivery",
        "_row_no",
        "_row_hash",
        "_recorded_at",
        "_key",
        f.col("_problems").alias("problems"),
        f.col("_row").alias("row"),
    )


def _verdicts(judged: DataFrame, delivery: Delivery) -> Conformed:
    """Count the rows of each verdict."""
    with engine(f"judge the rows of delivery {delivery.id}"):
        counts: dict[str, int] = dict(judged.groupBy("_verdict").count().collect())
    return Conformed(*(counts.get(verdict, 0) for verdict in (settle.ACCEPTED, settle.QUARANTINED, settle.DUPLICATE)))


def _count(lake: Lake, judged: Conformed, delivery: Delivery, resource: Resource, table: Table) -> Conformed:
    """Count duplicates as judged, the others in the lake itself, and hold the sum against the rows received.

    What was erased since counts as what it was.
    """
    places = {settle.ACCEPTED: names.silver(table.name), settle.QUARANTINED: names.quarantine(resource.id)}
    held = [
        lake.read(place).where(f.col("_delivery") == delivery.id).select(f.lit(verdict).alias("verdict"))
        for verdict, place in places.items()
    ]
    missing = erasing.missing(lake)
    if missing is not None:
        held.append(missing.where(f.col("_delivery") == delivery.id).select("verdict"))
    rows = reduce(DataFrame.unionByName, held)
    with engine(f"count the rows of delivery {delivery.id}"):
        counts: dict[str, int] = dict(rows.groupBy("verdict").count().collect())
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
