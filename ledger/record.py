"""The record of looks: written and flushed before anything is shown, a Merkle log sealed by signed checkpoints.

Whoever appends first writes its entries under one lock, and then sees to it, under another, that a seal over them is
on the disk. While one process waits for the disk others write, and the next flush and seal are theirs together: one
`fdatasync` for however many answers. An answer whose look was not sealed never left, so what a kill leaves unsealed
may be moved aside; an entry says so.

What this finds, and what it cannot: any change, removal, insertion, reordering or back-dating of entries, and any cut
at the end, by whoever lacks the ledger's key. It cannot find that the whole folder was set back to an older state of
itself, head included, nor what somebody with the passphrase rewrote: against these, copy `head` off the machine and
give it to `onefile ledger audit --head`.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

from ledger import files, recovery
from ledger.entry import CLOCK, REPAIR, Entry, Look, MalformedEntry, recorded, require_whole
from ledger.errors import ClockWentBack, LedgerAltered, LedgerUnwritable
from ledger.locking import held, held_at_once
from ledger.seals import (
    HEAD,
    HEAD_BYTES,
    LONGEST_SEALED_LINE,
    SEAL_START,
    head_bytes,
    header_line,
    note_in,
    read_head,
    read_header,
    seal_line,
    sealer,
)
from ledger.tail import Tail, read_tail, tail_bytes
from licence_vault.current import Current
from licence_vault.keystore import Keystore
from licence_vault.log import Tree
from onefile.files import make_folder, write_whole
from onefile.verify.reading import instant_text, read_instant
from onefile.verify.trust import read_trust

TOLERANCE = timedelta(seconds=60)
"""How far the clock may be behind the last entry: threads overtake each other, clocks are set right by seconds."""


class Ledger:
    """The ledger in a folder. Threads and processes may append at once."""

    def __init__(self, folder: Path, keystore: Keystore) -> None:
        self.folder = folder
        self._sealer = Current(keystore, sealer)
        self._secret = keystore.secret("subject-hash")
        self._trust = Current(keystore, lambda keys: read_trust(keys.trust()))
        locks = folder.parent / "locks"
        self._write_lock, self._flush_lock, self._tail_path = (
            locks / "ledger.lock", locks / "ledger.flush.lock", locks / "ledger.tail",
        )  # fmt: skip
        self._mutex = threading.Lock()
        self._is_known = False
        self._fault = ""

    def append(self, look: Look) -> Entry:
        """Record one look; as `append_all`."""
        return self.append_all([look])[0]

    def append_all(self, looks: Sequence[Look]) -> list[Entry]:
        """Record looks, in order, and return their entries once they are on the disk. No entry, no answer.

        An instant that is up to a minute before the last entry's is recorded as that one's.

        Raises:
            BadEntry: a look lacks what it must say; nothing was appended.
            ClockWentBack: the looks are dated before the last entry; nothing was appended.
            LedgerUnwritable: the disk is full, or somebody holds the ledger; nothing may be answered.
            LedgerAltered: the ledger does not end as its signed head says; nothing was appended.
        """
        for look in looks:
            require_whole(look)
        if not looks:
            return []
        with self._mutex, self._failing():
            if self._fault:
                raise LedgerUnwritable(self._fault)
            with held_at_once(self._flush_lock) as is_ours:
                if is_ours:
                    return self._write_sealed(looks)
            entries, size, epoch = self._write(looks)
            self._flush(size, epoch)
        return entries

    def set_clock(self, look: Look) -> Entry:
        """Record that the clock was wrong: entries go on from `look.at`, though it is before the last one's."""
        return self.append(replace(look, purpose=CLOCK, kind="note"))

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """Yield the entries above number `after`, in order, up to the last seal."""
        return files.entries(self.folder, after)

    def subject_hash(self, subject_id: str) -> str:
        """Return what stands for a subject in the ledger."""
        from ledger.entry import subject_hash

        return subject_hash(self._secret, subject_id)

    @contextmanager
    def _failing(self) -> Iterator[None]:
        """Tell what a disk refuses as an error of ours."""
        try:
            yield
        except OSError as error:
            raise LedgerUnwritable(os.strerror(error.errno or 0)) from error

    def _write(self, looks: Sequence[Look]) -> tuple[list[Entry], int, str]:
        """Write the looks' entries; return them, the number of the last and the epoch."""
        with held(self._write_lock):
            tail, told, entries = self._made(looks)
            tree, data = _grown(tail, entries)
            tail = self._written(tail, data, tree, entries[-1].at)
            self._noted(told)
        return entries[len(told) :], tail.size, tail.epoch

    def _write_sealed(self, looks: Sequence[Look]) -> list[Entry]:
        """Write the looks' entries and a seal over them in one go, onto the disk. The caller holds the flush lock."""
        with held(self._write_lock):
            tail, told, entries = self._made(looks)
            tree, data = _grown(tail, entries)
            note = self._sealer().checkpoint(tree.size, tree.root())
            tail = self._written(replace(tail, sealed=tree.size), data + seal_line(note), tree, entries[-1].at)
            self._noted(told)
            is_ended = self._ended(tail, note)
        if not is_ended:
            self._sync(tail, note)
        return entries[len(told) :]

    def _made(self, looks: Sequence[Look]) -> tuple[Tail, list[Path], list[Entry]]:
        """Return where the ledger ends, what was moved aside and is not told of yet, and the entries to be written."""
        tail = self._present()
        repairs = [] if self._is_known else list(recovery.unrecorded(self.folder))
        entries = self._entries([*(_repair(looks[0], text) for _, text in repairs), *looks], tail)
        return tail, [moved for moved, _ in repairs], entries

    def _noted(self, told: Sequence[Path]) -> None:
        for moved in told:
            recovery.recorded_now(moved)
        self._is_known = True

    def _entries(self, looks: Sequence[Look], tail: Tail) -> list[Entry]:
        last = read_instant(tail.last_at) if tail.last_at else None
        made = []
        for seq, look in enumerate(looks, start=tail.size + 1):
            at = _not_before(last, look)
            made.append(recorded(look, seq, tail.sealed, at, self._secret))
            last = at
        return made

    def _written(self, tail: Tail, data: bytes, tree: Tree, last_at: datetime | None) -> Tail:
        """Write bytes at the end, all or none, and leave word of it."""
        with self._opened(tail.segment) as descriptor:
            try:
                if os.pwrite(descriptor, data, tail.offset) != len(data):
                    raise OSError(28, "no space left")
            except OSError:
                with suppress(OSError):  # what cannot be taken back is moved aside by the next look
                    os.ftruncate(descriptor, tail.offset)
                raise
        return self._tell(replace(
            tail, offset=tail.offset + len(data), size=tree.size, peaks=tuple(peak.hex() for peak in tree.peaks),
            last_at=tail.last_at if last_at is None else instant_text(last_at),
        ))  # fmt: skip

    def _flush(self, size: int, epoch: str) -> None:
        """Return once a seal over the first `size` entries is on the disk, whoever put it there."""
        with held(self._flush_lock):
            with held(self._write_lock):
                tail = self._present()
                if tail.epoch != epoch:
                    raise LedgerUnwritable("another process found the ledger's end unsigned, and moved it aside")
                if self._head_size() >= size:
                    return
                tail, note = self._sealed(tail)
                if self._ended(tail, note):
                    return
            self._sync(tail, note)

    def _ended(self, tail: Tail, note: bytes) -> bool:
        """Begin the next segment where this one is full, once it is on the disk; return whether it was."""
        if tail.size - tail.segment < files.SEGMENT_ENTRIES - 1:
            return False
        self._sync(tail, note)
        self._begin(tail.tree(), note, tail.last_at, tail.epoch)
        return True

    def _sealed(self, tail: Tail) -> tuple[Tail, bytes]:
        if tail.sealed == tail.size:
            return tail, self._last_seal(tail)
        tree = tail.tree()
        note = self._sealer().checkpoint(tree.size, tree.root())
        return self._written(replace(tail, sealed=tail.size), seal_line(note), tree, None), note

    def _last_seal(self, tail: Tail) -> bytes:
        """Return the seal that the ledger ends with, as it was written: not every key signs a text twice alike."""
        with files.segment_path(self.folder, tail.segment).open("rb") as file:
            file.seek(max(0, tail.offset - LONGEST_SEALED_LINE))
            line = file.read(tail.offset - file.tell()).splitlines(keepends=True)[-1]
        try:
            return note_in(line) if line.startswith(SEAL_START) else read_header(line)[1]
        except MalformedEntry as error:
            where = f"{tail.segment:010d}.jsonl"
            raise LedgerAltered("altered", where, tail.size + 1, "it does not end with its seal") from error

    def _sync(self, tail: Tail, note: bytes) -> None:
        """Make what was written outlast a power cut, then say so in the head."""
        try:
            with self._opened(tail.segment) as descriptor:
                os.fdatasync(descriptor)
            descriptor = os.open(self.folder / HEAD, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                os.pwrite(descriptor, head_bytes(note), 0)
            finally:
                os.close(descriptor)
        except OSError as error:  # what the disk refused once it may forget: only a new process may go on
            self._fault = f"{os.strerror(error.errno or 0)}, before; start anew"
            raise

    def _present(self) -> Tail:
        """Return where the ledger ends; make it begin, or right its end, where that is not as writers left word."""
        head_size = self._head_size()
        tail = read_tail(self._tail_path, self._secret)
        if not self._is_known:
            head = read_head(self.folder, self._trust())
            if head is None:
                return self._begin(Tree(), b"", "", os.urandom(16).hex())
        if tail is None or tail.size < head_size or (length := self._length(tail)) < tail.offset:
            self._is_known = False
            found = recovery.recover(self.folder, self._trust(), head_size)
            return self._tell(found) if found else self._begin(Tree(), b"", "", os.urandom(16).hex())
        if length > tail.offset:
            recovery.set_aside(files.segment_path(self.folder, tail.segment), tail.offset, tail.size)
            self._is_known = False
        return tail

    def _begin(self, tree: Tree, note: bytes, last_at: str, epoch: str) -> Tail:
        """Begin a segment after a tree; the first of all begins with a signed head over nothing."""
        make_folder(self.folder)
        if not note:
            note = self._sealer().checkpoint(tree.size, tree.root())
            write_whole(self.folder / HEAD, head_bytes(note))
        line = header_line(tree, note, read_instant(last_at) if last_at else None)
        peaks = tuple(peak.hex() for peak in tree.peaks)
        # Word of it goes first: killed in between, the next finds no such segment, and recovers. The other way round
        # it would go on in the old segment beside the new one.
        tail = self._tell(Tail(tree.size + 1, len(line), tree.size, peaks, tree.size, last_at, epoch))
        write_whole(files.segment_path(self.folder, tree.size + 1), line)
        return tail

    def _tell(self, tail: Tail) -> Tail:
        descriptor = os.open(self._tail_path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            os.pwrite(descriptor, tail_bytes(tail, self._secret), 0)
        finally:
            os.close(descriptor)
        return tail

    def _length(self, tail: Tail) -> int:
        try:
            return files.segment_path(self.folder, tail.segment).stat().st_size
        except FileNotFoundError:
            return -1

    def _head_size(self) -> int:
        """Return the size that the head covers; -1 where there is none. `_present` and the audit prove it."""
        try:
            data = (self.folder / HEAD).read_bytes()[:HEAD_BYTES]
        except FileNotFoundError:
            return -1
        lines = data.split(b"\n", 2)
        if len(lines) < 3 or not lines[1].isdigit():
            raise LedgerAltered("head", HEAD, 0, "it is not in its form")
        return int(lines[1])

    @contextmanager
    def _opened(self, segment: int) -> Iterator[int]:
        path = files.segment_path(self.folder, segment)
        descriptor = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            yield descriptor
        finally:
            os.close(descriptor)


def _grown(tail: Tail, entries: Sequence[Entry]) -> tuple[Tree, bytes]:
    """Return the tree with entries added to it, and their lines."""
    tree, leaves = tail.tree(), [entry.leaf() for entry in entries]
    tree.extend(sha256(b"\x00" + leaf).digest() for leaf in leaves)
    return tree, b"".join(leaf + b"\n" for leaf in leaves)


def _not_before(last: datetime | None, look: Look) -> datetime:
    if last is None or look.at >= last or look.purpose == CLOCK:
        return look.at
    if last - look.at > TOLERANCE:
        raise ClockWentBack(instant_text(look.at), instant_text(last))
    return last


def _repair(look: Look, text: str) -> Look:
    return Look(look.at, look.operator, REPAIR, None, (), text, "note")
