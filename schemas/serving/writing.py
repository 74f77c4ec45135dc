"""Takes a publication in: within the one write transaction, chunk by chunk, in constant memory.

The caller opens the transaction (`connection.writing`), hands chunks of files over and records
the publication last: all of it is kept, or nothing. A chunk goes through the engine's own bulk
way (`COPY`, or one prepared statement for all rows).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    MetaData,
    Row,
    String,
    Table,
    Text,
    delete,
    exists,
    insert,
    literal,
    select,
    update,
)

from schemas.serving import changes
from schemas.serving.tables import IDENTIFIER, PUBLICATION, SUBJECT

_TEMPORARY = MetaData()
_AT_ONCE = 2_000
"""Rows that are held at a time where all are looked at."""


def temporary(metadata: MetaData, name: str, *columns: Column[Any]) -> Table:
    """Declare a table that ends with the transaction."""
    return Table(name, metadata, *columns, prefixes=["TEMPORARY"], postgresql_on_commit="DROP", info={"ends": True})


_INCOMING = temporary(
    _TEMPORARY,
    "incoming",
    Column("subject_id", String, primary_key=True),
    Column("number_type", String),
    Column("number", String),
    Column("digest", String),
    Column("document", Text),
)
_INCOMING_IDENTIFIER = temporary(
    _TEMPORARY,
    "incoming_identifier",
    Column("subject_id", String, primary_key=True),
    Column("number_type", String, primary_key=True),
    Column("number", String, primary_key=True),
)
_ASKED = temporary(_TEMPORARY, "asked", Column("subject_id", String, primary_key=True))
_SEEN = temporary(_TEMPORARY, "seen", Column("subject_id", String, primary_key=True))


@dataclass(frozen=True)
class File:
    """One subject's file on its way in: `document` is JSON text, `numbers` are (type, number) pairs."""

    subject_id: str
    number_type: str
    number: str = field(repr=False)
    digest: str
    document: str = field(repr=False)
    numbers: tuple[tuple[str, str], ...] = field(repr=False)

    @property
    def sum(self) -> int:
        """A sum over all that is served of the subject; in no order that its numbers come in."""
        return _sum(self.number_type, self.number, self.digest, self.document) + sum(_sum(*n) for n in self.numbers)


@dataclass(frozen=True)
class Publication:
    """One batch: what it brought and the lake version it came from; fields as the table's columns."""

    kind: str
    lake_table: str
    from_version: int | None
    lake_version: int
    published_at: str
    upserted: int
    deleted: int
    run_id: str | None = None


class Batch:
    """The chunks of one publication, in an open write transaction.

    `version` and `published_at` are kept with each file that the batch changes.
    """

    def __init__(self, connection: Connection, kind: str, version: int, published_at: str) -> None:
        self._connection = connection
        self._kind = kind
        self._stamp = (version, published_at)
        self._is_first = not holds_any(connection, kind)
        _TEMPORARY.create_all(connection)

    def put(self, files: Sequence[File]) -> int:
        """Bring files in, each subject at most once in the batch; return how many were new or different."""
        if self._is_first:
            self._insert(files)
            return len(files)
        held = self._held(file.subject_id for file in files)
        new = [file for file in files if file.subject_id not in held]
        known = [file for file in files if held.get(file.subject_id, file.digest) != file.digest]
        self._insert(new)
        if known:
            self._replace(known)
        return len(new) + len(known)

    def remove(self, subject_ids: Iterable[str]) -> int:
        """Take subjects out, with their numbers; return how many were there."""
        there = self._held(subject_ids)
        changes.note(self._connection, there, self._stamp)
        self._connection.execute(delete(SUBJECT).where(_is_in(_ASKED)))  # numbers go along: the foreign key cascades
        return len(there)

    def see(self, subject_ids: Iterable[str]) -> None:
        """Note subjects that are still there, for `remove_unseen`."""
        if not self._is_first:
            fill(self._connection, _SEEN, ((i,) for i in subject_ids))

    def remove_unseen(self) -> int:
        """Take out the subjects of this kind that were not noted; return how many."""
        if self._is_first:
            return 0
        seen = exists().where(_SEEN.c.subject_id == SUBJECT.c.subject_id)
        gone = select(SUBJECT.c.subject_id).where(SUBJECT.c.kind == self._kind, ~seen)
        changes.note(self._connection, self._connection.execute(gone).scalars().all(), self._stamp)
        return self._connection.execute(delete(SUBJECT).where(SUBJECT.c.kind == self._kind, ~seen)).rowcount

    def _insert(self, files: Sequence[File]) -> None:
        """Put files where there are none of these subjects: no way is faster."""
        rows = ((f.subject_id, self._kind, f.number_type, f.number, f.digest, f.document, *self._stamp) for f in files)
        fill(self._connection, SUBJECT, rows)
        fill(self._connection, IDENTIFIER, ((self._kind, *n, f.subject_id) for f in files for n in f.numbers))

    def _held(self, subject_ids: Iterable[str]) -> dict[str, str]:
        """Ask for subjects; return by id the digests of those that are there."""
        self._ask(subject_ids)
        found = self._connection.execute(select(SUBJECT.c.subject_id, SUBJECT.c.digest).where(_is_in(_ASKED)))
        return {each.subject_id: each.digest for each in found}

    def _ask(self, subject_ids: Iterable[str]) -> None:
        """Say which subjects the next statements are about."""
        self._connection.execute(delete(_ASKED))
        fill(self._connection, _ASKED, ((subject_id,) for subject_id in subject_ids))

    def _replace(self, files: Sequence[File]) -> None:
        """Put files in the place of those that are there, and note what that changes of published values.

        A row stays where it is, and so do numbers that stay: what is written does not grow with the indexes.
        """
        row, incoming = SUBJECT.c, _INCOMING.c
        self._connection.execute(delete(_INCOMING))
        content = ((f.subject_id, f.number_type, f.number, f.digest, f.document) for f in files)
        fill(self._connection, _INCOMING, content)
        asked = select(row.subject_id, row.kind, row.document).where(_is_in(_INCOMING))
        before = self._connection.execute(asked).all()
        with ThreadPoolExecutor(1) as aside:  # to tell what changes takes about as long as to write it
            told = aside.submit(_told, before, {file.subject_id: file for file in files})
            version, published_at = self._stamp
            brought = {name: incoming[name] for name in ("number_type", "number", "digest", "document")}
            stamped = brought | {"lake_version": version, "published_at": published_at}
            self._connection.execute(update(SUBJECT).where(row.subject_id == incoming.subject_id).values(stamped))
            changed, renumbered = told.result()
        changes.keep(self._connection, changed, self._stamp)
        if renumbered:
            self._number(renumbered)

    def _number(self, files: Sequence[File]) -> None:
        """Let files that are there be found by their numbers, and by no others."""
        self._ask(file.subject_id for file in files)
        self._connection.execute(delete(_INCOMING_IDENTIFIER))
        fill(self._connection, _INCOMING_IDENTIFIER, ((f.subject_id, *n) for f in files for n in f.numbers))
        held, incoming = IDENTIFIER.c, _INCOMING_IDENTIFIER.c
        is_same = (
            (held.subject_id == incoming.subject_id)
            & (held.kind == self._kind)
            & (held.number_type == incoming.number_type)
            & (held.number == incoming.number)
        )
        is_mine = held.subject_id.in_(select(_ASKED.c.subject_id))
        self._connection.execute(delete(IDENTIFIER).where(is_mine, ~exists().where(is_same)))
        new = select(literal(self._kind), incoming.number_type, incoming.number, incoming.subject_id)
        missing = new.where(~exists().where(is_same).correlate(_INCOMING_IDENTIFIER))
        self._connection.execute(insert(IDENTIFIER).from_select([*held], missing))


