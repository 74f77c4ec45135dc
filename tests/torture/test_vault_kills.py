"""A batch of real size, killed at its steps and at any moment, and two issuers at once: nothing twice, nothing missing.

In full (`make torture`) the batch has 100,000 licences; the sample in `make test` has 600.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
import signal
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from licence_vault import store
from licence_vault.auditing import audit
from licence_vault.issuing import recover
from tests.papers import AT
from tests.vault import issue_rows, permit, vault_of

FORK = multiprocessing.get_context("fork")


@pytest.fixture
def size(in_full: bool) -> int:
    return 100_000 if in_full else 600


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of each engine; the file of SQLite's lies in the home and is copied with it."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgres_url"))
    return f"sqlite:///{tmp_path / 'home' / 'serving.db'}"


def in_process(work: Callable[[], object]) -> multiprocessing.process.BaseProcess:
    started = FORK.Process(target=work)
    started.start()
    return started


def dies_at(number: int, work: Callable[[], object]) -> Callable[[], None]:
    """Let the process be gone, as by SIGKILL, right before its file of that number gets its name."""

    def run() -> None:
        left, rename = number, os.rename

        def counted(*arguments: object) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                os._exit(137)
            rename(*arguments)  # type: ignore[arg-type]  # what it was called with

        os.rename = counted
        work()

    return run


def prepared_only(home: Path, url: str, size: int) -> None:
    """Issue a batch and be gone once its transaction is kept, before the log has anything of it."""
    issuer = in_process(dies_at(1, lambda: issue_rows(vault_of(home, url), rows(size), "d-1")))
    issuer.join()
    assert issuer.exitcode == 137
    with vault_of(home, url).tables() as connection:
        last = store.last_batch(connection)
    assert last is not None
    assert (last.state, last.size_after) == ("prepared", size)


def rows(size: int, first: int = 0):
    return (permit(number) for number in range(first, first + size))


def whole(home: Path, url: str, size: int) -> None:
    """The log has each licence once, and says what the table says."""
    vault = vault_of(home, url)
    found = audit(vault)
    with vault.tables() as connection:
        number, highest = store.counts(connection)
        keys = {version.licence_key for version in store.versions(connection, 0, highest)}
    assert (found.leaves, number, highest, len(keys)) == (size, size, size, size)


def test_a_batch_killed_at_the_steps_of_its_log_is_finished_by_whoever_comes_next(tmp_path, url, size, in_full):
    home = tmp_path / "home"
    prepared_only(home, url, size)
    files = 2 * (size // 256) + 3
    steps = sorted({1, 2, 3, files - 1, files, *(range(1, files, max(1, files // 40)) if in_full else (files // 2,))})
    log = home / "log"
    for step in steps:
        killed = in_process(dies_at(step, lambda: recover(vault_of(home, url))))
        killed.join()
        assert killed.exitcode in (0, 137)
        if killed.exitcode == 0:
            break
        assert not (log / "checkpoint").exists(), "a checkpoint came before its batch was whole"
    again = issue_rows(vault_of(home, url), rows(size), "d-1", AT + timedelta(hours=1))
    assert again.is_repeat
    whole(home, url, size)


def test_an_issuer_killed_at_any_moment_issues_all_or_nothing(tmp_path, url, size, in_full):
    home, drawn = tmp_path / "home", random.Random(11)
    size = size // 5 if in_full else size
    vault_of(home, url)
    began = time.monotonic()
    issue_rows(vault_of(home, url), rows(size), "d-0")
    seconds = time.monotonic() - began
    for number in range(1, 13 if in_full else 3):
        first, batch = number * size, f"d-{number}"
        issuer = in_process(lambda: issue_rows(vault_of(home, url), rows(size, first), batch))  # noqa: B023
        time.sleep(drawn.random() * seconds * 1.2)
        os.kill(issuer.pid or 0, signal.SIGKILL)
        issuer.join()
        with vault_of(home, url).tables() as connection:
            there = store.batch_of(connection, batch)
            _, highest = store.counts(connection)
        assert highest in (first, first + size)
        assert (there is not None) == (highest == first + size)
        issue_rows(vault_of(home, url), rows(size, first), batch)
        whole(home, url, first + size)


def test_two_issuers_of_real_batches_at_once_issue_each_licence_once(tmp_path, url, size):
    home = tmp_path / "home"
    vault_of(home, url)
    half = size // 2
    batches = [("a-1", 0), ("a-2", half), ("b-1", half), ("b-2", 0)]

    def issuer(names: list[tuple[str, int]]) -> Callable[[], None]:
        def run() -> None:
            for name, first in names:
                issue_rows(vault_of(home, url), rows(half, first), name)

        return run

    both = [in_process(issuer(batches[:2])), in_process(issuer(batches[2:]))]
    for process in both:
        process.join()
    assert [process.exitcode for process in both] == [0, 0]
    whole(home, url, size)


def test_a_restored_older_database_beside_a_newer_log_issues_nothing(tmp_path, size):
    from licence_vault.errors import LogAndTableDiffer

    home = tmp_path / "home"
    url = f"sqlite:///{home / 'serving.db'}"
    issue_rows(vault_of(home, url), rows(size), "d-1")
    shutil.copytree(home, tmp_path / "backup")
    issue_rows(vault_of(home, url), rows(10, size), "d-2", AT + timedelta(hours=1))
    for name in ("serving.db", "serving.db-wal", "serving.db-shm"):
        (home / name).unlink(missing_ok=True)
        if (tmp_path / "backup" / name).exists():
            shutil.copy(tmp_path / "backup" / name, home / name)
    for work in (audit, lambda vault: issue_rows(vault, rows(10, size), "d-2", AT + timedelta(hours=1))):
        with pytest.raises(LogAndTableDiffer):
            work(vault_of(home, url))
    shutil.rmtree(home)
    shutil.copytree(tmp_path / "backup", home)
    issue_rows(vault_of(home, url), rows(10, size), "d-2", AT + timedelta(hours=1))
    whole(home, url, size + 10)
