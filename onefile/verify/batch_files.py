"""The files of a batch: CSV and XML of the same rows, written so that nothing in them acts, and read back as they were.

CSV (RFC 4180, UTF-8): `_change` (`put` or `remove`), `_record`, then the columns. Texts stand in quotes, so that an
empty one is none other than `""`, and no value is nothing at all. A text that a spreadsheet would take for a formula,
or that begins with an apostrophe, has an apostrophe before it: whoever reads texts takes one away.

XML: a `row` each, a `v` for each value that there is. A text with characters that XML has no way to write stands there
as base64 of its UTF-8, and its `v` says so.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO
from xml.parsers import expat

from onefile.verify.errors import Malformed

CSV, XML = "csv", "xml"
PUT, REMOVE = "put", "remove"
CHANGE, RECORD = "_change", "_record"
NAMESPACE = "urn:onefile:batch:1"
Columns = Sequence[tuple[str, bool]]
"""Names of columns, and of each whether it holds texts; others (numbers, days) need no quotes."""
_ACTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "'")
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")


@dataclass(frozen=True)
class Change:
    """A row that is put in place, with its values as texts, or taken out: then it has none. `record` is its key."""

    record: str
    values: tuple[str | None, ...]
    is_gone: bool = False


def write_csv(file: TextIO, columns: Columns, rows: Iterable[Change]) -> int:
    """Write rows as CSV; return how many."""
    file.write(",".join((CHANGE, RECORD, *(name for name, _ in columns))) + "\r\n")
    count = 0
    for row in rows:
        count += 1
        values = row.values or (None,) * len(columns)
        cells = (_cell(value, is_text) for value, (_, is_text) in zip(values, columns, strict=True))
        file.write(",".join((REMOVE if row.is_gone else PUT, row.record, *cells)) + "\r\n")
    return count


def write_xml(file: TextIO, columns: Columns, rows: Iterable[Change]) -> int:
    """Write rows as XML 1.0; return how many."""
    file.write(f'<?xml version="1.0" encoding="UTF-8"?>\n<rows xmlns="{NAMESPACE}">\n')
    count = 0
    for row in rows:
        count += 1
        if row.is_gone:
            file.write(f'<row change="{REMOVE}" record="{row.record}"/>\n')
            continue
        values = zip(columns, row.values, strict=True)
        told = (_element(name, value) for (name, _), value in values if value is not None)
        file.write(f'<row change="{PUT}" record="{row.record}">{"".join(told)}</row>\n')
    file.write("</rows>\n")
    return count


WRITERS: dict[str, Callable[[TextIO, Columns, Iterable[Change]], int]] = {
    CSV: write_csv,
    XML: write_xml,
}
"""How the rows of a batch are written, by its form."""


def read_changes(path: Path, form: str, columns: Sequence[str], error: type[Malformed]) -> Iterator[Change]:
    """Yield the rows of a file that was written here; raise `error` where it is none of these columns."""
    return _read_csv(path, columns, error) if form == CSV else _read_xml(path, columns, error)


def guarded(text: str) -> str:
    """Return a text as a spreadsheet shows it and does not run it: with an apostrophe before what might act."""
    return f"'{text}" if text.startswith(_ACTS) else text


def _cell(value: str | None, is_text: bool) -> str:
    if value is None:
        return ""
    if not is_text:
        return value
    return f'"{guarded(value).replace(chr(34), chr(34) * 2)}"'


def _element(name: str, value: str) -> str:
    if _NO_XML.search(value):
        told = base64.b64encode(value.encode("utf-8")).decode("ascii")
        return f'<v name="{name}" encoding="base64">{told}</v>'
    for character, written in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\r", "&#13;"), ("\x85", "&#x85;")):
        value = value.replace(character, written)
    return f'<v name="{name}">{value}</v>'


def _read_csv(path: Path, columns: Sequence[str], error: type[Malformed]) -> Iterator[Change]:
    with path.open(encoding="utf-8", newline="\r\n") as file:
        records = _records(file, error)
        if next(records, None) != [CHANGE, RECORD, *columns]:
            raise error("its header has other columns")
        for change, record, *values in records:
            if len(values) != len(columns) or change not in (PUT, REMOVE) or not record:
                raise error("a row has other columns")
            is_gone = change == REMOVE
            yield Change(record, () if is_gone else tuple(values), is_gone)


def _records(file: Iterable[str], error: type[Malformed]) -> Iterator[list[str | None]]:
    """Yield the cells of each record: None for nothing at all, texts as they were before they were guarded."""
    waiting = ""
    for line in file:
        waiting += line
        if waiting.count('"') % 2 == 0:
            yield _cells(waiting.removesuffix("\r\n"), error)
            waiting = ""
    if waiting:
        raise error("a quote is left open")


_CELL = re.compile('(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\\Z)')


def _cells(record: str, error: type[Malformed]) -> list[str | None]:
    found: list[str | None] = []
    at, sign = 0, ","
    while sign == ",":
        cell = _CELL.match(record, at)
        if cell is None:
            raise error("a cell of it is none")
        quoted, plain, sign = cell.groups()
        found.append((plain or None) if quoted is None else quoted.replace('""', '"').removeprefix("'"))
        at = cell.end()
    return found


def _read_xml(path: Path, columns: Sequence[str], error: type[Malformed]) -> Iterator[Change]:
    reader = _Rows(columns, error)
    with path.open("rb") as file:
        while part := file.read(2**16):
            yield from reader.feed(part)
        yield from reader.feed(b"", is_last=True)


class _Rows:
    """Takes rows out of the XML as it comes. A document type is refused, and with it every entity of its own."""

    def __init__(self, columns: Sequence[str], error: type[Malformed]) -> None:
        self._columns, self._error = columns, error
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = self._refuse
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._rows: list[Change] = []
        self._row: dict[str, str] = {}
        self._values: dict[str, str] = {}
        self._value: dict[str, str] | None = None
        self._told = ""

    def feed(self, part: bytes, is_last: bool = False) -> list[Change]:
        """Take in a part of the file; return the rows that are complete."""
        try:
            self._parser.Parse(part, is_last)
        except expat.ExpatError:
            raise self._error("it is no XML") from None
        found, self._rows = self._rows, []
        return found

    def _refuse(self, *_: Any) -> None:
        raise self._error("it has a document type")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "row":
            self._row, self._values = attributes, {}
        elif name == "v":
            self._value, self._told = attributes, ""
        elif name != "rows":
            raise self._error("an element of it is none of a batch")

    def _text(self, text: str) -> None:
        if self._value is not None:
            self._told += text

    def _end(self, name: str) -> None:
        if name == "v" and self._value is not None:
            column = self._value.get("name", "")
            if column not in self._columns or column in self._values:
                raise self._error("a value of it is of no column, or doubled")
            is_coded = self._value.get("encoding") == "base64"
            self._values[column] = base64.b64decode(self._told).decode("utf-8") if is_coded else self._told
            self._value = None
        elif name == "row":
            self._rows.append(self._change())

    def _change(self) -> Change:
        change, record = self._row.get("change"), self._row.get("record")
        if change not in (PUT, REMOVE) or not record:
            raise self._error("a row of it says nothing of what it is")
        is_gone = change == REMOVE
        return Change(record, () if is_gone else tuple(map(self._values.get, self._columns)), is_gone)
