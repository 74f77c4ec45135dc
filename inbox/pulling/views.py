"""What a pull needs of a database, whichever way it is reached: views of one moment, in which SQL is asked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection, Engine, bindparam, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.types import NullType

from inbox.pulling.drivers import Zone, text_of

AT_ONCE = 2_000
_REFUSED = {1044, 1045, 1049, 1142, 1143, 1146}
"""MySQL's numbers for what trying again does not help: no access, no such database or table."""
STATES_REFUSED = ("28", "3D", "42")
"""Classes of SQL states of the same."""

Row = Sequence[str | None]


class Broke(Exception):
    """A database broke off or refused. Never leaves the package.

    `kind` is its own name for that; `may_pass` says that trying again may help.
    """

    def __init__(self, kind: str, *, may_pass: bool) -> None:
        super().__init__(kind)
        self.kind, self.may_pass = kind, may_pass


class View(Protocol):
    """A database as of one moment: nothing that others do meanwhile is seen in it. Any method may raise Broke."""

    def quoted(self, name: str) -> str:
        """Return a name of a table or column as it stands in SQL."""

    def plain(self, sql: str) -> str:
        """Return SQL that somebody wrote as it can stand in what is asked."""

    def parameter(self, place: int) -> str:
        """Return what stands in SQL for the parameter of a place, from 0."""

    def names(self, sql: str) -> list[str]:
        """Return the names of the columns that SQL gives."""

    def rows(self, sql: str, values: Sequence[str] = ()) -> Iterator[Row]:
        """Yield rows as texts, a few at a time in memory; Binary where one has bytes."""


class Database(Protocol):
    """A database that views can be opened of. `kind` is the name of its dialect."""

    @property
    def kind(self) -> str: ...

    def view(self, snapshot: str | None = None) -> AbstractContextManager[View]:
        """Open a view; with `snapshot` one of the same moment as that which told it."""

    def close(self) -> None:
        """Let go of what is held."""


class SqlDatabase:
    """A database reached by SQLAlchemy."""

    def __init__(self, engine: Engine, zone: Zone) -> None:
        self._engine, self._zone = engine, zone

    @property
    def kind(self) -> str:
        return self._engine.dialect.name

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def view(self, snapshot: str | None = None) -> Iterator[View]:
        try:
            with self._engine.connect() as connection:
                self._begin(connection, snapshot)
                yield _SqlView(connection, self._zone)
        except DBAPIError as error:
            raise Broke(_kind(error), may_pass=_may_pass(error)) from None
        except SQLAlchemyError as error:
            raise Broke(type(error).__name__, may_pass=False) from None

    def _begin(self, connection: Connection, snapshot: str | None) -> None:
        if self.kind == "sqlite":
            connection.exec_driver_sql("BEGIN")
            return
        connection.execution_options(isolation_level="REPEATABLE READ")
        if self.kind == "postgresql":
            connection.exec_driver_sql("SET TRANSACTION READ ONLY")
            if snapshot is not None:
                connection.exec_driver_sql(f"SET TRANSACTION SNAPSHOT '{snapshot}'")


class _SqlView:
    """A transaction of SQLAlchemy."""

    def __init__(self, connection: Connection, zone: Zone) -> None:
        self._connection, self._zone = connection, zone

    def quoted(self, name: str) -> str:
        marks = self._connection.dialect.identifier_preparer  # its own way doubles a '%', which `text` does as well
        inside = name.replace(marks.final_quote, marks.final_quote * 2)
        return self.plain(f"{marks.initial_quote}{inside}{marks.final_quote}")

    def plain(self, sql: str) -> str:
        return sql.replace(":", r"\:")  # a colon begins a parameter

    def parameter(self, place: int) -> str:
        return f":p{place}"

    def names(self, sql: str) -> list[str]:
        return list(self._connection.execute(text(sql)).keys())

    def rows(self, sql: str, values: Sequence[str] = ()) -> Iterator[Row]:
        given = [bindparam(f"p{place}", self._given(value), NullType()) for place, value in enumerate(values)]
        streamed = self._connection.execution_options(stream_results=True, max_row_buffer=AT_ONCE)
        for row in streamed.execute(text(sql).bindparams(*given)):
            yield [text_of(value) for value in row]

    def _given(self, value: str) -> str | int:
        """Return a parameter as the database compares it rightly.

        SQLite holds a text above every number; MariaDB drops an offset that it cannot read, and takes the hour as the
        session's.
        """
        kind = self._connection.dialect.name
        if kind == "sqlite" and re.fullmatch("-?[0-9]{1,18}", value) and str(int(value)) == value:
            return int(value)
        if kind == "mysql":
            with suppress(ValueError):
                told = datetime.fromisoformat(value)
                if told.tzinfo is not None:
                    here = datetime.fromisoformat(f"2000-01-01T00:00:00{self._zone.offset}").tzinfo
                    return str(told.astimezone(here).replace(tzinfo=None))
        return value


def _may_pass(error: DBAPIError) -> bool:
    if not isinstance(error, OperationalError | InterfaceError):
        return error.connection_invalidated
    state = str(getattr(error.orig, "sqlstate", None) or "")
    return not state.startswith(STATES_REFUSED) and _number(error) not in _REFUSED


def _kind(error: DBAPIError) -> str:
    state, number = str(getattr(error.orig, "sqlstate", None) or ""), _number(error)
    return state or (f"error {number}" if number is not None else type(error.orig).__name__)


def _number(error: DBAPIError) -> int | None:
    first = error.orig.args[0] if error.orig is not None and error.orig.args else None
    return first if type(first) is int else None
