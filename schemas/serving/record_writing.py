"""Takes rows of a resource in: within one write transaction, chunk by chunk, as `schemas.serving.writing` takes files.

A record is always whole in a chunk: the rows about all the subjects that it names.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    MetaData,
    String,
    Text,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
)

from schemas.serving import changes
from schemas.serving.record_tables import RECORD_PUBLICATION, SUBJECT_RECORD
from schemas.serving.writing import fill, temporary

_TEMPORARY = MetaData()
_INCOMING = temporary(
    _TEMPORARY,
    "incoming_record",
    Column("subject_id", String, primary_key=True),
    Column("record", String, primary_key=True),
    Column("observed_on", String),
    Column("delivery", String),
    Column("row_no", BigInteger),
    Column("digest", String),
    Column("document", Text),
)
_TOUCHED = temporary(_TEMPORARY, "touched_record", Column("record", String, primary_key=True))
_SEEN = temporary(_TEMPORARY, "seen_record", Column("record", String, primary_key=True))


@dataclass(frozen=True)
class Record:
    """A record on its way in: whom it names (internal ids), its granted columns as JSON text, and where it is from."""

    record: str
    subject_ids: tuple[str, ...]
    observed_on: str
    delivery: str
    row_no: int
    digest: str
    document: str = field(repr=False)


@dataclass(frozen=True)
class RecordPublication:
    """One batch: which columns of a resource are held since, and what of the lake they were made from.

    `order_version` is that of the orders to erase, -1 where there never was one; `erased` how many rows of the resource
    were erased by then.
    """

    resource: str
    fields: tuple[str, ...]
    declared: str
    lake_table: str
    from_version: int | None
    lake_version: int
    order_version: int
    erased: int
    published_at: str
    upserted: int
    deleted: int


class RecordBatch:
    """The chunks of one publication of a resource's rows, in an open write transaction."""

    def __init__(
        self, connection: Connection, resource: str, fields: Sequence[str], version: int, published_at: str
    ) -> None:  # fmt: skip
        self._connection, self._resource, self._fields = connection, resource, frozenset(fields)
        self._stamp = (version, published_at)
        self._mine = SUBJECT_RECORD.c.resource == resource
        self.is_first = connection.execute(select(literal(1)).where(self._mine).limit(1)).first() is None
        _TEMPORARY.create_all(connection)

    def put(self, records: Sequence[Record]) -> int:
        """Bring records in, each at most once in the batch; return how many rows were new or different."""
        rows = [(s, r.record, r.observed_on, r.delivery, r.row_no, r.digest, r.document)
                for r in records for s in r.subject_ids]  # fmt: skip
        if self.is_first:
            fill(self._connection, SUBJECT_RECORD, ((s, self._resource, *rest, *self._stamp) for s, *rest in rows))
            return len(rows)
        self._hold(rows, [each.record for each in records])
        self._note_added()
        self._take_out(records)
        return self._insert()

    def remove(self, records: Iterable[str]) -> int:
        """Take records out; return how many rows that were."""
        self._hold([], list(records))
        return self._take_out([])

    def see(self, records: Iterable[str]) -> None:
        """Note records that are still there, for `remove_unseen`."""
        fill(self._connection, _SEEN, ((record,) for record in records))

    def remove_unseen(self) -> int:
        """Take out the records that were not noted; return how many rows that were."""
        seen = exists().where(_SEEN.c.record == SUBJECT_RECORD.c.record)
        self._note(select(*_NOTED).where(self._mine, ~seen), {})
        return self._connection.execute(delete(SUBJECT_RECORD).where(self._mine, ~seen)).rowcount

    def clear(self) -> int:
        """Take all rows of the resource out, for nobody holds a grant any more: none of them is said to be wrong."""
        return self._connection.execute(delete(SUBJECT_RECORD).where(self._mine)).rowcount

    def _hold(self, rows: Sequence[tuple[object, ...]], records: Sequence[str]) -> None:
        for table in (_INCOMING, _TOUCHED):
            self._connection.execute(delete(table))
        fill(self._connection, _INCOMING, rows)
        fill(self._connection, _TOUCHED, ((record,) for record in records))

    def _take_out(self, records: Sequence[Record]) -> int:
        """Take out what is not the same any more of the records that are touched."""
        row, came = SUBJECT_RECORD.c, _INCOMING.c
        same = exists().where(
            came.subject_id == row.subject_id, came.record == row.record, came.digest == row.digest
        )  # fmt: skip
        stale = (self._mine, row.record.in_(select(_TOUCHED.c.record)), ~same)
        after = {(subject, each.record): each for each in records for subject in each.subject_ids}
        self._note(select(*_NOTED).where(*stale), after)
        return self._connection.execute(delete(SUBJECT_RECORD).where(*stale)).rowcount

    def _insert(self) -> int:
        row, came = SUBJECT_RECORD.c, _INCOMING.c
        there = exists().where(self._mine, row.subject_id == came.subject_id, row.record == came.record)
        rest = [came[name] for name in ("record", "observed_on", "delivery", "row_no", "digest", "document")]
        new = select(came.subject_id, literal(self._resource), *rest, *map(literal, self._stamp)).where(~there)
        bring = insert(SUBJECT_RECORD).from_select(list(row), new)
        return self._connection.execute(bring, execution_options={"preserve_rowcount": True}).rowcount

    def _note_added(self) -> None:
        """Note the rows that are new about somebody, where the resource is followed."""
        if not changes.is_followed(self._connection, self._resource):
            return
        row, came = SUBJECT_RECORD.c, _INCOMING.c
        there = exists().where(self._mine, row.subject_id == came.subject_id, row.record == came.record)
        found = self._connection.execute(select(came.subject_id, came.document).where(~there)).all()
        noted = (
            (subject_id, changes.RECORD, f"{self._resource}.{name}", changes.ADDED)
            for subject_id, document in found
            for name, value in json.loads(document).items()
            if value is not None and name in self._fields
        )
        changes.keep(self._connection, noted, self._stamp)

    def _note(self, stale: Any, after: Mapping[tuple[str, str], Record]) -> None:
        """Note what becomes of values that were held, before they are replaced or taken out."""
        found = self._connection.execute(stale).all()
        noted = (
            (subject_id, changes.RECORD, name, how)
            for subject_id, record, observed_on, document in found
            for name, how in self._changes(json.loads(document), observed_on, after.get((subject_id, record)))
        )
        changes.keep(self._connection, noted, self._stamp)

    def _changes(self, was: Mapping[str, Any], observed_on: str, now: Record | None) -> Iterator[tuple[str, str]]:
        said = {} if now is None else json.loads(now.document)
        for name, value in was.items():
            stated = {"value": said.get(name), "observed_on": now.observed_on if now else ""}
            how = changes.how({"value": value, "observed_on": observed_on}, stated)
            if how and name in self._fields:
                yield f"{self._resource}.{name}", how


