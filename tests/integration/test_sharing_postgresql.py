"""Versions, requests, grants and their use on PostgreSQL, by the same code as on SQLite."""

from __future__ import annotations

from datetime import UTC, date, datetime

import catalog
from catalog import grants, requests
from catalog.entries import entries
from catalog.requests import Wanted, apply
from catalog.sharing_store import Actor, get, steps
from catalog.versions import DECLARED, record, versions
from schemas.serving.connection import looking, writing
from schemas.serving.migration import upgrade
from tests.unit.catalog.test_sharing import act, answers_at_once, asked

DAY = date(2026, 11, 23)
AT = datetime(2026, 11, 23, 8, tzinfo=UTC)
WANTED = Wanted(("name",), "", (), "Order 809", "register", "counter", "query", "2026-11-23", "2026-12-31", 5)


def open_request(url: str) -> str:
    with writing(url) as db:
        return act(db, asked(db), "office:approve").id


def test_a_request_is_granted_used_and_reviewed_on_postgresql(postgres_url: str) -> None:
    known = catalog.load()
    every = entries(known)
    population = every["police.population"]
    upgrade(postgres_url)
    with writing(postgres_url) as db:
        assert len(record(db, DECLARED, every.values(), "2026-11-23T08:00:00Z").new) == len(every)
    with writing(postgres_url) as db:
        case = apply(db, WANTED, population, Actor("consumer", "market", "clerk", AT, DAY))
        for role, department, action in (("office", "market", "approve"), ("provider", "police", "grant")):
            who = Actor(role, department, "clerk", AT, DAY)
            case = requests.act(db, case.id, action, who, "because", population, known.sharing)
        grant = get(db, f"G{case.id[1:]}")
        given = grants.given(db, grant.id, population, DAY)
        for _ in range(2):
            grants.note_use(db, given, ("name",), DAY)
        assert grants.given(db, grant.id, population, DAY).left_today == 3
        over = Actor("rule", "", "clerk", AT, date(2027, 1, 1))
        assert [case.state for case in grants.review(db, every, over)] == ["ended"]
    assert sorted(answers_at_once(postgres_url, open_request(postgres_url))) == ["NotAllowed", "done"]
    with looking(postgres_url) as db:
        assert [step["action"] for step in steps(db, grant.id)] == ["expire"]
        assert len(versions(db, population.id)) == 1
