"""Removes entries whose years are over, whole segments at a time, and leaves an entry that says so.

Order 809 of the State Council wants records of use kept three years at least; a bureau may keep them longer.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from ledger import files
from ledger.entry import EXPIRY, Entry, Look
from ledger.errors import BadEntry
from ledger.record import Ledger
from onefile.files import fsync_folder
from schemas.watching import LEAST_YEARS


def expire(ledger: Ledger, look: Look, years: int = LEAST_YEARS) -> Entry | None:
    """Remove the segments whose last entry is more than `years` older than `look.at`; None where there is none.

    An entry is written first: what the audit then finds missing at the beginning is what that entry names.

    Raises:
        BadEntry: fewer years than the law wants.
    """
    if years < LEAST_YEARS:
        raise BadEntry(f"entries are kept {LEAST_YEARS} years at least: {years} are too few")
    before = _years_before(look.at, years)
    gone = []
    for path, following in zip(found := files.segments(ledger.folder), found[1:], strict=False):
        if not _is_over(path, before):
            break
        gone.append((path, int(following.stem) - 1))
    if not gone:
        return None
    entry = ledger.append(replace(look, purpose=EXPIRY, kind="note", basis=_told(gone[-1][1], before)))
    for path, _ in gone:
        path.unlink()
        fsync_folder(path.parent)
    return entry


def _is_over(segment: Path, before: datetime) -> bool:
    return all(entry.at < before for entry in files.entries_of(segment))


def _told(last: int, before: datetime) -> str:
    return f"{last} entries, from the first, removed: their last instant is before {before.date().isoformat()}"


def _years_before(at: datetime, years: int) -> datetime:
    day = 28 if (at.month, at.day) == (2, 29) else at.day
    return at.replace(year=at.year - years, day=day)
