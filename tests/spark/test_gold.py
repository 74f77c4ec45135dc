"""What a day changes goes into gold without moving the files of whom nothing happened to."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

from bench.measuring import counted
from pipelines import gold, names, touching
from pipelines.lake import Lake
from pipelines.table_design import CHANGE_FEED, TableDesign

TABLE = names.gold("person")
PEOPLE = 200


@pytest.fixture
def never_by_size(spark: SparkSession) -> Iterator[None]:
    """Let the engine hand rows to every task only where it is told to, as with many and wide ones."""
    spark.conf.set("spark.sql.autoBroadcastJoinThreshold", "-1")
    yield
    spark.conf.unset("spark.sql.autoBroadcastJoinThreshold")


def files(lake: Lake, numbers: range, name: str) -> DataFrame:
    rows = lake.spark.range(numbers.start, numbers.stop).select(
        f.format_string("p-%04d", "id").alias("subject_id"), f.lit(name).alias("name")
    )
    return rows.withColumn("_digest", f.sha2(f.to_json(f.struct("*")), 256))


def test_a_day_with_few_changed_files_shuffles_few_rows(spark, lake: Lake, never_by_size) -> None:
    every = files(lake, range(PEOPLE), "甲")
    lake.create(TABLE, every.schema, TableDesign("files", {}, ("subject_id",), CHANGE_FEED))
    lake.append(TABLE, every, "first")
    changed = files(lake, range(3), "乙")
    gone = spark.createDataFrame([("p-0003",)], "subject_id string")
    known = changed.unionByName(gone, allowMissingColumns=True)
    known = spark.createDataFrame(known.toArrow(), known.schema)
    new = files(lake, range(PEOPLE, PEOPLE + 1), "丙")
    before = counted(spark)
    gold.bring(lake, TABLE, f.broadcast(known), new, {"release": 1})
    assert (counted(spark) - before).rows_shuffled < PEOPLE / 4
    held = {row["subject_id"]: row["name"] for row in lake.read(TABLE).collect()}
    expected = {f"p-{n:04}": "乙" if n < 3 else "甲" for n in range(PEOPLE) if n != 3} | {f"p-{PEOPLE:04}": "丙"}
    assert held == expected
    assert lake.note(TABLE, gold.MADE_FROM) == {"release": 1}


def test_files_are_told_apart_that_are_other_gone_new_or_as_they_were() -> None:
    held = pa.table({"subject_id": ["same", "other", "gone"], "_digest": ["1", "2", "3"]})
    made = pa.table({"subject_id": ["new", "other", "same"], "name": ["丁", "乙", "甲"], "_digest": ["9", "8", "1"]})
    known, new = gold.other_than(held, made)
    assert known.to_pylist() == [
        {"subject_id": "other", "name": "乙", "_digest": "8"},
        {"subject_id": "gone", "name": None, "_digest": None},
    ]
    assert new.to_pylist() == [{"subject_id": "new", "name": "丁", "_digest": "9"}]


def test_where_nothing_is_said_of_subjects_any_more_all_their_files_are_gone() -> None:
    held = pa.table({"subject_id": ["a", "b"], "_digest": ["1", "2"]})
    nothing = pa.schema({"subject_id": pa.string(), "name": pa.string(), "_digest": pa.string()}).empty_table()
    known, new = gold.other_than(held, nothing)
    assert known.to_pylist() == [{"subject_id": each, "name": None, "_digest": None} for each in ("a", "b")]
    assert len(new) == 0


def test_tables_that_deliveries_say_nothing_of_are_not_asked_whom_they_touch(spark: SparkSession) -> None:
    def rows(*told: tuple[str, str, str]) -> DataFrame:
        return spark.createDataFrame(told, "_delivery string, _resource string, _key string")

    stated = {
        "shop": rows(("d1", "r", "k1"), ("d2", "r", "k2"), ("d2", "r", "k2")),
        "penalty": rows(("d1", "s", "k3")),
    }
    found = touching.records_of(stated, ["d2", "d3"])
    assert {table: [tuple(row) for row in records.collect()] for table, records in found.items()} == {
        "shop": [("r", "k2")]
    }
    assert touching.records_of(stated, ["d3"]) == touching.records_of(stated, []) == {}
