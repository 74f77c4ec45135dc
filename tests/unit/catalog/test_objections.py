"""Objections, claims and disputes: each by its route and clock; a value in question is marked until it is another."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from itertools import product

import pytest
from sqlalchemy import Connection, delete, insert, select

import catalog
from catalog import claims, disputes, objections, requests, verifications
from catalog.entries import entries
from catalog.errors import NotAllowed, NotYourPart, ObjectionRefused, ReasonMissing, RequestRefused, UnknownId
from catalog.objection_states import DISPUTE, MARKING, OBJECTION, ROLES
from catalog.objections import Challenge, marks, open_objection
from catalog.requests import Wanted
from catalog.sharing_states import Machine
from catalog.sharing_store import Actor, Case, get, steps
from schemas.serving.disclosure_tables import OBJECTION as OBJECTIONS
from schemas.serving.tables import SUBJECT

KNOWN = catalog.load()
DAY = date(2026, 11, 23)
WRONG = Challenge("p1", "person", "address", "我从未住过那里")


def who(role: str = "subject", department: str = "", day: date = DAY) -> Actor:
    return Actor(role, department, "clerk", datetime(day.year, day.month, day.day, 8, tzinfo=UTC), day)


def put(db: Connection, value: str | None, delivery: str = "d1") -> None:
    stated = (
        {} if value is None else {"address": {"value": value, "delivery": delivery, "resource": "police.population"}}
    )
    db.execute(delete(SUBJECT).where(SUBJECT.c.subject_id == "p1"))
    db.execute(insert(SUBJECT).values(
        subject_id="p1", kind="person", number_type="citizen_number", number="690101199001011234", digest="d",
        document=json.dumps(stated, ensure_ascii=False), lake_version=1, published_at="2026-11-23T00:00:00Z",
    ))  # fmt: skip


@pytest.fixture
def opened(db: Connection) -> Case:
    put(db, "路一号")
    return open_objection(db, WRONG, KNOWN, who(), "salt")


def act(db: Connection, case: Case, action: str, actor: Actor, reason: str = "because", subject: str = "p1") -> Case:
    return objections.act(db, case.id, action, actor, reason, KNOWN.sharing, subject)


@pytest.mark.parametrize("machine", [OBJECTION, DISPUTE], ids=["objection", "dispute"])
def test_every_state_action_and_role_is_allowed_by_the_table_or_refused(machine: Machine) -> None:
    for state, action, role in product(machine.states, machine.actions, ROLES):
        step = machine.steps.get((state, action))
        if step is not None and role in step.roles:
            assert machine.step(state, action, role).to in machine.states
            continue
        with pytest.raises(NotAllowed):
            machine.step(state, action, role)
    assert {action for _, action in machine.steps} == set(machine.actions)
    assert set(machine.ends()) < set(machine.states)


def test_an_objection_goes_to_the_lead_with_a_clock_and_no_value_is_kept(opened: Case, db: Connection) -> None:
    assert (opened.id, opened.provider, opened.entry_id, opened.state) == (
        "O20261123-0001", "police", "person.address", "opened")  # fmt: skip
    assert opened.due_on == "2026-12-07"
    assert "路一号" not in str(db.execute(select(OBJECTIONS)).all())
    assert [case.id for case in objections.of_subject(db, "p1")] == [opened.id]
    assert objections.of_subject(db, "p2") == []


def test_one_by_the_hotline_bears_its_ticket(db: Connection) -> None:
    put(db, "路一号")
    case = open_objection(db, Challenge("p1", "person", "address", "x", "T-88"), KNOWN, who(), "s")
    assert (case.consumer, case.wants["ticket"]) == ("12345", "T-88")


@pytest.mark.parametrize(
    ("challenge", "error"),
    [
        (Challenge("p1", "person", "no_such", "x"), ObjectionRefused),
        (Challenge("p1", "nobody", "address", "x"), ObjectionRefused),
        (Challenge("p1", "person", "address", " "), ReasonMissing),
        (Challenge("p1", "person", "address", "x" * 3000), ObjectionRefused),
    ],
)  # fmt: skip
def test_an_objection_that_nobody_can_answer_is_refused(db: Connection, challenge: Challenge, error: type) -> None:
    with pytest.raises(error):
        open_objection(db, challenge, KNOWN, who(), "s")


def test_a_second_one_about_the_same_value_waits_for_the_first(opened: Case, db: Connection) -> None:
    with pytest.raises(ObjectionRefused, match=opened.id):
        open_objection(db, WRONG, KNOWN, who(), "s")
    act(db, opened, "withdraw", who(), "")
    assert open_objection(db, WRONG, KNOWN, who(), "s").id == "O20261123-0002"


def test_a_value_is_marked_until_a_new_delivery_brings_another(opened: Case, db: Connection) -> None:
    mark = {"what": "objection", "id": opened.id, "state": "opened", "since": "2026-11-23"}
    assert marks(db, ["p1", "p2"]) == {("p1", "address"): [mark]}
    assert act(db, opened, "correct", who("provider", "police")).due_on == "2026-12-21"
    assert marks(db, ["p1"])[("p1", "address")][0]["state"] == "correcting"
    assert objections.sweep(db, who("rule")) == ([], [])
    put(db, "路一号", "d2")
    assert objections.sweep(db, who("rule")) == ([], [])
    put(db, "路二号", "d3")
    assert objections.sweep(db, who("rule")) == ([opened.id], [])
    assert marks(db, ["p1"]) == {}
    assert steps(db, opened.id)[-1]["detail"] == "d3"
    assert objections.sweep(db, who("rule")) == ([], [])


def test_a_value_that_is_taken_away_is_another_too(opened: Case, db: Connection) -> None:
    put(db, None)
    assert objections.sweep(db, who("rule")) == ([opened.id], [])


def test_a_refusal_has_a_reason_and_may_be_contested(opened: Case, db: Connection) -> None:
    lead = who("provider", "police")
    with pytest.raises(ReasonMissing):
        act(db, opened, "refuse", lead, " ")
    assert act(db, opened, "refuse", lead, "户籍登记如此").state == "refused"
    assert marks(db, ["p1"]) == {}
    assert act(db, opened, "contest", who()).state == "contested"
    assert marks(db, ["p1"])
    with pytest.raises(NotYourPart):
        act(db, opened, "uphold", who("authority", "police"))
    assert act(db, opened, "uphold", who("authority", "data_bureau")).state == "settled"


@pytest.mark.parametrize(
    ("actor", "action", "subject"),
    [
        (who("provider", "market"), "correct", "p1"),
        (who("subject"), "withdraw", "p2"),
        (who("authority", "market"), "uphold", "p1"),
    ],
)
def test_nobody_takes_another_s_step(opened: Case, db: Connection, actor: Actor, action: str, subject: str) -> None:
    with pytest.raises((NotYourPart, NotAllowed)):
        act(db, opened, action, actor, subject=subject)


def test_what_is_late_goes_up_once(opened: Case, db: Connection) -> None:
    late = who("rule", day=date(2026, 12, 8))
    assert objections.overdue(db, late.day) == [opened]
    assert objections.sweep(db, late) == ([], [opened.id])
    assert objections.sweep(db, late) == ([], [])
    assert act(db, opened, "correct", who("authority", "data_bureau")).state == "correcting"


def test_a_promised_correction_that_does_not_come_goes_up(opened: Case, db: Connection) -> None:
    act(db, opened, "correct", who("provider", "police"))
    assert objections.sweep(db, who("rule", day=date(2026, 12, 22))) == ([], [opened.id])


def test_a_consumer_s_claim_goes_to_the_lead_and_ends_by_another_value(db: Connection) -> None:
    put(db, "路一号")
    consumer = who("consumer", "market")
    case = claims.open_claim(db, WRONG, KNOWN, consumer, "salt")
    assert (case.id[0], case.consumer, case.provider, case.due_on) == ("V", "market", "police", "2026-12-07")
    assert marks(db, ["p1"])[("p1", "address")][0]["what"] == "verification"
    with pytest.raises(ObjectionRefused, match=case.id):
        claims.open_claim(db, WRONG, KNOWN, consumer, "salt")
    with pytest.raises(NotYourPart):
        claims.open_claim(db, WRONG, KNOWN, who("consumer", "police"), "salt")
    with pytest.raises(ReasonMissing):
        claims.open_claim(db, Challenge("p1", "person", "sex", ""), KNOWN, consumer, "salt")
    lead = who("provider", "police")
    assert verifications.act(db, case.id, "correct", lead, "批次将至", KNOWN.sharing).state == "corrected"
    verifications.sweep(db, [], KNOWN, who("rule"))
    assert get(db, case.id).state == "corrected"
    put(db, "路二号", "d9")
    assert claims.sweep(db, who("rule")) == [case.id]
    assert (get(db, case.id).state, steps(db, case.id)[-1]["detail"]) == ("resolved", "d9")
    assert claims.sweep(db, who("rule")) == []


def wanted(**change: object) -> Wanted:
    said = {"fields": ("name",), "rows": "", "items": (), "basis": "b", "scenario": "s", "scope": "o", "mode": "query",
            "valid_from": "2026-11-23", "valid_until": "2026-12-31", "quota": 5, "assessment": "PIA"}  # fmt: skip
    return Wanted(**{**said, **change})  # type: ignore[arg-type]


@pytest.fixture
def requested(db: Connection) -> Case:
    return requests.apply(db, wanted(), entries(KNOWN)["police.population"], who("consumer", "market"))


def test_a_dispute_is_consulted_about_then_decided_then_appealed(requested: Case, db: Connection) -> None:
    consumer, provider = who("consumer", "market"), who("provider", "police")
    case = disputes.open_dispute(db, requested.id, consumer, "三周无答复", KNOWN.sharing)
    assert (case.state, case.due_on) == ("consulting", "2026-12-07")
    with pytest.raises(ObjectionRefused, match=case.id):
        disputes.open_dispute(db, requested.id, provider, "x", KNOWN.sharing)
    with pytest.raises(NotYourPart):
        disputes.act(db, case.id, "agree", consumer, "x", KNOWN.sharing)
    with pytest.raises(NotYourPart):
        disputes.act(db, case.id, "withdraw", provider, "x", KNOWN.sharing)
    with pytest.raises(ReasonMissing):
        disputes.act(db, case.id, "refer", provider, "", KNOWN.sharing)
    assert disputes.act(db, case.id, "refer", provider, "x", KNOWN.sharing).due_on == "2026-12-21"
    assert disputes.act(db, case.id, "decide", who("authority", "data_bureau"), "y", KNOWN.sharing).state == "decided"
    assert disputes.act(db, case.id, "appeal", consumer, "z", KNOWN.sharing).state == "with_government"
    assert disputes.act(db, case.id, "decide", who("government", "government"), "z", KNOWN.sharing).state == "decided"


def test_a_dispute_goes_up_when_its_time_is_over(requested: Case, db: Connection) -> None:
    case = disputes.open_dispute(db, requested.id, who("provider", "police", date(2026, 11, 2)), "x", KNOWN.sharing)
    late = who("rule", day=date(2026, 11, 17))
    assert disputes.escalate(db, late, KNOWN.sharing) == [case.id]
    assert get(db, case.id).state == "with_authority"
    assert disputes.escalate(db, late, KNOWN.sharing) == []
    assert disputes.escalate(db, who("rule", day=date(2026, 12, 31)), KNOWN.sharing) == [case.id]


def test_only_the_two_may_open_a_dispute_and_over_what_there_is(requested: Case, db: Connection) -> None:
    with pytest.raises(NotYourPart):
        disputes.open_dispute(db, requested.id, who("consumer", "tax"), "x", KNOWN.sharing)
    with pytest.raises(UnknownId):
        disputes.open_dispute(db, "R20200101-0001", who("consumer", "tax"), "x", KNOWN.sharing)
    with pytest.raises(ReasonMissing):
        disputes.open_dispute(db, requested.id, who("consumer", "market"), " ", KNOWN.sharing)


def test_notice_waits_only_until_a_day_that_is_to_come(db: Connection) -> None:
    entry, consumer = entries(KNOWN)["police.population"], who("consumer", "market")
    assert requests.apply(db, wanted(notice_after="2026-12-01"), entry, consumer).wants["notice_after"] == "2026-12-01"
    for day in ("2026-11-22", "soon"):
        with pytest.raises(RequestRefused):
            requests.apply(db, wanted(notice_after=day), entry, consumer)


def test_every_marking_state_is_one() -> None:
    assert set(MARKING) < set(OBJECTION.states)