_NOTED = tuple(SUBJECT_RECORD.c[name] for name in ("subject_id", "record", "observed_on", "document"))


def record(connection: Connection, publication: RecordPublication) -> None:
    """Write down what a batch did: its last statement."""
    values = {**asdict(publication), "fields": json.dumps(publication.fields)}
    connection.execute(insert(RECORD_PUBLICATION).values(**values))


def newest(connection: Connection) -> dict[str, RecordPublication]:
    """Return the last publication of each resource whose rows are held, by resource."""
    row = RECORD_PUBLICATION.c
    last = select(func.max(row.batch_no)).group_by(row.resource)
    columns = [row[name] for name in RecordPublication.__dataclass_fields__]
    found = [dict(each._mapping) for each in connection.execute(select(*columns).where(row.batch_no.in_(last)))]
    read = (RecordPublication(**{**each, "fields": tuple(json.loads(each["fields"]))}) for each in found)
    return {each.resource: each for each in read if each.fields}


def published(connection: Connection, resource: str) -> dict[tuple[str, str], str]:
    """Return the digest of each row of a resource, by record and subject id."""
    row = SUBJECT_RECORD.c
    asked = select(row.record, row.subject_id, row.digest).where(row.resource == resource)
    return {(each, subject): digest for each, subject, digest in connection.execute(asked)}
