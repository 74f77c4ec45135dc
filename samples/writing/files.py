"""Texts become the bytes of a file, whole columns at a time: CSV and JSON Lines, in the declared encoding."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from samples.city.columns import Column, joined
from schemas.model import Resource

_NUMBER = r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?$"
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def head(resource: Resource, headers: Collection[str]) -> bytes:
    """Return what stands before the first record of a file."""
    if resource.format == "jsonl":
        return b""
    line = resource.delimiter.join(_quoted_word(header, resource.delimiter) for header in headers)
    return f"{line}\n".encode(resource.encoding)


def body(resource: Resource, texts: Mapping[str, Column], numeric: Collection[str]) -> bytes:
    """Return records as bytes.

    Args:
        texts: by header, null where there is nothing.
        numeric: headers whose figures JSON has as numbers.
    """
    if not texts or not len(next(iter(texts.values()))):
        return b""
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
