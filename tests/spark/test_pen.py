"""Files that we write ourselves are to the engine, and to every reader, what its own are."""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession
from pyspark.sql.types import (
    ArrayType,
    DateType,
    DecimalType,
    LongType,
    MapType,
    StringType,
    StructField,
    StructType,
    TimestampType,
)

from pipelines import commit_check, peek, pen, releases
from pipelines.errors import EngineFailed, LakeDamaged
from pipelines.lake import Lake, engine, literal_table
from pipelines.rewriting import Revision
from pipelines.table_design import CHANGE_FEED, ROW_TRACKING, TableDesign

AT = datetime(2026, 11, 1, 8, 0, 0, 123456, tzinfo=UTC)
DETAIL = StructType([StructField("said", StringType()), StructField("by", MapType(StringType(), StringType()))])
SCHEMA = StructType(
    [
        StructField("_key", StringType(), False),
        StructField("_recorded_at", TimestampType()),
        StructField("_valid_from", DateType()),
        StructField("_row_no", LongType()),
        StructField("share", DecimalType(10, 4)),
        StructField("details", ArrayType(DETAIL)),
    ]
)
DESIGN = TableDesign("rows", {"key_is_short": "length(_key) = 2", "from_one": "_row_no >= 1"}, ("_key",), CHANGE_FEED)
TABLE = "gold/rows"


class ByTheEngine(Lake):
    """A lake as over Spark Connect: the engine writes every file."""

    def layout(self, name: str, columns: Sequence[str]) -> pen.Design | None:  # noqa: ARG002
        return None


def rows(*told: tuple[str, int]) -> pa.Table:
    """Return rows by key and number, with a value of each kind."""
    made = [
        (key, AT + timedelta(days=n), AT.date() + timedelta(days=n), n, Decimal(n) / 4, [{"said": "甲", "by": [("k", None)]}])
        for key, n in told
    ]  # fmt: skip
    return literal_table(made, SCHEMA)


@pytest.fixture
def lakes(spark: SparkSession, tmp_path: Path) -> tuple[Lake, Lake]:
    """Two lakes of the same table: the one of our own files, and the one of the engine's."""
    ours, theirs = Lake(spark, str(tmp_path / "ours")), ByTheEngine(spark, str(tmp_path / "theirs"))
    for lake in (ours, theirs):
        lake.create(TABLE, SCHEMA, DESIGN)
    return ours, theirs


def content(lake: Lake) -> list[str]:
    return sorted(map(str, lake.read(TABLE).collect()))


def changes(lake: Lake, since: int) -> list[str]:
    feed = lake.spark.read.format("delta").option("readChangeFeed", "true").option("startingVersion", since)
    return sorted(map(str, feed.load(lake.path(TABLE)).drop("_commit_timestamp").collect()))


def figures(lake: Lake) -> dict[str, object]:
    """Return what the newest commit says of the file that it adds."""
    newest = commit_check.newest(lake.root, TABLE)
    lines = Path(lake.path(TABLE), "_delta_log", f"{newest:020}.json").read_text("utf-8").splitlines()
    (added,) = (json.loads(line)["add"] for line in lines if line.startswith('{"add"'))
    return dict(json.loads(added["stats"]))


def test_rows_come_once_and_are_read_as_the_engine_s_own(lakes: tuple[Lake, Lake]) -> None:
    ours, theirs = lakes
    for lake in lakes:
        lake.append(TABLE, rows(("aa", 1), ("bb", 2)), "first")
        lake.append(TABLE, rows(("cc", 3)), "first")
        lake.add(TABLE, rows(("dd", 4)), {"made_from": 7})
    assert content(ours) == content(theirs)
    assert changes(ours, 1) == changes(theirs, 1)
    assert ours.note(TABLE, "made_from") == theirs.note(TABLE, "made_from") == 7
    assert ours.read(TABLE).where("_key = 'dd'").count() == 1
    found = peek.rows(Path(ours.root), TABLE, SCHEMA.names)
    assert found is not None
    assert sorted(found["_row_no"].to_pylist()) == [1, 2, 4]
    commit_check.check(ours.root, TABLE)
    assert len(list(Path(ours.path(TABLE)).glob("*.parquet"))) == 2  # nothing is left of what was not to come again


def test_the_log_keeps_the_figures_that_the_engine_keeps(lakes: tuple[Lake, Lake]) -> None:
    for lake in lakes:
        lake.append(TABLE, rows(("aa", 1), ("bb", 2)), "first")
    ours, theirs = map(figures, lakes)
    at = ours["maxValues"], theirs["maxValues"]
    assert isinstance(at[0], dict)
    assert isinstance(at[1], dict)
    assert at[0].pop("_recorded_at") >= at[1].pop("_recorded_at")  # by the millisecond, and never below
    assert ours == theirs


