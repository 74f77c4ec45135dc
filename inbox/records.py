"""A delivered file becomes batches of records: each one's own bytes, and its values as text.

The one reader: the door counts with it, bronze is filled with it, proofs find rows with it.
What it yields is whole: a file with a broken record anywhere raises there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import BinaryIO

from inbox import archives, excel_rows, xml_rows
from inbox.csv_text import Dialect, read_block, split_header
from inbox.encodings import BYTE_ORDER_MARKS, is_utf8_after_all
from inbox.errors import FileBroken
from inbox.fixed_width import FixedWidth
from inbox.header import check_header, check_missing, columns
from inbox.json_lines import JsonLines
from inbox.lines import AfterLines, Readable, blocks
from inbox.row_json import row_json
from schemas.model import Resource


@dataclass(frozen=True, slots=True)
class Batch:
    """Records in a row. `first_row` numbers the first of them, from 1.

    `raw` has each record's own bytes without its line end; of XML and Excel the row as read, as canonical JSON.
    `values` has, for each name of `header`, the values of that column; None where a record has null or no such
    field, or where the file has no such column, which only ignored columns may lack, and those declared since it was
    kept.
    """

    header: tuple[str, ...]
    first_row: int
    raw: list[bytes]
    values: Sequence[Sequence[str | None]]

    def __len__(self) -> int:
        return len(self.raw)

    def __iter__(self) -> Iterator[tuple[int, bytes, tuple[str | None, ...]]]:
        """Yield row number, bytes and values of each record."""
        rows = zip(*self.values, strict=True)
        return zip(range(self.first_row, self.first_row + len(self.raw)), self.raw, rows, strict=True)

    def columns(self) -> Sequence[Sequence[str | None]]:
        """Return the values column by column, in the order of `header`."""
        return self.values


def records(file: BinaryIO, resource: Resource, first_row: int = 1, *, is_kept: bool = False) -> Iterator[Batch]:
    """Read a file of a resource from where it stands, in constant memory.

    Every batch has the same header: the resource's headers, then its ignored columns.

    Args:
        first_row: number of the file's first record in the batches; errors count from 1.
        is_kept: it was received already, maybe before the resource had all of its headers: one that it lacks is empty.

    Raises:
        FileBroken: structure, encoding or columns are not what the resource declares. Raised
            where reading meets it, after the batches before it. Of a file in an archive it names that one.
    """
    if not resource.packed or not archives.is_archive(file, resource.format):
        yield from _one(file, resource, first_row, is_kept=is_kept)
        return
    for name, member in archives.members(file, resource.format):
        try:
            for batch in _one(member, resource, first_row, is_kept=is_kept):
                first_row += len(batch)
                yield batch
        except FileBroken as error:
            raise error.in_file(name) from None


def _one(file: BinaryIO, resource: Resource, first_row: int, *, is_kept: bool) -> Iterator[Batch]:
    if resource.format == "csv":
        yield from _csv(file, resource, first_row, is_kept=is_kept)
    elif resource.format == "jsonl":
        yield from _json_lines(file, resource, first_row, is_kept=is_kept)
    elif resource.format == "fixed":
        yield from _fixed(file, resource, first_row)
    elif resource.format == "xml":
        yield from _named_rows(
            xml_rows.read(file, resource.encoding, resource.path), resource, first_row, is_kept=is_kept
        )
    elif resource.format == "xlsx":
        yield from _excel(file, resource, first_row, is_kept=is_kept)
    else:
        raise ValueError(f"format {resource.format!r} of {resource.id} has no reader")


def _csv(file: BinaryIO, resource: Resource, first_row: int, *, is_kept: bool) -> Iterator[Batch]:
    dialect = Dialect(resource.encoding, resource.delimiter)
    wanted = columns(resource)
    solid = _solid_blocks(AfterLines(file, resource.header_row - 1), resource, 0)
    header, rest = split_header(next(solid, b""), dialect)
    check_header(header, resource, may_lack=is_kept)
    places = {name: place for place, name in enumerate(header)}
    row = 1
    for block in chain([rest] if rest else [], solid):
        raw, columns_read = read_block(block, dialect, len(header), row)
        absent: list[str | None] = [None] * len(raw)
        values = [columns_read[places[name]] if name in places else absent for name in wanted]
        yield Batch(wanted, first_row + row - 1, raw, values)
        row += len(raw)


def _json_lines(file: BinaryIO, resource: Resource, first_row: int, *, is_kept: bool) -> Iterator[Batch]:
    wanted = columns(resource)
    lines = JsonLines(resource.encoding, wanted)
    row = 1
    for block in _solid_blocks(file, resource, 1):
        raw, values = lines.read_block(block, row)
        if not lines.seen.keys() <= set(wanted):
            check_header(tuple(lines.seen), resource, may_lack=is_kept)
        yield Batch(wanted, first_row + row - 1, raw, values)
        row += len(raw)
    if row > 1 and not is_kept:
        check_missing(tuple(lines.seen), resource)


def _fixed(file: BinaryIO, resource: Resource, first_row: int) -> Iterator[Batch]:
    wanted = columns(resource)
    lines = FixedWidth(resource.encoding, resource.widths, resource.widths_in)
    places = {name: place for place, name in enumerate(resource.widths)}
    row = 1
    for block in _solid_blocks(file, resource, 1):
        raw, values = lines.read_block(block, row)
        absent: list[str | None] = [None] * len(raw)
        kept = [values[places[name]] if name in places else absent for name in wanted]
        yield Batch(wanted, first_row + row - 1, raw, kept)
        row += len(raw)


def _excel(file: BinaryIO, resource: Resource, first_row: int, *, is_kept: bool) -> Iterator[Batch]:
    parts = excel_rows.read(file, resource.sheet, resource.header_row, resource.header_rows)
    header = [name for name in next(parts) if isinstance(name, str)]
    check_header([name for name in header if name], resource, may_lack=is_kept)
    rows = ([row for row in part if isinstance(row, Mapping)] for part in parts)
    yield from _batches(rows, resource, first_row)


def _named_rows(
    parts: Iterator[list[Mapping[str, str]]], resource: Resource, first_row: int, *, is_kept: bool
) -> Iterator[Batch]:
    """Yield records that name their fields, as JSON Lines do; a field that never occurs is missed at the end."""
    seen: dict[str, None] = {}
    known, row = set(columns(resource)), first_row
    for rows in parts:
        for each in rows:
            if not each.keys() <= seen.keys():
                seen.update(dict.fromkeys(each))
        if not seen.keys() <= known:
            check_header(tuple(seen), resource, may_lack=True)
        yield from _batches(iter([rows]), resource, row)
        row += len(rows)
    if row > first_row and not is_kept:
        check_missing(tuple(seen), resource)


def _batches(parts: Iterator[list[Mapping[str, str]]], resource: Resource, first_row: int) -> Iterator[Batch]:
    wanted, row = columns(resource), first_row
    for rows in parts:
        yield Batch(
            wanted, row, [row_json(each) for each in rows], [[each.get(name) for each in rows] for name in wanted]
        )
        row += len(rows)


def _solid_blocks(file: Readable, resource: Resource, first_row: int) -> Iterator[bytes]:
    """Yield the file's blocks without byte order mark and without the empty lines at its end.

    Raises:
        FileBroken: `empty_line`: one stands before a record; `encoding`: UTF-8 where GB 18030 is
            declared; and what `blocks` raises.
    """
    mark = BYTE_ORDER_MARKS[resource.encoding]
    row = first_row
    is_judged = resource.encoding == "utf-8"
    empties = 0
    for block in blocks(file, first_row, is_quoted=resource.format == "csv", encoding=resource.encoding):
        if not is_judged and is_utf8_after_all(block):
            raise FileBroken("encoding", None, found="UTF-8", wanted="GB18030")
        is_judged = is_judged or not block.isascii()
        content, mark = block.removeprefix(mark), b""
        body = _without_tail(content)
        if body:
            if empties or body.startswith((b"\n", b"\r\n")):
                raise FileBroken("empty_line", row - empties)
            _refuse_empty_line(body, row)
            yield body
        row += content.count(b"\n")
        empties += content.count(b"\n") - body.count(b"\n")


def _without_tail(block: bytes) -> bytes:
    """Cut off the empty lines at a block's end; a lone carriage return is none, and stays."""
    body = block.rstrip(b"\r\n")
    tail = block[len(body) :]
    if not body:
        return block if b"\r" in tail.replace(b"\r\n", b"") else b""
    if tail in (b"", b"\n", b"\r\n") or b"\r" in tail.replace(b"\r\n", b""):
        return block
    return body + (b"\r\n" if tail.startswith(b"\r\n") else b"\n")


def _refuse_empty_line(body: bytes, row: int) -> None:
    for empty in (b"\n\n", b"\n\r\n"):
        if empty in body:
            raise FileBroken("empty_line", row + body[: body.index(empty)].count(b"\n") + 1)
