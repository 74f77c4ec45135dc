"""By which declarations the tables were made: noted for each resource and each kind of one file.

A resource's note says how its deliveries were read into silver, a kind's how its files were made of it: only what
decides about rows, so that another label changes no note. A step whose note says otherwise than the declarations
of today writes nothing, so no table ever mixes two; `pipelines.changing` takes the tables from one to the other.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from onefile.files import write_whole
from pipelines import names
from pipelines.errors import PipelineError
from schemas import feeds
from schemas.declarations import AREA_LIST
from schemas.model import Column, ColumnMapping, Declarations, OneFile, Resource, Table

FORMAT = "onefile.declared/1"
FOLDER = "declared"
READ_BY, MADE_BY = "1", "1"
"""Versions of the rules in the code itself: raised where the same declarations come to give other rows."""
OF_A_COLUMN = (
    "name", "type", "required", "codes", "pattern", "minimum", "maximum", "max_length", "not_before", "not_after",
    "precision", "scale",
)  # fmt: skip

Parts = Mapping[str, Any]


class DeclarationChanged(PipelineError):
    """A table was made by other declarations than those of today, and they were not applied to it yet."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what}: made by other declarations than today's, so nothing was written. See with `onefile plan` what "
            "they change; `onefile run` applies them before anything else, or put the old ones back"
        )
        self.what = what


class NoteUnreadable(PipelineError):
    """A note of what a table was made by is not what is written there."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{FOLDER}/{name} in the home cannot be read: remove it, and `onefile run` makes the tables by the "
            "declarations of today"
        )


@dataclass(frozen=True)
class Note:
    """What a table was made by. `is_whole` is false while it is on the way there, and may be of two minds."""

    parts: Parts
    is_whole: bool


@dataclass(frozen=True)
class Change:
    """One thing that is declared otherwise: where, and what stood and stands there; None where nothing did."""

    place: str
    before: object
    after: object


def reading(resource: Resource, declarations: Declarations) -> Parts:
    """Return all that decides how a resource's deliveries become statements, rejected rows and releases."""
    table = declarations.tables[resource.table]
    lists = sorted({AREA_LIST, *(column.codes for column in table.columns if column.codes)})
    return _plain(
        {
            "rules": READ_BY,
            "department": resource.department,
            "table": _table(table),
            "columns": [_mapping(mapping) for mapping in resource.columns],
            "headers": names.columns_of(resource),
            "empty": resource.empty,
            "operation": None if resource.operation is None else asdict(resource.operation),
            "otherwise": dict(resource.otherwise),
            "assertions": asdict(resource.assertions),
            "codes": {name: declarations.codes[name].digest for name in lists},
        }
    )


def making(file: OneFile, declarations: Declarations) -> Parts:
    """Return all that decides how the files of a kind are made of statements."""
    ties: dict[str, list[Any]] = {}
    for relation, way in feeds.ways(file.kind, declarations):
        told = {"table": relation.table, "way": way, "when": dict(relation.when), "since": relation.since,
                "until": relation.until, "details": relation.details}  # fmt: skip
        ties.setdefault(way[0], []).append(told)
    return _plain(
        {
            "rules": MADE_BY,
            "ended_on": file.ended_on,
            "attributes": {
                a.name: {"type": a.type, "precision": a.precision, "scale": a.scale, "lead": a.lead,
                         "sources": [asdict(source) for source in a.sources]}
                for a in file.attributes
            },
            "ties": ties,
            **_bridges(declarations),
        }
    )  # fmt: skip


def _bridges(declarations: Declarations) -> Parts:
    """Return which columns hold earlier numbers, and which rows may come under one; of every table: chains cross."""
    found = {
        name: {
            "bridges": [asdict(b) for b in t.bridges],
            "earlier": {c.name: c.earlier for c in t.columns if c.earlier},
        }
        for name, t in sorted(declarations.tables.items())
        if t.bridges or any(column.earlier for column in t.columns)
    }
    return {"bridges": found} if found else {}


def tables(parts: Iterable[Parts]) -> dict[str, set[str]]:
    """Return by table the columns that name a subject, of all attributes and ties in the parts of a kind."""
    found: dict[str, set[str]] = {}
    for each in parts:
        for attribute in each["attributes"].values():
            for source in attribute["sources"]:
                found.setdefault(source["table"], set()).add(source["subject"])
        for tie in (tie for ties in each["ties"].values() for tie in ties):
            found.setdefault(tie["table"], set()).add(tie["way"][1])
    return found


