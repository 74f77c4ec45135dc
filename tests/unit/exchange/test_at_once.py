"""Answers that are made on the event loop, and what is left to threads: the same answers, the same looks."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from catalog import grants
from catalog.cases.store import find
from catalog.prefill import store
from exchange.http import at_once
from exchange.prefill.recorder import Standing
from onefile.client import Purpose, Refused
from schemas.serving import pool
from schemas.serving.errors import DatabaseFailed
from tests.counter import ANNA, AT, BELA, FIRM, Open, Shop, person
from tests.prefilled import ask, cited, firm
from tests.prefilled import grants as grants_of

POPULATION = "police.population"
QUESTION = {"subjects": [{"number": ANNA}], "fields": ["name"]}


@pytest.fixture
def counter(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """A counter that waits for nobody who holds its database."""
    monkeypatch.setattr(pool, "SECONDS_TO_WAIT", 0.05)
    with shop.open() as opened:
        yield opened


@pytest.fixture
def hops(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of handlers that were run in a thread, as they are run."""
    seen: list[str] = []
    real = at_once.run_in_threadpool

    async def hop(handler: Callable[..., Any], **named: Any) -> Any:
        seen.append(handler.__name__)
        return await real(handler, **named)

    monkeypatch.setattr(at_once, "run_in_threadpool", hop)
    return seen


def headers(counter: Open, *granted: str) -> dict[str, str]:
    counter.case()
    return dict(counter.bearer("market-app", **{
        "Onefile-Grant": ",".join(granted), "Onefile-Item": "0102", "Onefile-Case": "D-1"}))  # fmt: skip


def asked(counter: Open, cited: dict[str, str], numbers: tuple[str, ...] = (ANNA,)) -> list[str]:
    """Ask for names; return the outcomes."""
    body = {**QUESTION, "subjects": [{"number": number} for number in numbers]}
    answer = counter.http.post("/v1/files/query", json=body, headers=cited)
    assert answer.status_code == 200, answer.text
    return [each["outcome"] for each in answer.json()["results"]]


def cited_for(cites: Purpose, draft: str) -> Purpose:
    return Purpose(cites.grant, cites.item, draft)


def test_a_thread_is_entered_where_the_quota_has_to_be_fetched_and_for_many_subjects(
    counter: Open, hops: list[str]
) -> None:
    cited = headers(counter, counter.shop.grant(POPULATION, ("number", "name"), quota=100_000))
    for _ in range(5):
        assert asked(counter, cited) == ["found"]
    assert hops == ["query"]
    assert asked(counter, cited, (ANNA, BELA) * 4) == ["found"] * 8
    assert hops == ["query"]
    assert asked(counter, cited, (ANNA, BELA, ANNA) * 3) == ["found"] * 9
    assert hops == ["query", "query"]
    assert len(counter.looks()) == 5 + 8 + 9


def test_what_is_done_again_in_a_thread_takes_its_looks_once(counter: Open, hops: list[str]) -> None:
    """Of two grants the second has to be fetched: what was taken of the first is put back before it is done again."""
    first = counter.shop.grant(POPULATION, ("number", "name"), quota=100_000)
    second = counter.shop.grant(POPULATION, ("number", "sex"), quota=100_000)
    assert asked(counter, headers(counter, first)) == ["found"]
    assert asked(counter, headers(counter, first, second)) == ["found"]
    assert hops == ["query", "query"]
    counter.counter.quotas.give_back()
    with counter.counter.database.looking() as connection:
        assert [grants.looks(connection, each, AT.date()) for each in (first, second)] == [2, 1]


def test_of_two_grants_of_which_one_is_used_up_neither_is_taken_from(counter: Open) -> None:
    first = counter.shop.grant(POPULATION, ("number", "name"), quota=100_000)
    second = counter.shop.grant(POPULATION, ("number", "sex"), quota=1)
    cited = headers(counter, first, second)
    asked(counter, cited)
    answer = counter.http.post("/v1/files/query", json=QUESTION, headers=cited)
    assert (answer.status_code, answer.json()["code"]) == (429, "quota_used_up")
    counter.counter.quotas.give_back()
    with counter.counter.database.looking() as connection:
        assert [grants.looks(connection, each, AT.date()) for each in (first, second)] == [1, 1]


def test_who_holds_the_file_is_waited_for_in_a_thread(counter: Open, hops: list[str]) -> None:
    cited = headers(counter, counter.shop.grant(POPULATION, ("number", "name"), quota=100_000))
    asked(counter, cited)
    counter.counter.database.close()  # who holds a file alone must be the only one who has it open
    with closing(sqlite3.connect(counter.shop.home / "serving.db")) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN IMMEDIATE")
        answer = counter.http.post("/v1/files/query", json=QUESTION, headers=cited)
        assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")
        assert hops == ["query", "query"]
    assert asked(counter, cited) == ["found"]
    assert hops == ["query", "query"]


def test_what_prefills_of_several_cases_leave_for_the_meter_is_kept_before_they_leave(counter: Open) -> None:
    counter.shop.publish(firm())
    cites = cited(grants_of(counter.shop, quota=100_000))
    for draft in ("D-1", "D-2", "D-2"):
        counter.case(draft, parties=(FIRM,))
        ask(counter, cited_for(cites, draft))
    with counter.counter.database.looking() as connection:
        assert len(list(store.asked_between(connection, "2026-11-30", "2026-11-30"))) == 2


def test_an_answer_does_not_leave_where_what_the_meter_counts_cannot_be_kept(counter: Open) -> None:
    counter.shop.publish(firm())
    cites = cited(grants_of(counter.shop, quota=100_000))
    for draft in ("D-1", "D-2"):
        counter.case(draft, parties=(FIRM,))
    ask(counter, cited_for(cites, "D-1"))
    with closing(sqlite3.connect(counter.shop.home / "serving.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Refused, match="database_unavailable"):
            ask(counter, cited_for(cites, "D-2"))
    assert ask(counter, cited_for(cites, "D-2"))["case"] == "D-2"


def test_a_case_that_was_removed_meanwhile_is_nobody_else_s_fault(shop: Shop) -> None:
    with shop.open() as opened:
        opened.case("D-1", parties=(FIRM,))
        opened.case("D-2", parties=(FIRM,))
        standings = opened.counter.standings
        with opened.counter.database.looking() as connection:
            cases = [found for draft in ("D-1", "D-2") if (found := find(connection, draft)) is not None]
        cases.insert(1, replace(cases[0], case_id="0" * 32))
        with closing(sqlite3.connect(shop.home / "serving.db")) as other:
            other.execute("BEGIN IMMEDIATE")
            kept = [standings.keep(Standing(case, {"0102": "{}"}, {"0102": "market"}, AT.date())) for case in cases]
        first, gone, last = (future.exception(30) for future in kept)
        assert (first, type(gone), last) == (None, DatabaseFailed, None)


def test_what_was_published_since_the_last_answer_is_in_the_next(counter: Open, hops: list[str]) -> None:
    """The connection that stays open holds no snapshot between two answers."""
    cited = headers(counter, counter.shop.grant(POPULATION, ("number", "name"), quota=100_000))
    asked(counter, cited)
    counter.shop.publish(person(ANNA, "安妮"))
    answer = counter.http.post("/v1/files/query", json=QUESTION, headers=cited)
    assert answer.json()["results"][0]["files"][0]["attributes"]["name"]["value"] == "安妮"
    assert hops == ["query"]
