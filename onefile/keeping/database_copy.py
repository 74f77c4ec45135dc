"""A copy of the serving database as it was at one moment: SQLite's online backup, PostgreSQL's own programs.

Writers go on meanwhile. A password goes to PostgreSQL's programs in a private file, never by the command line.
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import make_url, text

from onefile.files import write_whole
from onefile.keeping.errors import BackupDamaged, DatabaseTaken, ProgramFailed, ProgramMissing
from schemas.serving.connection import looking, snapshot
from schemas.serving.database import Database, database, failed
from schemas.serving.shape import Snapshot, found

SQLITE_COPY, POSTGRESQL_COPY = "serving.db", "serving.pgdump"


@dataclass(frozen=True)
class Moment:
    """The database as it is at one moment.

    `shape` is the revision of its tables, None where there are none. `copy` writes what it held then into a folder
    and returns the file; None: there is no database yet.
    """

    shape: str | None
    copy: Callable[[Path], Path | None]


@contextmanager
def held(url: str) -> Iterator[Moment]:
    """Hold the database as it is now; what is yielded can be copied as late as one likes within the block.

    Raises:
        ServingError: the database cannot be opened.
        ProgramMissing: it is PostgreSQL, and pg_dump is not installed.
    """
    where = database(url)
    if where.file is None:
        with _held_postgresql(url) as moment:
            yield moment
    elif where.file.exists():
        with _held_sqlite(where, where.file) as moment:
            yield moment
    else:
        yield Moment(None, lambda _: None)


def shape(url: str) -> str | None:
    """Return the revision of the tables; None: there are none yet. NewerDatabase as `schemas.serving.shape.found`."""
    where = database(url)
    if where.file is not None and not where.file.exists():
        return None
    with looking(url) as connection:
        return found(snapshot(connection, where.place))


def is_empty(url: str) -> bool:
    """Say whether there is no table yet."""
    return shape(url) is None


def restore(copy: Path, url: str) -> None:
    """Put a copy in the place of a database that has no tables.

    Raises:
        DatabaseTaken: it has some.
        BackupDamaged: the copy is none of this kind, or SQLite finds it damaged.
        ProgramMissing, ProgramFailed: pg_restore.
    """
    where = database(url)
    if (copy.name == SQLITE_COPY) != (where.file is not None):
        wanted = "SQLite" if copy.name == SQLITE_COPY else "PostgreSQL"
        raise BackupDamaged(copy.name, f"is of {wanted}: name such a database in ONEFILE_DATABASE_URL")
    if not is_empty(url):
        raise DatabaseTaken(where.place)
    if where.file is None:
        _run("pg_restore", url, ["--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction", str(copy)])
    else:
        _restore_sqlite(copy, where.file)


@contextmanager
def _held_sqlite(where: Database, file: Path) -> Iterator[Moment]:
    try:
        source = sqlite3.connect(file.as_uri() + "?mode=rw", uri=True, isolation_level=None, timeout=30)
        try:
            source.execute("BEGIN")
            there = Snapshot("sqlite", where.place, lambda query, values: source.execute(query, values).fetchall())
            shape_found = found(there)  # the first question: from here on it is this moment's
            yield Moment(shape_found, lambda folder: _copy_sqlite(source, folder / SQLITE_COPY))
        finally:
            source.close()
    except sqlite3.Error as error:
        raise failed(where, error) from None


def _copy_sqlite(source: sqlite3.Connection, to: Path) -> Path:
    os.close(os.open(to, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    target = sqlite3.connect(to, isolation_level=None)
    try:
        source.backup(target)
        target.execute("PRAGMA journal_mode = DELETE").fetchone()  # one file, with no journal beside it
    finally:
        target.close()
    return to


def _restore_sqlite(copy: Path, file: Path) -> None:
    shutil.copyfile(copy, file)
    file.chmod(0o600)
    opened = sqlite3.connect(file.as_uri() + "?mode=ro", uri=True)
    try:
        is_whole = opened.execute("PRAGMA quick_check").fetchone() == ("ok",)
    except sqlite3.DatabaseError:
        is_whole = False
    finally:
        opened.close()
    if not is_whole:
        raise BackupDamaged(copy.name, "is no whole SQLite database")


@contextmanager
def _held_postgresql(url: str) -> Iterator[Moment]:
    _program("pg_dump")
    with looking(url) as connection:
        moment = connection.execute(text("SELECT pg_export_snapshot()")).scalar_one()

        def copy(folder: Path) -> Path:
            to = folder / POSTGRESQL_COPY
            _run("pg_dump", url, ["-Fc", "--no-owner", "--no-privileges", f"--snapshot={moment}", f"--file={to}"])
            to.chmod(0o600)
            return to

        yield Moment(found(snapshot(connection, database(url).place)), copy)


def _run(program: str, url: str, options: list[str]) -> None:
    where = make_url(url).set(drivername="postgresql")
    with tempfile.TemporaryDirectory(prefix="onefile-") as private:
        file = Path(private) / "passwords"
        query = dict(where.query)
        if where.password:
            secret = str(where.password).replace("\\", "\\\\").replace(":", "\\:")
            write_whole(file, f"*:*:*:*:{secret}\n".encode())
            query["passfile"] = str(file)
        plain = where.set(password=None, query=query).render_as_string()
        command = [_program(program), f"--dbname={plain}", "--no-password", *options]
        done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode != 0:
        raise ProgramFailed(program, done.returncode)


def _program(name: str) -> str:
    """Return the newest program of that name. Debian's on the path choose one by cluster, and there may be none."""
    debian = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=_version)
    program = str(debian[-1]) if debian else shutil.which(name)
    if program is None:
        raise ProgramMissing(name)
    return program


def _version(path: Path) -> int:
    return int(re.sub("[^0-9]", "", path.parent.parent.name) or 0)
