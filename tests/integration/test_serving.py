"""What the serving database keeps of a publication, alike on SQLite and on PostgreSQL."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from schemas.serving import migration
from schemas.serving.connection import writing
from schemas.serving.errors import DatabaseFailed
from schemas.serving.reading import PublishedFile, find, reading
from schemas.serving.tables import METADATA
from schemas.serving.writing import Batch, File, Publication, last, record
from tests.plans import planned

AT = "2026-11-23T01:00:00Z"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An up-to-date, empty database of either engine."""
    made = f"sqlite:///{tmp_path / 'serving.db'}"
    if request.param == "postgresql":
        made = request.getfixturevalue("postgres_url")
    migration.upgrade(made)
    return made


def file(name: str, digest: str = "1", numbers: Sequence[str] | None = None) -> File:
    given = [name] if numbers is None else numbers
    return File(f"p-{name}", "citizen", name, digest, f'{{"digest": "{digest}"}}', tuple(("citizen", n) for n in given))


def published(url: str) -> dict[str, tuple[str, int]]:
    """Return digest and lake version of every subject."""
    with reading(url) as snapshot:
        rows = snapshot.rows("SELECT subject_id, digest, lake_version FROM subject", {})
    return {row[0]: (row[1], row[2]) for row in rows}


def numbers(url: str) -> set[tuple[str, str]]:
    """Return each number with the id of its subject."""
    with reading(url) as snapshot:
        return {(number, subject) for number, subject in snapshot.rows("SELECT number, subject_id FROM identifier", {})}


def put(url: str, version: int, *files: File) -> int:
    with writing(url) as connection:
        return Batch(connection, "person", version, AT).put(files)


def test_the_migrations_make_the_tables_that_the_code_uses(url: str) -> None:
    with writing(url) as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []


def test_a_file_is_found_by_each_of_its_numbers_and_by_no_other(url: str) -> None:
    put(url, 7, file("a", numbers=["1", "2"]), file("b"))
    with reading(url) as snapshot:
        found = {n: find(snapshot, "person", "citizen", n) for n in ("1", "2", "a")}
        assert find(snapshot, "enterprise", "citizen", "1") == find(snapshot, "person", "foreigner", "1") == ()
    wanted = PublishedFile("p-a", "person", "citizen", "a", '{"digest": "1"}', 7, AT)
    assert found == {"1": (wanted,), "2": (wanted,), "a": ()}


def test_a_number_that_two_subjects_share_finds_both(url: str) -> None:
    put(url, 1, file("a", numbers=["1"]), file("b", numbers=["1"]))
    with reading(url) as snapshot:
        assert [f.subject_id for f in find(snapshot, "person", "citizen", "1")] == ["p-a", "p-b"]


def test_the_number_is_looked_up_through_the_index(url: str) -> None:
    put(url, 1, *(file(str(i)) for i in range(2000)))
    query = (
        "SELECT document FROM subject JOIN identifier USING (subject_id) WHERE identifier.kind = 'person' AND"
        " identifier.number_type = 'citizen' AND identifier.number = '77'"
    )
    with writing(url) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("ANALYZE"))
        explain = "EXPLAIN" if connection.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
        plan = "\n".join(str(row) for row in connection.execute(text(f"{explain} {query}")))
    assert not re.search("SCAN|Seq Scan", plan), plan


def test_nobody_is_looked_up_but_who_comes_or_goes(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'serving.db'}"
    migration.upgrade(url)
    put(url, 1, *(file(str(i)) for i in range(200)))
    with writing(url) as connection, planned(connection) as plans:
        batch = Batch(connection, "person", 2, AT)
        assert batch.put([file("7", "2", numbers=["7", "77"]), file("8"), file("new")]) == 2
        assert batch.remove(["p-9", "p-never"]) == 1
    assert [plan for plan in plans if plan in ("SCAN subject", "SCAN identifier")] == []
    assert any(plan.startswith("SEARCH subject") for plan in plans)


def test_only_what_differs_is_written(url: str) -> None:
    put(url, 1, file("a"), file("b"))
    assert put(url, 2, file("a"), file("b", "2"), file("c")) == 2
    assert published(url) == {"p-a": ("1", 1), "p-b": ("2", 2), "p-c": ("1", 2)}


def test_numbers_follow_their_file(url: str) -> None:
    put(url, 1, file("a", numbers=["1", "2"]), file("b"))
    put(url, 2, file("a", "2", numbers=["2", "3"]))
    assert numbers(url) == {("2", "p-a"), ("3", "p-a"), ("b", "p-b")}


