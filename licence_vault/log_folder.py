"""The licence log on the disk: an append-only Merkle log as static files that any web server can serve.

A batch writes its full tiles, bundles and the partial ones at the right edge, makes them
outlast a power cut, and only then puts the signed checkpoint in place: what no checkpoint
covers does not exist, and is written over by the next batch. One signature a batch, whatever
its size; memory does not grow with it. A lock keeps two writers from forking the log.

Source: https://c2sp.org/tlog-tiles.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from itertools import islice
from pathlib import Path

from licence_vault.errors import EntryTooLong, LogDamaged, OtherLog
from licence_vault.notes import NoteSigner
from licence_vault.tiles import WIDTH, TiledTree, bundle, tile_path, tile_width, unbundle
from onefile.files import fsync_folder, lock, make_folder, write_whole
from onefile.verify.checkpoint import Checkpoint, open_checkpoint, read_checkpoint
from onefile.verify.merkle import EMPTY_ROOT
from onefile.verify.note import read_note, signature_line
from onefile.verify.trust import Trust

LONGEST_ENTRY = 65_535
COSIGNED = "checkpoint.cosigned"
COSIGNATURE_BYTES = 72
FILES_SYNCED_SINGLY = 32


class LogFolder:
    """The log in a folder. `trust` holds the log's own keys, to check what was signed before."""

    def __init__(self, folder: Path, trust: Trust) -> None:
        self.folder, self._trust = folder, trust

    def signed(self) -> bytes | None:
        """Return the signed checkpoint, None before the first batch."""
        path = self.folder / "checkpoint"
        return path.read_bytes() if path.exists() else None

    def cosigned(self) -> bytes | None:
        """Return the newest checkpoint that witnesses co-signed, with their lines; None when none did."""
        path = self.folder / COSIGNED
        return path.read_bytes() if path.exists() else None

    def take_cosignatures(self, note: bytes) -> int:
        """Keep a checkpoint of this log that a witness co-signed; lines for one checkpoint are kept together.

        What a line is worth is for verifiers to say, who know the witnesses.

        Returns:
            How many witnesses' lines the checkpoint has now.

        Raises:
            VerificationError: the note is not signed by this log's key.
            LogDamaged: it is not a checkpoint of this log as it stands.
        """
        with lock(self.folder.parent / "locks" / "log.lock"):
            given, head = open_checkpoint(note, self._trust).checkpoint, self.checkpoint()
            if head is None or given.size > head.size or self.tree().root(given.size) != given.root:
                raise LogDamaged("the co-signed checkpoint", "it is not this log's, as it was at that size")
            kept = self.cosigned()
            merged = _merged(note, kept)
            if kept is None or read_checkpoint(read_note(kept).text).size <= given.size:
                write_whole(self.folder / COSIGNED, merged)
            return sum(len(line.signature) == COSIGNATURE_BYTES for line in read_note(merged).signatures)

    def checkpoint(self) -> Checkpoint | None:
        """Return the checkpoint, once its signature holds; None before the first batch.

        Raises:
            VerificationError: it is not signed by this log's key.
        """
        data = self.signed()
        return None if data is None else open_checkpoint(data, self._trust).checkpoint

    def tree(self) -> TiledTree:
        """Return the tree over the tiles there are."""
        return TiledTree(self.read)

    def read(self, path: str) -> bytes:
        """Return a tile or bundle; where it is partial and gone, the full one.

        Raises:
            LogDamaged: it is not there.
        """
        for name in (path, path.partition(".p/")[0]):
            try:
                return (self.folder / name).read_bytes()
            except (FileNotFoundError, NotADirectoryError):
                continue
        raise LogDamaged(path, "it is missing")

    def entries(self, start: int, stop: int) -> Iterator[bytes]:
        """Yield the entries from `start` to before `stop`, in order; `stop` within the checkpoint.

        Raises:
            LogDamaged: a bundle is missing, or cut short.
        """
        head = self.checkpoint()
        return entries(self.read, start, stop, 0 if head is None else head.size)

    @contextmanager
    def writing(self, signer: NoteSigner) -> Iterator[LogWriter]:
        """Hold the log's lock; other writers wait.

        Raises:
            OtherLog: the folder holds a log of another name.
        """
        with lock(self.folder.parent / "locks" / "log.lock"):
            head = self.checkpoint()
            if head is not None and head.origin != signer.name:
                raise OtherLog(head.origin, signer.name)
            yield LogWriter(self, signer, head or Checkpoint(signer.name, 0, EMPTY_ROOT))


class LogWriter:
    """Appends to a log whose lock is held. `head` is the checkpoint as it stands."""

    def __init__(self, log: LogFolder, signer: NoteSigner, head: Checkpoint) -> None:
        self.head = head
        self._log, self._signer = log, signer

    def append(self, batch: Iterable[bytes]) -> Checkpoint:
        """Append the entries of a batch, in order, and sign one checkpoint over them.

        An empty batch changes nothing and signs nothing. When this raises or the process is
        killed, the log is as it was before.

        Returns:
            The new checkpoint, which is on the disk.

        Raises:
            EntryTooLong: an entry is empty or beyond 65,535 bytes.
            LogDamaged: the files do not give the signed root.
        """
        edge, left = _Edge(self._log, self.head), iter(batch)
        while chunk := list(islice(left, edge.room)):
            edge.add(chunk)
        if edge.size == self.head.size:
            return self.head
        edge.finish()
        root = self._log.tree().root(edge.size)
        write_whole(self._log.folder / "checkpoint", self._signer.checkpoint(edge.size, root))
        edge.clear()
        self.head = Checkpoint(self.head.origin, edge.size, root)
        return self.head

    def renew(self) -> None:
        """Sign the checkpoint as it stands with the present key; LogDamaged when the files do not give its root."""
        if self._log.tree().root(self.head.size) != self.head.root:
            raise LogDamaged("its right edge", "the tiles do not give the root that was signed")
        write_whole(self._log.folder / "checkpoint", self._signer.checkpoint(self.head.size, self.head.root))


