"""The counter on PostgreSQL, whose sessions and whose server are killed while it is asked: 503, and nothing lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine, event

from schemas.serving.ahead import Answers, Question
from tests.counter import ANNA, Open, Shop, person
from tests.postgres import PostgreSQL, server

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


@pytest.mark.parametrize("path", ["/v1/files/query", "/v1/licences/search"])
def test_a_question_about_few_is_answered_in_one_trip_and_without_a_thread(
    counter: Open, headers: dict[str, str], path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert asked(counter, headers, path) == 200  # a quota is fetched in a thread
    trips = []
    real = counter.counter.database.answers

    async def counted(questions: Sequence[Question]) -> Answers:
        trips.append(len(questions))
        return await real(questions)

    monkeypatch.setattr(counter.counter.database, "answers", counted)
    hops: list[str] = []
    noted = partial(_note, hops)
    event.listen(Engine, "begin", noted)
    try:
        assert asked(counter, headers, path) == 200
    finally:
        event.remove(Engine, "begin", noted)
    assert len(trips) == 1
    assert hops == []


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