def with_numbers(digest: str, *given: str) -> File:
    """Return a file whose document names its numbers, as published ones do."""
    document = json.dumps({"identifiers": [{"type": "citizen", "number": n, "resource": "r"} for n in given]})
    return File("p-a", "citizen", "a", digest, document, tuple(("citizen", n) for n in given))


def test_numbers_that_the_document_names_follow_it_and_stay_with_it(url: str) -> None:
    for version, given in enumerate((["1", "2"], ["2", "1"], ["2", "3"], ["3"], ["3"], ["4", "3"]), 1):
        put(url, version, file("b", str(version)), with_numbers(str(version), *given))
        assert numbers(url) == {("b", "p-b"), *((number, "p-a") for number in given)}


def test_a_number_may_pass_to_another_subject_whichever_comes_first(url: str) -> None:
    put(url, 1, file("a", numbers=["1"]), file("b", numbers=["2"]))
    put(url, 2, file("b", "2", numbers=["1", "2"]))
    put(url, 3, file("a", "2", numbers=["3"]))
    assert numbers(url) == {("1", "p-b"), ("2", "p-b"), ("3", "p-a")}


def test_who_is_taken_out_goes_with_the_numbers(url: str) -> None:
    put(url, 1, file("a"), file("b"))
    with writing(url) as connection:
        assert Batch(connection, "person", 2, AT).remove(["p-a", "p-never"]) == 1
    assert numbers(url) == {("b", "p-b")}


def test_a_full_comparison_takes_out_whom_it_did_not_see_of_its_kind(url: str) -> None:
    put(url, 1, file("a"), file("b"))
    with writing(url) as connection:
        Batch(connection, "enterprise", 1, AT).put(
            [File("e-c", "credit_code", "c", "1", "{}", (("credit_code", "c"),))]
        )
    with writing(url) as connection:
        batch = Batch(connection, "person", 2, AT)
        batch.put([file("a")])
        batch.see(["p-a"])
        assert batch.remove_unseen() == 1
    assert set(published(url)) == {"p-a", "e-c"}


def test_of_a_batch_that_fails_nothing_is_kept(url: str) -> None:
    put(url, 1, file("a"))
    with pytest.raises(DatabaseFailed) as raised:
        put(url, 2, file("b"), file("a", "2"), file("690101199001011230", numbers=["1", "1"]))
    assert "690101" not in str(raised.value)
    assert published(url) == {"p-a": ("1", 1)}


def test_a_writer_that_is_killed_in_the_middle_leaves_the_old_state_and_the_next_one_goes_on(url: str) -> None:
    put(url, 1, file("a"))
    killed = """
import os, signal, sys
from schemas.serving.connection import writing
from schemas.serving.writing import Batch, File
with writing(sys.argv[1]) as connection:
    batch = Batch(connection, "person", 2, "")
    batch.put([File("p-a", "citizen", "a", "2", "{}", (("citizen", "a"),))])
    batch.remove(["p-a"])
    os.kill(os.getpid(), signal.SIGKILL)
"""
    assert subprocess.run([sys.executable, "-c", killed, url], check=False).returncode == -signal.SIGKILL
    assert published(url) == {"p-a": ("1", 1)}
    put(url, 3, file("a", "3"))
    assert published(url) == {"p-a": ("3", 3)}


def test_the_last_publication_of_a_kind_is_remembered(url: str) -> None:
    first = Publication("person", "table", None, 3, AT, 10, 0, "run-1")
    second = Publication("person", "table", 3, 5, AT, 1, 2)
    with writing(url) as connection:
        assert last(connection, "person") is None
        for publication in (first, second, Publication("enterprise", "other", None, 9, AT, 1, 0)):
            record(connection, publication)
    with writing(url) as connection:
        assert last(connection, "person") == second


def test_any_text_survives(url: str) -> None:
    odd = 'tab\t line\n back\\slash \\N quote" 𠮷 · \\u0000 {}'
    document = json.dumps({odd: odd}, ensure_ascii=False)
    put(url, 1, File("p-a", "citizen", odd, "1", document, (("citizen", odd),)))
    put(url, 2, File("p-a", "citizen", odd, "2", document, (("citizen", odd),)))
    with reading(url) as snapshot:
        (found,) = find(snapshot, "person", "citizen", odd)
    assert (found.number, found.document) == (odd, document)
