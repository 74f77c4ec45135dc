"""Connections to the serving database that stay open, for a server whose threads share them.

`schemas.serving.connection` opens one for each transaction, which a command does once and a counter a thousand times.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import Lock
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoneFree
from sqlalchemy.pool import QueuePool

from schemas.serving.ahead import Answers, NotAsked, Question, WouldWait, ask_ahead, forget
from schemas.serving.connection import snapshot
from schemas.serving.database import SECONDS_TO_WAIT, SQLITE_PRAGMAS, Database, database, failed
from schemas.serving.errors import DatabaseBusy, NothingPublished
from schemas.serving.shape import check

if TYPE_CHECKING:
    from schemas.serving.trips import Trips

_PRAGMAS = (*SQLITE_PRAGMAS, "PRAGMA journal_mode = WAL", "PRAGMA cache_size = -4096", "PRAGMA mmap_size = 1073741824")
_BEGINS = "onefile_begins"
_SNAPSHOT = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}


class Pool:
    """The open connections of one process. A connection is one thread's for the length of a block."""

    def __init__(self, url: str, size: int = 48) -> None:
        """Open the database; raise as `schemas.serving.reading.reading` when it is not of this release's shape.

        Args:
            url: SQLite or PostgreSQL.
            size: how many connections may be open at once: as many as there are threads that ask.
        """
        self._where = database(url)
        self._engine = _engine(self._where, size, SECONDS_TO_WAIT)
        self._resident = _Resident(self._where)
        self._trips = _trips(self._where)
        self._opening = Lock()
        self._file_id = self._present_file()
        self._engines_error: type[Exception] = self._engine.dialect.loaded_dbapi.Error
        with self.looking() as connection:
            check(snapshot(connection, self._where.place))

    @contextmanager
    def looking(self, questions: Callable[[], Iterable[Question]] | None = None) -> Iterator[Connection]:
        """Hold a snapshot to read from; it waits for no writer. Errors as `schemas.serving.reading.reading`.

        Args:
            questions: what will be looked up, as far as it is known before (`schemas.serving.ahead`).
        """
        with self._held("BEGIN", _SNAPSHOT) as connection:
            if self._where.file is not None or questions is None:
                yield connection
                return
            try:
                ask_ahead(connection, questions())
                yield connection
            finally:
                forget(connection)

    def at_once(
        self, answers: Answers | None, questions: Callable[[], Iterable[Question]]
    ) -> AbstractContextManager[Connection]:  # fmt: skip
        """Return a snapshot as `looking`, for the one thread that must not wait.

        Args:
            answers: what a networked database answered to `answers`.
            questions: what will be looked up, as far as it is known before.

        Raises:
            NotAsked: a networked database has to be asked first, by `answers`.
            WouldWait: somebody holds the database's file.
        """
        if self._trips is None:
            return self._resident_snapshot()
        if answers is None:
            raise NotAsked(list(questions()))
        return nullcontext(cast(Connection, answers))

    async def answers(self, questions: Sequence[Question]) -> Answers:
        """Return what a networked database answers, from one snapshot; WouldWait where it does not."""
        if self._trips is None:
            raise WouldWait
        return await self._trips.answers(questions)

    async def end_trips(self) -> None:
        """Close what `answers` opened, in its loop."""
        if self._trips is not None:
            await self._trips.close()

    @contextmanager
    def _resident_snapshot(self) -> Iterator[Connection]:
        self._follow()
        try:
            with self._resident.snapshot(self._file_id) as connection:
                yield connection
        except (DBAPIError, self._engines_error) as error:
            told = failed(self._where, error)
            raise WouldWait if isinstance(told, DatabaseBusy) else told from None

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Hold a transaction that writes: kept whole when the block ends well, else not at all.

        SQLite has one writer at a time. In PostgreSQL writers of other rows go on beside this one: whoever needs a
        row to stay as it was read says so in the statement that changes it.
        """
        with self._held("BEGIN IMMEDIATE", {}) as connection:
            yield connection

    def close(self) -> None:
        """Close every connection."""
        self._resident.close()
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
    def _held(self, begins: str, of_postgresql: Mapping[str, object]) -> Iterator[Connection]:
        self._follow()
        options = of_postgresql if self._where.file is None else {_BEGINS: begins}
        try:
            with self._engine.connect().execution_options(**options) as connection, connection.begin():
                yield connection
        except NoneFree:
            raise DatabaseBusy(self._where.place) from None
        except (DBAPIError, self._engines_error) as error:
            raise failed(self._where, error) from None


def _trips(where: Database) -> Trips | None:
    """Return what asks a networked database for the event loop; None for a file, which needs no driver of its own."""
    if where.file is not None:
        return None
    from schemas.serving.trips import Trips

    return Trips(where.url)


class _Resident:
    """One connection to an SQLite file that waits for nobody, kept open from look to look; of one thread."""

    def __init__(self, where: Database) -> None:
        self._where = where
        self._engine: Engine | None = None
        self._open: Connection | None = None
        self._file_id = (0, 0)

    @contextmanager
    def snapshot(self, file_id: tuple[int, int]) -> Iterator[Connection]:
        """Hold a snapshot of the file that is there now; what goes wrong closes the connection."""
        if self._open is None or file_id != self._file_id:
            self.close()
            self._engine = _engine(self._where, 1, 0)
            self._open, self._file_id = self._engine.connect(), file_id
        connection: Connection = self._open
        driver: Any = connection.connection.dbapi_connection
        try:
            driver.execute("BEGIN")
            yield connection
        except (DBAPIError, sqlite3.Error):
            self.close()
            raise
        finally:
            if connection is self._open:
                if connection.in_transaction():
                    connection.rollback()
                driver.rollback()

    def close(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None
        if self._engine is not None:
            self._engine.dispose()


def _engine(where: Database, size: int, seconds: float) -> Engine:
    """Return an engine with a pool of its own, that waits so long for a lock."""
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
    made = create_engine(url, connect_args={"timeout": seconds, "check_same_thread": False}, **shared)
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
        begins = connection.get_execution_options().get(_BEGINS)
        if begins:  # the resident connection's have begun already
            connection.exec_driver_sql(begins)
