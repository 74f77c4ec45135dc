"""What an item may look at of each party, and no more: what its form, conditions and materials name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from catalog.assessment import conditions_of
from schemas.conditions import tests
from schemas.service_items import Item, MaterialKind


@dataclass(frozen=True)
class Wanted:
    """Of one party: attributes to fill or judge by (`number` among them), licence types, tables."""

    shown: frozenset[str] = frozenset()
    judged: frozenset[str] = frozenset()
    licences: frozenset[str] = frozenset()
    tables: frozenset[str] = frozenset()


def wanted(item: Item, kinds_of_material: Mapping[str, MaterialKind]) -> Mapping[str, Wanted]:
    """Return by party what an item wants to know of it; a party that nothing is wanted of is left out.

    Of a shared material these are the licences that stand for it.
    """
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for condition in conditions_of(item):
        for test in tests(condition):
            subject = test.subject
            if subject.kind == "licence":
                found[subject.party]["licences"].add(subject.name)
            elif subject.party:
                found[subject.party]["judged"].add(subject.name)
    ways = [way for material in item.materials for way in material.ways]
    kinds = {"attribute": "shown", "licence": "licences", "table": "tables"}
    for way in (*ways, *(field.way for field in item.form if field.way is not None)):
        if way.kind in kinds:
            found[way.party][kinds[way.kind]].add(way.name)
        elif way.kind == "material":
            found[way.party]["licences"].update(kinds_of_material[way.name].covered_by)
    return {party: Wanted(**{kind: frozenset(names) for kind, names in each.items()}) for party, each in found.items()}


def together(several: Iterable[Mapping[str, Wanted]]) -> dict[str, Wanted]:
    """Return by party what several items want."""
    found: dict[str, Wanted] = {}
    for party, want in (pair for each in several for pair in each.items()):
        had = found.get(party, Wanted())
        found[party] = Wanted(
            had.shown | want.shown, had.judged | want.judged, had.licences | want.licences, had.tables | want.tables
        )
    return found
