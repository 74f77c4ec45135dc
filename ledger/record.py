"""The record of looks: appended to before anything is shown, chained by hashes, sealed by a signed head.

An append first writes the signed head, which holds the new entry whole, and then the
entry's line; both are on the disk before `append` returns. So after a crash at any point
the head knows what the last line must be. A line cut short is moved aside into a file,
the entry restored from the head, and both recorded by entries of their own.

What this finds, and what it cannot: any change, removal, insertion or reordering of
entries, and any cut at the end, by whoever lacks the ledger's key. It cannot find that the
whole folder was set back to an older state of itself, head included, or emptied, nor what
somebody with the passphrase rewrote: against these, copy `head.json` off the machine.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from ledger import files
from ledger.entry import REPAIR, Entry, Look, follow
from ledger.errors import LedgerAltered
from licence_vault.keystore import Keystore
from onefile.files import fsync_folder, lock, write_whole
from onefile.verify.trust import read_trust


class Ledger:
    """The ledger in a folder. Several processes may append at once; each waits for the other."""

    def __init__(self, folder: Path, keystore: Keystore) -> None:
        self.folder = folder
        self._signer = keystore.signer("ledger")
        self._secret = keystore.secret("subject-hash")
        self._trust = read_trust(keystore.trust())

    def append(self, look: Look) -> Entry:
        """Record a look, and return its entry once it is on the disk. No entry, no answer.

        Raises:
            BadEntry: the look has no operator, no purpose, or an instant without offset.
            LedgerAltered: the ledger does not end as its signed head says; nothing was appended.
        """
        with lock(lock_path(self.folder)):
            last = files.read_head(self.folder, self._trust)
            if not self._is_whole(last):
                last = self._repair(last, look)
            return self._write(follow(last, look, self._secret))

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """Yield the entries above number `after`, in order."""
        return files.entries(self.folder, after)

    def _write(self, entry: Entry) -> Entry:
        write_whole(self.folder / "head.json", files.head_bytes(entry, self._signer))
        _append_line(files.segment_of(self.folder, entry.seq), entry.line())
        return entry

    def _is_whole(self, last: Entry | None) -> bool:
        """Say whether the last segment ends with the last entry's line, and no repair was cut short."""
        if any(self.folder.glob("*.unrecorded")):
            return False
        if last is None:
            return True
        segment, line = files.segment_of(self.folder, last.seq), last.line()
        if not segment.exists():
            return False
        with segment.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - len(line) - 1))
            end = file.read()
        return end == line if size == len(line) else end == b"\n" + line

    def _repair(self, last: Entry | None, look: Look) -> Entry | None:
        """Make the end whole again and record what was done; each step may be repeated after a crash."""
        if last is not None:
            self._restore(last)
        for moved in sorted(self.folder.glob("*.unrecorded")):
            report = Look(look.at, look.operator, REPAIR, None, (), f"{moved.stem}: {_told(moved)}")
            last = self._write(follow(last, report, self._secret))
            moved.rename(moved.with_suffix(".bin"))
            fsync_folder(self.folder)
        return last

    def _restore(self, last: Entry) -> None:
        """Move aside what stands after the last line end, and write the head's entry where it is missing."""
        segment, line = files.segment_of(self.folder, last.seq), last.line()
        content = segment.read_bytes() if segment.exists() else b""
        whole = content[: content.rfind(b"\n") + 1]
        torn = content[len(whole) :]
        is_there = whole == line or whole.endswith(b"\n" + line)
        if not is_there and not _ends_before(whole, last):
            raise LedgerAltered("truncated", segment.name, last.seq, "it does not end as head.json says: audit it")
        if torn or not is_there:
            name = f"torn-{last.seq:010d}-{sha256(torn).hexdigest()[:16]}.unrecorded"
            write_whole(self.folder / name, torn)
        if torn:
            with segment.open("r+b") as file:
                file.truncate(len(whole))
                os.fsync(file.fileno())
        if not is_there:
            _append_line(segment, line)


def lock_path(folder: Path) -> Path:
    """Return the lock that whoever appends to a ledger, or audits it, holds."""
    return folder.parent / "locks" / "ledger.lock"


def _ends_before(whole: bytes, last: Entry) -> bool:
    """Say whether the lines end with the entry just before the last one."""
    if (last.seq - 1) % files.SEGMENT_ENTRIES == 0:
        return not whole
    return whole.endswith(b"\n") and f'"hash":"{last.prev}"'.encode() in whole[whole.rfind(b"\n", 0, -1) + 1 :]


def _told(moved: Path) -> str:
    size = moved.stat().st_size
    if size == 0:
        return "the last line was missing; restored from the signed head"
    return f"{size} bytes of a torn line moved aside; the entry restored from the signed head where it was missing"


def _append_line(segment: Path, line: bytes) -> None:
    is_new = not segment.exists()
    descriptor = os.open(segment, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "ab") as file:
        file.write(line)
        file.flush()
        os.fsync(descriptor)
    if is_new:
        fsync_folder(segment.parent)
