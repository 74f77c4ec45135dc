"""The database is gone, held, damaged or another one, also in the middle of a request: 503, and no value."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from exchange.clients import registry
from schemas.serving import pool
from schemas.serving.connection import writing
from tests.counter import ANNA, Open, Shop

PATHS = {
    "/v1/files/query": {"subjects": [{"number": ANNA}], "fields": ["name"]},
    "/v1/files/match": {"subjects": [{"number": ANNA, "name": "安娜"}]},
    "/v1/records/query": {"subjects": [{"number": ANNA}], "resource": "police.population", "fields": ["name"]},
    "/v1/licences/search": {"searches": [{"holder": ANNA}]},
}


@pytest.fixture
def counter(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """A counter that waits for nobody who holds its database."""
    monkeypatch.setattr(pool, "SECONDS_TO_WAIT", 0.05)
    with shop.open() as opened:
        yield opened


@pytest.fixture
def headers(counter: Open) -> dict[str, str]:
    counter.case()
    grant = counter.shop.grant("police.population", ("number", "name"), mode="query")
    counter.shop.supply("police.population", 5, ("r1", ANNA, {"number": ANNA, "name": "安娜"}))
    cited = {"Onefile-Grant": grant, "Onefile-Item": "0102", "Onefile-Case": "D-1"}
    return dict(counter.bearer("market-app", **cited))


def asked(counter: Open, headers: dict[str, str], path: str = "/v1/files/query") -> int:
    """Ask; return the status. An answer that is none says that the database is not to be had, and no value."""
    answer = counter.http.post(path, json=PATHS[path], headers=headers)
    if answer.status_code != 200:
        assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")
        assert "安娜" not in answer.text
    return answer.status_code


def files_of(counter: Open) -> list[Path]:
    return sorted(counter.shop.home.glob("serving.db*"))


@pytest.mark.parametrize("path", PATHS)
def test_a_file_that_is_gone_answers_nothing_until_it_is_back(
    counter: Open, headers: dict[str, str], path: str, tmp_path: Path
) -> None:
    assert asked(counter, headers, path) == 200
    looks = len(counter.looks())
    for file in files_of(counter):
        file.rename(tmp_path / file.name)
    assert asked(counter, headers, path) == 503
    assert counter.http.get("/readyz").status_code == 503
    assert len(counter.looks()) == looks
    for name in ("serving.db", "serving.db-wal", "serving.db-shm"):
        if (tmp_path / name).exists():
            (tmp_path / name).rename(counter.shop.home / name)
    assert asked(counter, headers, path) == 200


def test_another_file_in_its_place_is_what_counts_from_the_next_request_on(
    counter: Open, headers: dict[str, str], tmp_path: Path
) -> None:
    """As after a restore: a client that is revoked in it would come in by the old one for ever."""
    assert asked(counter, headers) == 200
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(counter.shop.home / "serving.db")) as old, closing(sqlite3.connect(other)) as new:
        old.backup(new)
    with writing(f"sqlite:///{other}") as connection:
        registry.revoke(connection, "market-app", "lost", counter.shop.at)
    for file in files_of(counter):
        file.unlink()
    other.rename(counter.shop.home / "serving.db")
    answer = counter.http.post("/v1/files/query", json=PATHS["/v1/files/query"], headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "token_invalid")


def test_a_writer_that_does_not_end_is_waited_for_but_not_for_ever(counter: Open, headers: dict[str, str]) -> None:
    with writing(counter.shop.url):
        assert asked(counter, headers) == 503  # the first look takes its quota from the database
        assert counter.http.get("/v1/cases", headers=headers).status_code == 200
    assert counter.looks() == []
    assert asked(counter, headers) == 200
    with writing(counter.shop.url):
        assert asked(counter, headers) == 200  # looks that were taken before are given


def test_a_database_that_others_keep_to_themselves_answers_nothing(counter: Open, headers: dict[str, str]) -> None:
    counter.counter.database.close()
    with closing(sqlite3.connect(counter.shop.home / "serving.db", isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN IMMEDIATE")
        assert asked(counter, headers) == 503
        other.execute("ROLLBACK")
    assert asked(counter, headers) == 200


def test_a_damaged_database_answers_nothing(counter: Open, headers: dict[str, str]) -> None:
    with writing(counter.shop.url) as connection:
        connection.exec_driver_sql("ALTER TABLE case_file RENAME TO elsewhere")
    assert asked(counter, headers) == 503
    with writing(counter.shop.url) as connection:
        connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO case_file")
    assert asked(counter, headers) == 200


@contextmanager
def at_transaction(number: int, happens: Callable[[], object]) -> Iterator[None]:
    """Let something happen as the transaction of that number has begun."""
    begun = 0

    def begin(_connection: object) -> None:
        nonlocal begun
        begun += 1
        if begun == number:
            happens()

    event.listen(Engine, "begin", begin)
    try:
        yield
    finally:
        event.remove(Engine, "begin", begin)


@pytest.mark.parametrize("path", PATHS)
def test_a_database_that_is_lost_in_the_middle_of_a_request_breaks_nothing(
    counter: Open, headers: dict[str, str], path: str, tmp_path: Path
) -> None:
    """Its file is taken away at each transaction of a request in turn."""

    def take_away() -> None:
        for file in files_of(counter):
            file.rename(tmp_path / file.name)

    statuses = []
    for number in (1, 2, 3):
        counter.counter.quotas.give_back()
        with at_transaction(number, take_away):
            statuses.append(asked(counter, headers, path))
        for file in tmp_path.glob("serving.db*"):
            file.rename(counter.shop.home / file.name)
        assert asked(counter, headers, path) == 200
    answers = {look.answer_id for look in counter.looks()}
    assert 503 in statuses
    assert len(answers) == 3 + statuses.count(200)
