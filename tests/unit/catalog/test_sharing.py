"""Requests and grants: the whole table of states, actions and roles, and what each rule of sharing does."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import product
from pathlib import Path
from threading import Barrier, Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

import catalog
from catalog import grants, requests
from catalog.entries import Entry, entries
from catalog.errors import (
    AnsweredAlready,
    GrantNotInForce,
    NotAllowed,
    NotYourPart,
    ReasonMissing,
    RequestRefused,
    UnknownId,
)
from catalog.requests import Wanted, apply
from catalog.sharing_states import GRANT, REQUEST, ROLES, Machine
from catalog.sharing_store import Actor, Case, get, move, steps
from schemas.serving.connection import writing
from schemas.serving.migration import upgrade
from schemas.working_days import NoHolidayNotice

KNOWN = catalog.load()
ENTRIES = entries(KNOWN)
POPULATION, ENTERPRISES = ENTRIES["police.population"], ENTRIES["market.enterprises"]
DAY = date(2026, 11, 23)
WANTED = Wanted(("number", "name"), "area=690101", ("0101",), "Order 809", "register", "counter", "query",
                "2026-11-23", "2026-12-31", 2, "PIA 12")  # fmt: skip
BY = {"consumer": "market", "office": "market", "provider": "police", "authority": "data_bureau", "rule": ""}


def who(role: str, day: date = DAY) -> Actor:
    return Actor(role, BY[role], "clerk", datetime(day.year, day.month, day.day, 8, tzinfo=UTC), day)


def asked(db: Connection, wanted: Wanted = WANTED, entry: Entry = POPULATION) -> Case:
    return apply(db, wanted, entry, who("consumer"))


def act(db: Connection, case: Case, *taken: str, entry: Entry = POPULATION, day: date = DAY) -> Case:
    """Take steps written `role:action`, each with a reason."""
    for each in taken:
        role, action = each.split(":")
        case = requests.act(db, case.id, action, who(role, day), "because", entry, KNOWN.sharing)
    return case


def granted(db: Connection) -> Case:
    case = act(db, asked(db), "office:approve", "provider:grant")
    return get(db, f"G{case.id[1:]}")


def on_grant(db: Connection, case: Case, *taken: str, detail: str = "") -> Case:
    for each in taken:
        role, action = each.split(":")
        case = grants.act(db, case.id, action, who(role), "because", KNOWN.sharing, detail=detail)
    return case


@pytest.mark.parametrize("machine", [REQUEST, GRANT], ids=["request", "grant"])
def test_every_state_action_and_role_is_allowed_by_the_table_or_refused(machine: Machine) -> None:
    allowed = 0
    for state, action, role in product(machine.states, machine.actions, ROLES):
        step = machine.steps.get((state, action))
        if step is not None and role in step.roles:
            assert machine.step(state, action, role).to in machine.states
            allowed += 1
        else:
            with pytest.raises(NotAllowed, match=f"{action} by the {role} is not allowed in the state {state}"):
                machine.step(state, action, role)
    assert allowed == sum(len(step.roles) for step in machine.steps.values())


@pytest.mark.parametrize(
    ("machine", "ends"), [(REQUEST, ("supplied", "withdrawn")), (GRANT, ("disposed",))], ids=["request", "grant"]
)
def test_every_state_can_be_reached_every_action_is_used_and_only_the_ends_end(
    machine: Machine, ends: tuple[str, ...]
) -> None:
    reached = {machine.states[0]}
    for _ in machine.states:
        reached |= {step.to for (state, _), step in machine.steps.items() if state in reached}
    assert reached == set(machine.states)
    assert {action for _, action in machine.steps} == set(machine.actions)
    assert machine.ends() == ends
    assert {role for step in machine.steps.values() for role in step.roles} == set(ROLES) - (
        set() if machine is REQUEST else {"office"}
    )


def test_the_provider_ends_no_grant_alone() -> None:
    alone = [step.to for step in GRANT.steps.values() if "provider" in step.roles]
    assert "ended" not in alone
    assert "suspended" not in alone


def test_a_conditional_request_goes_by_office_and_provider_on_its_clocks(db: Connection) -> None:
    case = asked(db)
    assert (case.id, case.state, case.due_on) == ("R20261123-0001", "at_office", None)
    case = act(db, case, "office:approve")
    assert (case.state, case.due_on) == ("with_provider", "2026-12-07")
    case = act(db, case, "provider:grant")
    assert (case.state, case.due_on) == ("granted", "2026-12-21")
    grant = get(db, "G20261123-0001")
    assert (grant.fields, grant.state, grant.valid_until) == (("number", "name"), "active", "2026-12-31")
    assert [(s["action"], s["role"], s["department"], s["operator"], s["reason"]) for s in steps(db, case.id)] == [
        ("submit", "consumer", "market", "clerk", ""),
        ("approve", "office", "market", "clerk", "because"),
        ("grant", "provider", "police", "clerk", "because"),
    ]
    assert act(db, case, "provider:supply").state == "supplied"


def test_an_unconditional_resource_is_granted_at_once_by_the_rule(db: Connection) -> None:
    wanted = replace(WANTED, fields=("code", "name"))
    case = apply(db, wanted, ENTERPRISES, replace(who("consumer"), department="police"))
    office = replace(who("office"), department="police")
    case = requests.act(db, case.id, "approve", office, "", ENTERPRISES, KNOWN.sharing)
    assert case.state == "granted"
    assert steps(db, case.id)[-1]["role"] == "rule"


def test_what_is_lacking_is_told_once_and_nothing_is_granted_before(db: Connection) -> None:
    case = act(db, asked(db, replace(WANTED, scope="", quota=0)), "office:approve")
    assert requests.lacks(case.wants) == ("quota", "scope")
    with pytest.raises(RequestRefused, match="no quota, scope"):
        act(db, case, "provider:grant")
    case = act(db, case, "provider:tell_lacking")
    assert case.due_on is None
    case = requests.act(
        db, case.id, "complete", who("consumer"), "here", POPULATION, KNOWN.sharing,
        completed=replace(WANTED, basis="something else"),
    )  # fmt: skip
    assert (case.wants["scope"], case.wants["basis"], case.due_on) == ("counter", "Order 809", "2026-12-07")
    with pytest.raises(NotAllowed):
        act(db, case, "provider:tell_lacking")


def test_a_grant_may_be_narrower_than_the_wish_and_never_wider(db: Connection) -> None:
    case = act(db, asked(db), "office:approve")
    take = (db, case.id, "grant", who("provider"), "less", POPULATION, KNOWN.sharing)
    with pytest.raises(RequestRefused, match="no wish for phone"):
        requests.act(*take, ("name", "phone"))
    requests.act(*take, ("name",))
    assert get(db, f"G{case.id[1:]}").fields == ("name",)


def test_refusing_needs_a_reason_and_may_be_disputed(db: Connection) -> None:
    case = act(db, asked(db), "office:approve")
    with pytest.raises(ReasonMissing):
        requests.act(db, case.id, "refuse", who("provider"), "  ", POPULATION, KNOWN.sharing)
    assert act(db, case, "provider:refuse", "consumer:dispute", "authority:grant").state == "granted"


def test_more_time_is_had_with_the_authority_s_consent_only(db: Connection) -> None:
    case = act(db, asked(db), "office:approve", "provider:ask_extension")
    assert case.due_on == "2026-12-07"
    with pytest.raises(NotAllowed):
        act(db, case, "provider:consent_extension")
    assert act(db, case, "authority:consent_extension").due_on == "2026-12-21"


def test_a_request_that_nobody_answers_goes_to_the_authority_once(db: Connection) -> None:
    case = act(db, asked(db), "office:approve")
    assert requests.escalate(db, who("rule", date(2026, 12, 7))) == []
    (moved,) = requests.escalate(db, who("rule", date(2026, 12, 8)))
    assert (moved.id, moved.state) == (case.id, "escalated")
    assert requests.escalate(db, who("rule", date(2026, 12, 9))) == []


@pytest.mark.parametrize(
    ("role", "department"), [("office", "police"), ("provider", "market"), ("authority", "police")]
)
def test_nobody_acts_in_another_s_role(db: Connection, role: str, department: str) -> None:
    case = asked(db)
    if role != "office":
        case = act(db, case, "office:approve")
    if role == "authority":
        case = act(db, case, "provider:ask_extension")
    action = {"office": "approve", "provider": "grant", "authority": "consent_extension"}[role]
    with pytest.raises(NotYourPart):
        requests.act(db, case.id, action, replace(who(role), department=department), "x", POPULATION, KNOWN.sharing)


def test_two_answers_to_one_request_at_once_leave_one(db: Connection) -> None:
    read = act(db, asked(db), "office:approve")
    move(db, read, who("provider"), "refuse", "no", "refused", None)
    with pytest.raises(AnsweredAlready):
        move(db, read, who("provider"), "grant", "yes", "granted", None)
    assert get(db, read.id).state == "refused"


@pytest.mark.parametrize(
    ("wanted", "entry", "said"),
    [
        (replace(WANTED, fields=("shoe_size",)), POPULATION, "the fields shoe_size"),
        (replace(WANTED, mode="file"), POPULATION, "the mode file"),
        (replace(WANTED, valid_from="soon"), POPULATION, "a day that is none"),
        (replace(WANTED, valid_until="2026-01-01"), POPULATION, "ends on 2026-01-01, before it begins"),
        (replace(WANTED, quota=-1), POPULATION, "a quota of -1"),
        (WANTED, replace(POPULATION, state="draft"), "in state draft"),
        (WANTED, replace(POPULATION, share_class="not_shared"), "which is not shared"),
        (WANTED, replace(POPULATION, provider="market"), "its own provider"),
    ],
)
def test_what_cannot_be_asked_for_is_refused_at_once(db: Connection, wanted: Wanted, entry: Entry, said: str) -> None:
    with pytest.raises(RequestRefused, match=said):
        asked(db, wanted, entry)


def test_a_clock_that_runs_into_a_year_without_a_holiday_notice_moves_nothing(db: Connection) -> None:
    case = asked(db)
    with pytest.raises(NoHolidayNotice):
        act(db, case, "office:approve", day=date(2026, 12, 28))
    assert get(db, case.id).state == "at_office"


def test_a_grant_for_a_field_that_was_removed_from_the_resource_since_gives_the_others(db: Connection) -> None:
    grant = granted(db)
    left = tuple(item for item in POPULATION.items if item.name != "number")
    given = grants.given(db, grant.id, replace(POPULATION, items=left), DAY)
    assert given.fields == ("name",)
    assert grants.lost_fields(grant, replace(POPULATION, items=left)) == ("number",)
    with pytest.raises(GrantNotInForce, match="none of its fields"):
        grants.given(db, grant.id, replace(POPULATION, items=()), DAY)


@pytest.mark.parametrize(
    ("entry", "on", "said"),
    [
        (POPULATION, date(2026, 11, 22), "has not begun"),
        (POPULATION, date(2027, 1, 1), "ended on 2026-12-31"),
        (None, DAY, "not published"),
        (replace(POPULATION, state="withdrawn"), DAY, "not published"),
        (replace(POPULATION, share_class="not_shared"), DAY, "not shared"),
    ],
)
def test_a_grant_gives_nothing_outside_its_period_or_when_its_basis_lapsed(
    db: Connection, entry: Entry | None, on: date, said: str
) -> None:
    with pytest.raises(GrantNotInForce, match=said):
        grants.given(db, granted(db).id, entry, on)


def test_a_grant_gives_until_its_last_day_and_up_to_its_quota(db: Connection) -> None:
    grant = granted(db)
    last = date(2026, 12, 31)
    for left in (2, 1):
        given = grants.given(db, grant.id, POPULATION, last)
        assert given.left_today == left
        grants.note_use(db, given, ("name",), last)
    with pytest.raises(GrantNotInForce, match="quota"):
        grants.given(db, grant.id, POPULATION, last)


def test_a_review_ends_what_is_over_suspends_what_lapsed_and_does_it_once(db: Connection) -> None:
    one, two = granted(db), granted(db)
    assert grants.review(db, ENTRIES, who("rule")) == []
    gone = {**ENTRIES, POPULATION.id: replace(POPULATION, state="withdrawn")}
    assert [c.state for c in grants.review(db, gone, who("rule"))] == ["suspended", "suspended"]
    assert grants.review(db, gone, who("rule")) == []
    assert on_grant(db, get(db, one.id), "authority:resume").state == "active"
    over = who("rule", date(2027, 1, 1))
    assert {(c.id, c.state) for c in grants.review(db, ENTRIES, over)} == {(one.id, "ended"), (two.id, "ended")}


def test_a_grant_that_was_used_beyond_its_quota_suspends_itself(db: Connection) -> None:
    given = grants.given(db, granted(db).id, POPULATION, DAY)
    for _ in range(3):  # three counters that asked at the same moment
        grants.note_use(db, given, ("name",), DAY)
    (case,) = grants.review(db, ENTRIES, who("rule"))
    assert (case.state, steps(db, case.id)[-1]["reason"]) == ("suspended", "more looks than its quota allows")
    on_grant(db, case, "authority:resume")
    assert grants.review(db, ENTRIES, who("rule")) == []


def test_a_grant_holds_until_its_end_is_agreed_and_ends_with_a_statement(db: Connection) -> None:
    grant = on_grant(db, granted(db), "provider:propose_end")
    assert grants.given(db, grant.id, POPULATION, DAY).fields
    grant = on_grant(db, grant, "consumer:agree_end")
    with pytest.raises(GrantNotInForce, match="it is ended"):
        grants.given(db, grant.id, POPULATION, DAY)
    with pytest.raises(RequestRefused, match="statement of disposal"):
        on_grant(db, grant, "consumer:dispose")
    assert on_grant(db, grant, "consumer:dispose", detail="sha256 0").state == "disposed"


def test_narrowing_leaves_some_of_the_fields(db: Connection) -> None:
    grant = granted(db)
    assert grants.act(db, grant.id, "narrow", who("provider"), "x", KNOWN.sharing, ("name",)).fields == ("name",)
    with pytest.raises(RequestRefused):
        grants.act(db, grant.id, "narrow", who("provider"), "x", KNOWN.sharing, ("number",))


def test_fields_that_nobody_used_in_90_days_are_listed(db: Connection) -> None:
    wanted = replace(WANTED, valid_until="2027-11-22")
    case = act(db, asked(db, wanted), "office:approve", "provider:grant")
    grant = get(db, f"G{case.id[1:]}")
    later = DAY + timedelta(days=90)
    assert grants.unused(db, later - timedelta(days=1)) == []
    grants.note_use(db, grants.given(db, grant.id, POPULATION, DAY), ("name",), DAY)
    assert grants.unused(db, later) == [(grant.id, "number")]
    assert grants.unused(db, later + timedelta(days=1)) == [(grant.id, "number"), (grant.id, "name")]


def test_needs_that_nothing_meets_are_counted_and_ranked(db: Connection) -> None:
    for consumer, need in (("tax", "power bills"), ("tax", "power  bills"), ("market", "power bills"), ("tax", "rain")):
        requests.say_need(db, consumer, need, "", DAY)
    assert requests.needs(db) == [("power bills", 3, 2), ("rain", 1, 1)]


def test_a_grant_whose_field_became_more_sensitive_gives_the_others(db: Connection) -> None:
    grant = granted(db)
    raised = tuple(replace(item, grade="sensitive") if item.name == "name" else item for item in POPULATION.items)
    assert grants.given(db, grant.id, replace(POPULATION, items=raised), DAY).fields == ("number",)
    lowered = tuple(replace(item, grade="open") for item in POPULATION.items)
    assert grants.given(db, grant.id, replace(POPULATION, items=lowered), DAY).fields == ("number", "name")


def test_a_grant_says_which_fields_are_masked(db: Connection) -> None:
    assert grants.given(db, granted(db).id, POPULATION, DAY).masked == ("number", "name")


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (replace(ENTERPRISES, share_class="conditional"), "a condition now"),
        (replace(ENTERPRISES, modes=("batch",)), "not shared by query any more"),
    ],
)
def test_a_grant_on_terms_that_changed_suspends_itself(db: Connection, entry: Entry, said: str) -> None:
    wanted = replace(WANTED, fields=("code", "name"))
    case = apply(db, wanted, ENTERPRISES, replace(who("consumer"), department="police"))
    office = replace(who("office"), department="police")
    case = requests.act(db, case.id, "approve", office, "", ENTERPRISES, KNOWN.sharing)
    assert grants.given(db, f"G{case.id[1:]}", ENTERPRISES, DAY).fields == ("code", "name")
    with pytest.raises(GrantNotInForce, match=said):
        grants.given(db, f"G{case.id[1:]}", entry, DAY)
    (suspended,) = grants.review(db, {entry.id: entry}, who("rule"))
    assert suspended.state == "suspended"


def test_items_of_persons_are_not_granted_at_once_whatever_their_resource(db: Connection) -> None:
    wanted = replace(WANTED, fields=("code", "legal_representative"))
    case = apply(db, wanted, ENTERPRISES, replace(who("consumer"), department="police"))
    office = replace(who("office"), department="police")
    case = requests.act(db, case.id, "approve", office, "", ENTERPRISES, KNOWN.sharing)
    assert (case.state, case.due_on) == ("with_provider", "2026-12-07")


def test_sensitive_items_are_granted_after_an_assessment_only(db: Connection) -> None:
    case = act(db, asked(db, replace(WANTED, assessment="")), "office:approve")
    assert requests.lacks(case.wants) == ("assessment",)
    with pytest.raises(RequestRefused, match="no assessment"):
        act(db, case, "provider:grant")
    plain = act(db, asked(db, replace(WANTED, fields=("name",), assessment="")), "office:approve", "provider:grant")
    assert plain.state == "granted"


@pytest.mark.parametrize("rows", ["area=69", "area=690101", "area=690101001", "area=690101001002", "level=county", ""])
def test_rows_are_all_or_those_of_a_region_or_level(db: Connection, rows: str) -> None:
    assert asked(db, replace(WANTED, rows=rows)).wants["rows"] == rows


@pytest.mark.parametrize(
    "rows", ["area=6901x", "area=", "level=moon", "name=x", "all", "area=1 or 1=1", "area=6901011"]
)
def test_other_rows_are_refused(db: Connection, rows: str) -> None:
    with pytest.raises(RequestRefused, match="rows that are none"):
        asked(db, replace(WANTED, rows=rows))


def test_passing_on_needs_the_provider_s_consent_and_names_to_whom(db: Connection) -> None:
    grant = granted(db)
    assert grants.given(db, grant.id, POPULATION, DAY).passes_to == ()
    with pytest.raises(NotAllowed):
        grants.act(db, grant.id, "allow_passing_on", who("consumer"), "x", KNOWN.sharing, detail="tax")
    for nobody in ("", "market", "police"):
        with pytest.raises(RequestRefused, match="nobody to pass it on to"):
            grants.act(db, grant.id, "allow_passing_on", who("provider"), "x", KNOWN.sharing, detail=nobody)
    for department in ("tax", "housing", "tax"):
        grants.act(db, grant.id, "allow_passing_on", who("provider"), "x", KNOWN.sharing, detail=department)
    assert grants.given(db, grant.id, POPULATION, DAY).passes_to == ("tax", "housing")


def test_a_dispute_over_use_goes_to_the_authority_and_the_grant_holds_meanwhile(db: Connection) -> None:
    grant = on_grant(db, granted(db), "provider:dispute")
    assert grants.given(db, grant.id, POPULATION, DAY).fields == ("number", "name")
    with pytest.raises(NotAllowed):
        on_grant(db, grant, "provider:settle")
    assert on_grant(db, grant, "authority:settle").state == "active"
    assert on_grant(db, grant, "consumer:dispute", "authority:revoke").state == "ended"


def test_a_department_is_told_what_others_did_to_its_grants(db: Connection) -> None:
    grant = granted(db)
    grants.act(db, grant.id, "narrow", who("provider"), "not needed", KNOWN.sharing, ("name",))
    on_grant(db, get(db, grant.id), "consumer:report")
    told = grants.notices(db, "market", "2026-11-23T00:00:00Z")
    assert [(n["of_id"], n["action"], n["reason"]) for n in told] == [(grant.id, "narrow", "not needed")]
    assert [n["action"] for n in grants.notices(db, "police", "2026-11-23T00:00:00Z")] == ["report"]
    assert grants.notices(db, "market", "2026-11-24T00:00:00Z") == []
    assert grants.notices(db, "tax", "2026-01-01T00:00:00Z") == []


def test_a_consumer_that_told_of_no_use_for_a_year_is_listed(db: Connection) -> None:
    case = act(db, asked(db, replace(WANTED, valid_until="2030-01-01")), "office:approve", "provider:grant")
    grant = get(db, f"G{case.id[1:]}")
    assert grants.reports_due(db, DAY + timedelta(days=365)) == []
    assert [c.id for c in grants.reports_due(db, DAY + timedelta(days=366))] == [grant.id]
    later = replace(who("consumer"), at=datetime(2027, 10, 1, tzinfo=UTC), day=date(2027, 10, 1))
    grants.act(db, grant.id, "report", later, "4,000 cases without a copy", KNOWN.sharing)
    assert grants.reports_due(db, DAY + timedelta(days=366)) == []


def test_two_answers_from_two_connections_at_once_leave_one(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/two.db"
    upgrade(url)
    with writing(url) as db:
        case = act(db, asked(db), "office:approve")
    outcomes = answers_at_once(url, case.id)
    assert sorted(outcomes) == ["NotAllowed", "done"]
    with writing(url) as db:
        assert get(db, case.id).state in ("granted", "refused")
        assert len(steps(db, case.id)) == 3


def answers_at_once(url: str, case_id: str) -> list[str]:
    """Let the provider grant and refuse in two threads that begin together; return what came of each."""
    begin, outcomes = Barrier(2), list[str]()

    def answer(action: str) -> None:
        begin.wait()
        try:
            with writing(url) as db:
                requests.act(db, case_id, action, who("provider"), "because", POPULATION, KNOWN.sharing)
        except (NotAllowed, AnsweredAlready) as error:
            outcomes.append(type(error).__name__)
        else:
            outcomes.append("done")

    threads = [Thread(target=answer, args=(action,)) for action in ("grant", "refuse")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(ROLES), st.sampled_from(REQUEST.actions)), max_size=12))
def test_no_way_leads_to_a_grant_but_by_the_office_and_an_answer(taken: list[tuple[str, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/serving.db"
        upgrade(url)
        with writing(url) as db:
            case = asked(db)
            for role, action in taken:
                try:
                    case = requests.act(
                        db, case.id, action, who(role), "because", POPULATION, KNOWN.sharing,
                        completed=WANTED if action == "complete" else None,
                    )  # fmt: skip
                except (NotAllowed, RequestRefused):
                    continue
            found = [str(step["action"]) for step in steps(db, case.id)]
            assert case.state in REQUEST.states
            assert len(found) == case.step_count
            if case.state in ("granted", "supplied"):
                assert found.index("approve") < found.index("grant")
                assert get(db, f"G{case.id[1:]}").fields == WANTED.fields


def test_an_unknown_id_is_told(db: Connection) -> None:
    for asked_for in ("R1", "G1", "V1", "x"):
        with pytest.raises(UnknownId):
            get(db, asked_for)
