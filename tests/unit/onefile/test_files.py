"""Whole files and locks: old bytes or new ones, one holder at a time."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from pathlib import Path

import pytest

from onefile import files
from onefile.errors import Busy

FORK = multiprocessing.get_context("fork")


def test_a_file_is_written_whole_for_its_owner_only(tmp_path: Path):
    path = tmp_path / "a" / "b" / "file.json"
    files.write_whole(path, b"one")
    files.write_whole(path, b"two", mode=0o640)
    assert path.read_bytes() == b"two"
    assert path.stat().st_mode & 0o777 == 0o640
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert [p.name for p in path.parent.iterdir()] == ["file.json"]


def test_a_writer_that_is_killed_leaves_the_old_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "file.json"
    files.write_whole(path, b"old")

    def write() -> None:
        monkeypatch.setattr(os, "fsync", lambda _: os.kill(os.getpid(), signal.SIGKILL))
        files.write_whole(path, b"new")

    process = FORK.Process(target=write)
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert path.read_bytes() == b"old"


def test_a_link_in_the_temporary_files_place_is_not_followed(tmp_path: Path):
    victim = tmp_path / "victim"
    victim.write_bytes(b"theirs")
    (tmp_path / f".file.json.{os.getpid()}.tmp").symlink_to(victim)
    with pytest.raises(OSError, match="symbolic"):
        files.write_whole(tmp_path / "file.json", b"ours")
    assert victim.read_bytes() == b"theirs"


def test_a_lock_has_one_holder_and_dies_with_it(tmp_path: Path):
    path = tmp_path / "locks" / "a.lock"
    here, there = FORK.Pipe()

    def hold() -> None:
        with files.lock(path):
            there.send("held")
            time.sleep(60)

    process = FORK.Process(target=hold)
    process.start()
    assert here.recv() == "held"
    with pytest.raises(Busy) as error, files.lock(path, wait=False):
        raise AssertionError("held twice")
    assert error.value.exit_code == 5
    process.kill()
    process.join()
    with files.lock(path, wait=True):
        pass
