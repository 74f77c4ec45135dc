"""Gold goes to the serving database: what changed, once, as a whole."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as f
from sqlalchemy import text

from pipelines import gold, names, numbers, upkeep
from pipelines import publish as publication
from pipelines.lake import Lake, TableMissing
from pipelines.publish import Published, documents, last_changes, publish
from pipelines.table_design import CHANGE_FEED, TableDesign
from schemas.identifiers.persons import check_character
from schemas.serving.connection import writing
from schemas.serving.reading import find, reading
from schemas.subjects import subject_numbers

AT = datetime(2026, 11, 23, 1, tzinfo=UTC)
LINEAGE = "resource:string,department:string,record:string,delivery:string,row_no:bigint,observed_on:date"
FILE = (
    "subject_id string, number_type string, number string,"
    f" name struct<value:string,{LINEAGE},rank:int,reason:string>,"
    f" income struct<value:decimal(18,2),{LINEAGE},rank:int,reason:string>,"
    f" contradictions array<struct<attribute:string,value:string,{LINEAGE},rank:int,reason:string>>,"
    " relations array<struct<relation:string,details:map<string,string>>>,"
    " identifiers array<struct<type:string,number:string,resource:string,observed_on:date>>"
)
TABLE = names.gold("person")


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'serving.db'}"


def row(number: str, name: str) -> tuple[Any, ...]:
    lineage = ("police.population", "police", "f" * 64, "d-1", 3, date(2026, 1, 31))
    return (
        f"p-{number}", "citizen", number, (name, *lineage, 1, "lead"), None, [], [("spouse", {"b": "2", "a": "1"})],
        [("citizen", number, "police.population", date(2026, 1, 31))],
    )  # fmt: skip


def put(lake: Lake, people: dict[str, str | None]) -> None:
    """Bring people into gold, merging as an assembly does: number → name; None takes the file out."""
    rows = [row(n, name or "") for n, name in people.items()]
    frame = lake.spark.createDataFrame(rows, FILE)
    gone = f.col("name.value") == ""
    frame = frame.withColumn("_digest", f.when(~gone, f.sha2(f.to_json(f.struct("*")), 256)))
    if lake.exists(TABLE):
        lake.merge(TABLE, frame, gold.SAME_SUBJECT, gold.TOUCHED, {})
        return
    lake.create(TABLE, frame.schema, TableDesign("files", {}, ("subject_id",), CHANGE_FEED))
    lake.append(TABLE, frame, "first")  # much quicker than a merge


def served(url: str) -> dict[str, tuple[str, int]]:
    """Return the served files: number → (name, lake version it came with)."""
    with reading(url) as snapshot:
        rows = snapshot.rows("SELECT number, document, lake_version FROM subject", {})
    return {number: (json.loads(document)["name"]["value"], version) for number, document, version in rows}


def batches(url: str) -> Sequence[tuple[Any, ...]]:
    columns = "kind, from_version, lake_version, upserted, deleted, run_id"
    with reading(url) as snapshot:
        return [tuple(r) for r in snapshot.rows(f"SELECT {columns} FROM publication ORDER BY batch_no", {})]


def run(lake: Lake, url: str) -> Published:
    return publish(lake.spark, lake.root, url, "person", AT)


def test_the_first_time_everything_goes_and_then_only_what_changed(lake: Lake, url: str) -> None:
    put(lake, {"1": "甲", "2": "乙", "3": "丙"})
    assert run(lake, url) == Published("person", None, 1, 3, 0)
    put(lake, {"2": "乙二", "4": "丁"})
    put(lake, {"1": None, "2": "乙三", "3": "丙"})
    assert publish(lake.spark, Path(lake.root), url, "person", AT, run_id="r") == Published("person", 1, 3, 2, 1)
    assert served(url) == {"2": ("乙三", 3), "3": ("丙", 1), "4": ("丁", 3)}
    assert batches(url) == [("person", None, 1, 3, 0, None), ("person", 1, 3, 2, 1, "r")]


def test_a_publication_that_comes_again_changes_nothing(lake: Lake, url: str, tmp_path: Path) -> None:
    put(lake, {"1": "甲"})
    run(lake, url)
    before = (tmp_path / "serving.db").read_bytes()
    assert run(lake, url) == Published("person", 1, 1, 0, 0)
    assert (tmp_path / "serving.db").read_bytes() == before


def test_no_more_is_published_than_the_version_that_was_asked_for(lake: Lake, url: str) -> None:
    put(lake, {"1": "甲"})
    put(lake, {"1": "甲二"})
    assert publish(lake.spark, lake.root, url, "person", AT, version=1) == Published("person", None, 1, 1, 0)
    assert served(url) == {"1": ("甲", 1)}
    assert run(lake, url) == Published("person", 1, 2, 1, 0)
    assert publish(lake.spark, lake.root, url, "person", AT, version=1) == Published("person", 2, 2, 0, 0)
    assert served(url) == {"1": ("甲二", 2)}


def test_what_went_and_came_back_between_two_publications_is_not_written(lake: Lake, url: str) -> None:
    put(lake, {"1": "甲", "2": "乙"})
    run(lake, url)
    put(lake, {"1": None, "2": "乙二"})
    put(lake, {"1": "甲", "2": "乙"})
    assert run(lake, url) == Published("person", 1, 3, 0, 0)
    assert served(url) == {"1": ("甲", 1), "2": ("乙", 1)}


def test_where_the_change_feed_is_gone_all_files_are_compared(lake: Lake, url: str) -> None:
    put(lake, {"1": "甲", "2": "乙"})
    run(lake, url)
    put(lake, {"1": None, "2": "乙二", "3": "丙"})
    shutil.rmtree(Path(lake.path(TABLE)) / "_change_data")
    assert run(lake, url) == Published("person", None, 2, 2, 1)
    assert served(url) == {"2": ("乙二", 2), "3": ("丙", 2)}


def test_a_table_made_anew_is_compared_as_a_whole_though_its_versions_look_alike(lake: Lake, url: str) -> None:
    put(lake, {"1": "甲", "2": "乙"})
    run(lake, url)
    shutil.rmtree(lake.path(TABLE))
    put(lake, {"2": "乙", "3": "丙"})
    assert run(lake, url) == Published("person", None, 1, 1, 1)
    assert served(url) == {"2": ("乙", 1), "3": ("丙", 1)}


def test_a_lake_that_lost_its_table_takes_no_file_out_of_the_database(lake: Lake, url: str) -> None:
    put(lake, {"1": "甲"})
    run(lake, url)
    shutil.rmtree(lake.path(TABLE))
    with pytest.raises(TableMissing):
        run(lake, url)
    assert served(url) == {"1": ("甲", 1)}


def test_before_there_are_files_there_is_nothing_to_publish(lake: Lake, url: str) -> None:
    assert run(lake, url) == Published("person", None, -1, 0, 0)
    assert batches(url) == []


def test_every_file_arrives_however_the_work_is_cut(lake: Lake, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publication, "ROWS_A_SLICE", 7)
    monkeypatch.setattr(publication, "ROWS_A_CHUNK", 2)
    people = {f"{i:x}": f"甲{i}" for i in range(0, 2**16, 2**16 // 40)}
    put(lake, people)
    assert run(lake, url).upserted == len(people)
    put(lake, {n: f"{name}二" for n, name in people.items()})
    assert run(lake, url) == Published("person", 1, 2, len(people), 0)
    assert served(url) == {n: (f"{name}二", 2) for n, name in people.items()}


def test_a_publication_that_fails_half_way_leaves_the_old_state(
    lake: Lake, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(lake, {"1": "甲"})
    run(lake, url)
    put(lake, {"1": "甲二", "2": "乙"})
    with writing(url) as connection:
        connection.execute(
            text("CREATE TRIGGER stop BEFORE INSERT ON publication BEGIN SELECT RAISE(ABORT, 'stop'); END")
        )
    with pytest.raises(Exception, match="SQLITE_CONSTRAINT_TRIGGER"):
        run(lake, url)
    assert served(url) == {"1": ("甲", 1)}
    with writing(url) as connection:
        connection.execute(text("DROP TRIGGER stop"))
    assert run(lake, url) == Published("person", 1, 2, 2, 0)


def test_postgresql_gets_the_same(lake: Lake, postgres_url: str) -> None:
    put(lake, {"1": "甲", "2": "乙"})
    assert run(lake, postgres_url) == Published("person", None, 1, 2, 0)
    put(lake, {"1": None, "2": "乙二", "3": "丙"})
    assert run(lake, postgres_url) == Published("person", 1, 2, 2, 1)
    assert served(postgres_url) == {"2": ("乙二", 2), "3": ("丙", 2)}


def test_a_published_file_is_found_by_its_number(lake: Lake, url: str) -> None:
    put(lake, {"690101199001011230": "甲"})
    run(lake, url)
    with reading(url) as snapshot:
        (found,) = find(snapshot, "person", "citizen", "690101199001011230")
    assert (found.lake_version, found.published_at) == (1, "2026-11-23T01:00:00Z")


def test_a_document_is_the_whole_row_with_days_as_iso_and_amounts_exact(spark: SparkSession) -> None:
    one = list(row("1", "甲"))
    one[4] = (Decimal("12345678901234.50"), None, None, None, None, None, None, 2, "rank")
    one[7] = [("citizen", "1", None, None), ("foreigner", "9", None, None), ("citizen", "1", "x", None)]
    frame = spark.createDataFrame([tuple(one)], FILE).withColumn("_digest", f.lit("d"))
    (made,) = documents(frame).collect()
    assert (made["subject_id"], made["digest"], made["numbers"]) == ("p-1", "d", "citizen\t1\nforeigner\t9")
    content = json.loads(made["document"], parse_float=Decimal)
    assert list(content) == [
        "subject_id", "number_type", "number", "name", "income", "contradictions", "relations", "identifiers",
    ]  # fmt: skip
    assert content["name"]["observed_on"] == "2026-01-31"
    assert content["income"] == {"value": Decimal("12345678901234.50"), "rank": 2, "reason": "rank"}
    assert content["relations"] == [{"relation": "spouse", "details": {"b": "2", "a": "1"}}]


def test_of_several_changes_to_a_subject_the_last_holds(spark: SparkSession) -> None:
    feed = spark.createDataFrame(
        [
            ("1", "a", "update_preimage", 2), ("1", "b", "update_postimage", 2), ("1", "b", "delete", 3),
            ("2", "a", "delete", 4), ("2", "b", "insert", 4),
            ("3", "a", "delete", 2), ("3", "b", "insert", 3),
        ],
        "subject_id string, name string, _change_type string, _commit_version bigint",
    )  # fmt: skip
    left = {r["subject_id"]: (r["name"], r["_is_gone"]) for r in last_changes(feed).collect()}
    assert left == {"1": ("b", True), "2": ("b", False), "3": ("b", False)}


def test_spark_and_the_look_up_give_a_number_the_same_type_and_id(spark: SparkSession) -> None:
    bodies = ("69010119900101123", "81000019940823002", "81010119900101001", "91110119900101123")
    texts = [body + check_character(body) for body in bodies]
    known = [found for text in (*texts, "91110000600037341L") for found in subject_numbers(text)]
    assert [k.number_type for k in known] == ["citizen", "hmt_resident", "citizen", "foreigner", "credit_code"]
    for one in known:
        number = f.lit(one.number)
        kind = numbers.number_type(number, one.kind)
        (made,) = (
            spark.range(1).select(kind.alias("type"), numbers.subject_id(one.kind, kind, number).alias("id")).collect()
        )
        assert (made["type"], made["id"]) == (one.number_type, one.subject_id)


def test_changes_whose_files_upkeep_has_taken_away_are_found_by_comparing_every_file(lake: Lake, url: str) -> None:
    put(lake, {"1": "a", "2": "b"})
    publish(lake.spark, lake.root, url, "person", AT)
    put(lake, {"2": "c", "3": "d"})
    put(lake, {"1": None})
    list(upkeep.maintain(lake, keep_hours=0))
    done = publish(lake.spark, lake.root, url, "person", AT)
    assert (done.from_version, done.upserted, done.deleted) == (None, 2, 1)
    assert {number: name for number, (name, _) in served(url).items()} == {"2": "c", "3": "d"}
