"""The versions of entries, kept in the serving database in a transaction of the caller's."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, Select, func, insert, select, update

from catalog.diffs import check_state
from catalog.entries import Entry, from_json
from catalog.errors import UnknownVersion
from catalog.mapping_reading import DECLARED
from schemas.serving.tables import CATALOG_ENTRY, CATALOG_VERSION


@dataclass(frozen=True)
class Recorded:
    """What came of recording the entries of a source, each by id."""

    new: tuple[str, ...]
    changed: tuple[str, ...]
    unchanged: tuple[str, ...]
    vanished: tuple[str, ...]
    returned: tuple[str, ...]


@dataclass(frozen=True)
class Version:
    """One version of an entry; `recorded_at` RFC 3339 in UTC."""

    version: int
    recorded_at: str
    entry: Entry


def record(
    connection: Connection, source: str, entries: Iterable[Entry], at: str, is_checked: bool = True,
    held: frozenset[str] = frozenset(),
) -> Recorded:  # fmt: skip
    """Keep what is new or changed as a version, and flag what the source lists no more. Again, it changes nothing.

    Args:
        source: `declared`, or the name of a mapping; entries of other sources are left alone.
        at: RFC 3339 in UTC.
        is_checked: whether states must follow the life cycle.
        held: ids that the source still lists, but not so that they could be taken: they stay as they were.

    Raises:
        LifeCycleBroken: an entry's state cannot follow the one it had; nothing is kept.
    """
    old, flagged = _newest(connection, source), _flagged(connection, source)
    new: list[str] = []
    changed: list[str] = []
    unchanged: list[str] = []
    for entry in entries:
        before = old.pop(entry.id, None)
        if is_checked:
            check_state(entry.id, None if before is None else before[1].entry.state, entry.state)
        digest, document = _written(entry)
        if before is not None and before[0] == digest:
            unchanged.append(entry.id)
            continue
        (new if before is None else changed).append(entry.id)
        if before is None:
            connection.execute(insert(CATALOG_ENTRY).values(entry_id=entry.id, source=source, vanished_at=None))
        number = 1 if before is None else before[1].version + 1
        connection.execute(insert(CATALOG_VERSION).values(
            entry_id=entry.id, version=number, recorded_at=at, digest=digest, document=document))  # fmt: skip
    vanished = sorted(set(old) - flagged - held)
    returned = sorted(flagged - set(old))
    _flag(connection, vanished, at)
    _flag(connection, returned, None)
    return Recorded(tuple(new), tuple(changed), tuple(unchanged), tuple(vanished), tuple(returned))


def versions(connection: Connection, entry_id: str) -> list[Version]:
    """Return the versions of an entry, the first one first."""
    row = CATALOG_VERSION.c
    asked = select(CATALOG_VERSION).where(row.entry_id == entry_id).order_by(row.version)
    return [_version(found)[1] for found in connection.execute(asked)]


def version(connection: Connection, entry_id: str, number: int) -> Version:
    """Return one version of an entry; raise UnknownVersion where there is none."""
    found = versions(connection, entry_id)
    if not 1 <= number <= len(found):
        raise UnknownVersion(entry_id, number, len(found))
    return found[number - 1]


def histories(connection: Connection) -> list[list[Version]]:
    """Return the versions of every entry that is declared, the first one first."""
    known, flagged = _newest(connection, DECLARED), _flagged(connection, DECLARED)
    return [versions(connection, entry_id) for entry_id in sorted(known) if entry_id not in flagged]


def foreign(connection: Connection) -> dict[str, tuple[Entry, bool]]:
    """Return the newest version of each imported entry, and whether its source lists it no more."""
    asked = select(CATALOG_ENTRY.c.source).distinct().where(CATALOG_ENTRY.c.source != DECLARED)
    found = {}
    for source in connection.execute(asked).scalars():
        flagged = _flagged(connection, source)
        for entry_id, (_, newest) in _newest(connection, source).items():
            found[entry_id] = (newest.entry, entry_id in flagged)
    return dict(sorted(found.items()))


def _newest(connection: Connection, source: str) -> dict[str, tuple[str, Version]]:
    row = CATALOG_VERSION.c
    last = select(row.entry_id, func.max(row.version).label("version")).group_by(row.entry_id).subquery()
    asked: Select[tuple[object, ...]] = (
        select(CATALOG_VERSION)
        .join(last, (row.entry_id == last.c.entry_id) & (row.version == last.c.version))
        .join(CATALOG_ENTRY, CATALOG_ENTRY.c.entry_id == row.entry_id)
        .where(CATALOG_ENTRY.c.source == source)
    )
    return {str(found.entry_id): _version(found) for found in connection.execute(asked)}


def _flagged(connection: Connection, source: str) -> set[str]:
    row = CATALOG_ENTRY.c
    return set(
        connection.execute(select(row.entry_id).where(row.source == source, row.vanished_at.is_not(None))).scalars()
    )


def _flag(connection: Connection, ids: Iterable[str], at: str | None) -> None:
    for entry_id in ids:
        connection.execute(update(CATALOG_ENTRY).where(CATALOG_ENTRY.c.entry_id == entry_id).values(vanished_at=at))


def _written(entry: Entry) -> tuple[str, str]:
    document = json.dumps(entry.as_json(), ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(document.encode()).hexdigest(), document


def _version(row: object) -> tuple[str, Version]:
    found: Mapping[str, object] = row._mapping  # type: ignore[attr-defined] # SQLAlchemy's Row
    entry = from_json(json.loads(str(found["document"])))
    return str(found["digest"]), Version(int(str(found["version"])), str(found["recorded_at"]), entry)
