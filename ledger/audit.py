"""Is the ledger what was written? Reads every byte, with nothing but the public keys, and says where it is not."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from ledger import files
from ledger.errors import LedgerAltered, LedgerInterrupted
from ledger.recovery import UNRECORDED, begin
from ledger.replay import Replay
from ledger.seals import HEAD, SEAL_START, open_seal, read_head
from onefile.verify.checkpoint import Checkpoint
from onefile.verify.trust import Trust

SECONDS_FOR_A_SEAL = 2.0


@dataclass(frozen=True)
class Audit:
    """A ledger found whole.

    `first` is the first entry that is kept: those before were removed when their years were over. `repairs` counts the
    entries that tell of what was moved aside, `clocks` are those that say that the clock was set back. `root` is the
    log's, hexadecimal.
    """

    entries: int
    first: int
    repairs: int
    clocks: tuple[int, ...]
    last_at: datetime | None
    root: str


def audit(
    folder: Path, trust: Trust, progress: Callable[[int], None] | None = None, heads: tuple[bytes, ...] = ()
) -> Audit:
    """Read the whole ledger; return its figures when it is what was written. Others may append meanwhile.

    Args:
        folder: the ledger's.
        trust: the keys that are believed.
        progress: called with the number of entries read so far, after each segment.
        heads: copies of `head` that somebody kept: the ledger must be what each says, grown.

    Raises:
        LedgerAltered: it is not; the error says how and where.
        LedgerInterrupted: only its end was never signed.
    """
    known = [open_kept(note, trust) for note in heads]
    head = read_head(folder, trust)
    if head is None:
        return _nothing(known)
    last, limit = _sealed_end(folder)
    seen = _Seen([head, *known])
    replay = _begun(folder, trust, seen)
    left = 0
    for path in files.segments(folder):
        left = replay.segment(path, limit if path == last else None)
        if progress:
            progress(replay.tree.size)
        if path == last:
            break
        if left:
            raise LedgerAltered("altered", path.name, replay.sealed + 1, "a segment ends without a seal")
    _check_end(last, replay, left, seen)
    _check_moved(folder, replay)
    return Audit(
        replay.tree.size, seen.first, replay.repairs, tuple(replay.clocks), replay.last_at, replay.tree.root().hex()
    )


def open_kept(data: bytes, trust: Trust) -> Checkpoint:
    """Return the checkpoint in a kept copy of `head`; VerificationError when it is none."""
    return open_seal(data.rstrip(b"\n") + b"\n", trust)


class _Seen:
    """The checkpoints that the ledger must have grown through, each met at its size."""

    def __init__(self, wanted: list[Checkpoint]) -> None:
        self._wanted = {(point.size, point.root) for point in wanted}
        self.first = 1

    def met(self, size: int, root: bytes, where: str) -> None:
        for point in [point for point in self._wanted if point[0] == size]:
            if point[1] != root:
                raise LedgerAltered("forked", where, size, "a signed checkpoint of this size has another root")
            self._wanted.remove(point)

    def largest(self) -> int:
        """Return the size of the largest checkpoint that was not met; 0 when all were, or are of what is not kept."""
        return max((size for size, _ in self._wanted if size >= self.first), default=0)


def _begun(folder: Path, trust: Trust, seen: _Seen) -> Replay:
    """Return a replay at the first entry that is kept, where an entry about its removal must then be met."""
    found = files.segments(folder)
    replay = begin(found[0], trust) if found else Replay(trust)
    seen.first = replay.tree.size + 1
    seen.met(replay.tree.size, replay.tree.root(), f"{found[0].name}:1" if found else HEAD)
    replay.at_seal = seen.met
    return replay


def _check_end(last: Path | None, replay: Replay, left: int, seen: _Seen) -> None:
    name = last.name if last else "0000000001.jsonl"
    if seen.largest() > replay.sealed:
        detail = f"the sealed entries end at {replay.sealed}, a signed checkpoint is of {seen.largest()}"
        raise LedgerAltered("truncated", name, replay.sealed + 1, detail)
    if seen.largest():
        detail = f"nothing is sealed at {seen.largest()} entries, as a signed checkpoint says"
        raise LedgerAltered("forked", name, seen.largest(), detail)
    if left:
        raise LedgerInterrupted(name, replay.sealed + 1, f"{left} bytes stand after the last seal")
    if replay.expired < seen.first - 1:
        detail = f"entries 1 to {seen.first - 1} are gone, and no entry says that their years were over"
        raise LedgerAltered("gap", "0000000001.jsonl", 1, detail)


def _check_moved(folder: Path, replay: Replay) -> None:
    """What was moved aside is there, whole, and an entry speaks of it; nothing else is."""
    for moved in folder.glob(f"*{UNRECORDED}"):
        raise LedgerInterrupted(moved.name, replay.tree.size, "no entry speaks of it yet")
    there = {path.stem: path for path in folder.glob("torn-*.bin")}
    for name in sorted(there.keys() ^ replay.told):
        raise LedgerAltered(
            "altered", f"{name}.bin", replay.tree.size, "what was moved aside is gone, or nobody did it"
        )
    for name, path in there.items():
        if not name.endswith(sha256(path.read_bytes()).hexdigest()[:32]):
            raise LedgerAltered("altered", path.name, replay.tree.size, "it is not what was moved aside")


def _nothing(known: list[Checkpoint]) -> Audit:
    if known:
        raise LedgerAltered("truncated", HEAD, 1, "the ledger is empty, and a signed checkpoint is not")
    return Audit(0, 1, 0, (), None, "")


def _sealed_end(folder: Path) -> tuple[Path | None, int | None]:
    """Return the last segment and how many bytes of it to read: up to the first seal after what stands there now.

    Writers that live seal what they wrote within milliseconds. None: nobody sealed it for two seconds.
    """
    found = files.segments(folder)
    if not found:
        return None, None
    size, until = found[-1].stat().st_size, time.monotonic() + SECONDS_FOR_A_SEAL
    while True:
        limit = _end_of_seal(found[-1], size)
        if limit is not None or time.monotonic() > until:
            return found[-1], limit
        time.sleep(0.05)


def _end_of_seal(segment: Path, size: int) -> int | None:
    """Return where the line that contains or follows byte `size - 1`, and is a seal (or the only one), ends."""
    with segment.open("rb") as file:
        start = max(0, size - 70_000)
        file.seek(start)
        place, is_whole = start, start == 0
        for number, line in enumerate(file):
            place += len(line)
            is_seal = line.startswith(SEAL_START) if is_whole or number else False
            is_first = start == 0 and number == 0
            if place >= size and line.endswith(b"\n") and (is_seal or is_first):
                return place
    return None
