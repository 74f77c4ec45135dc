"""Stopped anywhere and started again, the door's outcome is the same; what it may not read holds up nothing."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from inbox import deliveries
from tests.unit.inbox.hands import NOON, PEOPLE, Hands

NOBODY = 65534
FORK = multiprocessing.get_context("fork")


def fill(hands: Hands) -> None:
    """Put one delivery for each thing that the door can do."""
    hands.put(delivery="known", period="2026-01")
    hands.receive()
    hands.put(delivery="known", period="2026-01")  # repeated
    hands.put(delivery="good")
    hands.put(delivery="reused")
    hands.put({"p.csv": PEOPLE}, delivery="reused", department="tax", resource="tax.payers")
    place = hands.put(delivery="planted", rows=3)
    (place / "received.json").write_text("{}")
    os.mkfifo(place / "pipe")
    (hands.home / "inbox" / "civil" / "link").symlink_to("/nowhere")
    hands.put_raw(b"[]", {}, "malformed")


def tree(home: Path) -> dict[str, bytes | None]:
    """Return every path of a home with its bytes; locks and scratch left out."""
    return {
        str(path.relative_to(home)): path.read_bytes() if path.is_file() else None
        for path in sorted(home.rglob("*"))
        if path.relative_to(home).parts[0] not in ("locks", "staging")
    }


def run_and_stop(hands: Hands, stop_at: int) -> bool:
    """Let a process receive and be killed after its nth step; say whether it was."""

    def work() -> None:
        steps = iter(range(1, 10_000))

        def checkpoint(_: str) -> None:
            if next(steps) == stop_at:
                os.kill(os.getpid(), signal.SIGKILL)

        hands.receive(checkpoint=checkpoint)

    process = FORK.Process(target=work)
    process.start()
    process.join()
    return process.exitcode == -signal.SIGKILL


def test_killed_after_any_step_and_run_again_the_outcome_is_the_same(tmp_path: Path):
    whole = Hands(tmp_path / "whole")
    fill(whole)
    whole.receive()
    expected = tree(whole.home)
    assert whole.waits() == []
    for stop_at in range(1, 1000):
        hands = Hands(tmp_path / str(stop_at))
        fill(hands)
        was_killed = run_and_stop(hands, stop_at)
        hands.receive()
        assert tree(hands.home) == expected, f"after step {stop_at}"
        if not was_killed:
            break
    assert stop_at > 25


def test_killed_again_and_again_it_still_comes_to_its_end(tmp_path: Path):
    whole = Hands(tmp_path / "whole")
    fill(whole)
    whole.receive()
    hands = Hands(tmp_path / "home")
    fill(hands)
    assert sum(run_and_stop(hands, 4) for _ in range(40)) >= 4
    hands.receive()
    assert tree(hands.home) == tree(whole.home)


def test_the_instant_of_receipt_stays_once_the_folder_has_moved(tmp_path: Path):
    for stop_at, expected in ((1, 1), (2, 1), (3, 0), (4, 0)):
        hands = Hands(tmp_path / str(stop_at))
        hands.put()
        assert run_and_stop(hands, stop_at)
        hands.receive(at=NOON + timedelta(days=1))
        delivery = deliveries.open_delivery(hands.home, "d-1")
        assert (delivery.received_at, delivery.seq) == (NOON + timedelta(days=expected), 1)


def test_what_has_not_been_finished_with_is_not_seen(tmp_path: Path):
    hands = Hands(tmp_path)
    hands.put()
    assert run_and_stop(hands, 3)
    assert deliveries.find(tmp_path, "d-1") is None
    assert deliveries.every(tmp_path) == []


@pytest.fixture
def public_hands() -> Iterator[Hands]:
    """An inbox that another user may reach too: root is let in everywhere."""
    folder = Path(tempfile.mkdtemp(prefix="onefile-inbox-"))
    yield Hands(folder)
    shutil.rmtree(folder)


def as_nobody(hands: Hands, work: Callable[[], object]) -> object:
    """Do something as a user without rights, on an inbox that is theirs but for what is barred."""
    if os.geteuid() == 0:
        for path in (hands.home, *hands.home.rglob("*")):
            if path.stat().st_mode & 0o777:
                os.chown(path, NOBODY, NOBODY)
    here, there = FORK.Pipe()

    def body() -> None:
        if os.geteuid() == 0:
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        there.send(json.dumps(work()))

    process = FORK.Process(target=body)
    process.start()
    process.join()
    return json.loads(here.recv())


@pytest.mark.parametrize("barred", ["d-1/people.csv", "d-1/manifest.json", "d-1", "."])
def test_what_may_not_be_read_is_left_and_reported_and_the_others_go_on(public_hands: Hands, barred: str):
    hands = public_hands
    hands.put()
    hands.put(delivery="other", department="tax", resource="tax.payers")
    path = hands.home / "inbox" / "civil" / barred
    path.chmod(0)
    found = as_nobody(hands, lambda: [[a.status, a.refusal and a.refusal.facts] for a in hands.receive()])
    assert sorted(found) == [["left", {"error": "EACCES"}], ["taken", None]]
    path.chmod(0o700)
    assert hands.outcome() == ["taken"]
    assert [d.seq for d in deliveries.every(hands.home)] == [1, 2]
