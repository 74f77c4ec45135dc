"""Requests while terms change: what is granted is what can be had on that day, and what is lacking is told first."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Connection

import catalog
from catalog import grants, requests
from catalog.entries import Entry, entries
from catalog.errors import RequestRefused
from catalog.grants import Limits
from catalog.requests import Wanted, apply
from catalog.sharing_store import Actor, Case, get, steps

KNOWN = catalog.load()
ENTRIES = entries(KNOWN)
POPULATION, ENTERPRISES = ENTRIES["police.population"], ENTRIES["market.enterprises"]
DAY = date(2026, 11, 23)
WANTED = Wanted(("name", "sex"), "", (), "Order 809", "register", "counter", "query", "2026-11-23", "2026-12-31", 2)
OPEN = replace(WANTED, fields=("code", "name"))
BY = {"consumer": "tax", "office": "tax", "authority": "data_bureau"}


def who(role: str, entry: Entry) -> Actor:
    department = BY.get(role, entry.provider)
    return Actor(role, department, "clerk", datetime(2026, 11, 23, 8, tzinfo=UTC), DAY)


def act(db: Connection, case: Case, said: str, entry: Entry | None, wanted: Wanted | None = None, *fields: str) -> Case:
    role, action = said.split(":")
    actor = who(role, POPULATION if case.provider == "police" else ENTERPRISES)
    return requests.act(db, case.id, action, actor, "because", entry, KNOWN.sharing, fields, wanted)


def approved(db: Connection, wanted: Wanted = WANTED, entry: Entry = POPULATION) -> Case:
    return act(db, apply(db, wanted, entry, who("consumer", entry)), "office:approve", entry)


def test_an_unconditional_request_is_granted_at_once_when_it_is_completed(db: Connection) -> None:
    case = approved(db, replace(OPEN, scope=" \t"), ENTERPRISES)
    case = act(db, case, "provider:tell_lacking", ENTERPRISES)
    assert (case.state, steps(db, case.id)[-1]["detail"]) == ("lacking", "scope")
    case = act(db, case, "consumer:complete", ENTERPRISES, OPEN)
    assert (case.state, steps(db, case.id)[-1]["role"]) == ("granted", "rule")
    assert grants.given(db, f"G{case.id[1:]}", ENTERPRISES, DAY).fields == ("code", "name")


@pytest.mark.parametrize("action", ["refuse", "ask_extension"])
def test_an_incomplete_request_is_told_what_it_lacks_before_anything_else(db: Connection, action: str) -> None:
    case = approved(db, replace(WANTED, basis=""))
    with pytest.raises(RequestRefused, match="no basis: it is told what it lacks first"):
        act(db, case, f"provider:{action}", POPULATION)
    case = act(db, act(db, case, "provider:tell_lacking", POPULATION), "consumer:complete", POPULATION, WANTED)
    assert act(db, case, f"provider:{action}", POPULATION).state in ("refused", "extension_asked")


def test_what_was_sent_back_is_submitted_otherwise_and_seen_by_the_office_anew(db: Connection) -> None:
    case = act(
        db, apply(db, WANTED, POPULATION, who("consumer", POPULATION)), "office:send_back", POPULATION
    )  # fmt: skip
    case = act(db, case, "consumer:submit", POPULATION, replace(WANTED, fields=("name",), quota=1, basis=""))
    assert (case.state, case.fields, case.wants["quota"], case.wants["basis"]) == (
        "at_office",
        ("name",),
        1,
        "Order 809",
    )
    assert case.wants["grades"] == {"name": "personal"}


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (None, "which is not in the catalogue any more"),
        (replace(POPULATION, state="withdrawn"), "in state withdrawn"),
        (replace(POPULATION, share_class="not_shared"), "is not shared any more"),
        (replace(POPULATION, modes=("batch",)), "the mode query"),
        (replace(POPULATION, items=tuple(i for i in POPULATION.items if i.name != "sex")), "grant of name"),
        (replace(POPULATION, items=tuple(replace(i, grade="sensitive") for i in POPULATION.items)), "no assessment"),
    ],
)
def test_what_cannot_be_had_any_more_is_not_granted_and_may_be_refused(
    db: Connection, entry: Entry | None, said: str
) -> None:
    case = approved(db)
    with pytest.raises(RequestRefused, match=said):
        act(db, case, "provider:grant", entry)
    assert act(db, get(db, case.id), "provider:refuse", entry).state == "refused"


def test_a_request_for_what_is_gone_is_sent_back_and_withdrawn(db: Connection) -> None:
    case = apply(db, WANTED, POPULATION, who("consumer", POPULATION))
    case = act(db, case, "office:send_back", None)
    assert act(db, case, "consumer:withdraw", None).state == "withdrawn"


def test_a_grant_is_made_on_the_terms_of_its_day_and_holds_on_them(db: Connection) -> None:
    case = apply(db, OPEN, ENTERPRISES, who("consumer", ENTERPRISES))
    judged = replace(ENTERPRISES, share_class="conditional", share_condition="for a case")
    case = act(db, act(db, case, "office:approve", judged), "provider:grant", judged)
    assert case.wants["share_class"] == "conditional"
    assert grants.given(db, f"G{case.id[1:]}", judged, DAY).fields == ("code", "name")


@pytest.mark.parametrize("until", ["2026-11-22", "2026-W47-1"])
def test_a_period_that_is_over_is_no_period(db: Connection, until: str) -> None:
    with pytest.raises(RequestRefused, match=f"a period that ended on {until}"):
        apply(db, replace(WANTED, valid_from="2026-01-01", valid_until=until), POPULATION, who("consumer", POPULATION))


def test_days_are_kept_as_they_are_compared(db: Connection) -> None:
    case = apply(db, replace(WANTED, valid_until="20261231"), POPULATION, who("consumer", POPULATION))
    assert case.wants["valid_until"] == "2026-12-31"


def test_an_entry_of_another_catalogue_is_not_asked_for_here(db: Connection) -> None:
    foreign = replace(POPULATION, id="next_city:1f", kind="foreign", provider="")
    with pytest.raises(RequestRefused, match="next_city:1f, of another catalogue"):
        apply(db, WANTED, foreign, who("consumer", POPULATION))


def granted(db: Connection, wanted: Wanted) -> Case:
    return get(db, f"G{act(db, approved(db, wanted), 'provider:grant', POPULATION).id[1:]}")


@pytest.mark.parametrize(
    ("limits", "rows", "items", "quota", "fields"),
    [
        (Limits(rows="area=690101"), "area=690101", ("01", "02"), 2, ("name", "sex")),
        (Limits(rows="area=690100", items=("02",)), "area=690100", ("02",), 2, ("name", "sex")),
        (Limits(("sex",), quota=1), "area=690100", ("01", "02"), 1, ("sex",)),
    ],
)
def test_a_grant_is_narrowed_in_fields_rows_items_and_quota(
    db: Connection, limits: Limits, rows: str, items: tuple[str, ...], quota: int, fields: tuple[str, ...]
) -> None:
    grant = granted(db, replace(WANTED, rows="area=690100", items=("01", "02")))
    grants.act(db, grant.id, "narrow", who("provider", POPULATION), "less will do", KNOWN.sharing, limits=limits)
    gives = grants.given(db, grant.id, POPULATION, DAY)
    assert (gives.rows, gives.items, gives.left_today, gives.fields) == (rows, items, quota, fields)


@pytest.mark.parametrize(
    "limits",
    [Limits(), Limits(("number",)), Limits(rows="area=6902"), Limits(rows="area=69"), Limits(rows="level=city"),
     Limits(items=("03",)), Limits(quota=3), Limits(quota=-1), Limits(rows="all")],
)  # fmt: skip
def test_narrowing_never_widens(db: Connection, limits: Limits) -> None:
    grant = granted(db, replace(WANTED, rows="area=690100", items=("01", "02")))
    with pytest.raises(RequestRefused):
        grants.act(db, grant.id, "narrow", who("provider", POPULATION), "more", KNOWN.sharing, limits=limits)
