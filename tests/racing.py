"""Spark and delta-rs write to one table of a lake in a store at once: `python -m tests.racing` prints what came of it.

A process of its own, for an engine has the lake's log store from its start.
"""

from __future__ import annotations

import json
import threading

import pyarrow as pa
from deltalake import write_deltalake
from pyspark.sql import SparkSession
from pyspark.sql import functions as f

from onefile import settings
from pipelines import store_engine
from pipelines.errors import LakeStoreUnfit
from pipelines.lake import Lake, TableDesign
from pipelines.store import Store
from pipelines.workshop import Workshop

TABLE, TIMES = "silver/raced", 12


def by_delta_rs(store: Store) -> None:
    for number in range(TIMES):
        row = pa.table({"writer": ["delta-rs"], "number": pa.array([number], pa.int64())})
        place = f"s3://{store.bucket}/{store.prefix}/{TABLE}"
        write_deltalake(place, row, mode="append", storage_options=store.options())


def by_spark(lake: Lake) -> None:
    for number in range(TIMES):
        row = lake.spark.range(1).select(f.lit("spark").alias("writer"), f.lit(number).cast("long").alias("number"))
        lake.add(TABLE, row, {"number": number})


def refused(spark: SparkSession) -> str:
    """Return the error by which an engine with Delta's own log store is refused; empty where it is not."""
    spark.conf.set(store_engine.NAMED, "io.delta.storage.S3SingleDriverLogStore")
    try:
        store_engine.require(spark)
    except LakeStoreUnfit as error:
        return type(error).__name__
    finally:
        spark.conf.set(store_engine.NAMED, store_engine.LOG_STORE)
    return ""


def main() -> None:
    shop = Workshop(settings.read())
    lake, store = shop.lake, shop.place
    if not isinstance(store, Store):
        raise SystemExit("ONEFILE_LAKE names no store")
    rows = lake.spark.createDataFrame([], "writer string, number long")
    lake.create(TABLE, rows.schema, TableDesign("rows of a race", {}))
    other = threading.Thread(target=by_delta_rs, args=(store,))
    other.start()
    by_spark(lake)
    other.join()
    found = sorted([row["writer"], row["number"]] for row in lake.read(TABLE).collect())
    told = {"rows": found, "version": lake.version(TABLE), "refused": refused(lake.spark),
            "has_secret": store.key()[1] in str(lake.spark.sparkContext.getConf().getAll())}  # fmt: skip
    print(json.dumps(told))  # noqa: T201 - the answer
    lake.spark.stop()


if __name__ == "__main__":
    main()
