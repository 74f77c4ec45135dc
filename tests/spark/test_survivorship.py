"""Which value wins, why, and what the losers say: drawn as records in, one file out."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

from pipelines import assembly, types
from schemas.model import Attribute, AttributeSource, Declarations, OneFile, Relation, SubjectColumn, Table
from tests.drawn import PLACE, column, frame, table_schema

ANNA, BERT, FIRM = "690101199003070016", "690101196001010011", "91690101MA00000011"

REGISTER = Table(
    "register", "户籍", "one row per person", "test", ("person_no",), (SubjectColumn("person", "person_no"),),
    (column("person_no", "person_number"), column("name"), column("born_on", "date"), column("died_on", "date")), PLACE,
)  # fmt: skip
JOBS = Table(
    "jobs", "就业", "one row per job", "test", ("job_no",),
    (SubjectColumn("person", "person_no"), SubjectColumn("enterprise", "firm_code")),
    (column("job_no"), column("person_no", "person_number"), column("firm_code", "credit_code"), column("name"),
     column("since", "date")), PLACE,
)  # fmt: skip


def attribute(name: str, kind: str, lead: str | None, *sources: tuple[str, str, int]) -> Attribute:
    found = tuple(AttributeSource(table, col, "person_no", rank) for table, col, rank in sources)
    return Attribute(name, name, name, kind, None, 18, 2, lead, None, "personal", found, PLACE)


PERSON = OneFile(
    "person", "人", "test",
    (
        attribute("name", "string", "police", ("register", "name", 1), ("jobs", "name", 2)),
        attribute("born_on", "date", "police", ("register", "born_on", 1)),
        attribute("died_on", "date", "police", ("register", "died_on", 1)),
    ),
    (Relation("employer", "单位", "employee", "职工", "jobs", "person_no", "person", "firm_code", "enterprise", {},
              "since", None, "name", None, ("since",), PLACE),),
    "died_on", PLACE,
)  # fmt: skip
ENTERPRISE = OneFile("enterprise", "企", "test", (), (), None, PLACE)
DECLARED = Declarations(
    {"register": REGISTER, "jobs": JOBS}, {}, {"person": PERSON, "enterprise": ENTERPRISE}, {}, {}, ""
)


@pytest.fixture
def files(spark: SparkSession) -> Any:
    def made(file: OneFile = PERSON, **drawn: str) -> dict[str, Any]:
        found = assembly.one_files(present(spark, drawn), file, DECLARED)
        assert found is not None
        return {row["number"]: row.asDict(recursive=True) for row in found.collect()}

    return made


def present(spark: SparkSession, drawn: dict[str, str]) -> dict[str, DataFrame]:
    """Return the present records of tables, as drawn."""
    found = {}
    for name, drawing in drawn.items():
        rows = frame(spark, drawing, table_schema(DECLARED.tables[name]))
        found[name] = rows.withColumns(
            {
                "_department": f.split("_resource", r"\.")[0],
                "_key": f.concat(f.lit(f"{name}-"), f.col("_row_no").cast("string")),
                "_delivery": f.lit("D1"),
                "_seq": f.col("_seq") if "_seq" in rows.columns else f.lit(1).cast(types.LONG),
            }
        )
    return found


def test_the_lead_wins_over_a_fresher_value_and_the_loser_stays_visible(files: Any) -> None:
    found = files(
        register=f"""
            _resource  | _row_no | _valid_from | person_no | name | born_on    | died_on
            police.reg | 1       | 2020-01-01  | {ANNA}    | 安娜 | 1990-03-07 |
        """,
        jobs=f"""
            _resource | _row_no | _valid_from | job_no | person_no | firm_code | name | since
            hr.jobs   | 7       | 2026-01-01  | J1     | {ANNA}    | {FIRM}    | 安那 | 2026-01-01
        """,
    )[ANNA]
    assert (found["name"]["value"], found["name"]["reason"], found["name"]["resource"]) == (
        "安娜",
        "lead",
        "police.reg",
    )
    assert [(c["attribute"], c["value"], c["resource"], c["row_no"], c["reason"]) for c in found["contradictions"]] == [
        ("name", "安那", "hr.jobs", 7, "lead")
    ]


def test_whoever_agrees_is_kept_with_its_own_day_once_for_each_resource(files: Any) -> None:
    found = files(
        register=f"""
            _resource  | _row_no | _valid_from | person_no | name | born_on    | died_on
            police.reg | 1       | 2020-01-01  | {ANNA}    | 安娜 | 1990-03-07 |
        """,
        jobs=f"""
            _resource | _row_no | _valid_from | job_no | person_no | firm_code | name | since
            hr.jobs   | 7       | 2026-01-01  | J1     | {ANNA}    | {FIRM}    | 安娜 | 2026-01-01
            hr.jobs   | 8       | 2025-01-01  | J2     | {ANNA}    | {FIRM}    | 安那 | 2025-01-01
            tax.jobs  | 3       | 2026-01-01  | J3     | {ANNA}    | {FIRM}    | 安那 | 2026-01-01
        """,
    )[ANNA]
    (agreeing,) = found["agreements"]
    assert agreeing == {
        "attribute": "name", "resource": "hr.jobs", "department": "hr", "record": "jobs-7", "delivery": "D1",
        "row_no": 7, "observed_on": date(2026, 1, 1),
    }  # fmt: skip
    assert [(c["value"], c["resource"]) for c in found["contradictions"]] == [("安那", "tax.jobs")]


def test_where_the_lead_is_silent_another_source_fills_in(files: Any) -> None:
    found = files(
        register=f"""
            _resource  | _row_no | _valid_from | person_no | name | born_on    | died_on
            police.reg | 1       | 2020-01-01  | {ANNA}    |      | 1990-03-07 |
        """,
        jobs=f"""
            _resource | _row_no | _valid_from | job_no | person_no | firm_code | name | since
            hr.jobs   | 7       | 2026-01-01  | J1     | {ANNA}    | {FIRM}    | 安那 | 2026-01-01
        """,
    )[ANNA]
    assert (found["name"]["value"], found["name"]["reason"], found["name"]["rank"]) == ("安那", "only", 2)
    assert found["contradictions"] == []


@pytest.mark.parametrize(
    ("first_day", "second_day", "winner", "reason"),
    [("2026-01-01", "2026-02-01", "二", "fresher"), ("2026-02-01", "2026-01-01", "一", "fresher"),
     ("2026-01-01", "2026-01-01", "二", "later")],
)  # fmt: skip
def test_between_equals_the_later_day_wins_and_then_what_was_learnt_later(
    files: Any, first_day: str, second_day: str, winner: str, reason: str
) -> None:
    found = files(
        jobs=f"""
            _resource | _seq | _row_no | _valid_from  | job_no | person_no | firm_code | name | since
            hr.jobs   | 1    | 1       | {first_day}  | J1     | {ANNA}    | {FIRM}    | 一   | 2026-01-01
            tax.jobs  | 2    | 2       | {second_day} | J2     | {ANNA}    | {FIRM}    | 二   | 2026-01-01
        """,
    )[ANNA]
    assert (found["name"]["value"], found["name"]["reason"]) == (winner, reason)
    assert [c["reason"] for c in found["contradictions"]] == [reason]
    assert found["agreements"] == []


def test_a_record_from_after_a_death_speaks_last_and_says_so(files: Any) -> None:
    found = files(
        register=f"""
            _resource  | _row_no | _valid_from | person_no | name | born_on    | died_on
            police.reg | 1       | 2020-01-01  | {BERT}    |      | 1960-01-01 | 2025-01-01
        """,
        jobs=f"""
            _resource | _row_no | _valid_from | job_no | person_no | firm_code | name | since
            hr.jobs   | 1       | 2026-01-01  | J1     | {BERT}    | {FIRM}    | 死后 | 2026-01-01
            tax.jobs  | 2       | 2024-01-01  | J2     | {BERT}    | {FIRM}    | 生前 | 2024-01-01
        """,
    )[BERT]
    assert found["name"]["value"] == "生前"
    assert [(c["value"], c["reason"]) for c in found["contradictions"]] == [("死后", "after_end")]


def test_relations_stand_on_both_files(files: Any) -> None:
    jobs = f"""
        _resource | _row_no | _valid_from | job_no | person_no | firm_code | name | since
        hr.jobs   | 7       | 2026-01-01  | J1     | {ANNA}    | {FIRM}    | 安那 | 2026-01-01
    """
    mine, theirs = files(jobs=jobs)[ANNA]["relations"], files(ENTERPRISE, jobs=jobs)[FIRM]["relations"]
    assert [(r["relation"], r["other_number"], r["other_kind"]) for r in mine] == [("employer", FIRM, "enterprise")]
    assert [(r["other_name"], r["details"]) for r in mine] == [(None, {"since": "2026-01-01"})]
    assert [(r["relation"], r["other_number"], r["other_name"]) for r in theirs] == [("employee", ANNA, "安那")]


def test_the_same_records_in_another_order_give_the_same_digest(files: Any) -> None:
    heading = "_resource | _row_no | _valid_from | job_no | person_no | firm_code | name | since"
    one = f"hr.jobs | 1 | 2026-01-01 | J1 | {ANNA} | {FIRM} | 一 | 2026-01-01"
    two = f"tax.jobs | 2 | 2026-01-01 | J2 | {ANNA} | {FIRM} | 二 | 2025-01-01"
    digests = {files(jobs="\n".join((heading, *rows)))[ANNA]["_digest"] for rows in ((one, two), (two, one))}
    assert len(digests) == 1


def test_files_made_in_tasks_of_the_engine_are_those_made_here(spark: SparkSession) -> None:
    drawn = {
        "register": f"""
            _resource  | _row_no | _valid_from | person_no | name | born_on    | died_on
            police.reg | 1       | 2020-01-01  | {ANNA}    | 安娜 | 1990-03-07 |
            police.reg | 2       | 2020-01-01  | {BERT}    |      |            | 2025-01-01
        """,
        "jobs": f"""
            _resource | _row_no | _valid_from | job_no | person_no | firm_code | name | since
            hr.jobs   | 7       | 2026-01-01  | J1     | {ANNA}    | {FIRM}    | "安" | 2026-01-01
            hr.jobs   | 8       | 2026-01-01  | J2     | {BERT}    | {FIRM}    | 伯特 |
        """,
    }
    records = present(spark, drawn)
    for file in (PERSON, ENTERPRISE):
        made = [make(records, file, DECLARED) for make in (assembly.one_files, assembly.one_files_here)]
        in_tasks, here = (None if rows is None else rows.orderBy("number").collect() for rows in made)
        assert in_tasks == here
        assert in_tasks
