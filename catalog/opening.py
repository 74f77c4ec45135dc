"""What of a resource the public may have: which columns, which counts; and what may stand in no published text.

Rows are published where they are about no person, with the columns of the grades that may leave. Of rows about persons
only counts are, and none that is small, nor one that follows from the others.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from catalog.errors import CatalogError
from catalog.grades import GRADES
from catalog.leaving import redacted
from catalog.model import Catalogue
from schemas.model import Column, Resource
from schemas.terms import Terms

PERSONAL = ("citizen_number", "person_number")
"""Declared types that are never published, whatever their grade."""
OPEN, PUBLISHED = "unconditional", "published"
FOLDER, CURRENT = "open", "current.json"
MEDIA = {".csv": "text/csv", ".parquet": "application/vnd.apache.parquet"}


class NotOpen(CatalogError):
    """A resource, a column or a count is to be published that may not be."""

    def __init__(self, resource: str, found: str, do: str) -> None:
        super().__init__(f"{resource} is not published: {found}; {do}")


@dataclass(frozen=True)
class Opened:
    """What of a resource is published: `columns` of its rows (none: no rows), counts by columns, the least one told."""

    resource: Resource
    columns: tuple[Column, ...]
    statistics: tuple[tuple[str, ...], ...]
    least: int


@dataclass(frozen=True)
class Publication:
    """What is published of a resource, in a folder of its own below `open/<resource>/`.

    `files` each have `name`, `rows`, `bytes` and `sha256`. `withheld` values told of somebody. `made_from` says of what
    it was made.
    """

    resource: str
    folder: str
    published_at: str
    rows: int
    withheld: int
    files: list[dict[str, Any]]
    made_from: list[Any]

    def place(self, home: Path, name: str) -> Path | None:
        """Return where a file of it lies; None where it has none of that name."""
        is_there = any(each["name"] == name for each in self.files)
        return home / FOLDER / self.resource / self.folder / name if is_there else None


def published(home: Path) -> dict[str, Publication]:
    """Return what is published, by resource."""
    found = (path.read_bytes() for path in sorted((home / FOLDER).glob(f"*/{CURRENT}")))
    return {each.resource: each for each in (Publication(**json.loads(text)) for text in found)}


def downloads(home: Path, base: str) -> dict[str, list[tuple[str, str]]]:
    """Return by resource where each published file is had from, and its media type; `base` is the counter's address."""
    return {
        name: [(f"{base}/{FOLDER}/{name}/{file['name']}", MEDIA[Path(file["name"]).suffix]) for file in each.files]
        for name, each in published(home).items()
    }


def opened(catalogue: Catalogue) -> list[Opened]:
    """Return what is published: rows of resources that are open to everybody, counts of those that declare some.

    Raises:
        NotOpen: statistics are by a column that there is not, or that may not leave.
    """
    found = [_opened(each, each.terms, catalogue) for each in catalogue.resources.values()
             if each.terms is not None and each.terms.state == PUBLISHED]  # fmt: skip
    return [each for each in found if each.columns or each.statistics]


def is_personal(text: str) -> bool:
    """Say whether a text has a telephone or an e-mail; numbers of persons are looked for beside."""
    return redacted(text) != text


def _opened(resource: Resource, terms: Terms, catalogue: Catalogue) -> Opened:
    table = catalogue.declarations.tables[resource.table]
    mapped = {mapping.column for mapping in resource.columns}
    columns = tuple(each for each in table.columns if each.name in mapped and _may_leave(each))
    names = {each.name for each in columns}
    for by in terms.statistics:
        lost = [name for name in by if name not in names]
        if lost or not by:
            raise NotOpen(
                resource.id, f"its statistics are by {', '.join(lost) or 'nothing'}", "name columns that may leave"
            )
    is_of_persons = any(subject.kind == "person" for subject in table.subjects)
    has_rows = terms.openness == OPEN and not is_of_persons
    return Opened(resource, columns if has_rows else (), terms.statistics, terms.least)


def _may_leave(column: Column) -> bool:
    return column.type not in PERSONAL and GRADES[column.sensitivity].may_leave
