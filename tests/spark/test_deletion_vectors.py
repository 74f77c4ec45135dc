"""Rows that we strike out are gone to every reader, and those that the engine strikes out are gone to us."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, QueryBuilder
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from pipelines import commit_check, handover, peek, pen, rewriting, sifting, upkeep
from pipelines.errors import LakeDamaged
from pipelines.lake import Lake, engine
from pipelines.rewriting import Revision
from pipelines.table_design import CHANGE_FEED, STRIKING, TableDesign
from tests.spark.test_pen import DESIGN, SCHEMA, TABLE, ByTheEngine, changes, content, rows

STRUCK = TableDesign("rows", DESIGN.constraints, DESIGN.cluster_by, CHANGE_FEED | STRIKING)
MANY = [(f"{n:02}", n + 1) for n in range(40)]
CLAUSES = "WHEN MATCHED AND s._row_no IS NULL THEN DELETE WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *"


def lake_of(spark: SparkSession, folder: Path, kind: type[Lake] = Lake, design: TableDesign = STRUCK) -> Lake:
    """Return a lake with a table of forty rows in one file."""
    lake = kind(spark, str(folder))
    lake.create(TABLE, SCHEMA, design)
    lake.append(TABLE, rows(*MANY), "first")
    return lake


@pytest.fixture
def ours(spark: SparkSession, tmp_path: Path) -> Lake:
    return lake_of(spark, tmp_path / "ours")


def revise(lake: Lake, made: Iterable[tuple[str, int]], gone: Iterable[str] = ()) -> None:
    """Revise rows, here or, where that is left to the engine, by a merge."""
    told, taken = rows(*made), pa.array(sorted(gone), pa.string())
    if not lake.revise(TABLE, Revision("_key", told, taken), {}):
        merged = pa.concat_tables([told, pa.table({"_key": taken})], promote_options="default")
        lake.merge(TABLE, lake.spark.createDataFrame(merged), "t._key = s._key", CLAUSES, {})


def actions(lake: Lake, kind: str) -> list[dict[str, Any]]:
    """Return what the newest commit adds, or removes."""
    log = Path(lake.path(TABLE), "_delta_log", f"{commit_check.newest(lake.root, TABLE):020}.json")
    told = (json.loads(line) for line in log.read_text("utf-8").splitlines())
    return [each[kind] for each in told if kind in each]


def vectors(lake: Lake) -> list[dict[str, Any]]:
    return [each["deletionVector"] for each in actions(lake, "add") if "deletionVector" in each]


def seen(lake: Lake) -> dict[str, int]:
    """Return what is read without the engine, which every reader of ours has to agree on."""
    found = peek.rows(Path(lake.root), TABLE, ["_key", "_row_no"])
    assert found is not None
    told = dict(zip(*(column.to_pylist() for column in found.columns), strict=True))
    version = commit_check.newest(lake.root, TABLE)
    assert version is not None
    shelf = handover.opened(lake.root, TABLE, version)
    assert shelf is not None, "the engine would be asked"
    handed = [part for named in shelf.files for part in shelf.counting(named, ["_key", "_row_no"], 7)]
    assert sorted(
        zip(*(pa.Table.from_batches(handed)[n].to_pylist() for n in ("_key", "_row_no")), strict=True)
    ) == sorted(told.items())
    assert found.num_rows == len(told)
    sieve = sifting.Sieve(("_row_no",), lambda part: pc.is_valid(part["_row_no"]), ("_key", "_row_no"))
    sifted = sifting.sifted(Path(lake.root), TABLE, sieve)
    assert sifted is not None
    assert dict(zip(*(column.to_pylist() for column in sifted.columns), strict=True)) == told
    return told


def data_files(lake: Lake) -> dict[str, int]:
    return {path.name: path.stat().st_size for path in Path(lake.path(TABLE)).glob("*.parquet")}


def test_what_is_revised_is_what_a_merge_makes_and_told_as_a_merge_tells_it(
    spark: SparkSession, tmp_path: Path
) -> None:
    both = [lake_of(spark, tmp_path / kind.__name__, kind) for kind in (Lake, ByTheEngine)]
    for lake in both:
        revise(lake, [("03", 30), ("04", 31), ("zz", 5)], ["07"])
        revise(lake, [("05", 32), ("zz", 6)], ["03"])
    ours, theirs = both
    assert content(ours) == content(theirs)
    assert changes(ours, 1) == changes(theirs, 1)
    assert seen(ours) == seen(theirs) == {row["_key"]: row["_row_no"] for row in ours.read(TABLE).collect()}
    for lake in both:
        commit_check.check(lake.root, TABLE)
        assert QueryBuilder().register("t", DeltaTable(lake.path(TABLE))).execute(
            "SELECT count(*) AS n FROM t"
        ).read_all()["n"].to_pylist() == [39]
    figures = [json.loads(each["stats"]) for each in actions(ours, "add") if "deletionVector" in each]
    assert [(each["numRecords"], each["tightBounds"]) for each in figures] == [(40, False)]


def test_a_file_is_not_written_anew_for_few_rows_and_what_is_struck_out_grows(ours: Lake) -> None:
    (first,) = data_files(ours)
    for number in range(3):
        revise(ours, [(f"{number:02}", 39)], [f"{number + 10:02}"])
        assert first in {each["path"] for each in actions(ours, "add")}
        assert {each["cardinality"] for each in vectors(ours)} >= {2 * number + 2}
        assert [
            each.get("deletionVector", {}).get("cardinality", 0)
            for each in actions(ours, "remove")
            if each["path"] == first
        ] == [2 * number]
    assert len(seen(ours)) == 37
    assert seen(ours)["02"] == 39
    assert sum(pq.read_metadata(Path(ours.path(TABLE), name)).num_rows for name in data_files(ours)) == 43
    sums = json.loads(Path(ours.path(TABLE), "_delta_log", f"{4:020}.crc").read_bytes())
    assert (sums["numFiles"], sums["numDeletedRecordsOpt"], sums["numDeletionVectorsOpt"]) == (4, 6, 1)


def test_a_file_of_which_much_is_struck_out_is_written_anew(ours: Lake) -> None:
    (first,) = data_files(ours)
    revise(ours, [("00", 7)], ["01"])
    revise(ours, [("02", 7)], [f"{n:02}" for n in range(10, 20)])
    assert first not in {each["path"] for each in actions(ours, "add")}
    assert [each["deletionVector"]["cardinality"] for each in actions(ours, "remove") if each["path"] == first] == [2]
    assert vectors(ours) == []
    gone = {"01", *(f"{n:02}" for n in range(10, 20))}
    assert seen(ours) == {key: n for key, n in {**dict(MANY), "00": 7, "02": 7}.items() if key not in gone}
    commit_check.check(ours.root, TABLE)


def test_a_table_made_before_goes_on_as_it_did(spark: SparkSession, tmp_path: Path) -> None:
    lake = lake_of(spark, tmp_path, design=DESIGN)
    revise(lake, [("03", 30)])
    assert vectors(lake) == []
    assert lake.read(TABLE).where("_key = '03'").select("_row_no").collect() == [(30,)]
    assert list(Path(lake.path(TABLE)).glob("*.bin")) == []


def test_who_is_killed_before_the_commit_leaves_nothing_that_is_seen(ours: Lake) -> None:
    design = ours.layout(TABLE, SCHEMA.names)
    assert design is not None
    before = content(ours), seen(ours), data_files(ours)
    change = rewriting.change(
        design, Revision("_key", rows(("03", 30)), pa.array(["04"])), pen.files(ours.spark, design)
    )
    assert change is not None
    assert (content(ours), seen(ours)) == before[:2]
    assert list(Path(ours.path(TABLE)).glob("*.bin"))
    ours.vacuum(TABLE, 0)
    assert list(Path(ours.path(TABLE)).glob("*.bin")) == []
    assert data_files(ours) == before[2]


def test_a_vector_that_is_hurt_is_named_whoever_reads_it(ours: Lake) -> None:
    revise(ours, [("03", 30)], ["04"])
    (vector,) = Path(ours.path(TABLE)).glob("*.bin")
    altered = bytearray(vector.read_bytes())
    altered[-6] ^= 1
    vector.write_bytes(altered)
    with pytest.raises(LakeDamaged, match=vector.name), engine("read it"):
        ours.read(TABLE).collect()
    with pytest.raises(LakeDamaged, match=vector.name):
        ours.looked_at(TABLE, ["_key"])
    with pytest.raises(LakeDamaged, match=vector.name):
        revise(ours, [("05", 30)])
    vector.unlink()
    with pytest.raises(LakeDamaged, match=vector.name):
        ours.looked_at(TABLE, ["_key"])
    with pytest.raises(LakeDamaged, match=vector.name):
        revise(ours, [("05", 30)])


def test_files_of_vectors_that_are_in_use_stay_and_upkeep_leaves_nothing_of_what_was_struck_out(ours: Lake) -> None:
    revise(ours, [("03", 30), ("05", 30)], ["04"])
    before = content(ours)
    ours.vacuum(TABLE, 0)
    assert content(ours) == before
    assert len(list(Path(ours.path(TABLE)).glob("*.bin"))) == 1
    assert any("04" in pq.read_table(path)["_key"].to_pylist() for path in Path(ours.path(TABLE)).glob("*.parquet"))
    (kept,) = upkeep.maintain(ours, keep_hours=0)
    assert kept.is_whole
    assert content(ours) == before
    left = [
        pq.read_table(path).to_pylist()
        for path in Path(ours.path(TABLE)).rglob("part-*.parquet")
        if "_delta_log" not in path.parts
    ]
    told = [(row["_key"], row["_row_no"]) for table in left for row in table]
    assert sorted(told) == sorted(seen(ours).items())
    assert list(Path(ours.path(TABLE)).glob("*.bin")) == []
    assert list(Path(ours.path(TABLE)).rglob("cdc-*.parquet")) == []
    commit_check.check(ours.root, TABLE)


def test_a_commit_of_which_the_vectors_are_cut_off_is_told(ours: Lake) -> None:
    revise(ours, [], ["04"])
    log = Path(ours.path(TABLE), "_delta_log", f"{commit_check.newest(ours.root, TABLE):020}.json")
    lines = log.read_text("utf-8").splitlines()
    log.write_text("\n".join(line for line in lines if not line.startswith(('{"add"', '{"remove"'))) + "\n", "utf-8")
    with pytest.raises(LakeDamaged, match=commit_check.DIFFERS):
        commit_check.check(ours.root, TABLE)


def test_vectors_of_the_engine_are_read_below_folders_and_several_in_a_file(
    spark: SparkSession, tmp_path: Path
) -> None:
    theirs = ByTheEngine(spark, str(tmp_path))
    theirs.create(
        TABLE,
        SCHEMA,
        TableDesign("rows", {}, ("_key",), CHANGE_FEED | STRIKING | {"delta.randomizeFilePrefixes": "true"}),
    )
    theirs.append(TABLE, rows(*MANY), "first")
    theirs.append(TABLE, rows(*((f"a{n}", n + 1) for n in range(10))), "second")
    revise(theirs, [("03", 30), ("a1", 30)], ["04"])
    assert len({(each["pathOrInlineDv"]) for each in vectors(theirs)}) == 1
    assert any(len(each["pathOrInlineDv"]) > 20 for each in vectors(theirs))
    held = {**dict(MANY), **{f"a{n}": n + 1 for n in range(10)}, "03": 30, "a1": 30}
    held.pop("04")
    assert seen(theirs) == held
    ours = Lake(spark, str(tmp_path))
    revise(ours, [("03", 31), ("a2", 31), ("04", 1)])
    held |= {"03": 31, "a2": 31, "04": 1}
    assert seen(ours) == held == {row["_key"]: row["_row_no"] for row in ours.read(TABLE).collect()}
    spark.sql(f"DELETE FROM {theirs.sql_name(TABLE)} WHERE _key = '05'")
    held.pop("05")
    assert seen(ours) == held


def test_what_is_only_struck_out_is_told_by_the_engine_and_not_as_whole_files(ours: Lake) -> None:
    version = commit_check.newest(ours.root, TABLE)
    assert version is not None
    revise(ours, [("03", 30)])
    assert handover._named([json.loads(line) for line in _lines(ours)]) == [(actions(ours, "cdc")[0]["path"], None)]
    ours.spark.sql(f"DELETE FROM {ours.sql_name(TABLE)} WHERE _key = '05'")
    told = [json.loads(line) for line in _lines(ours)]
    if any("cdc" in each for each in told):
        assert [change for _, change in handover._named(told)] == [None]
    else:
        with pytest.raises(ValueError, match="struck out"):
            handover._named(told)


def _lines(lake: Lake) -> list[str]:
    log = Path(lake.path(TABLE), "_delta_log", f"{commit_check.newest(lake.root, TABLE):020}.json")
    return log.read_text("utf-8").splitlines()


keys = st.sampled_from([key for key, _ in MANY[:6]])


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.dictionaries(keys, st.integers(1, 9), max_size=3), st.sets(keys, max_size=2)), max_size=4))
def test_revisions_one_after_another_leave_what_a_mapping_would(
    spark: SparkSession, tmp_path_factory: pytest.TempPathFactory, told: list[tuple[dict[str, int], set[str]]]
) -> None:
    lake = lake_of(spark, tmp_path_factory.mktemp("revised"))
    known = dict(MANY)
    for made, gone in told:
        taken = gone - made.keys()
        revise(lake, made.items(), taken)
        known = {key: n for key, n in (known | made).items() if key not in taken}
        assert seen(lake) == known
    assert {row["_key"]: row["_row_no"] for row in lake.read(TABLE).collect()} == known
