"""Bronze: a delivery as received, every column a string, appended once.

The rows go from the kept files into the table's own file, a batch at a time (where the engine has to write it: to
Parquet in the staging folder, and from there into Delta); the Merkle root of the rows' own bytes is taken on the way.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyspark.sql import DataFrame
from pyspark.sql import functions as f
from pyspark.sql.types import LongType, StringType, StructField, StructType, TimestampType

from inbox.deliveries import Delivery
from inbox.erased import Seal
from licence_vault.log import Tree
from onefile.files import write_whole
from pipelines import names
from pipelines.columnwise import constant
from pipelines.lake import Lake
from pipelines.table_design import TableDesign
from schemas.model import Resource

LANDED = "landed.json"


@dataclass(frozen=True)
class Landed:
    """What landing found: `rows` records, and the RFC 6962 root over their bytes (hex)."""

    rows: int
    rows_root: str


def land(lake: Lake, delivery: Delivery, resource: Resource, staging: Path, unseal: Callable[[], Seal]) -> Landed:
    """Append the delivery's rows to bronze, once, and note what was landed beside the kept files.

    Rows that were erased by law stand in the root, and in the count, and nowhere else.
    """
    name, once = names.bronze(resource.id), f"land:{delivery.id}"
    lake.create(name, schema(resource), _design(resource))
    reading = _Reading(delivery, resource, unseal)
    if not lake.append_parts(name, reading.parts(), schema(resource).names, once):
        folder = staging / "bronze" / delivery.id
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700, parents=True)
        try:
            _stage(reading.parts(), folder / "rows.parquet")
            if reading.rows > len(delivery.erased.rows):
                lake.append(name, lake.spark.read.parquet(str(folder)), once)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    found = Landed(reading.rows, reading.tree.root().hex())
    write_whole(delivery.folder / LANDED, json.dumps(asdict(found), sort_keys=True).encode())
    return found


def landed(delivery: Delivery) -> Landed | None:
    """Return what landing noted of the delivery; None when it has not landed."""
    path = delivery.folder / LANDED
    return Landed(**json.loads(path.read_bytes())) if path.exists() else None


def rows_of(lake: Lake, delivery: Delivery, resource: Resource) -> DataFrame:
    """Return the delivery's rows as bronze holds them; a header that was declared since is empty."""
    rows = lake.read(names.bronze(resource.id)).where(f.col("_delivery") == delivery.id)
    return with_all_columns(rows, resource)


def with_all_columns(rows: DataFrame, resource: Resource) -> DataFrame:
    """Add to rows of bronze the columns of headers that were declared after the last delivery landed."""
    missing = sorted(set(columns(resource).values()) - set(rows.columns))
    # Not `withColumns`: over Spark Connect it takes no empty mapping.
    return rows.select("*", *(f.lit(None).cast("string").alias(name) for name in missing))


def schema(resource: Resource) -> StructType:
    """Return bronze's columns: where a row came from, then the department's headers as strings."""
    own = [
        StructField("_delivery", StringType(), False, {"comment": "delivery that brought the row"}),
        StructField("_row_no", LongType(), False, {"comment": "place of the row in the delivery, from 1"}),
        StructField("_row_hash", StringType(), False, {"comment": "RFC 6962 leaf hash of the row's bytes, hex"}),
        StructField("_recorded_at", TimestampType(), False, {"comment": "instant of receipt, UTC"}),
    ]
    as_delivered = [
        StructField(column, StringType(), True, {"comment": f"as delivered under {header}"})
        for header, column in columns(resource).items()
    ]
    return StructType(own + as_delivered)


def columns(resource: Resource) -> dict[str, str]:
    """Return for each header that a delivery may have the bronze column that holds it."""
    return names.columns_of(resource)


def _design(resource: Resource) -> TableDesign:
    return TableDesign(
        about=f"{resource.id} as received; append only",
        constraints={"row_no_from_one": "_row_no >= 1", "row_hash_is_sha256": "length(_row_hash) = 64"},
    )


class _Reading:
    """Reads the kept files of a delivery, and takes the root of the rows' own bytes on the way."""

    def __init__(self, delivery: Delivery, resource: Resource, unseal: Callable[[], Seal]) -> None:
        self.rows, self.tree = 0, Tree()
        self._delivery, self._resource, self._unseal = delivery, resource, unseal

    def parts(self) -> Iterator[pa.Table]:
        """Yield the rows, a batch at a time, as bronze has them; from the first one on, however often it is called."""
        self.rows, self.tree = 0, Tree()
        called, delivery = columns(self._resource), self._delivery
        gone = pa.array(sorted(delivery.erased.rows), pa.int64())
        for batch in delivery.rows(self._resource):
            hashes = delivery.leaves(batch, self._unseal)
            for leaf in hashes:
                self.tree.append(leaf)
            count = len(hashes)
            self.rows += count
            data = {
                "_delivery": constant(delivery.id, pa.string(), count),
                "_row_no": pa.array(range(batch.first_row, batch.first_row + count), pa.int64()),
                "_row_hash": pa.array([leaf.hex() for leaf in hashes], pa.string()),
                "_recorded_at": constant(delivery.received_at, pa.timestamp("us", "UTC"), count),
            }
            for header, values in zip(batch.header, batch.columns(), strict=True):
                data[called[header]] = pa.array(values, pa.string())
            table = pa.table(data)
            yield table.filter(pc.invert(pc.is_in(table["_row_no"], gone))) if len(gone) else table


def _stage(parts: Iterator[pa.Table], path: Path) -> None:
    """Write parts to one Parquet file."""
    writer = None
    try:
        for table in parts:
            if writer is None:
                writer = pq.ParquetWriter(path, table.schema)
            writer.write_table(table)
    finally:
        if writer is not None:
            writer.close()
