"""Fixed width: lines without a header, cut into fields at declared widths, in characters or in encoded bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise

from inbox.encodings import decode, encoding_differs
from inbox.errors import FileBroken, NotDeliverable


class FixedWidth:
    """Cuts blocks of lines. `widths` are by header, in order; blanks that fill a field up on its right do not count."""

    def __init__(self, encoding: str, widths: Mapping[str, int], unit: str) -> None:
        edges = [0, *accumulate(widths.values())]
        self._encoding, self._is_bytes = encoding, unit == "bytes"
        self._width, self._cuts = edges[-1], list(pairwise(edges))

    def read_block(self, block: bytes, first_row: int) -> tuple[list[bytes], list[list[str | None]]]:
        """Return each line's own bytes without its line end, and the values field by field; an empty field is None.

        Raises:
            FileBroken: `encoding`, `line_ends`, `width_differs` or `character_cut`.
        """
        raw = [line.removesuffix(b"\r") for line in block.removesuffix(b"\n").split(b"\n")]
        rows = [self._fields(line, first_row + index) for index, line in enumerate(raw)]
        return raw, [list(column) for column in zip(*rows, strict=True)]

    def _fields(self, line: bytes, row: int) -> list[str | None]:
        if b"\r" in line:
            raise FileBroken("line_ends", row)
        try:
            text = decode(line, self._encoding)
        except UnicodeDecodeError:
            raise encoding_differs(line, self._encoding, row) from None
        found = len(line) if self._is_bytes else len(text)
        if found != self._width:
            raise FileBroken("width_differs", row, found=found, wanted=self._width)
        if not self._is_bytes:
            return [text[begin:end].rstrip(" ") or None for begin, end in self._cuts]
        try:
            return [decode(line[begin:end], self._encoding).rstrip(" ") or None for begin, end in self._cuts]
        except UnicodeDecodeError:
            raise FileBroken("character_cut", row) from None


def line(values: Sequence[str | None], encoding: str, widths: Mapping[str, int], unit: str) -> bytes:
    """Return a row as a line that `FixedWidth` reads back.

    Raises:
        NotDeliverable: a value is wider than its field, or has a line end.
    """
    cells = []
    for value, (header, width) in zip(values, widths.items(), strict=True):
        cell = value or ""
        taken = len(cell.encode(encoding)) if unit == "bytes" else len(cell)
        if taken > width or "\n" in cell or "\r" in cell:
            raise NotDeliverable(f"a value of {header!r} does not go into {width} {unit} of a line: shorten it")
        cells.append(cell + " " * (width - taken))
    return "".join(cells).encode(encoding) + b"\n"