def _told(before: Iterable[Row[str, str, str]], after: Mapping[str, File]) -> tuple[list[changes.Change], list[File]]:
    """Return what becomes of published values, and the files that are found by other numbers from now on.

    Args:
        before: subject id, kind and document of each file as it is.
        after: by subject id, the files that come in their place.
    """
    changed: list[changes.Change] = []
    renumbered = []
    for subject_id, kind, document in before:
        file, was = after[subject_id], changes.read(document)
        changed += ((subject_id, kind, *each) for each in changes.changes(was, changes.read(file.document)))
        if {(each["type"], each["number"]) for each in was.get("identifiers") or []} != {*file.numbers}:
            renumbered.append(file)
    return changed, renumbered


def _is_in(table: Table) -> ColumnElement[bool]:
    """Say which subjects are in a temporary table. Of a join SQLite goes through all subjects, for a few of them."""
    return SUBJECT.c.subject_id.in_(select(table.c.subject_id))


def last(connection: Connection, kind: str) -> Publication | None:
    """Return the last publication of a kind; None when there was none."""
    columns = (PUBLICATION.c[name] for name in Publication.__dataclass_fields__)
    newest = select(*columns).where(PUBLICATION.c.kind == kind).order_by(PUBLICATION.c.batch_no.desc()).limit(1)
    row = connection.execute(newest).one_or_none()
    return None if row is None else Publication(*row)


def sums(connection: Connection, kind: str) -> dict[str, int]:
    """Return by subject id a sum over all that is served of each subject of a kind, as `File.sum`."""
    streaming = connection.execution_options(yield_per=_AT_ONCE)
    row, number = SUBJECT.c, IDENTIFIER.c
    told = (row.number_type, row.number, row.digest, row.document)
    found: dict[str, int] = {}
    for subject_id, *served in streaming.execute(select(row.subject_id, *told).where(row.kind == kind)):
        found[subject_id] = _sum(*served)
    asked = select(number.subject_id, number.number_type, number.number).where(number.kind == kind)
    for subject_id, *known_by in streaming.execute(asked):
        found[subject_id] = found.get(subject_id, 0) + _sum(*known_by)
    return found


def _sum(*texts: str) -> int:
    return int.from_bytes(hashlib.blake2b("\0".join(texts).encode(), digest_size=16).digest(), "big")


def holds_any(connection: Connection, kind: str) -> bool:
    """Say whether there is any file of a kind; looks no further than the first."""
    return connection.execute(select(IDENTIFIER.c.kind).where(IDENTIFIER.c.kind == kind).limit(1)).first() is not None


def record(connection: Connection, publication: Publication) -> None:
    """Write down what a batch did: its last statement."""
    connection.execute(insert(PUBLICATION).values(**asdict(publication)))


def fill(connection: Connection, table: Table, rows: Iterable[tuple[object, ...]]) -> None:
    """Put rows into a table in the engine's fastest way; values in the order of the table's columns."""
    cursor: Any = connection.connection.cursor()
    if connection.dialect.name == "sqlite":
        cursor.executemany(f"INSERT INTO {table.name} VALUES ({', '.join('?' * len(table.c))})", rows)
        return
    with cursor.copy(f"COPY {table.name} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
    if table.info.get("ends"):  # else the planner takes it for a large one, and reads all subjects for a few
        cursor.execute(f"ANALYZE {table.name}")
