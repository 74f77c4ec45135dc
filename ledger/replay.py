"""Reads a segment line by line, each held against the tree so far: what the audit and the recovery go by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from ledger.entry import CLOCK, EXPIRY, REPAIR, Entry, MalformedEntry, read_entry
from ledger.errors import LedgerAltered
from ledger.seals import SEAL_START, header_line, note_in, open_seal
from licence_vault.log import Tree, leaf_hash
from onefile.verify.errors import VerificationError
from onefile.verify.reading import parse
from onefile.verify.trust import Trust


@dataclass
class Replay:
    """The ledger as read so far: its tree, what the last seal covers, and the bytes up to it in the present segment.

    `note` is the last seal; `told` are the files that repairs speak of.
    """

    trust: Trust
    tree: Tree = field(default_factory=Tree)
    sealed: int = 0
    sealed_offset: int = 0
    note: bytes = b""
    last_at: datetime | None = None
    repairs: int = 0
    told: set[str] = field(default_factory=set)
    clocks: list[int] = field(default_factory=list)
    expired: int = 0
    at_seal: Callable[[int, bytes, str], None] | None = None

    def segment(self, path: Path, limit: int | None = None) -> int:
        """Read a segment, up to `limit` bytes; return how many bytes stand after its last seal.

        Raises:
            LedgerAltered: a line is not what was written there.
        """
        offset = 0
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if limit is not None and offset >= limit:
                    return limit - self.sealed_offset
                offset += len(line)
                if not line.endswith(b"\n"):
                    break
                where = f"{path.name}:{number}"
                self._take(line, number, where, path)
                if number == 1 or line.startswith(SEAL_START):
                    self.sealed_offset = offset
        return offset - self.sealed_offset

    def _take(self, line: bytes, number: int, where: str, path: Path) -> None:
        try:
            if number == 1:
                self._header(line, path)
            elif line.startswith(SEAL_START):
                self._seal(line, where)
            else:
                self._entry(line, where, path)
        except MalformedEntry as error:
            raise LedgerAltered("altered", where, self.tree.size + 1, str(error)) from error

    def _header(self, line: bytes, path: Path) -> None:
        if line != header_line(self.tree, self.note, self.last_at):
            raise MalformedEntry("the segment does not begin where the one before it ended")
        if path.name != f"{self.tree.size + 1:010d}.jsonl":
            raise MalformedEntry("the segment has another's name")

    def _entry(self, line: bytes, where: str, path: Path) -> None:
        wanted = self.tree.size + 1
        entry = read_entry(parse(line, MalformedEntry))
        if entry.leaf() + b"\n" != line:
            raise MalformedEntry("the line is not in its one form")
        if entry.seq != wanted:
            raise _misplaced(entry.seq, wanted, where, path)
        if self.last_at is not None and entry.at < self.last_at and entry.purpose != CLOCK:
            raise LedgerAltered("back_dated", where, wanted, "it is dated before the entry above it")
        if entry.sealed != self.sealed:
            raise MalformedEntry(
                f"it follows a seal over {entry.sealed} entries, and the seal above covers {self.sealed}"
            )
        self._note_own(entry)
        self.tree.append(leaf_hash(line[:-1]))
        self.last_at = entry.at

    def _note_own(self, entry: Entry) -> None:
        if entry.purpose == REPAIR:
            self.repairs += 1
            self.told.add(entry.basis.partition(":")[0])
        elif entry.purpose == CLOCK:
            self.clocks.append(entry.seq)
        elif entry.purpose == EXPIRY:
            self.expired = max(self.expired, int(entry.basis.partition(" ")[0]))

    def _seal(self, line: bytes, where: str) -> None:
        note = note_in(line)
        first = self.sealed + 1
        try:
            seal = open_seal(note, self.trust)
        except VerificationError as error:
            raise LedgerAltered("altered", where, first, f"its seal does not hold: {error}") from error
        if seal.size != self.tree.size:
            kind = "gap" if seal.size > self.tree.size else "altered"
            detail = f"the seal covers {seal.size} entries, and {self.tree.size} are there"
            raise LedgerAltered(kind, where, first, detail)  # type: ignore[arg-type]
        if seal.root != self.tree.root():
            raise LedgerAltered("altered", where, first, f"entries {first} to {seal.size} are not what was sealed")
        if seal.size == self.sealed:
            raise LedgerAltered("altered", where, first, "it is sealed twice over the same entries")
        self.sealed, self.note = seal.size, note
        if self.at_seal is not None:
            self.at_seal(seal.size, seal.root, where)


def _misplaced(found: int, wanted: int, where: str, path: Path) -> LedgerAltered:
    mark = f'"seq":{wanted},'.encode()
    if found > wanted and not any(mark in line for line in path.read_bytes().splitlines()):
        return LedgerAltered("gap", where, wanted, f"entries {wanted} to {found - 1} are missing")
    return LedgerAltered("reordered", where, wanted, f"entry {found} stands here")
