"""A disk that is full, for what this process writes: said so, nothing half-written, and what was there stays."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from onefile.cli.failure import report
from onefile.files import DiskFull, check_room, write_whole
from onefile.keeping import packing
from onefile.keeping.errors import NoRoom
from schemas.serving.connection import writing
from schemas.serving.database import database, failed
from schemas.serving.errors import DatabaseDamaged, DatabaseFull
from schemas.serving.migration import upgrade

MIB = 2**20


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system of two MiB. Where none may be mounted, the tests on it are skipped by name."""
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m,mode=0700", "tmpfs", place], check=False, capture_output=True
    )
    if mounted.returncode != 0:
        pytest.skip("no file system may be mounted here")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def fill(place: Path) -> Path:
    """Take all the room there is."""
    ballast = place / "ballast"
    with pytest.raises(OSError, match="No space left on device"):
        ballast.write_bytes(bytes(4 * MIB))
    return ballast


def test_a_file_is_written_whole_or_stays_as_it_was(small):
    write_whole(small / "note.json", b"old")
    ballast = fill(small)
    with pytest.raises(DiskFull, match=r"no room left on the disk of .*small: make room"):
        write_whole(small / "note.json", b"new" * 10_000)
    assert (small / "note.json").read_bytes() == b"old"
    assert sorted(path.name for path in small.iterdir()) == ["ballast", "note.json"]
    ballast.unlink()
    write_whole(small / "note.json", b"new" * 10_000)
    assert (small / "note.json").read_bytes() == b"new" * 10_000


def test_a_backup_that_does_not_fit_is_none(small, tmp_path):
    big = tmp_path / "big"
    big.write_bytes(os.urandom(4 * MIB))
    with pytest.raises(NoRoom, match="0 MiB free, 4 MiB are wanted"):
        packing.copy(big, small / "copy", big.stat().st_size)


def test_the_serving_database_keeps_what_it_had(small):
    url = f"sqlite:///{small / 'serving.db'}"
    upgrade(url)
    with writing(url) as connection:
        connection.exec_driver_sql("CREATE TABLE big (content BLOB)")
        connection.exec_driver_sql("INSERT INTO big VALUES (zeroblob(1000))")
    much = "WITH RECURSIVE n(i) AS (SELECT 1 UNION SELECT i + 1 FROM n WHERE i < 64) SELECT randomblob(65536) FROM n"
    with pytest.raises(DatabaseFull, match="no room left, and nothing was changed"), writing(url) as connection:
        connection.exec_driver_sql(f"INSERT INTO big {much}")
    with sqlite3.connect(small / "serving.db") as opened:
        assert opened.execute("SELECT count(*) FROM big").fetchall() == [(1,)]
        assert opened.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_room_is_looked_at_before(tmp_path, monkeypatch):
    check_room(tmp_path, 1)
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=3 * MIB))
    with pytest.raises(DiskFull, match="3 MiB are free and 64 MiB wanted"):
        check_room(tmp_path, 64 * MIB)


def test_whatever_else_meets_it_the_command_says_so(capsys):
    assert report(OSError(errno.ENOSPC, "No space left on device", "lake/silver")) == 1
    assert "no room left on the disk of lake/silver: make room" in capsys.readouterr().err
    assert report(OSError(errno.EDQUOT, "Disk quota exceeded")) == 1
    assert "make room" in capsys.readouterr().err


def test_a_damaged_database_is_named_with_how_to_mend_it(tmp_path):
    file = tmp_path / "serving.db"
    file.write_bytes(b"no database, but a text that is long enough to be looked at" * 100)
    with (
        pytest.raises(
            DatabaseDamaged, match=r"serving.db is damaged \(SQLITE_NOTADB\).*restore it with `onefile restore`"
        ),
        writing(f"sqlite:///{file}"),
    ):
        pytest.fail("it was opened")


def test_postgresql_s_full_disk_and_damage_are_known_by_their_states():
    class Raised(Exception):
        def __init__(self, state: str) -> None:
            super().__init__()
            self.sqlstate = state

    where = database("postgresql://db.example/onefile")
    assert isinstance(failed(where, Raised("53100")), DatabaseFull)
    assert isinstance(failed(where, Raised("XX001")), DatabaseDamaged)
