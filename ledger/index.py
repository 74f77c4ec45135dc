"""The ledger's index in the serving database: made from the entries, never the other way round, and made anew at need.

Whoever asks brings it up to date first (`caught_up`), so that what a look was recorded as an instant ago is found.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

from sqlalchemy import Connection, delete, func, select

from ledger import files
from ledger.entry import Entry
from onefile.verify.reading import instant_text, read_instant
from schemas.serving.disclosure_tables import DISCLOSURE
from schemas.serving.writing import fill

ENTRIES_AT_ONCE = 5_000
SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Disclosure:
    """One look as its index has it; fields as of `ledger.entry.Entry`."""

    seq: int
    at: datetime
    subject_hash: str | None
    operator: str
    department: str
    client: str
    acting: str
    kind: str
    resource: str
    fields: tuple[str, ...]
    grant_id: str
    item: str
    case_no: str
    purpose: str
    basis: str
    lake_version: str
    answer_id: str
    notice_after: str


def behind(connection: Connection, folder: Path) -> bool:
    """Say whether the ledger has entries that the index does not have, or fewer than it."""
    return _last(connection) != sealed_entries(folder)


def caught_up(connection: Connection, folder: Path) -> int:
    """Bring the index up to the ledger's last seal, in the caller's write transaction; return how many entries came.

    A ledger that has fewer entries than the index is another one: the index is made anew.
    """
    last = _last(connection)
    if sealed_entries(folder) < last:
        connection.execute(delete(DISCLOSURE))
        last = 0
    count, entries = 0, files.entries(folder, last)
    while chunk := list(islice(entries, ENTRIES_AT_ONCE)):
        fill(connection, DISCLOSURE, map(_row, chunk))
        count += len(chunk)
    return count


def forget(connection: Connection, folder: Path) -> int:
    """Take out the lines of entries that are kept no longer; return the last number that is gone, 0: none is."""
    kept = files.segments(folder)
    last = int(kept[0].stem) - 1 if kept else 0
    connection.execute(delete(DISCLOSURE).where(DISCLOSURE.c.seq <= last))
    return last


def sealed_entries(folder: Path) -> int:
    """Return how many entries the head covers; 0 where there is no ledger."""
    try:
        return int((folder / "head").read_bytes().split(b"\n", 2)[1])
    except (FileNotFoundError, IndexError, ValueError):
        return 0


def of_subject(
    connection: Connection, subject_hash: str, since: datetime | None = None, until: datetime | None = None
) -> Iterator[Disclosure]:
    """Yield the looks at a subject, the newest first, from `since` to before `until`."""
    asked = select(DISCLOSURE).where(DISCLOSURE.c.subject_hash == subject_hash)
    if since is not None:
        asked = asked.where(DISCLOSURE.c.at >= _floor(since))
    if until is not None:
        asked = asked.where(DISCLOSURE.c.at < _floor(until + SECOND))
    found = map(read_row, connection.execute(asked.order_by(DISCLOSURE.c.seq.desc())))
    yield from (each for each in found if _is_within(each.at, since, until))


def between(connection: Connection, since: datetime, until: datetime) -> Iterator[Disclosure]:
    """Yield all looks from `since` to before `until`, in order."""
    asked = select(DISCLOSURE).where(DISCLOSURE.c.at >= _floor(since), DISCLOSURE.c.at < _floor(until + SECOND))
    found = map(read_row, connection.execute(asked.order_by(DISCLOSURE.c.seq)))
    yield from (each for each in found if _is_within(each.at, since, until))


def for_case(connection: Connection, numbers: Iterable[str]) -> list[Disclosure]:
    """Return the looks that cite any of the numbers of a case (its own, its draft's), in order."""
    asked = select(DISCLOSURE).where(DISCLOSURE.c.case_no.in_(list(numbers))).order_by(DISCLOSURE.c.seq)
    return list(map(read_row, connection.execute(asked)))


def under_grants(connection: Connection, grants: Iterable[str], since: datetime, until: datetime) -> list[Disclosure]:
    """Return the looks under some grants from `since` to before `until`, in order."""
    wanted = set(grants)
    return [each for each in between(connection, since, until) if wanted & set(each.grant_id.split(","))]


def read_row(row: Iterable[object]) -> Disclosure:
    """Return a row as a look."""
    values = dict(zip((column.name for column in DISCLOSURE.c), row, strict=True))
    values["at"] = read_instant(str(values["at"]))
    values["fields"] = tuple(json.loads(str(values["fields"])))
    return Disclosure(**values)  # type: ignore[arg-type]


def _last(connection: Connection) -> int:
    return int(connection.execute(select(func.max(DISCLOSURE.c.seq))).scalar_one_or_none() or 0)


def _floor(at: datetime) -> str:
    """Return the second as text without `Z`, which sorts before each of its fractions."""
    return instant_text(at.replace(microsecond=0)).removesuffix("Z")


def _is_within(at: datetime, since: datetime | None, until: datetime | None) -> bool:
    return (since is None or at >= since) and (until is None or at < until)


def _row(entry: Entry) -> tuple[object, ...]:
    return (
        entry.seq, instant_text(entry.at), entry.subject, entry.operator, entry.department, entry.client, entry.acting,
        entry.kind, entry.resource, json.dumps(entry.fields, ensure_ascii=False), entry.grant, entry.item, entry.case,
        entry.purpose, entry.basis, entry.lake_version, entry.answer_id, entry.notice_after,
    )  # fmt: skip
