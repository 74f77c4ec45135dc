"""Texts become the bytes of a file in the declared format and encoding: CSV and JSON Lines whole columns at a time."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from inbox import fixed_width, writing
from inbox.manifest import FileEntry
from samples.city.columns import Column, joined
from samples.errors import CannotWrite
from schemas.model import Resource

_NUMBER = r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?$"
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


MOST_EXCEL_ROWS = 100_000
"""Rows of a table that is written to a workbook; a larger one is delivered as CSV or JSON Lines."""


class Sink:
    """One file that rows are written to, with its hash."""

    def __init__(self, path: Path, resource: Resource, headers: Sequence[str], figures: Collection[str]) -> None:
        self._file, self._resource, self._headers, self._figures = path.open("xb"), resource, headers, figures
        self._digest = hashlib.sha256()
        self._held: list[tuple[str | None, ...]] = []
        self.rows = 0
        self._put(head(resource, headers))

    def add(self, texts: Mapping[str, Column], count: int) -> None:
        """Write some rows.

        Raises:
            CannotWrite: a workbook would have more rows than people open.
        """
        self.rows += count
        if self._resource.format == "xlsx":
            if self.rows > MOST_EXCEL_ROWS:
                raise CannotWrite(self._resource.id, "xlsx", f"more than {MOST_EXCEL_ROWS} rows")
            self._held += _rows(texts)
        else:
            self._put(body(self._resource, texts, self._figures))

    def close(self) -> FileEntry:
        """End the file, and return it as a manifest lists it."""
        resource = self._resource
        if resource.format == "xml":
            self._put(writing.xml_tail(resource.path, resource.encoding))
        if resource.format == "xlsx":
            place = writing.Place(resource.sheet, resource.header_row, resource.header_rows)
            self._put(writing.excel(self._headers, self._held, tuple(self._figures), place))
        self._file.close()
        return FileEntry(Path(self._file.name).name, self.rows, self._digest.hexdigest())

    def _put(self, content: bytes) -> None:
        self._file.write(content)
        self._digest.update(content)


def _rows(texts: Mapping[str, Column]) -> list[tuple[str | None, ...]]:
    return list(zip(*(column.to_pylist() for column in texts.values()), strict=True))


def head(resource: Resource, headers: Collection[str]) -> bytes:
    """Return what stands before the first record of a file."""
    if resource.format in ("jsonl", "xlsx", "fixed"):
        return b""
    if resource.format == "xml":
        return writing.xml_head(resource.path, resource.encoding)
    line = resource.delimiter.join(_quoted_word(header, resource.delimiter) for header in headers)
    titles = "\n" * (resource.header_row - 1)
    return f"{titles}{line}\n".encode(resource.encoding)


def body(resource: Resource, texts: Mapping[str, Column], numeric: Collection[str]) -> bytes:
    """Return records as bytes.

    Args:
        texts: by header, null where there is nothing.
        numeric: headers whose figures JSON has as numbers.
    """
    if not texts or not len(next(iter(texts.values()))):
        return b""
    if resource.format == "fixed":
        form = resource.encoding, resource.widths, resource.widths_in
        named = [dict(zip(texts, row, strict=True)) for row in _rows(texts)]
        return b"".join(fixed_width.line([row.get(header) for header in resource.widths], *form) for row in named)
    if resource.format == "xml":
        return writing.xml_rows(list(texts), _rows(texts), resource.path, resource.encoding)
    if resource.format == "jsonl":
        lines = _json_lines(texts, numeric)
    else:
        fields = [_quoted(pc.fill_null(column, ""), resource.delimiter) for column in texts.values()]
        lines = joined(pc.binary_join_element_wise(*fields, resource.delimiter), "\n")
    return _bytes(lines) if resource.encoding == "utf-8" else _bytes(lines).decode().encode(resource.encoding)


def _quoted(column: Column, delimiter: str) -> Column:
    """Put quotes around the fields that need them (RFC 4180)."""
    signs = ('"', "\r", "\n", delimiter)
    if not any(sign.encode() in _bytes(column) for sign in signs):
        return column
    needs = pc.match_substring_regex(column, f"[{re.escape(''.join(signs))}]")
    return pc.if_else(needs, joined('"', pc.replace_substring(column, '"', '""'), '"'), column)


def _quoted_word(word: str, delimiter: str) -> str:
    return str(_quoted(pa.array([word]), delimiter)[0])


def _json_lines(texts: Mapping[str, Column], numeric: Collection[str]) -> Column:
    parts: list[Any] = []
    for place, (header, column) in enumerate(texts.items()):
        key = json.dumps(header, ensure_ascii=False)
        parts += [f"{', ' if place else '{'}{key}: ", _json(column, header in numeric)]
    return joined(*parts, "}\n")


def _json(column: Column, is_numeric: bool) -> Column:
    text = column
    for sign, escape in _ESCAPES.items():
        text = pc.replace_substring(text, sign, escape)
    text = joined('"', text, '"')
    if is_numeric:
        text = pc.if_else(pc.fill_null(pc.match_substring_regex(column, _NUMBER), False), column, text)
    return pc.fill_null(text, "null")


def _bytes(column: Column) -> bytes:
    """Return the texts of a column one after the other, as they lie in memory."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    _, offsets, data = column.buffers()
    if data is None:
        return b""
    ends = memoryview(offsets).cast("i")
    return bytes(memoryview(data)[ends[column.offset] : ends[column.offset + len(column)]])
