"""The licence table: what the vault reads from and writes to the serving database, in a transaction of the caller's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import Connection, Select, delete, func, insert, select, update

from onefile.verify.leaf import entry_bytes
from schemas.serving.ahead import Question
from schemas.serving.connection import looked_up
from schemas.serving.tables import LICENCE, LICENCE_BATCH, LICENCE_HOLDER, LICENCE_VERSION
from schemas.serving.writing import fill

PREPARED, SEALED = "prepared", "sealed"
READ_AT_ONCE = 2_000
_COLUMNS = [column.name for column in LICENCE_VERSION.columns]
_VERSIONS_OF = f"SELECT {', '.join(_COLUMNS)} FROM licence_version WHERE licence_key = :key ORDER BY version"
_VERSIONS_OF_HOLDER = (
    f"SELECT {', '.join(f'v.{name}' for name in _COLUMNS)} FROM licence_holder h"
    " JOIN licence_version v ON v.licence_key = h.licence_key WHERE h.holder_hash = :holder"
    " ORDER BY v.licence_key, v.version"
)


@dataclass(frozen=True, slots=True)
class Version:
    """A row of `licence_version`: one version of one licence."""

    licence_key: str
    version: int
    leaf_index: int
    recorded_at: str
    event: str
    state: str
    raw_state: str
    since_on: str
    valid_from: str
    valid_until: str | None
    commitment: bytes
    content_hash: bytes = field(repr=False)
    sealed: bytes = field(repr=False)
    wrapped_key: bytes | None = field(repr=False)
    master: str

    def entry(self) -> bytes:
        """Return the log's entry for it."""
        kind, issuer, _ = self.licence_key.split(".")
        return entry_bytes(kind, issuer, self.version, self.recorded_at, self.commitment)


@dataclass(frozen=True, slots=True)
class Batch:
    """A row of `licence_batch`."""

    batch_no: int
    batch_id: str
    size_before: int
    size_after: int
    recorded_at: str
    state: str
    root: bytes | None
    issued: int
    unchanged: int
    refused: int


def last_batch(connection: Connection) -> Batch | None:
    """Return the newest batch."""
    row = connection.execute(select(LICENCE_BATCH).order_by(LICENCE_BATCH.c.batch_no.desc()).limit(1)).one_or_none()
    return None if row is None else Batch(*row)


def batch_of(connection: Connection, batch_id: str) -> Batch | None:
    """Return the batch of that id."""
    row = connection.execute(select(LICENCE_BATCH).where(LICENCE_BATCH.c.batch_id == batch_id)).one_or_none()
    return None if row is None else Batch(*row)


def batches(connection: Connection) -> list[Batch]:
    """Return all batches in order."""
    return [Batch(*row) for row in connection.execute(select(LICENCE_BATCH).order_by(LICENCE_BATCH.c.batch_no))]


def put_batch(connection: Connection, batch: Batch) -> None:
    """Write a batch down."""
    connection.execute(insert(LICENCE_BATCH).values(**asdict(batch)))


def seal_batch(connection: Connection, batch: Batch, root: bytes) -> None:
    """Note that the log's checkpoint covers a batch."""
    row = LICENCE_BATCH.c
    connection.execute(update(LICENCE_BATCH).where(row.batch_no == batch.batch_no).values(state=SEALED, root=root))


def newest(connection: Connection, keys: Iterable[str]) -> dict[str, Version]:
    """Return the newest version of each licence that is there already."""
    rows = select(LICENCE_VERSION).where(LICENCE_VERSION.c.licence_key.in_(list(keys)))
    found = connection.execute(rows.order_by(LICENCE_VERSION.c.licence_key, LICENCE_VERSION.c.version))
    return {row.licence_key: Version(*row) for row in found}


def known_holders(connection: Connection, keys: Iterable[str]) -> set[tuple[bytes, str]]:
    """Return who holds these licences, as hash and licence."""
    rows = select(LICENCE_HOLDER).where(LICENCE_HOLDER.c.licence_key.in_(list(keys)))
    return {(bytes(row.holder_hash), row.licence_key) for row in connection.execute(rows)}


def put(
    connection: Connection,
    licences: Sequence[tuple[str, str, bytes | None]],
    holders: Iterable[tuple[bytes, str]],
    versions: Sequence[Version],
) -> None:
    """Write new licences (key, type's name, printed number's hash), holders and versions."""
    fill(connection, LICENCE, iter(licences))
    fill(connection, LICENCE_HOLDER, iter(holders))
    fill(connection, LICENCE_VERSION, ((*(getattr(v, n) for n in Version.__slots__),) for v in versions))


def versions(connection: Connection, start: int, stop: int) -> Iterator[Version]:
    """Yield the versions whose leaves are from `start` to before `stop`, in order, in constant memory."""
    leaf = LICENCE_VERSION.c.leaf_index
    for low in range(start, stop, READ_AT_ONCE):
        span = select(LICENCE_VERSION).where(leaf >= low, leaf < min(stop, low + READ_AT_ONCE)).order_by(leaf)
        yield from _versions(connection, span)


def versions_of(connection: Connection, key: str) -> list[Version]:
    """Return the versions of a licence, the first one first."""
    return [Version(*row) for row in looked_up(connection, *question_of(key))]


def question_of(key: str) -> Question:
    """Return what `versions_of` asks the database."""
    return _VERSIONS_OF, {"key": key}


def type_name(connection: Connection, key: str) -> str | None:
    """Return the name of a licence's type; None when there is no such licence."""
    return connection.execute(select(LICENCE.c.type_name).where(LICENCE.c.licence_key == key)).scalar_one_or_none()


