"""The catalogue in figures, as the reform's reports give them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from catalog.entries import Entry
from schemas.model import Declarations


@dataclass(frozen=True)
class Count:
    """How many resources and information items have a value."""

    resources: int
    items: int


@dataclass(frozen=True)
class Statistics:
    """Counts by facet. `leadless` are attributes of one files without a lead (一数一源): `<kind>.<attribute>`."""

    total: Count
    by: dict[str, dict[str, Count]]
    attributes: int
    leadless: tuple[str, ...]


_BY: dict[str, Callable[[Entry], str]] = {
    "department": lambda entry: entry.provider,
    "share": lambda entry: entry.share_class,
    "family": lambda entry: entry.classes[0] if entry.classes else "",
    "state": lambda entry: entry.state,
    "kind": lambda entry: entry.kind,
    "openness": lambda entry: entry.openness,
    "grade": lambda entry: entry.grade,
    "cycle": lambda entry: entry.update_cycle,
}


def statistics(entries: Iterable[Entry], known: Declarations) -> Statistics:
    """Count entries and their information items by department, class and the like, the most first."""
    found = list(entries)
    attributes = [(file.kind, attribute) for file in known.files.values() for attribute in file.attributes]
    return Statistics(
        total=_count(found),
        by={name: _by(found, key) for name, key in _BY.items()},
        attributes=len(attributes),
        leadless=tuple(f"{kind}.{attribute.name}" for kind, attribute in attributes if attribute.lead is None),
    )


def _by(found: list[Entry], key: Callable[[Entry], str]) -> dict[str, Count]:
    counts = Counter(key(entry) for entry in found)
    return {
        value: _count([entry for entry in found if key(entry) == value])
        for value, _ in sorted(counts.items(), key=lambda c: (-c[1], c[0]))
    }


def _count(found: list[Entry]) -> Count:
    return Count(len(found), sum(len(entry.items) for entry in found))
