"""Opens the serving database through SQLAlchemy, SQLite or PostgreSQL by URL, one transaction at a time."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import NullPool

from onefile.files import make_folder
from schemas.serving.ahead import Answers, answered, for_psycopg
from schemas.serving.database import SECONDS_TO_WAIT, SQLITE_PRAGMAS, Database, cannot_open, database, failed
from schemas.serving.errors import BadDatabaseUrl, DatabaseGone
from schemas.serving.shape import Rows, Snapshot

WRITERS_LOCK = 0x0F11E
"""PostgreSQL's advisory lock that a publication holds: one writer at a time, as SQLite has it."""

# `secure_delete` writes zeros over what is deleted or replaced: a key that is destroyed is gone from the file.
_SQLITE_WRITER = ("PRAGMA journal_mode = WAL", "PRAGMA cache_size = -262144", "PRAGMA secure_delete = ON")


@contextmanager
def writing(url: str) -> Iterator[Connection]:
    """Hold the one write transaction: kept as a whole when the block ends well, else not at all.

    An SQLite file that is not there is made, mode 0600. Readers are not held up.

    Raises:
        BadDatabaseUrl: the URL names no database that can be used.
        DatabaseGone, DatabaseFailed: the database does not answer, or refused a statement.
        DatabaseBusy: another writer did not end within half a minute.
    """
    with _transaction(database(url)) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"SET LOCAL lock_timeout = '{SECONDS_TO_WAIT}s'"))
            connection.execute(text(f"SELECT pg_advisory_xact_lock({WRITERS_LOCK})"))
        yield connection


def scrub(url: str, vacuumed: str = "VACUUM licence_version") -> None:
    """Let nothing be left of what was deleted or replaced but backups: the journal is emptied, old rows vacuumed.

    PostgreSQL writes over freed space as it needs it, and has old rows in its write-ahead log until that is recycled.

    Args:
        vacuumed: the statement for PostgreSQL: which tables, and whether they are written anew (`FULL`).
    """
    where = database(url)
    made = _postgresql(where) if where.file is None else _sqlite(where, where.file, "BEGIN")
    engines_error: type[Exception] = made.dialect.loaded_dbapi.Error
    try:
        with made.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            statement = vacuumed if where.file is None else "PRAGMA wal_checkpoint(TRUNCATE)"
            connection.exec_driver_sql(statement)
    except (DBAPIError, engines_error) as error:
        raise failed(where, error) from None
    finally:
        made.dispose()


@contextmanager
def looking(url: str) -> Iterator[Connection]:
    """Hold a snapshot to read from, through SQLAlchemy; waits for no writer. Errors as `writing`."""
    where = database(url)
    if where.file is None:
        with reading_postgresql(where) as connection:
            yield connection
        return
    with _transaction(where, "BEGIN") as connection:
        yield connection


@contextmanager
def reading_postgresql(where: Database) -> Iterator[Connection]:
    """Hold a snapshot of a PostgreSQL database, to read from; errors as `writing`."""
    with _transaction(where) as connection:
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
        yield connection


def snapshot(connection: Connection, place: str) -> Snapshot:
    """Return an open transaction as something to ask."""
    return Snapshot(connection.dialect.name, place, lambda query, values: looked_up(connection, query, values))


def looked_up(connection: Connection | Answers, query: str, values: Mapping[str, object]) -> Rows:
    """Return what a query with `:name` parameters finds, by the engine's own driver within the open transaction.

    For look-ups that a counter makes a thousand times a second: building a statement and adapting its result takes
    SQLAlchemy ten times as long as SQLite takes to answer.
    """
    if isinstance(connection, Answers):
        return connection.rows(query, values)
    driver: Any = connection.connection.dbapi_connection
    if connection.dialect.name == "sqlite":
        found: Rows = driver.execute(query, values).fetchall()
        return found
    ahead = answered(connection, query, values)
    if ahead is None:
        ahead = driver.execute(for_psycopg(query), values).fetchall()
    return ahead


@contextmanager
def _transaction(where: Database, sqlite_begins: str = "BEGIN IMMEDIATE") -> Iterator[Connection]:
    made = _postgresql(where) if where.file is None else _sqlite(where, where.file, sqlite_begins)
    engines_error: type[Exception] = made.dialect.loaded_dbapi.Error
    try:
        try:
            connection = made.connect()
        except (DBAPIError, engines_error) as error:
            raise cannot_open(where, error) from None
        with connection, connection.begin():
            yield connection
    except (DBAPIError, engines_error) as error:
        raise failed(where, error) from None
    finally:
        made.dispose()


def _postgresql(where: Database) -> Engine:
    options = {"connect_timeout": SECONDS_TO_WAIT, "application_name": "onefile"}
    try:
        url = make_url(where.url).set(drivername="postgresql+psycopg")
    except (ArgumentError, ValueError):
        raise BadDatabaseUrl("a PostgreSQL URL that cannot be read") from None
    return create_engine(url, poolclass=NullPool, connect_args=options, hide_parameters=True)


def _sqlite(where: Database, file: Path, begins: str) -> Engine:
    _make_private(where, file)
    url = make_url("sqlite://").set(database=file.as_uri(), query={"mode": "rw", "uri": "true"})
    options = {"timeout": SECONDS_TO_WAIT}
    made = create_engine(url, poolclass=NullPool, connect_args=options, hide_parameters=True)

    # The driver's own transactions leave DDL out; ours begin where SQLAlchemy says so, and with the
    # writers' lock, so that what is read first is still so when it is written.
    @event.listens_for(made, "connect")
    def _prepare(dbapi_connection: Any, _record: object) -> None:
        dbapi_connection.isolation_level = None
        for pragma in SQLITE_PRAGMAS + _SQLITE_WRITER:
            dbapi_connection.execute(pragma)

    @event.listens_for(made, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begins)

    return made


def _make_private(where: Database, file: Path) -> None:
    """Make the file, mode 0600, before SQLite would; its journal and index get the same mode from it."""
    try:
        make_folder(file.parent)
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise DatabaseGone(where.place, type(error).__name__) from None
