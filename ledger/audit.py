"""Is the ledger what was written? Reads every line, and says where it is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ledger import files
from ledger.entry import FIRST_PREV, REPAIR, Entry, MalformedEntry, read_entry
from ledger.errors import LedgerAltered, LedgerInterrupted
from onefile.verify.reading import parse
from onefile.verify.trust import Trust


@dataclass(frozen=True)
class Audit:
    """A ledger found whole: its number of entries, how many of them tell of repairs, and its last entry."""

    entries: int
    repairs: int
    last_at: datetime | None
    last_hash: str


def audit(folder: Path, trust: Trust, progress: Callable[[int], None] | None = None) -> Audit:
    """Read the whole ledger; return its figures when it is what was written.

    Args:
        folder: the ledger's; nobody may append meanwhile (hold `ledger.record.lock_path`).
        trust: the keys that are believed; the head must be signed by one for `ledger`.
        progress: called with the number of entries read so far, every ten thousand.

    Raises:
        LedgerAltered: it is not; the error says how and where.
        LedgerInterrupted: only its end is not whole, and the head holds what is missing.
    """
    head = files.read_head(folder, trust)
    chain = _Chain(folder)
    expected = files.segment_of(folder, 1)
    for segment in files.segments(folder):
        if segment != expected:
            raise LedgerAltered("gap", segment.name, chain.seq + 1, f"the segment {expected.name} is missing")
        chain.read(segment, head, progress)
        expected = files.segment_of(folder, chain.seq + 1)
    chain.end(head)
    return Audit(chain.seq, chain.repairs, chain.last.at if chain.last else None, chain.hash)


class _Chain:
    """The entries read so far, each proved to follow the one before."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.last: Entry | None = None
        self.repairs = 0

    @property
    def seq(self) -> int:
        return self.last.seq if self.last else 0

    @property
    def hash(self) -> str:
        return self.last.hash if self.last else FIRST_PREV

    def read(self, segment: Path, head: Entry | None, progress: Callable[[int], None] | None) -> None:
        """Add the lines of a segment."""
        with segment.open("rb") as file:
            for number, line in enumerate(file, start=1):
                where = f"{segment.name}:{number}"
                if not line.endswith(b"\n"):
                    raise self._torn(where, head)
                self._add(line, where, segment, head)
                if progress and self.seq % 10_000 == 0:
                    progress(self.seq)

    def end(self, head: Entry | None) -> None:
        """Raise when the last entry is not the head's, or a repair is not recorded yet."""
        if head is None or self.hash == head.hash:
            for moved in self.folder.glob("*.unrecorded"):
                raise LedgerInterrupted(moved.name, self.seq, "a repair is not recorded yet")
            return
        where = files.segment_of(self.folder, head.seq).name
        if self.hash == head.prev:
            raise LedgerInterrupted(where, head.seq, "its line is missing")
        if self.seq < head.seq:
            detail = f"the entries end at {self.seq}, the signed head at {head.seq}"
            raise LedgerAltered("truncated", where, self.seq + 1, detail)
        raise LedgerAltered("altered", where, self.seq, "the entries do not end with the hash that was signed")

    def _add(self, line: bytes, where: str, segment: Path, head: Entry | None) -> None:
        wanted = self.seq + 1
        try:
            entry = read_entry(parse(line, MalformedEntry))
        except MalformedEntry as error:
            raise LedgerAltered("altered", where, wanted, str(error)) from error
        if entry.line() != line or entry.right_hash() != entry.hash:
            raise LedgerAltered("altered", where, wanted, "the line is not what its hash was made from")
        if entry.seq != wanted:
            raise self._misplaced(entry, where, segment)
        if entry.prev != self.hash:
            raise LedgerAltered("altered", where, wanted, "it follows another entry than the one before it")
        if head is None or entry.seq > head.seq:
            raise LedgerAltered("added", where, wanted, "it stands after the signed head")
        if segment != files.segment_of(self.folder, entry.seq):
            raise LedgerAltered("reordered", where, wanted, "it stands in another entry's segment")
        self.last = entry
        self.repairs += entry.purpose == REPAIR

    def _misplaced(self, entry: Entry, where: str, segment: Path) -> LedgerAltered:
        wanted = self.seq + 1
        mark = f'"seq":{wanted},'.encode()
        if entry.seq > wanted and not any(mark in line for line in segment.read_bytes().splitlines()):
            return LedgerAltered("gap", where, wanted, f"entries {wanted} to {entry.seq - 1} are missing")
        return LedgerAltered("reordered", where, wanted, f"entry {entry.seq} stands here")

    def _torn(self, where: str, head: Entry | None) -> LedgerAltered | LedgerInterrupted:
        """Return what a line without an end means: a write cut short leaves it, or a hand."""
        if head is not None and self.hash in (head.hash, head.prev):
            return LedgerInterrupted(where, head.seq, "a line was cut short")
        return LedgerAltered("truncated", where, self.seq + 1, "a line was cut short, and it is not the last")
