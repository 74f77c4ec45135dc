"""RFC 4180, read strictly: blocks of whole lines become columns of text, with each record's own bytes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import chain, groupby

from inbox.encodings import decode, encoding_differs
from inbox.errors import FileBroken
from inbox.lines import QUOTED_LINE_END

MAX_COLUMNS = 10_000
_QUOTED_LINE_END_TEXT = QUOTED_LINE_END.decode()


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a resource writes its CSV: the encoding, and one character between fields."""

    encoding: str
    delimiter: str


def split_header(block: bytes, dialect: Dialect) -> tuple[list[str], bytes]:
    """Part the header from a file's first block; return its cells, blanks around them removed, and the rest.

    Raises:
        FileBroken: at row 0: `encoding`, `quoting`, `line_ends`, `fields_differ`; or `no_header`.
    """
    line, _, rest = block.partition(b"\n")
    delimiters = line.count(dialect.delimiter.encode())
    if delimiters >= MAX_COLUMNS:
        raise FileBroken("fields_differ", 0, found=delimiters + 1, wanted=MAX_COLUMNS)
    _, columns = read_block(line, dialect, None, 0)
    cells = [values[0].strip() for values in columns]
    if not any(cells):
        raise FileBroken("no_header", None)
    return cells, rest


def read_block(
    block: bytes, dialect: Dialect, width: int | None, first_row: int
) -> tuple[list[bytes], list[list[str]]]:
    """Read a block of whole records, quoted line ends shielded.

    Args:
        block: as `inbox.lines.blocks` yields it, with no empty line in it.
        width: fields that each record must have; None takes the first record's.
        first_row: number of the block's first record, for errors.

    Returns:
        Each record's own bytes without its line end, and the values column by column.

    Raises:
        FileBroken: `encoding`, `quoting`, `line_ends` or `fields_differ`.
    """
    block = block.removesuffix(b"\n")
    has_quotes = b'"' in block
    if b"\r" in block and not has_quotes:
        block = (block + b"\n").replace(b"\r\n", b"\n").removesuffix(b"\n")
    raw = block.split(b"\n")
    try:
        lines = decode(block, dialect.encoding).split("\n")
    except UnicodeDecodeError:
        raise _wrong_encoding(raw, dialect, first_row) from None
    if b"\r" in block and has_quotes:
        raw = [record.removesuffix(b"\r") for record in raw]
        lines = [line.removesuffix("\r") for line in lines]
    width = width or len(_parts([lines[0]], dialect.delimiter, first_row)[0])
    values: list[str] = []
    for is_quoted, group in groupby(lines, key=_has_quote):
        read = _quoted if is_quoted else _plain
        values += read(list(group), dialect.delimiter, width, first_row + len(values) // width)
    if QUOTED_LINE_END in block:
        raw = [record.replace(QUOTED_LINE_END, b"\n") for record in raw]
        values = [value.replace(_QUOTED_LINE_END_TEXT, "\n") for value in values]
    return raw, [values[column::width] for column in range(width)]


def _has_quote(line: str) -> bool:
    return '"' in line


def _plain(lines: list[str], delimiter: str, width: int, first_row: int) -> list[str]:
    """Return the values of records without a quote, one record after the other."""
    delimiters = [line.count(delimiter) for line in lines]
    if delimiters.count(width - 1) != len(lines):
        index = _first(found != width - 1 for found in delimiters)
        raise FileBroken("fields_differ", first_row + index, found=delimiters[index] + 1, wanted=width)
    text = delimiter.join(lines)
    if "\r" in text:
        raise FileBroken("line_ends", first_row + _first("\r" in line for line in lines))
    return text.split(delimiter)


def _quoted(lines: list[str], delimiter: str, width: int, first_row: int) -> list[str]:
    """Return the values of records with quotes, one record after the other."""
    values = _all_quoted(lines, delimiter, width)
    if values is not None:
        return values
    rows = _parts(lines, delimiter, first_row)
    for index, row in enumerate(rows):
        if len(row) != width:
            raise FileBroken("fields_differ", first_row + index, found=len(row), wanted=width)
    return list(chain.from_iterable(rows))


def _all_quoted(lines: list[str], delimiter: str, width: int) -> list[str] | None:
    """Return the values where every field is quoted and none has a quote in it; None where not.

    Between the first quote and the last all quotes then stand in `","`, or at the line ends,
    which are made alike. Nothing else passes: the quote after a value can only be the first of these.
    """
    between = f'"{delimiter}"'
    text = "\n".join(lines)
    if not (len(text) > 1 and text[0] == text[-1] == '"'):
        return None
    values = text[1:-1].replace('"\n"', between).split(between)
    is_so = len(values) == len(lines) * width and text.count('"') == 2 * len(values)
    return values if is_so and all(line.count(between, 1) == width - 1 for line in lines) else None


def _parts(lines: list[str], delimiter: str, first_row: int) -> list[list[str]]:
    """Part records into fields, each field quoted or plain as RFC 4180 has it."""
    record, field = _patterns(delimiter)
    rows = []
    for index, line in enumerate(lines):
        if not record.fullmatch(line):
            raise FileBroken("quoting" if '"' in line else "line_ends", first_row + index)
        rows.append([quoted[1:-1].replace('""', '"') or plain for quoted, plain in field.findall(line)])
    return rows


@cache
def _patterns(delimiter: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return the patterns of a whole record, and of one field in it: quoted or plain."""
    between = re.escape(delimiter)
    quoted = r'"[^"]*+(?:""[^"]*+)*+"'
    plain = rf'[^"\r{between}]*+'
    record = re.compile(rf"(?:{quoted}|{plain})(?:{between}(?:{quoted}|{plain}))*+")
    field = re.compile(rf"(?:\A|{between})(?:({quoted})|({plain}))")
    return record, field


def _wrong_encoding(raw: list[bytes], dialect: Dialect, first_row: int) -> FileBroken:
    """Find the first record that is not of the encoding, and say what it looks like."""
    for index, record in enumerate(raw):
        try:
            decode(record, dialect.encoding)
        except UnicodeDecodeError:
            return encoding_differs(record, dialect.encoding, first_row + index)
    raise ValueError("every record decodes, their block does not")


def _first(flags: Iterable[bool]) -> int:
    """Return the index of the first true flag."""
    return next(index for index, flag in enumerate(flags) if flag)
