"""Takes a publication in: within the one write transaction, chunk by chunk, in constant memory.

The caller opens the transaction (`connection.writing`), hands chunks of files over and records
the publication last: all of it is kept, or nothing. A chunk goes through the engine's own bulk
way (`COPY`, or one prepared statement for all rows).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import Column, Connection, MetaData, String, Table, Text, delete, exists, insert, literal, select

from schemas.serving import changes
from schemas.serving.tables import IDENTIFIER, PUBLICATION, SUBJECT

_TEMPORARY = MetaData()


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
    Column("subject_id", String),
    Column("number_type", String),
    Column("number", String),
)
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
            return self._insert(files)
        for table in (_INCOMING, _INCOMING_IDENTIFIER):
            self._connection.execute(delete(table))
        content = ((f.subject_id, f.number_type, f.number, f.digest, f.document) for f in files)
        fill(self._connection, _INCOMING, content)
        numbers = ((f.subject_id, *number) for f in files for number in f.numbers)
        fill(self._connection, _INCOMING_IDENTIFIER, numbers)
        self._note({file.subject_id: file.document for file in files})
        return self._replace()

    def remove(self, subject_ids: Iterable[str]) -> int:
        """Take subjects out, with their numbers; return how many were there."""
        self._connection.execute(delete(_INCOMING))
        fill(self._connection, _INCOMING, ((i, None, None, None, None) for i in subject_ids))
        self._note({})
        return self._remove_incoming()

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
        changes.note(self._connection, self._connection.execute(gone).scalars().all(), {}, self._stamp)
        return self._connection.execute(delete(SUBJECT).where(SUBJECT.c.kind == self._kind, ~seen)).rowcount

    def _insert(self, files: Sequence[File]) -> int:
        """Put files where there are none yet of this kind: no way is faster."""
        rows = ((f.subject_id, self._kind, f.number_type, f.number, f.digest, f.document, *self._stamp) for f in files)
        fill(self._connection, SUBJECT, rows)
        fill(self._connection, IDENTIFIER, ((self._kind, *n, f.subject_id) for f in files for n in f.numbers))
        return len(files)

    def _note(self, after: Mapping[str, str]) -> None:
        """Note the published values that are about to change."""
        different = SUBJECT.c.digest.is_distinct_from(_INCOMING.c.digest)
        touched = select(SUBJECT.c.subject_id).join(_INCOMING, SUBJECT.c.subject_id == _INCOMING.c.subject_id)
        found = self._connection.execute(touched.where(different)).scalars().all()
        changes.note(self._connection, found, after, self._stamp)

    def _replace(self) -> int:
        same = exists().where(SUBJECT.c.subject_id == _INCOMING.c.subject_id, SUBJECT.c.digest == _INCOMING.c.digest)
        self._connection.execute(delete(_INCOMING).where(same))
        self._remove_incoming()
        kind = literal(self._kind)
        incoming = _INCOMING.c
        files = select(
            incoming.subject_id, kind, incoming.number_type, incoming.number, incoming.digest, incoming.document,
            *map(literal, self._stamp),
        )  # fmt: skip
        bring = insert(SUBJECT).from_select(list(SUBJECT.c), files)
        changed = self._connection.execute(bring, execution_options={"preserve_rowcount": True}).rowcount
        number = _INCOMING_IDENTIFIER.c
        numbers = select(kind, number.number_type, number.number, number.subject_id).where(
            number.subject_id.in_(select(incoming.subject_id))
        )
        self._connection.execute(insert(IDENTIFIER).from_select(list(IDENTIFIER.c), numbers))
        return changed

    def _remove_incoming(self) -> int:
        """Take out what comes; the numbers go along (the foreign key cascades)."""
        coming = SUBJECT.c.subject_id.in_(select(_INCOMING.c.subject_id))
        return self._connection.execute(delete(SUBJECT).where(coming)).rowcount


def last(connection: Connection, kind: str) -> Publication | None:
    """Return the last publication of a kind; None when there was none."""
    columns = (PUBLICATION.c[name] for name in Publication.__dataclass_fields__)
    newest = select(*columns).where(PUBLICATION.c.kind == kind).order_by(PUBLICATION.c.batch_no.desc()).limit(1)
    row = connection.execute(newest).one_or_none()
    return None if row is None else Publication(*row)


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
