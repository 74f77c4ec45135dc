"""Where a look cannot be recorded nothing is answered: a ledger that is held, full, or whose clock was set back."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest

from ledger import locking
from onefile.files import lock
from tests.counter import ANNA, Open

GRANTED = ("police.population", ("number", "name"))


@pytest.fixture
def grant(counter: Open) -> str:
    counter.case("D-1")
    return counter.shop.grant(*GRANTED)


def ask(counter: Open, grant: str) -> tuple[int, str]:
    headers = {**counter.bearer("market-app"), "Onefile-Grant": grant, "Onefile-Item": "0102", "Onefile-Case": "D-1"}
    body = {"subjects": [{"number": ANNA}], "fields": ["name"]}
    answer = counter.http.post("/v1/files/query", json=body, headers=headers)
    return answer.status_code, answer.text


def refused(counter: Open, grant: str) -> None:
    status, text = ask(counter, grant)
    assert (status, "ledger_unavailable" in text, "安娜" in text) == (503, True, False)


def test_a_ledger_that_somebody_holds_lets_no_answer_leave(counter, grant, monkeypatch):
    monkeypatch.setattr(locking, "SECONDS_TO_WAIT", 0.05)
    with lock(counter.shop.home / "locks" / "ledger.lock"):
        refused(counter, grant)
    assert counter.looks() == []
    assert ask(counter, grant)[0] == 200
    assert len(counter.looks()) == 1


def test_a_full_disk_lets_no_answer_leave_and_the_next_one_is_whole(counter, grant):
    written = os.pwrite

    def full(descriptor: int, data: bytes, offset: int) -> int:
        if data.startswith(b'{"'):
            return written(descriptor, data[: len(data) // 2], offset)
        return written(descriptor, data, offset)

    assert ask(counter, grant)[0] == 200
    with pytest.MonkeyPatch.context() as disk:
        disk.setattr(os, "pwrite", full)
        refused(counter, grant)
    assert ask(counter, grant)[0] == 200
    assert len(counter.looks()) == 2


def test_a_clock_that_was_set_back_lets_no_answer_leave(counter, grant):
    assert ask(counter, grant)[0] == 200
    counter.shop.at -= timedelta(minutes=2)
    refused(counter, grant)
    counter.shop.at += timedelta(minutes=2)
    assert ask(counter, grant)[0] == 200
    assert len(counter.looks()) == 2


def test_a_ledger_that_was_altered_lets_no_answer_leave(counter, grant):
    assert ask(counter, grant)[0] == 200
    segment = counter.shop.home / "ledger" / "0000000001.jsonl"
    segment.write_bytes(segment.read_bytes()[:-200])
    refused(counter, grant)
