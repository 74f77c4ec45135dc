"""Which serving database a URL means, and what its engine's errors mean to us. Standard library only.

What an engine says when it fails goes no further: our errors name its condition, never its text
(it quotes rows) or the URL (there may be a password in it).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from schemas.serving.errors import (
    BadDatabaseUrl,
    DatabaseBusy,
    DatabaseDamaged,
    DatabaseFailed,
    DatabaseFull,
    DatabaseGone,
    ServingError,
)

SECONDS_TO_WAIT = 30
SQLITE_PRAGMAS = ("PRAGMA foreign_keys = ON", "PRAGMA synchronous = NORMAL", "PRAGMA temp_store = MEMORY")

_SQLITE = ("sqlite", "sqlite+pysqlite")
_POSTGRESQL = ("postgresql", "postgresql+psycopg")
_FULL = ("SQLITE_FULL", "53100")
_DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB", "XX001", "XX002")
_BUSY = ("SQLITE_BUSY", "SQLITE_LOCKED", "55P03")


@dataclass(frozen=True)
class Database:
    """A database by its URL. `file` is an SQLite file; None: it is PostgreSQL. `place` names it to people."""

    url: str
    file: Path | None
    place: str


def database(url: str) -> Database:
    """Read an SQLAlchemy URL; `BadDatabaseUrl` when it is none of ours."""
    scheme, _, rest = url.partition("://")
    if scheme in _SQLITE:
        path = unquote(rest.partition("?")[0]).removeprefix("/")
        if not rest.startswith("/") or path in ("", ":memory:"):
            raise BadDatabaseUrl("an SQLite database without a file")
        return Database(url, Path(path).absolute(), f"serving database {path}")
    if scheme not in _POSTGRESQL:
        raise BadDatabaseUrl(f"a database of kind {scheme!r}" if rest else "a text that is no URL")
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        raise BadDatabaseUrl("a PostgreSQL URL that cannot be read") from None
    host = f" at {parts.hostname}{port}" if parts.hostname else ""
    return Database(url, None, f"serving database {unquote(parts.path[1:])} (PostgreSQL{host})")


def cannot_open(where: Database, error: Exception) -> ServingError:
    """Return the error of ours for one that an engine raised when it was opened."""
    name = condition(error)
    if name in _FULL:
        return DatabaseFull(where.place)
    if name.startswith(_DAMAGED):
        return DatabaseDamaged(where.place, name)
    return DatabaseBusy(where.place) if name in _BUSY else DatabaseGone(where.place, name)


def failed(where: Database, error: Exception) -> ServingError:
    """Return the error of ours for one that an engine raised later on."""
    name = condition(error)
    if name in _BUSY:
        return DatabaseBusy(where.place)
    if name in _FULL:
        return DatabaseFull(where.place)
    if name.startswith(_DAMAGED):
        return DatabaseDamaged(where.place, name)
    if getattr(error, "connection_invalidated", False) or name.startswith(("08", "57P")):
        return DatabaseGone(where.place, name)
    return DatabaseFailed(where.place, name)


def condition(error: Exception) -> str:
    """Return the engine's name for what went wrong: SQLite's constant, PostgreSQL's SQLSTATE, else the class."""
    raised = getattr(error, "orig", None) or error
    known = getattr(raised, "sqlite_errorname", None) or getattr(raised, "sqlstate", None)
    return str(known or type(raised).__name__)
