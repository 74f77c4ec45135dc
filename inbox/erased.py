"""Kept deliveries after an erasure by law: rows without what they said, and a note that lets their receipts verify.

The record of an erased row is overwritten with one of the same shape that says nothing; every
other record keeps its bytes. `erased.json` holds for each erased row its leaf hash, sealed under a key of the
bureau's: with the key the receipt's root can be made as it was, without it nobody can try out what the
row may have said.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from inbox.csv_text import Dialect, split_header
from inbox.encodings import BYTE_ORDER_MARKS
from inbox.errors import NotErasable, RecordUnreadable
from inbox.header import columns
from inbox.lines import QUOTED_LINE_END, AfterLines, blocks
from inbox.names import ERASED
from inbox.plain_files import open_plain, sha256_of
from inbox.records import records
from onefile.files import TEMPORARY_SUFFIX, fsync_folder, write_whole
from schemas.model import Resource

FORMAT = "onefile.erased/1"


@dataclass(frozen=True)
class Erased:
    """What was erased of a delivery: by row its sealed leaf hash (hex), by file the hashes it may have since (hex)."""

    rows: Mapping[int, str] = field(default_factory=dict)
    files: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class Seal:
    """Seals leaf hashes of erased rows, each for its place alone, and opens them."""

    def __init__(self, secret: bytes) -> None:
        self._cipher = AESSIV(HKDF(SHA256(), 64, None, b"onefile leaf hashes of erased rows").derive(secret))

    def seal(self, leaf: bytes, delivery: str, row: int) -> str:
        """Return a leaf hash under the key, hex. The same leaf in the same place gives the same."""
        return self._cipher.encrypt(leaf, [_place(delivery, row)]).hex()

    def open(self, sealed: str, delivery: str, row: int) -> bytes:
        """Return the leaf hash.

        Raises:
            RecordUnreadable: it was sealed under another key, or for another place.
        """
        try:
            return self._cipher.decrypt(bytes.fromhex(sealed), [_place(delivery, row)])
        except (InvalidTag, ValueError):
            raise RecordUnreadable(f"the sealed hash of row {row} in {ERASED} of {delivery}") from None


def _place(delivery: str, row: int) -> bytes:
    return f"{delivery}\n{row}".encode()


def read_erased(folder: Path) -> Erased:
    """Read what was erased of the delivery kept in a folder; nothing where nothing was.

    Raises:
        RecordUnreadable: the note is not what this module writes.
    """
    try:
        content = (folder / ERASED).read_bytes()
    except FileNotFoundError:
        return Erased()
    try:
        kept = json.loads(content)
        if kept["format"] != FORMAT:
            raise ValueError("another format")
        rows = {int(row): str(sealed) for row, sealed in kept["rows"].items()}
        return Erased(rows, {str(name): tuple(hashes) for name, hashes in kept["files"].items()})
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise RecordUnreadable(f"{ERASED} of {folder.name}") from error


def erase(folder: Path, files: Mapping[str, range], resource: Resource, sealed: Mapping[int, str]) -> None:
    """Overwrite rows of a kept delivery; done again, or after a kill, it ends the same.

    Args:
        files: the rows (numbered through the delivery) that each of its files holds.
        sealed: the rows to erase, each with its sealed leaf hash.

    Raises:
        NotErasable: rows of the resource's format cannot be overwritten one by one; nothing was written.
    """
    if not resource.is_erasable:
        raise NotErasable(folder.name, resource.id, resource.packed or resource.format)
    before = read_erased(folder)
    beside = {}
    for name, held in files.items():
        here = frozenset(row - held.start + 1 for row in {*sealed, *before.rows} if row in held)
        if here:
            beside[name] = _blanked(folder / name, resource, here)
    hashes = dict(before.files)
    for name, path in beside.items():
        with open_plain(path) as file:
            hashes[name] = tuple(dict.fromkeys((*hashes.get(name, ()), sha256_of(file))))
    rows = {str(row): text for row, text in sorted({**before.rows, **sealed}.items())}
    note = {"format": FORMAT, "rows": rows, "files": hashes}
    # The note first: who reads meanwhile takes a file that has not its turn yet for what was received.
    write_whole(folder / ERASED, json.dumps(note, sort_keys=True, indent=1).encode() + b"\n")
    for name, path in beside.items():
        path.replace(folder / name)
    fsync_folder(folder)


def is_overwritten(folder: Path) -> bool:
    """Tell whether each file of the delivery kept in a folder is as the newest erasure leaves it."""
    for name, hashes in read_erased(folder).files.items():
        with open_plain(folder / name) as file:
            if sha256_of(file) != hashes[-1]:
                return False
    return True


def _blanked(path: Path, resource: Resource, rows: frozenset[int]) -> Path:
    """Write a file beside a kept one, without what some of its records say; return it."""
    beside = path.with_name(f".{path.name}{TEMPORARY_SUFFIX}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as target, open_plain(path) as source:
        head, blank = _shape(source, resource)
        target.write(head)
        source.seek(0)
        for batch in records(source, resource, is_kept=True):
            for row, raw in enumerate(batch.raw, batch.first_row):
                target.write((blank if row in rows else raw) + b"\n")
        target.flush()
        os.fsync(descriptor)
    return beside


def _shape(file: BinaryIO, resource: Resource) -> tuple[bytes, bytes]:
    """Return what stands before a file's records, and a record that says nothing, such as its reader takes."""
    if resource.format == "jsonl":
        return b"", json.dumps(dict.fromkeys(columns(resource)), ensure_ascii=False).encode(resource.encoding)
    if resource.format == "fixed":
        return b"", (" " * sum(resource.widths.values())).encode()
    after = AfterLines(file, resource.header_row - 1)
    first = next(blocks(after, 0, is_quoted=True, encoding=resource.encoding), b"").partition(b"\n")[0]
    dialect = Dialect(resource.encoding, resource.delimiter)
    cells, _ = split_header(first.removeprefix(BYTE_ORDER_MARKS[resource.encoding]), dialect)
    head = after.skipped + first.replace(QUOTED_LINE_END, b"\n") + b"\n"
    return head, resource.delimiter.join(['""'] * len(cells)).encode()
