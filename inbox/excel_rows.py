"""Rows of an Excel sheet as texts: days as days, numbers as a person would type them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import BinaryIO

from inbox.errors import FileBroken
from inbox.excel_parts import Book, Broken, problem
from inbox.lines import MAX_LINE_BYTES

Row = Mapping[str, str]
MAX_COLUMNS = 16_384
_REFERENCE = re.compile("([A-Z]{1,3})[0-9]+")
_ESCAPE = re.compile("_x([0-9A-Fa-f]{4})_")
_FIRST_WRONG = 60
_LAST_DAY = 2_958_465
_EPOCH, _EPOCH_1904 = datetime(1899, 12, 30), datetime(1904, 1, 1)  # noqa: DTZ001  cells have no zone


class Sheet:
    """Gathers a sheet's rows as the parser meets its cells: for each the texts by column number, from 0."""

    def __init__(self, book: Book) -> None:
        self._shared, self._days, self._is_1904 = book.shared(), book.days(), book.is_1904
        self._cell: dict[str, str] = {}
        self._text: list[str] = []
        self._row: dict[int, str] = {}
        self._next = 0
        self._number = 0
        self._size = 0
        self._depth_of_text = 0
        self.rows: list[tuple[int, dict[int, str]]] = []
        self.merged: list[str] = []

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "row":
            self._number = int(attributes.get("r", self._number + 1))
            self._row, self._next, self._size = {}, 0, 0
        elif name == "c":
            self._cell = dict(attributes)
            self._text.clear()
            match = _REFERENCE.fullmatch(attributes.get("r", ""))
            self._next = column_number(match.group(1)) if match else self._next
            if self._next >= MAX_COLUMNS:
                raise Broken("beyond")
        elif name in ("v", "t"):
            self._depth_of_text += 1
        elif name == "mergeCell":
            self.merged.append(attributes.get("ref", ""))

    def characters(self, data: str) -> None:
        if self._depth_of_text:
            self._size += len(data)
            if self._size > MAX_LINE_BYTES:
                raise Broken("too_large")
            self._text.append(data)

    def end(self, name: str) -> None:
        if name in ("v", "t"):
            self._depth_of_text -= 1
        elif name == "c":
            text = self._value("".join(self._text))
            if self._next in self._row:
                raise Broken("twice")
            if text:
                self._row[self._next] = text
            self._next += 1
        elif name == "row":
            self.rows.append((self._number, self._row))

    def _value(self, text: str) -> str:
        kind = self._cell.get("t", "n")
        if kind == "s":
            place = int(text)
            if not 0 <= place < len(self._shared):
                raise Broken("syntax")
            return plain(self._shared[place])
        if kind == "b":
            return {"1": "true", "0": "false"}.get(text, text)
        if kind != "n" or not text:
            return plain(text)
        with_time = self._days.get(int(self._cell.get("s", "0")))
        return number(text) if with_time is None else day(text, with_time=with_time, is_1904=self._is_1904)


def read(file: BinaryIO, sheet: str | None, header_row: int, header_rows: int) -> Iterator[Sequence[str] | list[Row]]:
    """Yield a sheet's header, then its rows, some at a time, each as the texts of its cells by header.

    Args:
        file: read from where it stands, up and down.
        sheet: the sheet's name; None: the first.
        header_row: the line that the header begins in, from 1; what stands above it is a title.
        header_rows: the lines it takes: merged cells count in each place they cover, and the texts of a
            column are put together with "/".

    Raises:
        FileBroken: `excel`, `empty_line`, `no_header` or `fields_differ`.
    """
    try:
        yield from _read(file, sheet, header_row, header_rows)
    except Broken as error:
        raise _refused(error) from None


def sheets(file: BinaryIO) -> list[str]:
    """Return the names of a workbook's sheets; FileBroken where it is none."""
    try:
        return Book(file).names
    except Broken as error:
        raise _refused(error) from None


def top(file: BinaryIO, sheet: str, most: int) -> tuple[dict[int, dict[int, str]], Sequence[tuple[int, int, int, int]]]:
    """Return a sheet's first lines that have texts, by number, merged cells in each place of the line they cover.

    The other part are its merged ranges: first and last line, first and last column.

    Raises:
        FileBroken: `excel`.
    """
    try:
        book = Book(file)
        part = book.sheet(sheet)
        merged, found = _merged(book, part), Sheet(book)
        for _ in book.parse(part, found.start, found.end, found.characters):
            if len(found.rows) >= most:
                break
        return {number_: _spread(cells, number_, merged) for number_, cells in found.rows[:most] if cells}, merged
    except Broken as error:
        raise _refused(error) from None


def _refused(error: Broken) -> FileBroken:
    said, said_zh = problem(str(error))
    return FileBroken("excel", None, problem=said, problem_zh=said_zh)