def concerned(before: Parts, after: Parts) -> dict[str, set[str]] | None:
    """Return the tables, and their subject columns, of what is made otherwise; None: of all subjects anything may be.

    Args:
        before: the parts of a kind that its files were made by.
        after: those of today.
    """
    ends = {before["ended_on"], after["ended_on"]}
    is_other = {name: _of(before, after, "attributes", name) for name in _names(before, after, "attributes")}
    if (
        before["rules"] != after["rules"]
        or before.get("bridges") != after.get("bridges")
        or len(ends) > 1
        or any(is_other.get(end) for end in ends if end)
    ):
        return None
    cut = [
        {
            "attributes": {n: d for n, d in parts["attributes"].items() if is_other[n]},
            "ties": {n: d for n, d in parts["ties"].items() if _of(before, after, "ties", n)},
        }
        for parts in (before, after)
    ]
    return tables(cut)


def changes(before: Any, after: Any, place: str = "") -> Iterator[Change]:
    """Yield where two parts differ, as deep as both have the same keys."""
    if before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for key in [*before, *(key for key in after if key not in before)]:
            yield from changes(before.get(key), after.get(key), f"{place}.{key}" if place else str(key))
    elif _is_named(before) and _is_named(after):
        yield from changes(_by_name(before), _by_name(after), place)
    else:
        yield Change(place, before, after)


def noted(home: Path, name: str) -> Note | None:
    """Return the note of a resource or kind; None where nothing was made of it yet, or nobody knows by what.

    Raises:
        NoteUnreadable: it is not what `keep` writes.
    """
    try:
        kept = json.loads(_path(home, name).read_bytes())
        if kept["format"] != FORMAT:
            raise ValueError("another format")
        return Note(kept["parts"], kept["is_whole"])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise NoteUnreadable(f"{name}.json") from error


def keep(home: Path, name: str, parts: Parts, *, is_whole: bool = True) -> None:
    """Note by what the tables of a resource or kind are made."""
    content = {"format": FORMAT, "name": name, "is_whole": is_whole, "parts": parts}
    write_whole(_path(home, name), json.dumps(content, ensure_ascii=False, sort_keys=True, indent=1).encode() + b"\n")


def of_kind(kind: str) -> str:
    """Return the name of a kind's note."""
    return f"{kind}_file"


def is_made_by(home: Path, name: str, parts: Parts) -> bool:
    """Tell whether the tables of a resource or kind are wholly made by these parts."""
    return noted(home, name) == Note(parts, is_whole=True)


def unread(
    home: Path, resources: Iterable[Resource], declarations: Declarations, settled: Collection[str]
) -> list[Resource]:
    """Return the resources whose deliveries were read by other declarations than these, or nobody knows by which.

    Args:
        settled: the resources of which a delivery is settled.
    """
    return [r for r in resources if _is_unread(home, r, declarations, is_settled=r.id in settled)]


def _is_unread(home: Path, resource: Resource, declarations: Declarations, *, is_settled: bool) -> bool:
    note = noted(home, resource.id)
    return is_settled if note is None else note != Note(reading(resource, declarations), is_whole=True)


def begin(home: Path, resource: Resource, declarations: Declarations, *, is_first: bool) -> None:
    """See that a resource is read as it was until now; its first delivery's way is the way that is noted.

    Raises:
        DeclarationChanged: it was read by other declarations.
    """
    if is_first and noted(home, resource.id) is None:
        keep(home, resource.id, reading(resource, declarations))
    elif _is_unread(home, resource, declarations, is_settled=True):
        raise DeclarationChanged(resource.id)


def _path(home: Path, name: str) -> Path:
    return home / FOLDER / f"{name}.json"


def _table(table: Table) -> dict[str, Any]:
    return {
        "name": table.name,
        "key": table.key,
        "observed": table.observed,
        "erasure": table.erasure,
        "columns": [_column(column) for column in table.columns],
    }


def _column(column: Column) -> dict[str, Any]:
    # Homes that were made before there were earlier numbers keep their notes.
    return {name: getattr(column, name) for name in OF_A_COLUMN} | (
        {"earlier": column.earlier} if column.earlier else {}
    )


def _mapping(mapping: ColumnMapping) -> dict[str, Any]:
    return {
        "name": mapping.column,
        "from": mapping.source,
        "constant": mapping.constant,
        "clean": [[cleaner.name, cleaner.argument] for cleaner in mapping.clean],
        "lookup": dict(mapping.lookup),
        "when": dict(mapping.when),
    }


def _plain(parts: Parts) -> Parts:
    """Return parts as they are read back from a note."""
    read: Parts = json.loads(json.dumps(parts))
    return read


def _names(before: Parts, after: Parts, what: str) -> set[str]:
    return {*before[what], *after[what]}


def _of(before: Parts, after: Parts, what: str, name: str) -> bool:
    """Tell whether an attribute or tie is declared otherwise."""
    return bool(before[what].get(name) != after[what].get(name))


def _is_named(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, dict) and "name" in v for v in value)


def _by_name(values: list[dict[str, Any]]) -> dict[str, Any]:
    return {value["name"]: value for value in values}
