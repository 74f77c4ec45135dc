"""A full disk, a lock that nobody lets go, a process that dies at any step: no look is acknowledged and lost."""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ledger import files, locking, record
from ledger.audit import audit
from ledger.errors import LedgerUnwritable
from ledger.record import Ledger
from ledger.recorder import Recorder
from ledger.tail import Tail
from onefile.files import lock
from onefile.verify.trust import read_trust
from tests.ledgers import LOOK, contents, filled
from tests.papers import new_bureau

CONTEXT = multiprocessing.get_context("fork")


@pytest.fixture(scope="module")
def keystore(tmp_path_factory):
    return new_bureau(tmp_path_factory.mktemp("bureau"))


@pytest.fixture(scope="module")
def trust(keystore):
    return read_trust(keystore.trust())


def _append_and_die(folder: Path, keystore: object, calls: int) -> None:
    """Append two looks; the process ends at the n-th call that reaches the disk."""
    counted = {"left": calls}

    def dying(real: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object, **options: object) -> object:
            if counted["left"] == 0:
                os._exit(9)
            counted["left"] -= 1
            return real(*arguments, **options)

        return call

    for name in ("fsync", "fdatasync", "pwrite", "open"):
        setattr(os, name, dying(getattr(os, name)))
    ledger = Ledger(folder, keystore)  # type: ignore[arg-type]
    for number in (1, 2):
        entry = ledger.append(replace(LOOK, purpose=f"acknowledged {number}"))
        with Path(f"{folder}-acknowledged").open("a") as file:
            file.write(f"{entry.seq} {entry.purpose}\n")
    os._exit(0)


@pytest.mark.parametrize("is_rebooted", [False, True])
def test_a_process_that_dies_at_any_step_loses_no_acknowledged_entry(tmp_path, keystore, trust, is_rebooted):
    codes = []
    for calls in range(80):
        folder = tmp_path / str(calls) / "ledger"
        Ledger(folder, keystore).append(LOOK)
        process = CONTEXT.Process(target=_append_and_die, args=(folder, keystore, calls))
        process.start()
        process.join(60)
        codes.append(process.exitcode)
        if is_rebooted:
            (folder.parent / "locks" / "ledger.tail").unlink()
        Ledger(folder, keystore).append(replace(LOOK, purpose="after the crash"))
        entries = {f"{entry.seq} {entry.purpose}" for entry in files.entries(folder)}
        acknowledged = Path(f"{folder}-acknowledged")
        assert set(acknowledged.read_text().splitlines() if acknowledged.exists() else []) <= entries
        assert audit(folder, trust).entries == len(entries)
        if process.exitcode == 0:
            break
    assert codes[-1] == 0
    assert len(codes) > 15
    assert set(codes[:-1]) == {9}


def _append_until_killed(folder: Path, keystore: object, name: str) -> None:
    recorder = Recorder(Ledger(folder, keystore))  # type: ignore[arg-type]
    with Path(f"{folder}-{name}").open("a", buffering=1) as told:
        for number in range(100_000):
            (entry,) = recorder.append([replace(LOOK, purpose=f"{name}-{number}")])
            told.write(f"{entry.seq} {entry.purpose}\n")


def _told(folder):
    return [line for path in folder.glob("ledger-*") for line in path.read_text().splitlines()]


def test_what_was_acknowledged_before_a_kill_is_in_the_ledger(tmp_path, keystore, trust, monkeypatch):
    monkeypatch.setattr(files, "SEGMENT_ENTRIES", 20)
    folder = tmp_path / "ledger"
    for kill in range(3):
        names = [f"{kill}{letter}" for letter in "abc"]
        processes = [CONTEXT.Process(target=_append_until_killed, args=(folder, keystore, name)) for name in names]
        for process in processes:
            process.start()
        wanted, until = 40 * (kill + 1), time.monotonic() + 60
        while len(_told(tmp_path)) < wanted and time.monotonic() < until:
            time.sleep(0.05)
        for process in processes:
            os.kill(process.pid or 0, signal.SIGKILL)
            process.join(10)
    Ledger(folder, keystore).append(LOOK)
    told = _told(tmp_path)
    entries = {f"{entry.seq} {entry.purpose}" for entry in files.entries(folder)}
    assert len(told) > 100
    assert set(told) <= entries
    assert audit(folder, trust).entries == len(entries)


