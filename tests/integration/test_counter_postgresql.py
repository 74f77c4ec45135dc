"""The counter on PostgreSQL, whose sessions and whose server are killed while it is asked: 503, and nothing lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine, event

from schemas.serving.ahead import Answers, Question
from tests.counter import ANNA, FIRM, Open, Shop, person, purpose
from tests.papers import AT as ISSUED
from tests.postgres import PostgreSQL, server
from tests.vault import ids_of, issue_rows, permit, vault_of

PATHS = {
    "/v1/files/query": {"subjects": [{"number": ANNA}], "fields": ["name"]},
    "/v1/files/match": {"subjects": [{"number": ANNA, "name": "安娜"}]},
    "/v1/licences/search": {"searches": [{"holder": ANNA}]},
}


@pytest.fixture(scope="module")
def database() -> Iterator[PostgreSQL]:
    """A server that may be killed."""
    with server() as running:
        yield running


@pytest.fixture
def counter(database: PostgreSQL, tmp_path: Path) -> Iterator[Open]:
    shop = Shop(tmp_path / "var", database.database())
    shop.publish(person(ANNA, "安娜"))
    shop.client("intake", "data_bureau", "intake")
    shop.client("market-app", "market")
    with shop.open() as opened:
        yield opened


@pytest.fixture
def headers(counter: Open) -> dict[str, str]:
    counter.case()
    grant = counter.shop.grant("police.population", ("number", "name"), quota=100_000)
    cited = {"Onefile-Grant": grant, "Onefile-Item": "0102", "Onefile-Case": "D-1"}
    return dict(counter.bearer("market-app", **cited))


def asked(counter: Open, headers: dict[str, str], path: str = "/v1/files/query") -> int:
    answer = counter.http.post(path, json=PATHS[path], headers=headers)
    if answer.status_code != 200:
        assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")
        assert "安娜" not in answer.text
    return answer.status_code


def end_sessions(counter: Open) -> None:
    """Kill every session of the counter's at the server."""
    where = counter.shop.url.replace("postgresql+psycopg", "postgresql")
    with psycopg.connect(where, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                      " WHERE pid <> pg_backend_pid() AND datname = current_database()")  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_a_session_that_is_killed_in_the_middle_of_a_request_gives_no_value_and_the_next_one_goes_on(
    counter: Open, headers: dict[str, str], path: str
) -> None:
    statuses = []
    for number in (1, 2, 3):
        counter.counter.quotas.give_back()
        begun = 0

        def end_at(_connection: object, *_: object, wanted: int = number) -> None:
            nonlocal begun
            begun += 1
            if begun == wanted:
                end_sessions(counter)

        event.listen(Engine, "begin", end_at)
        try:
            statuses.append(asked(counter, headers, path))
        finally:
            event.remove(Engine, "begin", end_at)
        assert asked(counter, headers, path) == 200
    assert 503 in statuses
    assert len({look.answer_id for look in counter.looks()}) == 3 + statuses.count(200)


def test_sessions_that_were_killed_in_between_are_noticed_before_they_are_used(
    counter: Open, headers: dict[str, str]
) -> None:
    assert asked(counter, headers) == 200
    end_sessions(counter)
    assert asked(counter, headers) == 200


def test_one_trip_is_one_snapshot_that_only_reads(counter: Open) -> None:
    now, level, only = (
        ("SELECT CAST(now() AS text), pg_sleep(0.01)", {}),
        ("SELECT CAST(now() AS text), current_setting('transaction_isolation')", {}),
        ("SELECT CAST(now() AS text), current_setting('transaction_read_only')", {}),
    )

    async def trip() -> list[tuple[str, str]]:
        found = await counter.counter.database.answers([now, level, only])
        return [tuple(found.rows(*each)[0]) for each in (now, level, only)]

    rows = counter.http.portal.call(trip)
    assert [row[1] for row in rows[1:]] == ["repeatable read", "on"]
    assert len({row[0] for row in rows}) == 1


@contextmanager
def watched(counter: Open, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[list[int], list[str]]]:
    """Note how many questions each trip has, and each transaction that a thread begins."""
    trips, hops = list[int](), list[str]()
    real, noted = counter.counter.database.answers, partial(_note, hops)

    async def counted(questions: Sequence[Question]) -> Answers:
        trips.append(len(questions))
        return await real(questions)

    with monkeypatch.context() as patched:
        patched.setattr(counter.counter.database, "answers", counted)
        event.listen(Engine, "begin", noted)
        try:
            yield trips, hops
        finally:
            event.remove(Engine, "begin", noted)


@pytest.mark.parametrize("path", ["/v1/files/query", "/v1/licences/search"])
def test_a_question_about_few_is_answered_in_one_trip_and_without_a_thread(
    counter: Open, headers: dict[str, str], path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert asked(counter, headers, path) == 200  # a quota is fetched in a thread
    with watched(counter, monkeypatch) as (trips, hops):
        assert asked(counter, headers, path) == 200
    assert (len(trips), hops) == (1, [])


def test_a_licence_by_id_by_holder_and_by_printed_number_takes_no_thread_either(
    counter: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is in question of a licence is asked by whoever holds it, which is known once it is read."""
    vault = vault_of(counter.shop.home, counter.shop.url)
    issue_rows(vault, [permit(1, holder_code=FIRM)], "b-1", ISSUED)
    (licence,) = ids_of(vault)
    counter.shop.client("tax-app", "tax")
    counter.case(parties=(FIRM,), department="tax")
    entry = "licence.food_operation_permit"
    cited = purpose(counter.shop.grant(entry, ("ZZBH",), consumer="tax", mode="licence", quota=100_000))
    printed = {"type": "food_operation_permit", "printed": "JY1" + "0" * 12 + "1"}
    with counter.ask("tax-app") as ask:
        ask.call("GET", f"/v1/licences/{licence}", None, cited)  # a quota is fetched in a thread
        for most, method, path, body in (
            (2, "GET", f"/v1/licences/{licence}", None),
            (1, "POST", "/v1/licences/search", {"searches": [{"holder": FIRM}]}),
            (2, "POST", "/v1/licences/search", {"searches": [{"id": licence}]}),
            (3, "POST", "/v1/licences/search", {"searches": [printed]}),
        ):
            with watched(counter, monkeypatch) as (trips, hops):
                found = ask.call(method, path, body, cited)
            assert licence in str(found)
            assert (len(trips), hops) == (most, []), (method, body)


def test_a_server_that_dies_under_load_and_comes_back_is_waited_for_with_503(
    counter: Open, headers: dict[str, str], database: PostgreSQL
) -> None:
    statuses: list[int] = []
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            statuses.append(asked(counter, headers))

    askers = [threading.Thread(target=ask) for _ in range(4)]
    for asker in askers:
        asker.start()
    try:
        _wait_for(statuses, 200, 20)
        database.kill()
        _wait_for(statuses, 503, 20)
        database.start()
        statuses.clear()
        _wait_for(statuses, 200, 20)
    finally:
        stop.set()
        for asker in askers:
            asker.join(60)
    assert asked(counter, headers) == 200


def _note(hops: list[str], _connection: object) -> None:
    hops.append("thread")


def _wait_for(statuses: list[int], wanted: int, count: int) -> None:
    until = time.monotonic() + 60
    while statuses.count(wanted) < count:
        assert time.monotonic() < until, statuses[-10:]
        time.sleep(0.01)
