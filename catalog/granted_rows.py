"""Which rows are to be had at the counter: of resources that somebody holds a grant for, with its columns alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from sqlalchemy import Connection

from catalog.entries import Entry, entries
from catalog.grants import may_give
from catalog.model import Catalogue
from catalog.sharing_store import cases

MODES = ("query", "batch")
"""Ways of sharing that give rows."""


def columns(connection: Connection, found: Mapping[str, Entry], on: date) -> dict[str, tuple[str, ...]]:
    """Return by resource the columns that grants give, or may give again: suspended ones, and ones that are to begin.

    Args:
        found: the catalogue's entries, by id.
        on: the legal day.
    """
    wanted: dict[str, set[str]] = {}
    for case in cases(connection, "G"):
        entry = found.get(case.entry_id)
        if entry is not None and _gives_rows(entry) and str(case.wants["mode"]) in MODES:
            wanted.setdefault(entry.id, set()).update(may_give(case, entry, on))
    in_order = {each: tuple(i.name for i in found[each].items if i.name in names) for each, names in wanted.items()}
    return {resource: names for resource, names in sorted(in_order.items()) if names}


def tables(catalogue: Catalogue) -> tuple[str, ...]:
    """Return the tables of resources whose rows may be granted at all, as they are declared."""
    shared = [entry for entry in entries(catalogue).values() if _gives_rows(entry) and {*MODES} & {*entry.modes}]
    return tuple(sorted({catalogue.resources[entry.id].table for entry in _open(shared)}))


def _gives_rows(entry: Entry) -> bool:
    return entry.kind == "dataset" and bool(entry.subjects)


def _open(found: Iterable[Entry]) -> Iterable[Entry]:
    return (entry for entry in found if entry.share_class != "not_shared" and entry.state != "draft")
