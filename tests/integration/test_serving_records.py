"""What the serving database keeps of a resource's rows, alike on SQLite and on PostgreSQL."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import select

from schemas.serving import migration
from schemas.serving.connection import looking, writing
from schemas.serving.disclosure_tables import VALUE_CHANGE
from schemas.serving.record_tables import SUBJECT_RECORD
from schemas.serving.record_writing import Record, RecordBatch, RecordPublication, newest, published, record
from tests.plans import planned

AT = "2026-11-23T01:00:00Z"
FINES, SHOPS = "market.fines", "market.shops"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An up-to-date, empty database of either engine."""
    made = f"sqlite:///{tmp_path / 'serving.db'}"
    if request.param == "postgresql":
        made = request.getfixturevalue("postgres_url")
    migration.upgrade(made)
    return made


def row(name: str, subjects: str = "e-1", on: str = "2026-11-01", **values: object) -> Record:
    text = json.dumps(values)
    return Record(name, tuple(subjects.split()), on, "d-1", 1, f"{on} {text}", text)


def put(url: str, version: int, *rows: Record, resource: str = FINES, fields: tuple[str, ...] = ("cents",)) -> int:
    with writing(url) as connection:
        return RecordBatch(connection, resource, fields, version, AT).put(rows)


def held(url: str, resource: str = FINES) -> dict[tuple[str, str], tuple[str, int]]:
    """Return document and lake version of every row, by record and subject."""
    table = SUBJECT_RECORD.c
    asked = select(table.record, table.subject_id, table.document, table.lake_version)
    with looking(url) as connection:
        return {(r, s): (d, v) for r, s, d, v in connection.execute(asked.where(table.resource == resource))}


def changed(url: str) -> list[tuple[str, str, str, int]]:
    table = VALUE_CHANGE.c
    asked = select(table.subject_id, table.attribute, table.how, table.lake_version).where(table.kind == "record")
    with looking(url) as connection:
        return sorted(tuple(found) for found in connection.execute(asked))


def test_a_record_stands_there_for_each_subject_that_it_names_and_is_written_when_it_differs(url: str) -> None:
    assert put(url, 1, row("a", "e-1 e-2", cents=1), row("b", cents=2), row("nobody's", "", cents=3)) == 3
    assert put(url, 1, row("a", "e-9", cents=9), resource=SHOPS) == 1
    assert put(url, 2, row("a", "e-1 e-2", cents=1), row("b", cents=5)) == 1
    assert held(url) == {
        ("a", "e-1"): ('{"cents": 1}', 1), ("a", "e-2"): ('{"cents": 1}', 1), ("b", "e-1"): ('{"cents": 5}', 2),
    }  # fmt: skip
    assert list(held(url, SHOPS)) == [("a", "e-9")]


def test_no_row_is_looked_up_but_those_that_come_or_go(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'serving.db'}"
    migration.upgrade(url)
    put(url, 1, *(row(str(n), cents=n) for n in range(200)))
    with writing(url) as connection:
        batch = RecordBatch(connection, FINES, ("cents",), 2, AT)
        with planned(connection) as plans:
            assert batch.put([row("7", cents=8), row("8", cents=8), row("new", cents=1)]) == 2  # "8" is as it was
            assert batch.remove(["9", "was never there"]) == 1
    looked = {plan for plan in plans if "subject_record" in plan}
    assert looked
    assert {plan for plan in looked if plan.startswith("SCAN") or "(resource=?)" in plan} == set()


def test_what_was_wrong_what_is_gone_and_what_changed_later_are_told_apart(url: str) -> None:
    put(url, 1, row("a", "e-1 e-2", cents=1, town="x"), row("b", cents=2), row("c", cents=3), row("d", cents=4))
    with writing(url) as connection:
        batch = RecordBatch(connection, FINES, ("cents",), 2, AT)
        assert batch.put([row("a", "e-2", cents=7, town="y"), row("b", on="2026-11-09", cents=8), row("c")]) == 3
        assert batch.remove(["d", "was never there"]) == 1
    assert changed(url) == [
        ("e-1", "market.fines.cents", "changed", 2),
        ("e-1", "market.fines.cents", "withdrawn", 2),
        ("e-1", "market.fines.cents", "withdrawn", 2),
        ("e-1", "market.fines.cents", "withdrawn", 2),
        ("e-2", "market.fines.cents", "corrected", 2),
    ]
    assert ("a", "e-1") not in held(url)


def test_all_are_compared_and_those_that_are_not_seen_go_out_of_this_resource_alone(url: str) -> None:
    put(url, 1, row("a", cents=1), row("b", cents=2))
    put(url, 1, row("b", cents=2), resource=SHOPS)
    with writing(url) as connection:
        batch = RecordBatch(connection, FINES, ("cents",), 2, AT)
        batch.put([row("a", cents=1)])
        batch.see(["a"])
        assert batch.remove_unseen() == 1
        assert published(connection, FINES) == {("a", "e-1"): '2026-11-01 {"cents": 1}'}
    assert changed(url) == [("e-1", "market.fines.cents", "withdrawn", 2)]
    assert list(held(url, SHOPS)) == [("b", "e-1")]


def test_rows_that_nobody_may_have_any_more_go_out_and_none_is_called_wrong(url: str) -> None:
    put(url, 1, row("a", cents=1))
    done = RecordPublication(FINES, ("cents",), "d", "t", None, 1, -1, 0, AT, 1, 0)
    with writing(url) as connection:
        record(connection, done)
        assert newest(connection) == {FINES: done}
        assert RecordBatch(connection, FINES, (), 1, AT).clear() == 1
        record(connection, RecordPublication(FINES, (), "", "t", 1, 1, -1, 0, AT, 0, 1))
        assert newest(connection) == {}
    assert (held(url), changed(url)) == ({}, [])
