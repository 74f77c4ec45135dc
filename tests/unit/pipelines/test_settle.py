"""What becomes of each row of a delivery: accepted, quarantined, or a duplicate."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

import catalog
from pipelines import link_candidates, settle
from pipelines.columnwise import constant
from schemas.model import Assertions, ColumnMapping, Resource, Table
from tests.drawn import PLACE, arrow, column, table_schema

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


Before = list[tuple[str, int, int, str]]
DAY = date(2026, 1, 1)


def typed(drawing: str) -> pa.Table:
    """Return drawn rows as `pipelines.typed` leaves them; one whose scope is 坏 has a problem."""
    rows = arrow(drawing, table_schema(TABLE))
    made = {name: rows[name].combine_chunks() for name in rows.column_names}
    made.setdefault("_withdrawn", constant(False, pa.bool_(), len(rows)))
    made["_erases"] = constant(False, pa.bool_(), len(rows))
    bad = pc.if_else(
        pc.equal(made["scope"], "坏"), constant("formula", pa.string(), len(rows)), pa.scalar(None, pa.string())
    )
    made["_problems"] = settle.problems([("范围", bad)], len(rows))
    return pa.table(made | settle.identified(made, TABLE))


def stated(before: Before) -> pa.Table:
    """Return (key, seq, row, content) stated for the day before, as `settle.STATED` has it."""
    rows = [(key, DAY, content, seq, row, False) for key, seq, row, content in before]
    columns = list(zip(*rows, strict=True)) or [()] * len(settle.STATED)
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, settle.STATED, strict=True)], schema=settle.STATED)


def verdicts(drawing: str, before: Before | None = None) -> dict[int, tuple[str, list[str]]]:
    """Return by row its verdict and the reasons of its problems."""
    rows = typed(drawing)
    judged = settle.judged(pa.concat_tables([settle.asked(rows), stated(before or [])]))
    problems = settle.problems_of(rows, judged, settle.conflict(RESOURCE, TABLE)).to_pylist()
    told = zip(judged["_row_no"].to_pylist(), judged["_verdict"].to_pylist(), problems, strict=True)
    return {row: (verdict, [each["reason"] for each in found]) for row, verdict, found in told}


def test_a_row_that_says_the_same_again_is_a_duplicate_of_the_first() -> None:
    assert verdicts("""
        _row_no | _valid_from | permit_no | scope
        1       | 2026-01-01  | A         | 面
        2       | 2026-01-01  | A         | 面
        3       | 2026-01-02  | A         | 面
    """) == {1: ("accepted", []), 2: ("duplicate", []), 3: ("accepted", [])}


def test_rows_that_contradict_each_other_about_one_day_are_all_quarantined() -> None:
    assert verdicts("""
        _row_no | _valid_from | permit_no | scope
        1       | 2026-01-01  | A         | 面
        2       | 2026-01-01  | A         | 饭
        3       | 2026-01-01  | B         | 饭
    """) == {1: ("quarantined", ["key_conflict"]), 2: ("quarantined", ["key_conflict"]), 3: ("accepted", [])}


def test_a_row_with_a_problem_contradicts_nothing() -> None:
    assert verdicts("""
        _row_no | _valid_from | permit_no | scope
        1       | 2026-01-01  | A         | 坏
        2       | 2026-01-01  | A         | 面
        3       | 2026-01-01  |           | 坏
    """) == {1: ("quarantined", ["formula"]), 2: ("accepted", []), 3: ("quarantined", ["formula"])}


def test_a_withdrawal_and_a_statement_of_one_record_for_one_day_contradict_each_other() -> None:
    found = verdicts("""
        _row_no | _valid_from | _withdrawn | permit_no | scope
        1       | 2026-01-01  | true       | A         |
        2       | 2026-01-01  | false      | A         | 面
    """)
    assert {verdict for verdict, _ in found.values()} == {"quarantined"}


def test_what_was_stated_last_before_makes_a_duplicate_and_a_correction_back_does_not() -> None:
    drawing = """
        _row_no | _valid_from | permit_no | scope
        1       | 2026-01-01  | A         | 面
    """
    (key,), (content,) = (typed(drawing)[name].to_pylist() for name in ("_key", "_content"))
    assert verdicts(drawing, [(key, 1, 1, content)])[1][0] == "duplicate"
    assert verdicts(drawing, [(key, 1, 1, content), (key, 2, 1, "corrected-to-something-else")])[1][0] == "accepted"
    assert verdicts(drawing, [(key, 2, 2, content), (key, 2, 1, "other"), (key, 1, 9, "other")])[1][0] == "duplicate"


def test_two_columns_of_one_header_have_one_problem() -> None:
    unreadable, required = pa.array(["money_unreadable", None]), pa.array(["required", None])
    twice = settle.problems([("注册资金", unreadable), ("注册资金", unreadable), ("注册资金", required)], 2)
    assert [[(p["column"], p["reason"]) for p in row] for row in twice.to_pylist()] == [
        [("注册资金", "money_unreadable"), ("注册资金", "required")],
        [],
    ]


row = st.tuples(
    st.none() | st.sampled_from("ab"),
    st.integers(0, 1),
    st.sampled_from("xyz"),
    st.none() | st.integers(1, 2),
    st.booleans(),
)


@given(st.lists(row, max_size=12))
def test_verdicts_are_those_of_the_rules_read_row_by_row(drawn: list[tuple[Any, ...]]) -> None:
    rows = [(key, DAY + timedelta(later), content, seq, no, is_sound)
            for no, (key, later, content, seq, is_sound) in enumerate(drawn)]  # fmt: skip
    columns = list(zip(*rows, strict=True)) or [()] * len(settle.STATED)
    table = pa.table([pa.array(c, f.type) for c, f in zip(columns, settle.STATED, strict=True)], schema=settle.STATED)
    mine = [each for each in rows if each[3] is None]
    expected = []
    for key, day, content, _, no, is_sound in mine:
        same = [each for each in mine if each[:2] == (key, day) and each[5]]
        before = sorted((each[3], each[4], each[2]) for each in rows if each[:2] == (key, day) and each[3] is not None)
        is_conflict = is_sound and len({each[2] for each in same}) > 1
        is_again = any(each[4] < no and each[2] == content for each in same)
        is_known = bool(before) and before[-1][2] == content
        verdict = "quarantined" if not is_sound or is_conflict else "duplicate" if is_again or is_known else "accepted"
        expected.append({"_row_no": no, "_verdict": verdict, "_is_conflict": is_conflict})
    assert settle.judged(table).to_pylist() == expected


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