def _read(file: BinaryIO, sheet: str | None, header_row: int, header_rows: int) -> Iterator[Sequence[str] | list[Row]]:
    book = Book(file)
    part = book.sheet(sheet)
    merged = _merged(book, part) if header_rows > 1 else []
    found = Sheet(book)
    lines: list[dict[int, str]] = []
    header: list[str] | None = None
    row, last = 0, header_row + header_rows - 1
    for _ in book.parse(part, found.start, found.end, found.characters):
        rows, found.rows = found.rows, []
        ready: list[Row] = []
        for number_, cells in rows:
            if number_ < header_row:
                continue
            if number_ <= last:
                lines.append(_spread(cells, number_, merged))
                continue
            if header is None:
                header = _header(lines)
                yield header
            if cells:
                row = _next_row(row, number_ - last)
                ready.append(_named(cells, header, row))
        if ready:
            yield ready
    if header is None:
        yield _header(lines)


def _next_row(before: int, row: int) -> int:
    """Return the number of a row that has cells; those between it and the one before it are empty lines."""
    if row != before + 1:
        raise FileBroken("empty_line", before + 1)
    return row


def _named(cells: Mapping[int, str], header: Sequence[str], row: int) -> Row:
    beyond = [place for place in cells if place >= len(header) or not header[place]]
    if beyond:
        raise FileBroken("fields_differ", row, found=max(beyond) + 1, wanted=len([name for name in header if name]))
    return {header[place]: text for place, text in cells.items()}


def _header(lines: Sequence[Mapping[int, str]]) -> list[str]:
    width = max((place + 1 for line in lines for place in line), default=0)
    if not width:
        raise FileBroken("no_header", None)
    names = [[line[place].strip() for line in lines if line.get(place, "").strip()] for place in range(width)]
    return ["/".join(dict.fromkeys(texts)) for texts in names]


def _merged(book: Book, part: str) -> list[tuple[int, int, int, int]]:
    """Return merged ranges as first and last line, first and last column."""
    found = Sheet(book)
    for _ in book.parse(part, found.start, lambda _: None, lambda _: None):
        continue
    ranges = []
    for reference in found.merged:
        match = re.fullmatch("([A-Z]{1,3})([0-9]+):([A-Z]{1,3})([0-9]+)", reference)
        if match is not None:
            left, top, right, bottom = match.groups()
            ranges.append((int(top), int(bottom), column_number(left), min(column_number(right), MAX_COLUMNS)))
    return ranges


def _spread(cells: Mapping[int, str], line: int, merged: Sequence[tuple[int, int, int, int]]) -> dict[int, str]:
    """Put a merged cell's text into each place of the line that it covers."""
    found = dict(cells)
    for top, _, left, right in merged:
        if top == line and left in cells:
            found.update(dict.fromkeys(range(left, right + 1), cells[left]))
    return found


def column_number(letters: str) -> int:
    """Return a column's number from 0: A is 0, AA 26."""
    found = 0
    for letter in letters:
        found = found * 26 + ord(letter) - 64
    return found - 1


def plain(text: str) -> str:
    """Put characters that a workbook writes as `_x000D_` as they are meant."""
    if "_x" not in text:
        return text
    meant = _ESCAPE.sub(lambda found: chr(int(found.group(1), 16)), text)
    meant = meant.encode("utf-16", "surrogatepass").decode("utf-16", "replace")  # two escapes may spell one character
    if "\0" in meant or ("\ufffd" in meant and "\ufffd" not in text):
        raise Broken("character")
    return meant


def number(text: str) -> str:
    """Return a number as a person would type it: the shortest digits that mean the same, no exponent."""
    try:
        exact = Decimal(repr(float(text))) if re.search("[.eE]", text) else Decimal(text)
    except (InvalidOperation, ValueError, OverflowError):
        return text
    if not exact.is_finite() or abs(exact.adjusted()) > 40:
        return text
    written = f"{exact:f}"
    return written.rstrip("0").rstrip(".") if "." in written else written


def day(text: str, *, with_time: bool, is_1904: bool) -> str:
    """Return a day's number as a day, with the time where it is shown.

    The 60th day of 1900, which the calendar lacks, is written as Excel shows it; a number before the first day,
    or after the year 9999, stays a number: neither is read as a day further on.
    """
    try:
        value = float(text)
    except ValueError:
        return text
    if not 1 <= value < _LAST_DAY + 1:
        return number(text)
    whole = int(value)
    if not is_1904 and whole == _FIRST_WRONG:
        return "1900-02-29"
    early = timedelta(days=1) if not is_1904 and whole < _FIRST_WRONG else timedelta(0)
    instant = (_EPOCH_1904 if is_1904 else _EPOCH) + early + timedelta(seconds=round(value * 86_400))
    on: date = instant.date()
    return f"{on.isoformat()} {instant:%H:%M:%S}" if with_time else on.isoformat()
