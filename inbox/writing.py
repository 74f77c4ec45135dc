"""Rows as XML and Excel files, such as the readers of this package read back."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import IO
from xml.sax.saxutils import escape, quoteattr

from inbox.errors import NotDeliverable

Values = Sequence[str | None]

_NAME = re.compile(r"[\w\u4e00-\u9fff][\w.\-\u4e00-\u9fff]*")
_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,6})?")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_EPOCH = date(1899, 12, 30)
_FIRST_DAY = date(1900, 3, 1)
_AT = (1980, 1, 1, 0, 0, 0)
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_TIES = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_TYPES = (
    f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override '
    'PartName="/xl/worksheets/sheet1.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/><Override PartName="/xl/styles.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/></Types>'
)
_STYLES = (
    f'{_HEAD}<styleSheet xmlns="{_MAIN}"><numFmts count="1">'
    '<numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/></numFmts>'
    '<fonts count="1"><font/></fonts><fills count="1"><fill/></fills><borders count="1"><border/></borders>'
    '<cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="2"><xf numFmtId="0"/>'
    '<xf numFmtId="164" applyNumberFormat="1"/></cellXfs></styleSheet>'
)


def xml_head(path: Sequence[str], encoding: str) -> bytes:
    """Return what stands before the first record."""
    opened = "".join(f"<{name}>" for name in path[:-1])
    return f'<?xml version="1.0" encoding="{encoding.upper()}"?>\n{opened}\n'.encode(encoding)


def xml_rows(headers: Sequence[str], rows: Iterable[Values], path: Sequence[str], encoding: str) -> bytes:
    """Return records as elements; a field that is None is an element without text, so that no column is missed.

    Raises:
        NotDeliverable: a header is no name of an element, or a text cannot stand in XML.
    """
    for header in headers:
        if not _NAME.fullmatch(header.removeprefix("@")):
            raise NotDeliverable(f"the header {header!r} is no name of an XML element: write it in another format")
    return "".join(f"{_record(headers, row, path[-1])}\n" for row in rows).encode(encoding)


def xml_tail(path: Sequence[str], encoding: str) -> bytes:
    """Return what stands behind the last record."""
    return "".join(f"</{name}>" for name in reversed(path[:-1])).encode(encoding) + b"\n"


@dataclass(frozen=True)
class Place:
    """Where rows stand in a workbook: the sheet's name (None: any), the header's first line, and how many it takes."""

    sheet: str | None = None
    header_row: int = 1
    header_rows: int = 1


def excel(headers: Sequence[str], rows: Iterable[Values], numeric: Sequence[str], place: Place) -> bytes:
    """Return a workbook of one sheet; days are cells of days, and figures under `numeric` headers numbers.

    The same rows give the same bytes.

    Raises:
        NotDeliverable: a text cannot stand in XML.
    """
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
        _put(archive, "[Content_Types].xml", _TYPES)
        _put(archive, "_rels/.rels", _relations("officeDocument", "xl/workbook.xml"))
        _put(archive, "xl/_rels/workbook.xml.rels", _relations("worksheet", "worksheets/sheet1.xml"))
        name = quoteattr(place.sheet or "Sheet1")
        book = f'<sheets><sheet name={name} sheetId="1" r:id="rId1"/></sheets>'
        _put(archive, "xl/workbook.xml", f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_TIES}">{book}</workbook>')
        _put(archive, "xl/styles.xml", _STYLES)
        with archive.open(zipfile.ZipInfo("xl/worksheets/sheet1.xml", _AT), "w") as part:
            _write_sheet(part, headers, rows, frozenset(numeric), place)
    return content.getvalue()


def _record(headers: Sequence[str], row: Values, name: str) -> str:
    pairs = [(header, value or "") for header, value in zip(headers, row, strict=True)]
    own = "".join(f" {header[1:]}={quoteattr(_sound(value))}" for header, value in pairs if header.startswith("@"))
    fields = "".join(f"<{h}>{escape(_sound(v))}</{h}>" for h, v in pairs if not h.startswith("@"))
    return f"<{name}{own}>{fields}</{name}>"


def _sound(text: str) -> str:
    if _CONTROL.search(text):
        raise NotDeliverable("a text has a control character, which XML cannot hold: take it out")
    return text


def _relations(kind: str, target: str) -> str:
    tie = f'<Relationship Id="rId1" Type="{_TIES}/{kind}" Target="{target}"/>'
    return f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{tie}</Relationships>'


def _put(archive: zipfile.ZipFile, name: str, text: str) -> None:
    archive.writestr(zipfile.ZipInfo(name, _AT), text)


def _write_sheet(
    part: IO[bytes], headers: Sequence[str], rows: Iterable[Values], numeric: frozenset[str], place: Place
) -> None:
    part.write(f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetData>'.encode())
    part.write(_line(place.header_row, [_text(header) for header in headers]).encode())
    for line, row in enumerate(rows, place.header_row + place.header_rows):
        cells = [_cell(value, h in numeric) for h, value in zip(headers, row, strict=True)]
        part.write(_line(line, cells).encode())
    part.write(b"</sheetData></worksheet>")


def _line(number: int, cells: Sequence[str]) -> str:
    return f'<row r="{number}">{"".join(cells)}</row>'


def _cell(value: str | None, is_numeric: bool) -> str:
    if value is None or value == "":
        return "<c/>"
    if is_numeric and _NUMBER.fullmatch(value) and not (value.endswith("0") and "." in value):
        return f"<c><v>{value}</v></c>"
    if _DAY.fullmatch(value):
        try:
            on = date.fromisoformat(value)
        except ValueError:
            return _text(value)
        if on >= _FIRST_DAY:
            return f'<c s="1"><v>{(on - _EPOCH).days}</v></c>'
    return _text(value)


def _text(value: str) -> str:
    return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(_sound(value))}</t></is></c>'