def test_nobody_else_may_read_a_file_and_one_that_is_altered_is_not_read(lakes: tuple[Lake, Lake]) -> None:
    ours, _ = lakes
    ours.append(TABLE, rows(("aa", 1)), "first")
    (file,) = Path(ours.path(TABLE)).glob("*.parquet")
    assert file.stat().st_mode & 0o077 == 0
    altered = bytearray(file.read_bytes())
    altered[len(altered) // 2] ^= 1
    file.write_bytes(altered)
    with pytest.raises(LakeDamaged, match="gold/rows"), engine("read it"):
        ours.read(TABLE).collect()
    with pytest.raises(LakeDamaged, match="gold/rows"):
        ours.revise(TABLE, Revision("_key", rows(("aa", 2)), pa.array([], pa.string())), {})


def test_rows_that_hurt_a_constraint_are_refused_by_the_engine(lakes: tuple[Lake, Lake]) -> None:
    for lake in lakes:
        with pytest.raises(EngineFailed):
            lake.append(TABLE, rows(("too long", 1)), "first")
        with pytest.raises(EngineFailed):
            lake.append(TABLE, rows(("aa", 0)), "first")
        assert content(lake) == []
    ours, _ = lakes
    with pytest.raises(EngineFailed):
        ours.revise(TABLE, Revision("_key", rows(("aa", 0)), pa.array([], pa.string())), {})
    assert content(ours) == []


@pytest.mark.parametrize(
    ("constraints", "is_ours"), [({}, True), ({"odd": "_row_no % 2 = 1"}, False), ({"key": "`_key` IS NOT NULL"}, True)]
)
def test_a_table_that_asks_for_what_we_do_not_know_is_left_to_the_engine(
    spark: SparkSession, lake: Lake, constraints: dict[str, str], is_ours: bool
) -> None:
    lake.create(TABLE, SCHEMA, TableDesign("rows", constraints, properties=ROW_TRACKING))
    assert (lake.layout(TABLE, SCHEMA.names) is not None) == is_ours
    assert lake.layout(TABLE, ["another"]) is None
    lake.append(TABLE, rows(("aa", 1)), "first")
    lake.append(TABLE, rows(("bb", 3)), "second")
    assert releases.added(lake, TABLE, 1, 2).select("_key").collect() == [("bb",)]


def test_of_those_who_append_at_once_none_is_lost_and_none_comes_twice(lakes: tuple[Lake, Lake]) -> None:
    ours, _ = lakes

    def append(number: int) -> None:
        ours.append(TABLE, rows((f"{number % 6:02}", number + 1)), f"once-{number % 6}")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(append, range(12)))
    assert sorted(row["_key"] for row in ours.read(TABLE).collect()) == [f"{n:02}" for n in range(6)]


def test_what_changed_is_told_as_a_merge_tells_it(lakes: tuple[Lake, Lake]) -> None:
    ours, theirs = lakes
    for lake in lakes:
        lake.append(TABLE, rows(("aa", 1), ("bb", 2), ("cc", 3)), "first")
        lake.append(TABLE, rows(("dd", 4)), "second")
    gone = pa.array(["bb", "zz"])
    assert ours.revise(TABLE, Revision("_key", rows(("aa", 9), ("ee", 5)), gone), {"made_from": 1})
    assert not theirs.revise(TABLE, Revision("_key", rows(("aa", 9), ("ee", 5)), gone), {"made_from": 1})
    merged = pa.concat_tables([rows(("aa", 9), ("ee", 5)), pa.table({"_key": ["bb"]})], promote_options="default")
    clauses = (
        "WHEN MATCHED AND s._row_no IS NULL THEN DELETE WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *"
    )
    theirs.merge(TABLE, theirs.spark.createDataFrame(merged), "t._key = s._key", clauses, {"made_from": 1})
    assert content(ours) == content(theirs)
    assert changes(ours, 1) == changes(theirs, 1)
    assert ours.note(TABLE, "made_from") == 1
    commit_check.check(ours.root, TABLE)
    ours.compact(TABLE)
    assert content(ours) == content(theirs)


def test_a_revision_that_others_overtook_is_made_anew_of_what_is_there(spark: SparkSession, tmp_path: Path) -> None:
    plain = Lake(spark, str(tmp_path))
    plain.create(TABLE, SCHEMA, DESIGN)
    plain.append(TABLE, rows(("aa", 1)), "first")
    design = plain.layout(TABLE, SCHEMA.names)
    assert design is not None
    plain.append(TABLE, rows(("bb", 2)), "second")
    with pytest.raises(EngineFailed, match=pen.OVERTAKEN):
        pen.commit(spark, design.folder, pen.Change([]), read=design.version)
    assert plain.revise(TABLE, Revision("_key", rows(("bb", 7)), pa.array(["aa"])), {})
    assert [(row["_key"], row["_row_no"]) for row in plain.read(TABLE).collect()] == [("bb", 7)]


keys = st.sampled_from(["aa", "bb", "cc", "dd"])


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.dictionaries(keys, st.integers(1, 9), max_size=3), st.sets(keys, max_size=2)), max_size=3))
def test_revisions_one_after_another_leave_what_a_mapping_would(
    spark: SparkSession, tmp_path_factory: pytest.TempPathFactory, told: list[tuple[dict[str, int], set[str]]]
) -> None:
    lake = Lake(spark, str(tmp_path_factory.mktemp("revised")))
    lake.create(TABLE, SCHEMA, TableDesign("rows", {}, properties=CHANGE_FEED))
    known: dict[str, int] = {}
    for made, gone in told:
        taken = gone - made.keys()
        lake.revise(TABLE, Revision("_key", rows(*made.items()), pa.array(sorted(taken), pa.string())), {})
        known = {key: n for key, n in (known | made).items() if key not in taken}
        held = peek.rows(Path(lake.root), TABLE, ["_key", "_row_no"])
        assert held is not None
        assert dict(zip(*(column.to_pylist() for column in held.columns), strict=True)) == known
    assert {row["_key"]: row["_row_no"] for row in lake.read(TABLE).collect()} == known
