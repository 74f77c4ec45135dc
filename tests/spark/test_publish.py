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

from pipelines import gold, handover, names, numbers, upkeep
from pipelines import publish as publication
from pipelines.errors import LakeDamaged
from pipelines.lake import Lake, TableMissing
from pipelines.places import Folder
from pipelines.publish import Published, documents, last_changes, publish
from pipelines.rewriting import Revision
from pipelines.table_design import CHANGE_FEED, STRIKING, TableDesign
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


KINDS = (
    "at timestamp, is_known boolean, count bigint, share decimal(20,8), born_on date, said string,"
    " names array<string>, lists array<array<string>>, told array<struct<said:string,at:timestamp,on:date>>,"
    " shares map<string,decimal(10,2)>, ties map<string,struct<on:date>>, within struct<on:date,deep:struct<at:timestamp>>"
)
EVERY_SIGN = "".join(map(chr, range(0x21))) + '"\\/\x7f\x80\u2028\ufeff𠮷é\ue000甲'
EARLY, LATE = datetime(1582, 10, 4, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
OF_ALL_KINDS: list[tuple[Any, ...]] = [
    (None,) * 12,
    (AT, True, -5, Decimal("0E-8"), date(1, 1, 1), EVERY_SIGN, [], [], [], {}, {}, (None, None)),
    (LATE, False, 0, Decimal("0.00000001"), date(9999, 12, 31), "", ["a", None, ""], [[], None, [None, EVERY_SIGN]],
     [None, (None, None, None), ("a", EARLY, None), (None, None, date(1582, 10, 4))], {"k": None, EVERY_SIGN: Decimal("0.00")},
     {"": None, "a": (None,), "b": (date(2026, 1, 1),)}, (None, (EARLY,))),
    (EARLY, None, 2**62, Decimal("-123456789012.00000000"), None, "\\", [None], None, [], None, None, (date(2026, 1, 1), None)),
]  # fmt: skip


def rows_of(url: str) -> tuple[Sequence[Any], Sequence[Any]]:
    """Return all that is served, to the letter."""
    with reading(url) as snapshot:
        asked = ("SELECT * FROM subject ORDER BY subject_id", "SELECT * FROM identifier ORDER BY subject_id, number")
        first, second = ([tuple(each) for each in snapshot.rows(sql, {})] for sql in asked)
        return first, second


class Addressed(Folder):
    """A folder that goes by an address, as a store does: the engine is asked for what is in it."""

    @property
    def address(self) -> str:
        return f"file://{self.root}"


class Both:
    """Two databases, into one of which the engine publishes, for it is told that the lake is no folder."""

    def __init__(self, lake: Lake, folder: Path) -> None:
        self.lake = lake
        self.ours, self.engines = f"sqlite:///{folder / 'ours.db'}", f"sqlite:///{folder / 'engines.db'}"

    def publish(self) -> Published:
        """Publish, and see that it makes no difference who reads the lake."""
        done = run(self.lake, self.ours)
        assert publish(self.lake.spark, Addressed(Path(self.lake.root)), self.engines, "person", AT) == done
        assert rows_of(self.ours) == rows_of(self.engines)
        return done


@pytest.fixture
def both(lake: Lake, tmp_path: Path) -> Both:
    return Both(lake, tmp_path)


def test_documents_are_to_the_letter_those_of_the_engine_whatever_values_there_are(lake: Lake, both: Both) -> None:
    rows = [(*row(f"{n}", EVERY_SIGN), *each) for n, each in enumerate(OF_ALL_KINDS)]
    frame = lake.spark.createDataFrame(rows, f"{FILE}, {KINDS}").withColumn("_digest", f.col("subject_id"))
    lake.create(TABLE, frame.schema, TableDesign("files", {}, ("subject_id",), CHANGE_FEED))
    lake.append(TABLE, frame.coalesce(1), "the engine writes it")
    assert both.publish().upserted == len(rows)
    again = frame.withColumn("_digest", f.lit("other")).toArrow()
    lake.revise(TABLE, Revision("subject_id", again.slice(1), again.slice(0, 1)["subject_id"].combine_chunks()), {})
    assert both.publish() == Published("person", 1, 2, len(rows) - 1, 1)
    assert json.loads(rows_of(both.ours)[0][0][5])["said"] == EVERY_SIGN


def test_changes_are_read_from_the_log_as_the_engine_reads_them(lake: Lake, both: Both) -> None:
    put(lake, {str(n): f"{n}" for n in range(8)})
    assert both.publish() == Published("person", None, 1, 8, 0)
    put(lake, {"1": None, "2": "a", "8": "new"})
    put(lake, {"2": "b", "9": "new"})
    put(lake, {"1": "back", "9": None, "3": "a"})
    put(lake, {"3": "3"})
    lake.compact(TABLE)
    assert both.publish() == Published("person", 1, lake.version(TABLE), 3, 0)
    since = lake.version(TABLE)
    lake.replace(TABLE, lake.read(TABLE).where("number <> '5'"), {})
    assert both.publish() == Published("person", since, since + 1, 0, 1)
    lake.spark.sql(f"DELETE FROM {lake.sql_name(TABLE)}")
    assert both.publish() == Published("person", since + 1, since + 2, 0, 8)


def test_of_files_with_rows_struck_out_what_counts_is_published_and_the_engine_is_not_asked(
    lake: Lake, both: Both
) -> None:
    frame = lake.spark.createDataFrame([row(f"{n}", f"{n}") for n in range(20)], FILE).withColumn(
        "_digest", f.col("number")
    )
    lake.create(TABLE, frame.schema, TableDesign("files", {}, ("subject_id",), CHANGE_FEED | STRIKING))
    lake.append(TABLE, frame.coalesce(1), "the engine writes it")
    told = frame.toArrow()
    others = told.slice(2, 2).set_column(told.column_names.index("_digest"), "_digest", [["other", "another"]])
    first = Revision("subject_id", others.slice(0, 1), told.slice(0, 1)["subject_id"].combine_chunks())
    assert lake.revise(TABLE, first, {})
    assert list(Path(lake.path(TABLE)).glob("*.bin"))
    assert both.publish() == Published("person", None, 2, 19, 0)
    second = Revision("subject_id", others.slice(1), told.slice(1, 1)["subject_id"].combine_chunks())
    assert lake.revise(TABLE, second, {})
    assert both.publish() == Published("person", 2, 3, 1, 1)
    shelf = handover.opened(lake.root, TABLE, 3)
    assert shelf is not None
    assert handover.changes(shelf, 1, handover.Pace(10, 10, "p-")) is not None
    lake.spark.sql(f"DELETE FROM {lake.sql_name(TABLE)} WHERE subject_id = '{told['subject_id'][9]}'")
    assert run(lake, both.ours) == Published("person", None, 4, 0, 1), "what the engine did not write down is compared"


def test_a_file_that_is_older_than_a_column_has_nothing_in_it(lake: Lake, both: Both) -> None:
    put(lake, {"1": "a", "2": "b"})
    wider = lake.read(TABLE).where("number = '2'").withColumn("more", f.lit(Decimal("1.50")))
    wider = wider.withColumn("name", f.col("name").withField("shown", f.lit("B"))).withColumn("_digest", f.lit("d"))
    lake.merge(TABLE, wider, gold.SAME_SUBJECT, gold.TOUCHED, {})
    assert both.publish().upserted == 2
    with reading(both.ours) as snapshot:
        (second,) = snapshot.rows("SELECT document FROM subject WHERE number = '2'", {})
    assert (json.loads(second[0])["name"]["shown"], json.loads(second[0])["more"]) == ("B", 1.5)


def test_of_a_damaged_file_nothing_is_published_and_it_is_named(lake: Lake, url: str) -> None:
    put(lake, {"1": "a"})
    run(lake, url)
    put(lake, {"2": "b"})
    changed = [*Path(lake.path(TABLE), "_change_data").glob("*.parquet")]
    for path in [*changed, *Path(lake.path(TABLE)).glob("*.parquet")]:
        content = bytearray(path.read_bytes())
        content[60] ^= 1
        path.write_bytes(content)
    with pytest.raises(LakeDamaged, match=TABLE):
        run(lake, url)
    assert served(url) == {"1": ("a", 1)}


def test_a_commit_that_was_cut_between_lines_is_no_change_feed(lake: Lake, url: str) -> None:
    put(lake, {"1": "a", "2": "b"})
    run(lake, url)
    put(lake, {"1": "c"})
    put(lake, {"2": "d"})
    shelf = handover.opened(lake.root, TABLE, 3)
    assert shelf is not None
    pace = handover.Pace(10, 10, "p-")
    assert handover.changes(shelf, 1, pace) is not None
    commit = Path(lake.path(TABLE), "_delta_log", f"{2:020d}.json")
    lines = commit.read_text("utf-8").splitlines()
    commit.write_text("\n".join(line for line in lines if not line.startswith('{"remove"')) + "\n", "utf-8")
    assert handover.changes(shelf, 1, pace) is None
