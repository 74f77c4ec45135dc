"""Following a log from outside: it only grew, and this is what came.

A monitor keeps the tree's peaks of the last checkpoint it believed. It reads the entries
since, and their tree must give the root of the checkpoint that it finds now: so nothing was
removed, altered or put in between, and the entries are those that the log signed for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from licence_vault.canonical import canonical
from licence_vault.errors import LogDamaged, LogForked, LogUnreachable
from licence_vault.log import EMPTY_ROOT, Tree, leaf_hash
from licence_vault.log_folder import entries
from onefile.verify.checkpoint import Checkpoint, open_checkpoint
from onefile.verify.errors import Malformed, RetiredKey
from onefile.verify.leaf import Leaf, read_leaf
from onefile.verify.licence import check_not_lost
from onefile.verify.reading import Record, parse
from onefile.verify.trust import Trust

FORMAT = "onefile.monitor/1"
LARGEST_ANSWER = 64 * 1024 * 1024
SECONDS_TO_WAIT = 20
_HASH = re.compile(r"[0-9a-f]{64}")


class MalformedMonitorState(Malformed):
    """The file is no monitor's state."""

    exit_code = 1
    paper = ("monitor state", "监视状态")


@dataclass(frozen=True)
class Seen:
    """What a monitor believes: the log's checkpoint, with the roots of its full subtrees."""

    origin: str
    size: int
    peaks: tuple[bytes, ...]

    def written(self) -> bytes:
        """Return it as a file to begin with next time."""
        fields = {"format": FORMAT, "origin": self.origin, "size": self.size, "peaks": [p.hex() for p in self.peaks]}
        return canonical(fields) + b"\n"


@dataclass(frozen=True)
class News:
    """What came since: the leaves with their index, the signed checkpoint, and what to remember."""

    leaves: tuple[tuple[int, Leaf], ...]
    seen: Seen
    checkpoint: bytes


def read_seen(data: bytes) -> Seen:
    """Return what a monitor remembered; MalformedMonitorState when it is no such file."""
    record = Record(parse(data, MalformedMonitorState), "the file", MalformedMonitorState)
    record.choice("format", (FORMAT,))
    size, peaks = record.count("size"), [str(item) for item in record.items("peaks")]
    if len(peaks) != size.bit_count() or not all(_HASH.fullmatch(peak) for peak in peaks):
        raise record.wrong("peaks", "one hash for each full subtree")
    return Seen(record.text("origin"), size, tuple(bytes.fromhex(peak) for peak in peaks))


def look(read: Callable[[str], bytes], trust: Trust, seen: Seen | None, wanted: Callable[[Leaf], bool]) -> News:
    """Read a log's checkpoint and what came since the one that was seen; keep the leaves that are wanted.

    Raises:
        VerificationError: the checkpoint is not believed: its key may also be lost, or retired before a leaf was made.
        LogForked: it is of another log, smaller, or not what was seen, grown.
        LogUnreachable, LogDamaged: a file cannot be had, or is cut short.
    """
    note = read("checkpoint")
    signed = open_checkpoint(note, trust)
    check_not_lost(signed, None)
    head, retired_at = signed.checkpoint, signed.key.retired_at
    seen = seen or Seen(head.origin, 0, ())
    if seen.origin != head.origin or seen.size > head.size:
        raise LogForked(f"it was {seen.size} leaves, and is {head.size} now")
    tree, kept = Tree(seen.size, seen.peaks), []
    for index, leaf in _leaves(read, tree, head):
        if retired_at is not None and leaf.at > retired_at:
            raise RetiredKey(signed.key.id)
        if wanted(leaf):
            kept.append((index, leaf))
    if (tree.root() if tree.size else EMPTY_ROOT) != head.root:
        raise LogForked("its entries do not give the root that it signed")
    return News(tuple(kept), Seen(head.origin, head.size, tree.peaks), note)


def hold_against(read: Callable[[str], bytes], trust: Trust, news: News, others: Iterable[Seen]) -> None:
    """Return when a log is also what was seen of it elsewhere, grown: nobody is shown another log under its name.

    What was seen elsewhere of another log is passed over, and so is what is larger: it is held
    against this one when somebody looks there again.

    Raises:
        LogForked, LogUnreachable, LogDamaged: as `look`.
    """
    for seen in others:
        if seen.origin == news.seen.origin and seen.size <= news.seen.size:
            look(lambda path: news.checkpoint if path == "checkpoint" else read(path), trust, seen, lambda _leaf: False)


def source(place: str) -> Callable[[str], bytes]:
    """Return what reads a log's files: from a folder, or from an http or https address."""
    if place.startswith(("http://", "https://")):
        return lambda path: _fetched(f"{place.rstrip('/')}/{path}", path)
    folder = Path(place)
    return lambda path: _read(folder, path)


def _leaves(read: Callable[[str], bytes], tree: Tree, head: Checkpoint) -> Iterator[tuple[int, Leaf]]:
    start = tree.size
    for index, entry in enumerate(entries(read, start, head.size, head.size), start):
        tree.append(leaf_hash(entry))
        try:
            yield index, read_leaf(entry)
        except Malformed:
            raise LogDamaged(f"leaf {index}", "it is no entry of a licence") from None


def _read(folder: Path, path: str) -> bytes:
    for name in (path, path.partition(".p/")[0]):
        try:
            return (folder / name).read_bytes()
        except OSError:
            continue
    raise LogUnreachable(path)


def _fetched(url: str, path: str) -> bytes:
    for address in (url, url.partition(".p/")[0]):
        try:
            with urlopen(address, timeout=SECONDS_TO_WAIT) as answer:
                data: bytes = answer.read(LARGEST_ANSWER)
                return data
        except (URLError, OSError, ValueError):
            continue
    raise LogUnreachable(path)
