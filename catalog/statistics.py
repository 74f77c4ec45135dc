"""The catalogue in figures, as the reform's reports give them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from catalog.entries import Entry
from catalog.item_checks import described, supply
from catalog.material_names import plain
from catalog.model import Catalogue


@dataclass(frozen=True)
class Count:
    """How many resources and information items have a value."""

    resources: int
    items: int


@dataclass(frozen=True)
class Demanded:
    """How much of what service items demand sharing supplies: information items and materials, each once; and items.

    A material is supplied when a published resource, licence type or kind of material satisfies it; a service item when
    all that it demands is supplied or comes of an earlier item. Shares are 0 to 1, None where nothing is demanded.
    """

    demands: int
    supplied: int
    supplied_share: float | None
    service_items: int
    service_items_supplied: int
    service_items_share: float | None


@dataclass(frozen=True)
class Statistics:
    """Counts by facet. `leadless` are attributes of one files without a lead (一数一源): `<kind>.<attribute>`.

    `demanded` says how much of what items demand sharing supplies; `unmet` what it does not, the most demanded first.
    """

    total: Count
    by: dict[str, dict[str, Count]]
    attributes: int
    leadless: tuple[str, ...]
    demanded: Demanded
    unmet: tuple[tuple[str, int], ...]


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


def statistics(entries: Iterable[Entry], catalogue: Catalogue) -> Statistics:
    """Count entries and their information items by department, class and the like, the most first."""
    found = list(entries)
    known = catalogue.declarations
    demanded, unmet = demands(catalogue)
    attributes = [(file.kind, attribute) for file in known.files.values() for attribute in file.attributes]
    return Statistics(
        total=_count(found),
        by={name: _by(found, key) for name, key in _BY.items()},
        attributes=len(attributes),
        leadless=tuple(f"{kind}.{attribute.name}" for kind, attribute in attributes if attribute.lead is None),
        demanded=demanded,
        unmet=unmet,
    )


def demands(catalogue: Catalogue) -> tuple[Demanded, tuple[tuple[str, int], ...]]:
    """Return how much of what the declared service items demand is supplied, and what is not, by how many demand it."""
    supplied = supply(catalogue)
    met: dict[tuple[str, str], bool] = {}
    names: dict[tuple[str, str], str] = {}
    wanted: Counter[tuple[str, str]] = Counter()
    whole = 0
    items = [described(item) for item in catalogue.declarations.items.values()]
    for item in items:
        of_item = []
        for stated in (*item.materials, *item.fields):
            targets = [target for target in stated.targets if target[0] != "result"]
            is_result = len(targets) < len(stated.targets)
            key = targets[0] if targets else ("named", plain(stated.label))
            is_met = bool(supplied.supplies(targets)) or (is_result and not targets)
            met[key] = met.get(key, False) or is_met
            names.setdefault(key, stated.label)
            wanted[key] += 1
            of_item.append(is_met or is_result)
        whole += all(of_item)
    count, good = len(met), sum(met.values())
    unmet = sorted(
        ((names[key], wanted[key]) for key, is_met in met.items() if not is_met), key=lambda u: (-u[1], u[0])
    )
    return Demanded(
        count, good, good / count if count else None, len(items), whole, whole / len(items) if items else None
    ), tuple(unmet)


def _by(found: list[Entry], key: Callable[[Entry], str]) -> dict[str, Count]:
    counts = Counter(key(entry) for entry in found)
    return {
        value: _count([entry for entry in found if key(entry) == value])
        for value, _ in sorted(counts.items(), key=lambda c: (-c[1], c[0]))
    }


def _count(found: list[Entry]) -> Count:
    return Count(len(found), sum(len(entry.items) for entry in found))
