"""What becomes of each row of a delivery: accepted, quarantined, or a duplicate."""

from __future__ import annotations

from typing import Any

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as f

import catalog
from pipelines import link_candidates, settle, types
from schemas.model import Assertions, ColumnMapping, Resource, Table
from tests.drawn import PLACE, column, frame, table_schema

TABLE = Table("permit", "许可", "one row per permit", "test", ("permit_no",), (),
              (column("permit_no", required=True), column("scope")), PLACE)  # fmt: skip
RESOURCE = Resource(
    id="market.permits", department="market", name="permits", title="t", title_en="t", about="t", table="permit",
    share_class="unconditional", share_basis="", share_condition=None, update_cycle="daily", format="csv",
    encoding="utf-8", delimiter=",", signature_required=False, empty=(),
    columns=(ColumnMapping("permit_no", "许可证号", None, (), {}, PLACE),
             ColumnMapping("scope", "范围", None, (), {}, PLACE)),
    ignore=(), operation=None, assertions=Assertions(), place=PLACE,
)  # fmt: skip


@pytest.fixture
def verdicts(spark: SparkSession) -> Any:
    def judged(drawing: str, before: str = "_key | _valid_from | _content") -> dict[int, tuple[str, list[str]]]:
        rows = frame(spark, drawing, table_schema(TABLE))
        rows = rows.withColumn("_problems", settle.problems([("范围", f.when(f.col("scope") == "坏", "formula"))]))
        if "_withdrawn" not in rows.columns:
            rows = rows.withColumn("_withdrawn", f.lit(False))
        rows = rows.withColumn("_erases", f.lit(False))
        identified = settle.identified(rows, TABLE)
        stated = frame(spark, before, {"_valid_from": types.DATE})
        found = settle.settled(identified, stated, RESOURCE, TABLE).collect()
        return {row["_row_no"]: (row["_verdict"], [p["reason"] for p in row["_problems"]]) for row in found}

    return judged


def test_a_row_that_says_the_same_again_is_a_duplicate_of_the_first(verdicts: Any) -> None:
    assert verdicts("""
        _row_no | _valid_from | permit_no | scope
        1       | 2026-01-01  | A         | 面
        2       | 2026-01-01  | A         | 面
        3       | 2026-01-02  | A         | 面
    """) == {1: ("accepted", []), 2: ("duplicate", []), 3: ("accepted", [])}


def test_rows_that_contradict_each_other_about_one_day_are_all_quarantined(verdicts: Any) -> None:
    assert verdicts("""
        _row_no | _valid_from | permit_no | scope
        1       | 2026-01-01  | A         | 面
        2       | 2026-01-01  | A         | 饭
        3       | 2026-01-01  | B         | 饭
    """) == {1: ("quarantined", ["key_conflict"]), 2: ("quarantined", ["key_conflict"]), 3: ("accepted", [])}


def test_a_row_with_a_problem_contradicts_nothing(verdicts: Any) -> None:
    assert verdicts("""
        _row_no | _valid_from | permit_no | scope
        1       | 2026-01-01  | A         | 坏
        2       | 2026-01-01  | A         | 面
        3       | 2026-01-01  |           | 坏
    """) == {1: ("quarantined", ["formula"]), 2: ("accepted", []), 3: ("quarantined", ["formula"])}


def test_a_withdrawal_and_a_statement_of_one_record_for_one_day_contradict_each_other(verdicts: Any) -> None:
    found = verdicts("""
        _row_no | _valid_from | _withdrawn | permit_no | scope
        1       | 2026-01-01  | true       | A         |
        2       | 2026-01-01  | false      | A         | 面
    """)
    assert {verdict for verdict, _ in found.values()} == {"quarantined"}


def test_what_was_stated_last_before_makes_a_duplicate_and_a_correction_back_does_not(
    spark: SparkSession, verdicts: Any
) -> None:
    drawing = """
        _row_no | _valid_from | permit_no | scope
        1       | 2026-01-01  | A         | 面
    """
    marks = {"_withdrawn": f.lit(False), "_erases": f.lit(False)}
    rows = frame(spark, drawing, table_schema(TABLE)).withColumns(marks)
    known = settle.identified(rows, TABLE).first()
    assert known is not None
    heading = "_key | _valid_from | _content"
    same = f"{heading}\n{known['_key']} | 2026-01-01 | {known['_content']}"
    other = f"{heading}\n{known['_key']} | 2026-01-01 | corrected-to-something-else"
    assert verdicts(drawing, same)[1][0] == "duplicate"
    assert verdicts(drawing, other)[1][0] == "accepted"


def test_two_columns_of_one_header_have_one_problem(spark: SparkSession) -> None:
    twice = settle.problems([("注册资金", f.lit("money_unreadable"))] * 2 + [("注册资金", f.lit("required"))])
    (row,) = spark.range(1).select(twice.alias("problems")).collect()
    assert [tuple(problem) for problem in row["problems"]] == [
        ("注册资金", "money_unreadable"),
        ("注册资金", "required"),
    ]


@pytest.mark.parametrize(
    ("table", "person", "enterprise"),
    [
        ("penalty", "party_number", ("party_code",)),
        ("shareholder", "holder_number", ("holder_code",)),
        ("social_insurance", "person_number", ()),
        ("enterprise", "legal_representative_number", ()),
        ("population", "father_number", ()),
    ],
)
def test_a_record_about_an_enterprise_is_no_person_without_a_number(
    table: str, person: str, enterprise: tuple[str, ...]
) -> None:
    declared = catalog.load().declarations
    assert link_candidates.alternatives(declared.tables[table], person, declared) == enterprise
