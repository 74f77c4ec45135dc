"""Where the table of a workbook that nobody has declared begins: its sheet, its titles, the lines of its header."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import BinaryIO

from inbox import excel_rows
from inbox.errors import FileBroken, NotDeliverable

MOST_TITLES = 10
_FEW = 2
_LOOKED_AT = 40

Row = Mapping[str, str]


def table(file: BinaryIO) -> tuple[dict[str, str], list[str], Iterator[Row]]:
    """Return the keys of a resource that say where a workbook's table is, its headers, and its rows.

    Of the sheets the first one that has a table is taken; of its lines, those with few texts are titles.

    Raises:
        NotDeliverable: no sheet has one.
        FileBroken: its structure is broken.
    """
    names = excel_rows.sheets(file)
    for place, name in enumerate(names):
        found = _header(file, name)
        if found is not None:
            first, lines = found
            options = {"sheet": name} if place else {}
            options |= {"header_row": str(first)} if first > 1 else {}
            options |= {"header_rows": str(lines)} if lines > 1 else {}
            parts = excel_rows.read(file, name, first, lines)
            headers = [each for each in next(parts) if isinstance(each, str) and each]
            return options, headers, (row for part in parts for row in part if isinstance(row, Mapping))
    raise NotDeliverable(
        f"no line of its sheets ({', '.join(names)}) looks like a header: one with a name in each column is wanted, "
        "the same above every part of it"
    )


def _header(file: BinaryIO, sheet: str) -> tuple[int, int] | None:
    """Return the line that a sheet's header begins in, and how many it takes."""
    lines, merged = excel_rows.top(file, sheet, _LOOKED_AT)
    width = max((place + 1 for cells in lines.values() for place in cells), default=0)
    if width < 2:
        return None
    begin = next((n for n in sorted(lines) if not is_title(len(set(lines[n].values())), width)), None)
    if begin is None or begin > MOST_TITLES:
        return None
    is_spread = any(top == begin and left < right for top, _, left, right in merged)
    tried = [(begin, 1), *([(begin + 1, 1)] if is_spread else []), (begin, 2), (begin, 3), (begin - 1, 2)]
    return next((each for each in tried if each[0] > 0 and _fits(file, sheet, each, merged)), None)


def is_title(texts: int, width: int) -> bool:
    """Say whether a line has so few texts for one of a table so wide: a title, or who filled it in and when."""
    return width > 1 and texts <= max(_FEW if width > _FEW + 1 else 1, width // 3)


def _fits(file: BinaryIO, sheet: str, place: tuple[int, int], merged: Sequence[tuple[int, int, int, int]]) -> bool:
    """Say whether lines are a header: a name in each column, each another, and rows below that have no more."""
    first, count = place
    is_joined = any(first <= top < first + count for top, _, _, _ in merged)
    if count > 1 and not is_joined:
        return False
    try:
        parts = excel_rows.read(file, sheet, first, count)
        names = [name for name in next(parts) if isinstance(name, str)]
        is_header = len(names) > 1 and all(names) and len(set(names)) == len(names)
        return is_header and all(True for _ in islice(parts, 1))
    except FileBroken as error:
        if error.refusal.reason not in ("fields_differ", "no_header", "empty_line"):
            raise
        return False
