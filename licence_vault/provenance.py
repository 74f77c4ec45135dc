"""Where versions came from, and which statements became none: the vault's quarantine. In the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, func, insert, select, update

from licence_vault.drafts import BoundOriginal, Origin
from schemas.serving.tables import LICENCE_ERASURE, LICENCE_ORIGINAL, LICENCE_REFUSAL, LICENCE_SOURCE
from schemas.serving.writing import fill

Order = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class Source:
    """A row of `licence_source`: the statement that a version was made from."""

    licence_key: str
    version: int
    resource: str
    delivery: str
    row_no: int
    told_on: str
    seq: int

    @classmethod
    def of(cls, key: str, version: int, origin: Origin) -> Source:
        """Return the row for a version and its draft's origin."""
        told_on, seq, row_no = origin.order
        return cls(key, version, origin.resource, origin.delivery, row_no, told_on, seq)

    @property
    def order(self) -> Order:
        """What sorts the statements about one record."""
        return self.told_on, self.seq, self.row_no


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row of `licence_refusal`: a statement that became no version, and why. Never a value."""

    record_hash: bytes = field(repr=False)
    delivery: str
    row_no: int
    type_name: str
    resource: str
    column: str | None
    reason: str
    told_on: str
    seq: int
    recorded_at: str
    settled_at: str | None

    @property
    def place(self) -> tuple[bytes, str, int]:
        """What it is one of: a statement about a record."""
        return self.record_hash, self.delivery, self.row_no

    @property
    def order(self) -> Order:
        """What sorts the statements about one record."""
        return self.told_on, self.seq, self.row_no


def newest_orders(connection: Connection, keys: Collection[str]) -> dict[str, Order]:
    """Return for each licence which statement its newest version that a delivery brought was made from."""
    row = LICENCE_SOURCE.c
    rows = select(row.licence_key, row.told_on, row.seq, row.row_no).where(row.licence_key.in_(list(keys)))
    return {
        key: (day, seq, no) for key, day, seq, no in connection.execute(rows.order_by(row.licence_key, row.version))
    }


def sources_of(connection: Connection, key: str) -> dict[int, Source]:
    """Return the statements that the versions of a licence were made from, by version."""
    rows = select(LICENCE_SOURCE).where(LICENCE_SOURCE.c.licence_key == key)
    return {row.version: Source(*row) for row in connection.execute(rows)}


def put_sources(connection: Connection, sources: Iterable[Source]) -> None:
    """Write down where versions came from."""
    fill(connection, LICENCE_SOURCE, ((*(getattr(s, n) for n in Source.__slots__),) for s in sources))


def refusals_about(connection: Connection, hashes: Collection[bytes]) -> list[Refusal]:
    """Return the refusals about records, settled ones too."""
    rows = select(LICENCE_REFUSAL).where(LICENCE_REFUSAL.c.record_hash.in_(list(hashes)))
    return [_refusal(row) for row in connection.execute(rows)]


def waiting(connection: Connection, resources: Collection[str]) -> list[Refusal]:
    """Return the refusals of resources that nothing has settled yet, in the order recorded."""
    row = LICENCE_REFUSAL.c
    rows = select(LICENCE_REFUSAL).where(row.settled_at.is_(None), row.resource.in_(list(resources)))
    return [_refusal(r) for r in connection.execute(rows.order_by(row.recorded_at, row.seq, row.row_no))]


def put_refusals(connection: Connection, refusals: Sequence[Refusal]) -> None:
    """Write refusals down; the same statement's again takes the place of what was there."""
    latest = {refusal.place: refusal for refusal in refusals}
    there = {r.place for r in refusals_about(connection, {r.record_hash for r in refusals})} & latest.keys()
    for place in there:
        _note(connection, latest[place], None)
    new = (refusal for place, refusal in latest.items() if place not in there)
    fill(connection, LICENCE_REFUSAL, ((*(getattr(r, n) for n in Refusal.__slots__),) for r in new))


def settle(connection: Connection, refusals: Iterable[Refusal], at: str) -> None:
    """Note that later statements about the records were taken."""
    for refusal in refusals:
        _note(connection, refusal, at)


def count_waiting(connection: Connection) -> int:
    """Return how many refusals wait."""
    rows = select(func.count()).select_from(LICENCE_REFUSAL).where(LICENCE_REFUSAL.c.settled_at.is_(None))
    return int(connection.execute(rows).scalar_one())


def erased(connection: Connection, keys: Collection[str]) -> set[str]:
    """Return which of these licences were erased."""
    rows = select(LICENCE_ERASURE.c.licence_key).where(LICENCE_ERASURE.c.licence_key.in_(list(keys)))
    return set(connection.execute(rows).scalars())


def put_erasure(connection: Connection, key: str, at: str, operator: str, reason: str, versions: int) -> None:
    """Write down that a licence was erased."""
    values = {"licence_key": key, "erased_at": at, "operator": operator, "reason": reason, "versions": versions}
    connection.execute(insert(LICENCE_ERASURE).values(**values))


def originals(connection: Connection, keys: Collection[str]) -> dict[str, tuple[BoundOriginal, ...]]:
    """Return the digest and format of the originals that are bound to licences; identifiers stay sealed."""
    row = LICENCE_ORIGINAL.c
    rows = select(row.licence_key, row.digest, row.format).where(row.licence_key.in_(list(keys)))
    found: dict[str, tuple[BoundOriginal, ...]] = {}
    for key, digest, form in connection.execute(rows.order_by(row.licence_key, row.collected_at, row.digest)):
        found[key] = (*found.get(key, ()), BoundOriginal(digest, form))
    return found


def _note(connection: Connection, refusal: Refusal, settled_at: str | None) -> None:
    row = LICENCE_REFUSAL.c
    same = (row.record_hash == refusal.record_hash, row.delivery == refusal.delivery, row.row_no == refusal.row_no)
    connection.execute(update(LICENCE_REFUSAL).where(*same).values(settled_at=settled_at))


def _refusal(row: Sequence[object]) -> Refusal:
    return Refusal(*row)  # type: ignore[arg-type]  # the table's columns, in its order