class _Edge:
    """The right edge of the tree while a batch is written: the hashes and entries that fill no tile yet."""

    def __init__(self, log: LogFolder, head: Checkpoint) -> None:
        if log.tree().root(head.size) != head.root:
            raise LogDamaged("its right edge", "the tiles do not give the root that was signed")
        self._folder, self.size = log.folder, head.size
        self._entries = list(log.entries(head.size - head.size % WIDTH, head.size))
        self._levels = [_edge_hashes(log, level, head.size) for level in range(max(1, _levels(head.size)))]
        self._began = head.size
        self._place = str(log.folder)
        self._written: list[str] = []
        self._folders: set[str] = set()
        self._count = 0

    @property
    def room(self) -> int:
        """How many entries the last bundle still takes."""
        return WIDTH - len(self._entries)

    def add(self, chunk: list[bytes]) -> None:
        """Take as many entries as there is room for, or fewer; write what they make full."""
        for number, length in enumerate(map(len, chunk)):
            if not 0 < length <= LONGEST_ENTRY:
                raise EntryTooLong(self.size - self._began + number)
        self._entries += chunk
        self._levels[0] += [sha256(b"\x00" + entry).digest() for entry in chunk]
        self.size += len(chunk)
        if len(self._entries) == WIDTH:
            self._put(tile_path("entries", (self.size >> 8) - 1), bundle(self._entries))
            self._entries = []
            self._carry()

    def finish(self) -> None:
        """Write the partial tiles of this size, and make all that was written outlast a power cut."""
        for level, hashes in enumerate(self._levels):
            if hashes:
                self._put(tile_path(level, self.size >> 8 * level + 8, len(hashes)), b"".join(hashes))
        if self._entries:
            self._put(tile_path("entries", self.size >> 8, len(self._entries)), bundle(self._entries))
        if self._count > FILES_SYNCED_SINGLY:
            os.sync()  # one for all: a million leaves are 8,000 files
            return
        for path in self._written:
            _fsync(path)
        for folder in self._folders:
            fsync_folder(Path(folder))

    def clear(self) -> None:
        """Remove partial files whose full one this batch wrote. What a killed batch left as full does not count."""
        for level in ("entries", *range(len(self._levels))):
            shift = 8 if level == "entries" else 8 * int(level) + 8
            index = self._began >> shift
            if index < self.size >> shift:
                shutil.rmtree(self._folder / f"{tile_path(level, index)}.p", ignore_errors=True)

    def _carry(self) -> None:
        """Write the tiles that are full, from the leaves up, each one's root going into the level above."""
        level = 0
        while len(self._levels[level]) == WIDTH:
            hashes = self._levels[level]
            self._put(tile_path(level, (self.size >> 8 * level + 8) - 1), b"".join(hashes))
            self._levels[level] = []
            if level + 1 == len(self._levels):
                self._levels.append([])
            level += 1
            self._levels[level].append(_root(hashes))

    def _put(self, path: str, data: bytes) -> None:
        """Write a file under its name in one step; made durable later, with all others."""
        target = f"{self._place}/{path}"
        parent, _, name = target.rpartition("/")
        if parent not in self._folders:
            make_folder(Path(parent))
            self._folders.add(parent)
        temporary = f"{parent}/.{name}.tmp"
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb", buffering=0) as file:
            file.write(data)
        os.rename(temporary, target)  # noqa: PTH104  # 8,000 files a million leaves: paths as text halve the cost
        self._count += 1
        if self._count <= FILES_SYNCED_SINGLY:
            self._written.append(target)


def entries(read: Callable[[str], bytes], start: int, stop: int, size: int) -> Iterator[bytes]:
    """Yield the entries from `start` to before `stop` of a log of that size; `read` returns a path's bytes."""
    for index in range(start >> 8, (stop + WIDTH - 1) >> 8):
        path = tile_path("entries", index, tile_width(0, index, size))
        found = list(unbundle(read(path), path))
        first, last = max(start - index * WIDTH, 0), min(WIDTH, stop - index * WIDTH)
        if len(found) < last:
            raise LogDamaged(path, "it is cut short")
        yield from found[first:last]


def _merged(note: bytes, kept: bytes | None) -> bytes:
    """Return a note with the signature lines that another note of the same text has besides."""
    if kept is None or read_note(kept).text != read_note(note).text:
        return note
    there = {(line.name, line.key_id) for line in read_note(note).signatures}
    more = [line for line in read_note(kept).signatures if (line.name, line.key_id) not in there]
    return note + b"".join(signature_line(line.name, line.key_id, line.signature) for line in more)


def _levels(size: int) -> int:
    """Return how many levels of tiles a tree of that size has."""
    levels = 0
    while size >> 8 * levels:
        levels += 1
    return levels


def _edge_hashes(log: LogFolder, level: int, size: int) -> list[bytes]:
    """Return the hashes of a level that fill no tile yet."""
    width = (size >> 8 * level) % WIDTH
    data = log.read(tile_path(level, size >> 8 * level + 8, width)) if width else b""
    return [data[place : place + 32] for place in range(0, 32 * width, 32)]


def _root(hashes: list[bytes]) -> bytes:
    level = b"".join(hashes)
    while len(level) > 32:
        level = b"".join([sha256(b"\x01" + level[i : i + 64]).digest() for i in range(0, len(level), 64)])
    return level


def _fsync(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
