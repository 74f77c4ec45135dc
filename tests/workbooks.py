"""Workbooks as departments have them: several sheets, titles over merged cells, days that are bare numbers."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape, quoteattr

Lines = Sequence[Sequence[str | int | None]]
_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_TIES = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def workbook(sheets: Mapping[str, tuple[Lines, Sequence[str]]]) -> bytes:
    """Return a workbook of sheets, each with its lines and merged ranges; a column is a letter, so up to 26."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        named, tied = "", ""
        for number, (name, (lines, merged)) in enumerate(sheets.items(), 1):
            named += f'<sheet name={quoteattr(name)} sheetId="{number}" r:id="r{number}"/>'
            tied += f'<Relationship Id="r{number}" Type="{_TIES}/worksheet" Target="worksheets/s{number}.xml"/>'
            rows = "".join(_line(row, cells) for row, cells in enumerate(lines, 1))
            ranges = "".join(f'<mergeCell ref="{each}"/>' for each in merged)
            sheet = f"<sheetData>{rows}</sheetData><mergeCells>{ranges}</mergeCells>"
            archive.writestr(f"xl/worksheets/s{number}.xml", f"<worksheet {_MAIN}>{sheet}</worksheet>")
        archive.writestr("xl/workbook.xml", f'<workbook {_MAIN} xmlns:r="{_TIES}"><sheets>{named}</sheets></workbook>')
        archive.writestr("xl/_rels/workbook.xml.rels", f"<Relationships>{tied}</Relationships>")
    return content.getvalue()


def _line(row: int, cells: Sequence[str | int | None]) -> str:
    made = "".join(_cell(f"{chr(65 + place)}{row}", value) for place, value in enumerate(cells) if value is not None)
    return f'<row r="{row}">{made}</row>'


def _cell(reference: str, value: str | int) -> str:
    if isinstance(value, int):
        return f'<c r="{reference}"><v>{value}</v></c>'
    return f'<c r="{reference}" t="inlineStr"><is><t>{escape(value)}</t></is></c>'