def keys_of_holder(connection: Connection, holder_hash: bytes) -> list[str]:
    """Return the licences that a holder is found by."""
    query = "SELECT licence_key FROM licence_holder WHERE holder_hash = :holder"
    return sorted(str(key) for (key,) in looked_up(connection, query, {"holder": holder_hash}))


def question_of_holder(holder_hash: bytes) -> Question:
    """Return what `versions_of_holder` asks the database."""
    return _VERSIONS_OF_HOLDER, {"holder": holder_hash}


def versions_of_holder(connection: Connection, holder_hash: bytes) -> dict[str, list[Version]]:
    """Return the licences that a holder is found by, by key in order; of each its versions, the first one first."""
    found: dict[str, list[Version]] = {}
    for row in looked_up(connection, *question_of_holder(holder_hash)):
        version = Version(*row)
        found.setdefault(version.licence_key, []).append(version)
    return found


def keys_of_printed(connection: Connection, printed_hash: bytes) -> list[str]:
    """Return the licences with that number on their face."""
    return sorted(str(key) for (key,) in looked_up(connection, *question_of_printed(printed_hash)))


def question_of_printed(printed_hash: bytes) -> Question:
    """Return what `keys_of_printed` asks the database."""
    return "SELECT licence_key FROM licence WHERE printed_hash = :printed", {"printed": printed_hash}


def ending_between(connection: Connection, states: Sequence[str], first: str, last: str, after: str) -> list[Version]:
    """Return newest versions, in one of the states, with their last day from `first` to `last` and a key after `after`.

    At most `READ_AT_ONCE`, in the order of their keys; those whose content was erased are left out.
    """
    own, later = LICENCE_VERSION.alias("own"), LICENCE_VERSION.alias("later")
    followed = select(later.c.version).where(
        later.c.licence_key == own.c.licence_key, later.c.version == own.c.version + 1
    )
    rows = select(own).where(own.c.valid_until >= first, own.c.valid_until <= last, own.c.licence_key > after)
    rows = rows.where(own.c.state.in_(states), own.c.wrapped_key.is_not(None), ~followed.exists())
    return [Version(*row) for row in connection.execute(rows.order_by(own.c.licence_key).limit(READ_AT_ONCE))]


def present(connection: Connection, start: int, stop: int) -> list[tuple[str, Version]]:
    """Return the newest versions of licences among leaves `start` to before `stop`, with the type's name."""
    own, later = LICENCE_VERSION.alias("own"), LICENCE_VERSION.alias("later")
    followed = select(later.c.version).where(
        later.c.licence_key == own.c.licence_key, later.c.version > own.c.version, later.c.leaf_index < stop
    )
    rows = select(LICENCE.c.type_name, own).join(LICENCE, LICENCE.c.licence_key == own.c.licence_key)
    rows = rows.where(own.c.leaf_index >= start, own.c.leaf_index < stop, ~followed.exists())
    return [(row[0], Version(*row[1:])) for row in connection.execute(rows.order_by(own.c.leaf_index))]


def last_batch_id(connection: Connection, prefix: str) -> str | None:
    """Return the id of the newest batch whose id begins so."""
    row = LICENCE_BATCH.c
    rows = select(row.batch_id).where(row.batch_id.startswith(prefix, autoescape=True))
    return connection.execute(rows.order_by(row.batch_no.desc()).limit(1)).scalar_one_or_none()


def counts(connection: Connection) -> tuple[int, int]:
    """Return how many versions there are, and how many leaves they would make (highest index and one)."""
    row = connection.execute(select(func.count(), func.max(LICENCE_VERSION.c.leaf_index)).select_from(LICENCE_VERSION))
    number, highest = row.one()
    return int(number), 0 if highest is None else int(highest) + 1


@dataclass(frozen=True, slots=True)
class LeafState:
    """A leaf's version, and the number, state and last day of the newest version of its licence."""

    leaf_index: int
    version: int
    newest: int
    state: str
    valid_until: str | None


def states(connection: Connection, start: int, stop: int) -> Iterator[LeafState]:
    """Yield how each leaf of a range stands, in order."""
    row = LICENCE_VERSION.c
    for low in range(start, stop, READ_AT_ONCE):
        span = select(row.leaf_index, row.licence_key, row.version)
        span = span.where(row.leaf_index >= low, row.leaf_index < min(stop, low + READ_AT_ONCE))
        own = connection.execute(span.order_by(row.leaf_index)).all()
        keys = {key for _, key, _ in own}
        told = select(row.licence_key, row.version, row.state, row.valid_until).where(row.licence_key.in_(keys))
        last = {key: rest for key, *rest in connection.execute(told.order_by(row.licence_key, row.version))}
        for leaf_index, key, version in own:
            yield LeafState(leaf_index, version, *last[key])


def erase(connection: Connection, key: str) -> int:
    """Destroy the keys of all versions of a licence, and what finds it; return how many versions that were."""
    connection.execute(delete(LICENCE_HOLDER).where(LICENCE_HOLDER.c.licence_key == key))
    connection.execute(update(LICENCE).where(LICENCE.c.licence_key == key).values(printed_hash=None))
    where = LICENCE_VERSION.c.licence_key == key
    return connection.execute(update(LICENCE_VERSION).where(where).values(wrapped_key=None)).rowcount


def _versions(connection: Connection, rows: Select[Any]) -> Iterator[Version]:
    for row in connection.execute(rows):
        yield Version(*row)
