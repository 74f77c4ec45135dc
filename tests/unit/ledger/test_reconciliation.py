"""Purpose reconciliation: every look is held against its case, again when the case is known better."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import insert

from ledger import findings
from ledger.errors import NoSuchFinding
from ledger.reconciliation import Share, day_bounds, reconcile, shares
from onefile.verify.reading import instant_text
from schemas.serving.tables import counter_tables
from tests.disclosed import DAY, ZONE, Disclosed
from tests.papers import AT

HOUR = timedelta(hours=1)
DRAFT_DAYS = 30


def found(house: Disclosed, day: date = DAY) -> list[tuple[str, int | None]]:
    with house.db() as db:
        reconcile(db, day, ZONE, AT, DRAFT_DAYS)
        assert reconcile(db, day, ZONE, AT, DRAFT_DAYS) == 0
        return [(kept.kind, kept.seq) for kept in findings.listed(db)]


def test_a_look_for_a_party_within_its_case_is_right(house):
    house.case()
    house.look()
    assert found(house) == []


def test_a_case_that_was_never_registered_is_found(house):
    house.look(case="C-none")
    house.look(case="")
    assert sorted(found(house)) == [("no_case", 1), ("no_case", 2)]


def test_somebody_who_is_no_party_is_found(house):
    house.case()
    house.look(subject_id="p-2")
    house.look(subject_id=None)
    assert found(house) == [("not_party", 1)]


def test_parties_of_the_case_above_are_parties_of_its_stage(house):
    house.case("C-1", subjects=("p-1",))
    house.case("C-2", subjects=("p-3",), parent="id-C-1")
    house.look(case="C-2")
    assert found(house) == []


@pytest.mark.parametrize(
    ("opened_at", "closed_at"), [(AT + HOUR, None), (AT - HOUR, AT - timedelta(minutes=1))], ids=["before", "after"]
)
def test_a_look_outside_the_case_s_time_is_found(house, opened_at, closed_at):
    house.case(opened_at=opened_at, closed_at=closed_at, state="delivered" if closed_at else "accepted")
    house.look()
    assert found(house) == [("outside_time", 1)]


def test_a_look_by_the_draft_s_number_is_held_against_its_case(house):
    house.case("C-7", opened_at=AT - HOUR)
    house.look(case="DC-7")
    assert found(house) == []


def test_a_draft_that_became_no_case_is_found_when_its_days_are_over(house):
    house.case(state="draft", opened_at=AT - HOUR)
    house.look()
    assert found(house, DAY) == []
    assert found(house, DAY + timedelta(days=DRAFT_DAYS + 1)) == [("draft_lapsed", 1)]


def test_a_draft_that_was_given_up_is_found_on_the_day_that_it_was_reported(house):
    house.case(state="abandoned", opened_at=AT - HOUR, closed_at=AT + HOUR)
    house.look()
    with house.db() as db:
        db.execute(insert(counter_tables.CASE_STEP).values(
            case_id="id-C-7", step_no=1, at=instant_text(AT), told_at=instant_text(AT + timedelta(days=3)),
            step="abandon", from_state="draft", to_state="abandoned", department="market", officer="", reason="",
            told_by="intake"))  # fmt: skip
    assert found(house, DAY + timedelta(days=3)) == [("draft_lapsed", 1)]


def test_the_bureau_s_own_looks_are_not_held(house):
    house.look(department="", case="")
    assert found(house) == []


def test_that_a_mandate_was_registered_is_no_look_that_has_to_cite_a_case(house):
    house.look(kind="mandates.register", case="")
    assert found(house) == []


def test_the_share_of_each_department_is_told(house):
    house.case()
    for _ in range(3):
        house.look()
    house.look(subject_id="p-2")
    house.look(department="tax", case="C-none")
    found(house)
    with house.db() as db:
        told = shares(db, DAY, DAY, ZONE)
    assert told == [Share("market", 4, {"not_party": 1}), Share("tax", 1, {"no_case": 1})]
    assert [each.share for each in told] == [0.25, 1.0]
    assert Share("x", 0, {}).share == 0.0


def test_an_auditor_settles_a_finding_with_a_reason(house):
    house.look(case="C-none")
    found(house)
    with house.db() as db:
        kept = findings.settle(db, 1, "auditor-1", "登记迟到，已补", AT)
        assert (kept.settled_by, kept.settled_why) == ("auditor-1", "登记迟到，已补")
        assert findings.listed(db) == []
        assert [each.number for each in findings.listed(db, "market", with_settled=True)] == [1]
        assert findings.listed(db, "tax", with_settled=True) == []
        with pytest.raises(NoSuchFinding):
            findings.settle(db, 1, "auditor-1", "again", AT)


def test_a_day_begins_where_the_bureau_is():
    since, until = day_bounds(DAY, ZONE)
    assert (since.isoformat(), until.isoformat()) == ("2026-11-23T00:00:00+08:00", "2026-11-24T00:00:00+08:00")


def test_every_kind_of_finding_has_words():
    assert all(words.zh and words.en for words in findings.KINDS.values())
