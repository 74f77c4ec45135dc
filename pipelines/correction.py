"""Rejected rows as a file for people to correct, and the corrected file as deliveries.

The file has three columns of ours in front: the delivery, the row, and why it was rejected.
A cell that a spreadsheet would run as a formula gets an apostrophe in front on the way out,
which is taken off on the way in.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from inbox import fixed_width, writing
from onefile.files import make_folder, write_whole
from pipelines.errors import PipelineError
from pipelines.quarantine import Rejected
from schemas.model import Resource
from schemas.reasons import REASONS

OURS = ("_delivery", "_row_no", "_problems")
RUNS = ("=", "+", "-", "@", "\t", "\r")


class CorrectionMalformed(PipelineError):
    """A corrected file is not one that an export made."""


@dataclass(frozen=True)
class Corrected:
    """A corrected row: the rejected row it stands for, and its values by header."""

    delivery: str
    row_no: int
    values: Mapping[str, str]


def write(folder: Path, resource: str, rows: Sequence[Rejected], lang: str) -> Path:
    """Write the rows of one resource to `<resource>.csv` and return its path."""
    headers = list(dict.fromkeys(header for row in rows for header in row.row))
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([*OURS, *headers])
    for row in rows:
        values = (row.row.get(header) or "" for header in headers)
        writer.writerow([row.delivery, row.row_no, _reasons(row, lang), *map(_harmless, values)])
    make_folder(folder)
    path = folder / f"{resource}.csv"
    write_whole(path, text.getvalue().encode("utf-8-sig"))
    return path


def read(path: Path, resource: Resource) -> list[Corrected]:
    """Read a corrected file.

    Raises:
        CorrectionMalformed: it is not UTF-8 CSV with the three columns and the resource's own.
    """
    try:
        lines = csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline=""), strict=True)
        header = next(lines, [])
        _check_header(header, resource)
        return list(_rows(header, lines))
    except (UnicodeDecodeError, csv.Error):
        raise CorrectionMalformed(
            "the corrected file is not UTF-8 CSV: save it as 'CSV UTF-8', as `onefile quarantine export` wrote it"
        ) from None
    except OSError as error:
        raise CorrectionMalformed(f"the corrected file cannot be read: {error.strerror}") from error


def content(rows: Iterable[Corrected], resource: Resource) -> bytes:
    """Return corrected rows as a file of the resource's own format, as its department would write it."""
    headers = resource.headers
    if resource.format == "jsonl":
        lines = (json.dumps({h: row.values.get(h) or None for h in headers}, ensure_ascii=False) for row in rows)
        return "".join(f"{line}\n" for line in lines).encode(resource.encoding)
    if resource.format == "fixed":
        form = resource.encoding, resource.widths, resource.widths_in
        return b"".join(fixed_width.line([row.values.get(h) for h in resource.widths], *form) for row in rows)
    values = ([row.values.get(header) or None for header in headers] for row in rows)
    if resource.format == "xml":
        body = writing.xml_rows(headers, values, resource.path, resource.encoding)
        path = resource.path, resource.encoding
        return writing.xml_head(*path) + body + writing.xml_tail(*path)
    if resource.format == "xlsx":
        return writing.excel(
            headers, values, (), writing.Place(resource.sheet, resource.header_row, resource.header_rows)
        )
    text = io.StringIO("\n" * (resource.header_row - 1), newline="")
    text.seek(0, io.SEEK_END)
    writer = csv.writer(text, delimiter=resource.delimiter)
    writer.writerow(headers)
    writer.writerows([row.values.get(header, "") for header in headers] for row in rows)
    return text.getvalue().encode(resource.encoding)


def _check_header(header: Sequence[str], resource: Resource) -> None:
    missing = [name for name in (*OURS, *resource.headers) if name not in header]
    if missing:
        raise CorrectionMalformed(
            f"the corrected file lacks {', '.join(missing)}: correct the file that `onefile quarantine export` wrote"
        )


def _rows(header: Sequence[str], lines: Iterable[list[str]]) -> Iterator[Corrected]:
    for number, line in enumerate(lines, 1):
        cells = dict(zip(header, line, strict=False))
        row_no = cells.get("_row_no", "")
        if len(line) != len(header) or not row_no.isascii() or not row_no.isdigit():
            raise CorrectionMalformed(
                f"row {number} of the corrected file has no row number or another number of cells than its header"
            )
        values = {name: _meant(cell) for name, cell in cells.items() if name not in OURS}
        yield Corrected(cells["_delivery"], int(row_no), values)


def _reasons(row: Rejected, lang: str) -> str:
    told = (f"{column}: {REASONS[reason].words(lang)} ({REASONS[reason].fix(lang)})" for column, reason in row.problems)
    return "; ".join(told)


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith((*RUNS, "'")) else cell


def _meant(cell: str) -> str:
    return cell[1:] if cell.startswith("'") else cell
