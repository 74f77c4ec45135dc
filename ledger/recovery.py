"""When the ledger does not end as its writers left word: reads the last segment, sets aside what was not signed.

Nothing that was sealed is touched. What was never sealed belongs to no answer that left.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from ledger.entry import MalformedEntry
from ledger.errors import LedgerAltered
from ledger.files import segments
from ledger.replay import Replay
from ledger.seals import open_seal, read_header
from ledger.tail import Tail
from onefile.files import fsync_folder, write_whole
from onefile.verify.errors import VerificationError
from onefile.verify.reading import instant_text
from onefile.verify.trust import Trust

UNRECORDED = ".unrecorded"


def recover(folder: Path, trust: Trust, head_size: int) -> Tail | None:
    """Return where the ledger ends, once what stands after its last seal is moved aside; None: it has no segment.

    Raises:
        LedgerAltered: the last segment is not what was written, or ends before the signed head.
    """
    found = segments(folder)
    if not found:
        if head_size:
            raise LedgerAltered("truncated", "0000000001.jsonl", 1, "the segments are gone: restore them")
        return None
    replay = begin(found[-1], trust)
    left = replay.segment(found[-1])
    if replay.sealed < head_size:
        detail = f"the signed entries end at {replay.sealed}, the head at {head_size}: audit it, restore it"
        raise LedgerAltered("truncated", found[-1].name, replay.sealed + 1, detail)
    if left:
        set_aside(found[-1], replay.sealed_offset, replay.sealed)
        replay = begin(found[-1], trust)
        replay.segment(found[-1])
    last = "" if replay.last_at is None else instant_text(replay.last_at)
    peaks = tuple(peak.hex() for peak in replay.tree.peaks)
    return Tail(
        int(found[-1].stem), replay.sealed_offset, replay.sealed, peaks, replay.sealed, last, os.urandom(16).hex()
    )


def begin(segment: Path, trust: Trust) -> Replay:
    """Return a replay that stands at the beginning of a segment, by its first line and the seal in that.

    Raises:
        LedgerAltered: the first line is not what was written.
    """
    with segment.open("rb") as file:
        line = file.readline()
    try:
        tree, note, last_at = read_header(line)
        seal = open_seal(note, trust)
        if (seal.size, seal.root) != (tree.size, tree.root()) or segment.stem != f"{tree.size + 1:010d}":
            raise MalformedEntry("the segment's first line does not fit the seal in it")
    except VerificationError as error:
        raise LedgerAltered("altered", f"{segment.name}:1", int(segment.stem), str(error)) from error
    return Replay(trust, tree=tree, sealed=seal.size, note=note, last_at=last_at)


def set_aside(segment: Path, offset: int, seq: int) -> None:
    """Move the bytes of a segment from an offset on into a file of their own, to be recorded by the next entry."""
    with segment.open("r+b") as file:
        file.seek(offset)
        torn = file.read()
        name = f"torn-{seq:010d}-{sha256(torn).hexdigest()[:32]}{UNRECORDED}"
        write_whole(segment.with_name(name), torn)
        file.truncate(offset)
        os.fsync(file.fileno())


def unrecorded(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield what was moved aside and no entry speaks of yet, each with what its entry is to say."""
    for moved in sorted(folder.glob(f"*{UNRECORDED}")):
        yield moved, f"{moved.stem}: {moved.stat().st_size} bytes that were never signed were moved aside"


def recorded_now(moved: Path) -> None:
    """Give what was moved aside its lasting name, once an entry speaks of it."""
    moved.rename(moved.with_suffix(".bin"))
    fsync_folder(moved.parent)
