"""Looks one file up by a number, through an index.

A look at SQLite takes the standard library alone: SQLAlchemy's import would be a third of the
half second that a clerk waits for an answer (docs/adr/0020).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from schemas.serving.database import SECONDS_TO_WAIT, SQLITE_PRAGMAS, Database, cannot_open, database, failed
from schemas.serving.errors import NothingPublished
from schemas.serving.shape import Rows, Snapshot, check

_FIND = """
    SELECT s.subject_id, s.kind, s.number_type, s.number, s.document, s.lake_version, s.published_at
    FROM identifier AS i JOIN subject AS s ON s.subject_id = i.subject_id
    WHERE i.kind = :kind AND i.number_type = :number_type AND i.number = :number
    ORDER BY s.subject_id
"""


_LICENCES = """
    SELECT v.licence_key, l.type_name, v.version, v.recorded_at, v.event, v.state, v.raw_state, v.since_on,
        v.valid_from, v.valid_until
    FROM licence_holder AS h
    JOIN licence AS l ON l.licence_key = h.licence_key
    JOIN licence_version AS v ON v.licence_key = h.licence_key
    WHERE h.holder_hash = :holder
        AND v.leaf_index < (SELECT COALESCE(MAX(size_after), 0) FROM licence_batch WHERE state = 'sealed')
    ORDER BY v.licence_key, v.version
"""
_PAYLOAD = """
    SELECT sealed, wrapped_key, master FROM licence_version
    WHERE licence_key = :licence_key AND version = CAST(:version AS INTEGER)
"""


@dataclass(frozen=True)
class PublishedFile:
    """One subject's file as it was published.

    `document` is JSON text: the gold row (docs/reference/serving-database.md). `lake_version`
    is the version of the gold table that it came with, `published_at` RFC 3339 in UTC.
    """

    subject_id: str
    kind: str
    number_type: str
    number: str = field(repr=False)
    document: str = field(repr=False)
    lake_version: int
    published_at: str


@contextmanager
def reading(url: str) -> Iterator[Snapshot]:
    """Hold a snapshot of the database for the length of the block; it has the shape of this release.

    Raises:
        BadDatabaseUrl: the URL names no database that can be used.
        NothingPublished: the database is not there, or has no tables.
        OlderDatabase, NewerDatabase: it has another release's shape.
        DatabaseGone, DatabaseFailed: it does not answer, or refused a query.
    """
    where = database(url)
    with _postgresql(where) if where.file is None else _sqlite(where, where.file) as snapshot:
        check(snapshot)
        yield snapshot


_CONTAINING = """
    SELECT number FROM identifier
    WHERE kind = 'enterprise' AND number_type = 'credit_code' AND substr(number, 9, 9) = :code
    ORDER BY number
"""


def containing(snapshot: Snapshot, organisation_code: str) -> tuple[str, ...]:
    """Return the credit codes that have an organisation code in them: it stands there by GB 32100-2015."""
    return tuple(str(row[0]) for row in snapshot.rows(_CONTAINING, {"code": organisation_code}))


def question(kind: str, number_type: str, number: str) -> tuple[str, dict[str, str | bytes]]:
    """Return what `find` asks the database."""
    return _FIND, {"kind": kind, "number_type": number_type, "number": number}


def find(snapshot: Snapshot, kind: str, number_type: str, number: str) -> tuple[PublishedFile, ...]:
    """Return the files of the subjects that have a number; mostly one, none when there is no such subject."""
    rows = snapshot.rows(*question(kind, number_type, number))
    return tuple(PublishedFile(*row) for row in rows)


def licences_of(snapshot: Snapshot, holder_hash: bytes) -> Rows:
    """Return the versions of a holder's licences that are in the log: key, type, version, recorded_at, event, state,
    raw_state, since_on, valid_from, valid_until.
    """
    return snapshot.rows(_LICENCES, {"holder": holder_hash})


def payload_of(snapshot: Snapshot, licence_key: str, version: int) -> tuple[bytes, bytes | None, str]:
    """Return the payload of a version as it is kept: sealed, its wrapped key (None: erased), by which master key."""
    asked = {"licence_key": licence_key, "version": str(version)}
    ((sealed, wrapped_key, master),) = snapshot.rows(_PAYLOAD, asked)
    return bytes(sealed), None if wrapped_key is None else bytes(wrapped_key), str(master)


@contextmanager
def _postgresql(where: Database) -> Iterator[Snapshot]:
    from schemas.serving import connection as through_sqlalchemy

    with through_sqlalchemy.reading_postgresql(where) as connection:
        yield through_sqlalchemy.snapshot(connection, where.place)


@contextmanager
def _sqlite(where: Database, file: Path) -> Iterator[Snapshot]:
    if not file.exists():
        raise NothingPublished(where.place)
    try:
        opened = sqlite3.connect(f"{file.as_uri()}?mode=rw", uri=True, timeout=SECONDS_TO_WAIT, isolation_level=None)
    except sqlite3.Error as error:
        raise cannot_open(where, error) from None
    try:
        with closing(opened) as connection:
            for statement in (*SQLITE_PRAGMAS, "PRAGMA query_only = ON", "BEGIN"):
                connection.execute(statement)
            yield Snapshot("sqlite", where.place, lambda query, values: connection.execute(query, values).fetchall())
    except sqlite3.Error as error:
        raise failed(where, error) from None
