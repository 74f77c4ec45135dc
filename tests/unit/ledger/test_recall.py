"""Recall: who got a value that was wrong is told, once; who got one that was true is told while it matters."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from ledger import outbox
from ledger.errors import NoSuchNotice
from ledger.recall import recall
from schemas.serving.changes import changes, keep
from schemas.serving.disclosure_tables import VALUE_CHANGE
from tests.disclosed import GRANT, Disclosed
from tests.papers import AT

OLD, NEW = "2026-11-01", "2026-11-20"
LATER = AT + timedelta(hours=1)


def told(house: Disclosed) -> list[outbox.Notice]:
    with house.db() as db:
        recall(db, house.recalling(LATER))
        return outbox.all_notices(db)


def test_whoever_got_a_value_that_was_wrong_is_told_without_the_value(house):
    house.publish(1, AT, name=("张三", OLD), address=("路一号", OLD))
    house.look()
    house.look(department="tax", client="tax-1", case="C-9", answer_id="q2", fields=("name",))
    house.publish(2, LATER, name=("张三", OLD), address=("路二号", OLD))
    (notice,) = told(house)
    assert notice.body() == {
        "format": "onefile.notice/1", "number": 1, "consumer": "market", "reason": "value", "attribute": "address",
        "kind": "person", "how": "corrected", "changed_at": "2026-11-23T02:02:03Z", "answers": ["q1"], "cases": ["C-7"],
        "grants": [GRANT], "last_looked_at": "2026-11-23T01:02:03Z", "made_at": "2026-11-23T02:02:03Z",
        "acknowledge_by": "2026-11-30",
    }  # fmt: skip
    assert "路" not in str(notice)


def test_each_is_told_once_and_again_of_the_next_correction(house):
    house.publish(1, AT, address=("路一号", OLD))
    house.look()
    house.look(at=AT + timedelta(minutes=1), answer_id="q2")
    house.publish(2, LATER, address=("路二号", OLD))
    assert [notice.document["answers"] for notice in told(house)] == [["q1", "q2"]]
    assert len(told(house)) == 1
    house.publish(3, LATER, address=("路三号", OLD))
    assert len(told(house)) == 2


def test_who_looked_after_the_correction_is_not_told(house):
    house.publish(1, AT, address=("路一号", OLD))
    house.publish(2, LATER, address=("路二号", OLD))
    house.look(at=AT, lake_version="person_file@2")
    house.look(at=LATER + timedelta(minutes=1), lake_version="")
    assert told(house) == []


def test_a_look_that_was_answered_from_before_counts_though_it_came_later(house):
    house.publish(1, AT, address=("路一号", OLD))
    house.publish(2, LATER, address=("路二号", OLD))
    house.look(at=LATER + timedelta(seconds=1), lake_version="person_file@1")
    assert len(told(house)) == 1


def test_a_value_that_was_true_matters_while_the_case_is_open(house):
    house.publish(1, AT, address=("路一号", OLD))
    house.case("C-7")
    house.case("C-8", state="delivered", closed_at=AT)
    house.look()
    house.look(department="tax", case="C-8")
    house.look(department="health", case="C-unknown")
    house.publish(2, LATER, address=("路二号", NEW))
    assert [(notice.consumer, notice.document["how"]) for notice in told(house)] == [("market", "changed")]


def test_a_value_that_nobody_states_any_more_and_a_subject_that_is_gone_are_told(house):
    house.publish(1, AT, address=("路一号", OLD), name=("张三", OLD))
    house.look()
    house.publish(2, LATER, address=None, name=("张三", OLD))
    assert [notice.document["how"] for notice in told(house)] == ["withdrawn"]
    house.remove(3, LATER)
    assert [notice.document["attribute"] for notice in told(house)] == ["address", "name"]


def test_an_answer_made_from_the_value_counts_too_and_rows_have_changes_of_their_own(house):
    house.publish(1, AT, address=("路一号", OLD))
    house.look(department="tax", kind="files.match", fields=("match.address", "match.name"))
    rows = {"kind": "records.query", "resource": "police.population", "lake_version": "release@1"}
    house.look(department="health", fields=("address",), **rows)
    house.look(department="education", fields=("name",), **rows)
    house.look(department="justice", fields=("address",), **{**rows, "lake_version": "release@2"})
    house.look(department="market", fields=("relations.address",))
    house.publish(2, LATER, address=("路二号", OLD))
    assert [notice.consumer for notice in told(house)] == ["tax"]
    with house.db() as db:
        keep(db, [("p-1", "record", "police.population.address", "corrected")], (2, "2026-11-23T02:02:03Z"))
    assert [notice.consumer for notice in told(house)] == ["tax", "health"]


def test_the_bureau_s_own_people_are_no_department(house):
    house.publish(1, AT, address=("路一号", OLD))
    house.look(department="", client="")
    house.publish(2, LATER, address=("路二号", OLD))
    assert told(house) == []


def test_the_same_file_again_changes_nothing(house):
    house.publish(1, AT, address=("路一号", OLD))
    house.publish(2, LATER, address=("路一号", NEW))
    with house.db() as db:
        assert db.execute(select(VALUE_CHANGE)).all() == []


def statement(value: object, resource: str, on: str = OLD, **more: object) -> dict[str, object]:
    return {"value": value, "observed_on": on, "resource": resource, **more}


def test_what_one_resource_says_is_followed_where_the_file_s_value_stays():
    won, lost = statement("路一号", "police.population"), statement("路二号", "tax.register", attribute="address")
    agrees = {"attribute": "address", "resource": "tax.register", "observed_on": OLD}
    before = {"address": won, "contradictions": [lost], "agreements": []}
    assert list(changes(before, before)) == []
    other = {"address": won, "contradictions": [{**lost, "value": "路三号"}]}
    assert list(changes(before, other)) == [("address@tax.register", "corrected")]
    assert list(changes(before, {"address": won})) == [("address@tax.register", "withdrawn")]
    assert list(changes({"address": won, "agreements": [agrees]}, other)) == [("address@tax.register", "corrected")]
    moved = {"address": {**won, "value": "路二号"}, "contradictions": [{**lost, "value": "路一号"}]}
    assert list(changes(before, moved)) == [("address", "corrected")]


@pytest.mark.parametrize("value", ["42.10", "true", "7"])
def test_a_value_that_stays_the_same_though_another_resource_wins_is_no_change(value):
    won, lost = json.loads(value, parse_float=str), str(value)
    one, other = "police.population", "tax.register"
    before = {"x": statement(won, one), "contradictions": [], "agreements": [{"attribute": "x", "resource": other}]}
    after = {"x": statement(won, other), "contradictions": [], "agreements": [{"attribute": "x", "resource": one}]}
    assert list(changes(before, after)) == []
    fallen = {"x": statement("else", other), "contradictions": [{"attribute": "x", **statement(lost, one)}]}
    assert list(changes({"x": statement(won, one)}, fallen)) == [("x", "corrected")]


def test_only_who_was_shown_another_resource_s_statement_is_told_that_it_changed(house):
    house.publish(1, AT, address=("路一号", OLD))
    house.look(resource="tax.register")
    house.look(department="health", resource="police.population")
    with house.db() as db:
        keep(db, [("p-1", "person", "address@tax.register", "corrected")], (2, "2026-11-23T02:02:03Z"))
    assert [(notice.consumer, notice.document["attribute"]) for notice in told(house)] == [("market", "address")]


def test_ties_that_end_or_change_are_noted():
    tie = {"relation": "spouse", "other_number": "1", "since": "2020-01-01"}
    assert list(changes({"relations": [tie]}, {"relations": [tie]})) == []
    assert list(changes({"relations": [tie]}, {})) == [("relations.spouse", "withdrawn")]
    changed = {**tie, "until": "2026-01-01"}
    assert list(changes({"relations": [tie]}, {"relations": [changed]})) == [("relations.spouse", "changed")]


def test_notices_are_fed_by_number_acknowledged_and_overdue(house):
    house.publish(1, AT, address=("路一号", OLD), name=("张三", OLD))
    house.look()
    house.publish(2, LATER, address=("路二号", OLD), name=("张山", OLD))
    told(house)
    with house.db() as db:
        assert [notice.number for notice in outbox.feed(db, "market")] == [1, 2]
        assert [notice.number for notice in outbox.feed(db, "market", after=1)] == [2]
        assert outbox.feed(db, "tax") == []
        with pytest.raises(NoSuchNotice):
            outbox.acknowledge(db, "tax", 1, "tax-1", LATER)
        assert outbox.acknowledge(db, "market", 1, "market-1", LATER).acknowledged_by == "market-1"
        assert outbox.acknowledge(db, "market", 1, "other", LATER + timedelta(days=1)).acknowledged_by == "market-1"
        assert outbox.overdue(db, date(2026, 11, 30)) == []
        assert [notice.number for notice in outbox.overdue(db, date(2026, 12, 1))] == [2]
