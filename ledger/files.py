"""Where the ledger lies: segments of at least 10,000 entries, the signed head, what torn writes left.

0000000001.jsonl      a first line with the tree before it, then entries and seals, a line each; the name is the first
                      entry's number
head                  the newest signed checkpoint
torn-….bin            bytes that were never signed, moved aside; an entry says so
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ledger.entry import Entry, MalformedEntry, read_entry
from ledger.errors import LedgerAltered
from ledger.seals import SEAL_START
from onefile.verify.reading import parse

SEGMENT_ENTRIES = 10_000


def segment_path(folder: Path, first: int) -> Path:
    """Return the segment that begins with an entry."""
    return folder / f"{first:010d}.jsonl"


def segments(folder: Path) -> list[Path]:
    """Return the segments that are there, in order."""
    return sorted(folder.glob("[0-9]" * 10 + ".jsonl"))


def segments_after(folder: Path, after: int) -> list[Path]:
    """Return the segments that have entries above number `after`, in order."""
    found = segments(folder)
    before = [place for place, path in enumerate(found) if int(path.stem) <= after + 1]
    return found[before[-1] :] if before else found


def entries(folder: Path, after: int = 0) -> Iterator[Entry]:
    """Yield the entries above number `after`, in order, up to the last seal, as they stand: `ledger.audit` proves them.

    Raises:
        LedgerAltered: a line is no entry.
    """
    for segment in segments_after(folder, after):
        yield from (entry for entry in entries_of(segment, after) if entry.seq > after)


def entries_of(segment: Path, after: int = 0) -> Iterator[Entry]:
    """Yield a segment's entries up to its last seal; those up to number `after` are left out where that is cheap."""
    with segment.open("rb") as file:
        skipped = 0
        unsealed: list[tuple[bytes, int]] = []
        for number, line in enumerate(file, start=1):
            if line.startswith(SEAL_START):
                yield from (_read(each, f"{segment.name}:{place}", after + 1) for each, place in unsealed)
                unsealed = []
            elif number > 1 and line.endswith(b"\n"):
                if int(segment.stem) + skipped <= after:
                    skipped += 1
                else:
                    unsealed.append((line, number))


def _read(line: bytes, where: str, seq: int) -> Entry:
    try:
        return read_entry(parse(line, MalformedEntry))
    except MalformedEntry as error:
        raise LedgerAltered("altered", where, seq, str(error)) from error
