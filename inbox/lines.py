"""Cutting a file into whole lines in constant memory, quoted line ends left inside."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import BinaryIO, Protocol

from inbox.encodings import encoding_differs
from inbox.errors import FileBroken

CHUNK_BYTES = 2**20
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
MAX_LINE_BYTES = 64 * 2**20
MAX_TITLE_BYTES = 2**20

# Stands in a block for a line end inside quotes. A file's own NUL is refused before.
QUOTED_LINE_END = b"\0"


class Readable(Protocol):
    """What bytes are read of."""

    def read(self, size: int, /) -> bytes: ...


def blocks(file: Readable, first_row: int, *, is_quoted: bool, encoding: str) -> Iterator[bytes]:
    """Yield blocks of whole records, each block ending with its last record's line end (the last may lack it).

    Args:
        file: read from where it stands.
        first_row: number of the first record, for errors: 0 where a header comes first.
        is_quoted: lines may hold quoted line ends; these are `QUOTED_LINE_END` in the blocks.
        encoding: utf-8 or gb18030, as declared.

    Raises:
        FileBroken: `encoding` (UTF-16), `line_too_long`, `control_character` or `quoting`, once
            all before it is yielded.
    """
    carried: list[bytes] = []
    size = 0
    row = first_row
    is_open = is_begun = False
    while chunk := file.read(CHUNK_BYTES):
        if not is_begun and chunk.startswith(UTF_16):
            raise encoding_differs(chunk, encoding, None)
        is_begun = True
        if b"\0" in chunk:
            before = _before_nul(carried, chunk, is_quoted, is_open)
            yield from before
            raise FileBroken("control_character", row + sum(block.count(b"\n") for block in before))
        if is_quoted and (is_open or b'"' in chunk):
            chunk, is_open = _shield(chunk, is_open)
        cut = chunk.rfind(b"\n") + 1
        if cut:
            yield b"".join((*carried, chunk[:cut]))
            row += chunk.count(b"\n")
            carried, size = [], 0
        carried.append(chunk[cut:])
        size += len(chunk) - cut
        if size > MAX_LINE_BYTES:
            is_unclosed = is_open and any(QUOTED_LINE_END in piece for piece in carried)
            raise FileBroken("quoting" if is_unclosed else "line_too_long", row, limit=MAX_LINE_BYTES)
    if is_open:
        raise FileBroken("quoting", row)
    if size:
        yield b"".join(carried)


class AfterLines:
    """A file from behind its first lines, which are titles: `skipped` has their bytes, line ends and all.

    Titles are lines as they stand: no quote holds one together.

    Raises:
        FileBroken: `line_too_long`, where they have no end.
    """

    def __init__(self, file: BinaryIO, count: int) -> None:
        self._file, self._rest, self.skipped = file, b"", b""
        for _ in range(count):
            while b"\n" not in self._rest and (chunk := file.read(2**16)):
                self._rest += chunk
                if len(self._rest) > MAX_TITLE_BYTES:
                    raise FileBroken("line_too_long", None, limit=MAX_TITLE_BYTES)
            line, end, self._rest = self._rest.partition(b"\n")
            self.skipped += line + end

    def read(self, size: int) -> bytes:
        """Return what comes next, up to so many bytes or what was read ahead."""
        if self._rest:
            rest, self._rest = self._rest, b""
            return rest
        return self._file.read(size)


def _before_nul(carried: list[bytes], chunk: bytes, is_quoted: bool, is_open: bool) -> list[bytes]:
    """Return the whole records before the one with a NUL, as one block or none."""
    before = chunk[: chunk.index(b"\0")]
    if is_quoted:
        before, _ = _shield(before, is_open)
    cut = before.rfind(b"\n") + 1
    return [b"".join((*carried, before[:cut]))] if cut else []


def _shield(chunk: bytes, is_open: bool) -> tuple[bytes, bool]:
    """Put `QUOTED_LINE_END` for line ends inside quotes; say whether a quote is open at the end."""
    inside = b""
    if is_open:
        inside, quote, chunk = chunk.partition(b'"')
        inside = inside.replace(b"\n", QUOTED_LINE_END) + quote
        if not quote:
            return inside, True
    if any(line.count(b'"') % 2 for line in chunk.split(b"\n")[:-1]):
        parts = chunk.split(b'"')
        parts[1::2] = [part.replace(b"\n", QUOTED_LINE_END) for part in parts[1::2]]
        chunk = b'"'.join(parts)
    return inside + chunk, chunk.count(b'"') % 2 == 1
