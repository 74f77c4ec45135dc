"""Connections to the serving database that stay open, for a server whose threads share them.

`schemas.serving.connection` opens one for each transaction, which a command does once and a counter a thousand times.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoneFree
from sqlalchemy.pool import QueuePool

from schemas.serving.connection import snapshot
from schemas.serving.database import SECONDS_TO_WAIT, SQLITE_PRAGMAS, Database, database, failed
from schemas.serving.errors import DatabaseBusy, NothingPublished
from schemas.serving.shape import check

_PRAGMAS = (*SQLITE_PRAGMAS, "PRAGMA journal_mode = WAL", "PRAGMA cache_size = -4096", "PRAGMA mmap_size = 1073741824")
_BEGINS = "onefile_begins"


class Pool:
    """The open connections of one process. A connection is one thread's for the length of a block."""

    def __init__(self, url: str, size: int = 48) -> None:
        """Open the database; raise as `schemas.serving.reading.reading` when it is not of this release's shape.

        Args:
            url: SQLite or PostgreSQL.
            size: how many connections may be open at once: as many as there are threads that ask.
        """
        self._where = database(url)
        self._engine = _engine(self._where, size)
        self._opening = Lock()
        self._file_id = self._present_file()
        self._engines_error: type[Exception] = self._engine.dialect.loaded_dbapi.Error
        with self.looking() as connection:
            check(snapshot(connection, self._where.place))

    @contextmanager
    def looking(self) -> Iterator[Connection]:
        """Hold a snapshot to read from; it waits for no writer. Errors as `schemas.serving.reading.reading`."""
        with self._held("BEGIN") as connection:
            if self._where.file is None:
                connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Hold a transaction that writes: kept whole when the block ends well, else not at all.

        SQLite has one writer at a time. In PostgreSQL writers of other rows go on beside this one: whoever needs a
        row to stay as it was read says so in the statement that changes it.
        """
        with self._held("BEGIN IMMEDIATE") as connection:
            yield connection

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    def _present_file(self) -> tuple[int, int]:
        """Return which file the database is; none in particular where it is no file. NothingPublished: it is gone."""
        if self._where.file is None:
            return 0, 0
        try:
            found = self._where.file.stat()
        except OSError:
            raise NothingPublished(self._where.place) from None
        return found.st_dev, found.st_ino

    def _follow(self) -> None:
        """Open the file anew where another one took its place: open connections would see the old one for ever."""
        found = self._present_file()
        if found != self._file_id:
            with self._opening:
                self._engine.dispose()
                self._file_id = found

    @contextmanager
    def _held(self, begins: str) -> Iterator[Connection]:
        self._follow()
        try:
            with self._engine.connect().execution_options(**{_BEGINS: begins}) as connection, connection.begin():
                yield connection
        except NoneFree:
            raise DatabaseBusy(self._where.place) from None
        except (DBAPIError, self._engines_error) as error:
            raise failed(self._where, error) from None


def _engine(where: Database, size: int) -> Engine:
    """Return an engine with a pool of its own."""
    shared: dict[str, Any] = {
        "poolclass": QueuePool, "pool_size": size, "max_overflow": 0, "pool_timeout": SECONDS_TO_WAIT,
        "hide_parameters": True,
    }  # fmt: skip
    if where.file is None:
        options = {"connect_timeout": SECONDS_TO_WAIT, "application_name": "onefile counter"}
        url = make_url(where.url).set(drivername="postgresql+psycopg")
        return create_engine(url, connect_args=options, pool_pre_ping=True, **shared)
    if not where.file.exists():
        raise NothingPublished(where.place)
    url = make_url("sqlite://").set(database=where.file.as_uri(), query={"mode": "rw", "uri": "true"})
    made = create_engine(url, connect_args={"timeout": SECONDS_TO_WAIT, "check_same_thread": False}, **shared)
    _prepare_sqlite(made)
    return made


def _prepare_sqlite(made: Engine) -> None:
    # Transactions begin where we say so and as we say so: the driver's own would take the writers' lock too late.
    @event.listens_for(made, "connect")
    def _prepare(dbapi_connection: Any, _record: object) -> None:
        dbapi_connection.isolation_level = None
        for pragma in _PRAGMAS:
            dbapi_connection.execute(pragma)

    @event.listens_for(made, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get(_BEGINS, "BEGIN"))