def _append_until_the_next_segment(folder: Path, keystore: object, dies: str) -> None:
    """Append, and die as the second segment begins: before word of it is left, or before it is written."""
    real_tell, real_write = Ledger._tell, record.write_whole

    def tell(ledger: Ledger, tail: Tail) -> Tail:
        if dies == "before_word" and tail.segment > 1:
            os._exit(9)
        return real_tell(ledger, tail)

    def write(path: Path, data: bytes) -> None:
        if dies == "before_file" and path.suffix == ".jsonl" and int(path.stem) > 1:
            os._exit(9)
        real_write(path, data)

    Ledger._tell, record.write_whole = tell, write  # type: ignore[method-assign] # in a process of its own
    ledger = Ledger(folder, keystore)  # type: ignore[arg-type]
    while True:
        ledger.append(LOOK)


@pytest.mark.parametrize("dies", ["before_word", "before_file"])
def test_a_kill_between_two_segments_leaves_one_way_to_go_on(tmp_path, keystore, trust, monkeypatch, dies):
    monkeypatch.setattr(files, "SEGMENT_ENTRIES", 20)
    folder = tmp_path / "ledger"
    before = Ledger(folder, keystore)
    before.append(LOOK)
    process = CONTEXT.Process(target=_append_until_the_next_segment, args=(folder, keystore, dies))
    process.start()
    process.join(60)
    assert process.exitcode == 9
    for ledger in (before, Ledger(folder, keystore)):
        for _ in range(30):
            ledger.append(LOOK)
    assert audit(folder, trust).entries >= 80


def _append_within(folder: Path, keystore: object, size: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    ledger = Ledger(folder, keystore)  # type: ignore[arg-type]
    try:
        for _ in range(50):
            ledger.append(LOOK)
    except LedgerUnwritable:
        os._exit(7)


def test_on_a_full_disk_nothing_is_acknowledged_and_the_ledger_stays_whole(tmp_path, keystore, trust):
    ledger = filled(Ledger(tmp_path / "ledger", keystore), 3)
    for room in (6000, 6100, 6200, 6300, 6400, 6500, 6600):
        process = CONTEXT.Process(target=_append_within, args=(ledger.folder, keystore, room))
        process.start()
        process.join(60)
        assert process.exitcode == 7
        assert ledger.append(LOOK)
    assert audit(ledger.folder, trust).entries > 10


def test_a_disk_that_refuses_to_flush_stops_the_writer_until_it_starts_anew(tmp_path, keystore, trust, monkeypatch):
    ledger = filled(Ledger(tmp_path / "ledger", keystore), 2)

    def refuse(_descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as broken:
        broken.setattr(os, "fdatasync", refuse)
        with pytest.raises(LedgerUnwritable):
            ledger.append(LOOK)
    with pytest.raises(LedgerUnwritable, match="start anew"):
        ledger.append(LOOK)
    filled(Ledger(ledger.folder, keystore), 1)
    assert audit(ledger.folder, trust).entries == 4


@pytest.mark.parametrize("name", ["ledger.lock", "ledger.flush.lock"])
def test_a_lock_that_nobody_lets_go_is_waited_for_but_not_for_ever(tmp_path, keystore, monkeypatch, name):
    ledger = filled(Ledger(tmp_path / "ledger", keystore), 1)
    monkeypatch.setattr(locking, "SECONDS_TO_WAIT", 0.05)
    with lock(tmp_path / "locks" / name), pytest.raises(LedgerUnwritable, match=name):
        ledger.append(LOOK)
    assert ledger.append(LOOK)


def test_a_folder_that_may_not_be_written_to_is_told(tmp_path, keystore):
    ledger = filled(Ledger(tmp_path / "ledger", keystore), 1)
    before = contents(ledger.folder)
    segment = ledger.folder / "0000000001.jsonl"
    kept = tmp_path / "elsewhere"
    segment.rename(kept)
    segment.symlink_to(kept)
    with pytest.raises(LedgerUnwritable):
        ledger.append(LOOK)
    assert contents(ledger.folder) == before
