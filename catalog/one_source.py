"""One source (一数一源): who leads each attribute of the one files, and what is wrong with that."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from catalog.model import Catalogue
from schemas.model import Attribute, OneFile

DEFECTS: Mapping[str, tuple[str, str]] = {
    "no_lead": ("没有数源部门", "no department leads it"),
    "two_leads": ("同一数据有两个数源部门", "another attribute has the same datum, and another department leads that"),
    "lead_supplies_nothing": ("数源部门没有提供来源", "the department that leads it supplies none of its sources"),
}
"""Every defect of a lead, in Chinese and English."""


@dataclass(frozen=True)
class Led:
    """One attribute and its lead. `sources` are ids of the resources that fill it, by rank; `defects` keys of DEFECTS.

    `rivals` are the attributes, as `<kind>.<name>`, that have the same datum with another lead.
    """

    kind: str
    attribute: str
    label: str
    lead: str | None
    sources: tuple[str, ...]
    defects: tuple[str, ...]
    rivals: tuple[str, ...]


def leads(catalogue: Catalogue) -> tuple[Led, ...]:
    """Return every attribute of every one file with its lead and its defects."""
    files = catalogue.declarations.files.values()
    pairs = [(file, attribute) for file in files for attribute in file.attributes]
    same: dict[tuple[str, ...], list[tuple[str, str | None]]] = defaultdict(list)
    for file, attribute in pairs:
        for datum in _data(file, attribute):
            same[datum].append((f"{file.kind}.{attribute.name}", attribute.lead))
    return tuple(_led(file, attribute, catalogue, same) for file, attribute in pairs)


def lead_of(catalogue: Catalogue, kind: str, attribute: str) -> str | None:
    """Return the department that leads an attribute of a kind of one file; None where there is none."""
    file = catalogue.declarations.files.get(kind)
    return next((a.lead for a in file.attributes if a.name == attribute), None) if file is not None else None


def _data(file: OneFile, attribute: Attribute) -> set[tuple[str, ...]]:
    """Return what makes two attributes the same datum: one name on the files of one kind, or one column of a table."""
    columns = {("column", source.table, source.column, source.subject) for source in attribute.sources}
    return columns | {("label", file.kind, attribute.label)}


def _led(
    file: OneFile,
    attribute: Attribute,
    catalogue: Catalogue,
    same: Mapping[tuple[str, ...], list[tuple[str, str | None]]],
) -> Led:
    own = f"{file.kind}.{attribute.name}"
    ranked = sorted(attribute.sources, key=lambda source: source.rank)
    resources = {r.id: r.department for source in ranked for r in catalogue.of_table(source.table)}
    rivals = {
        name
        for datum in _data(file, attribute)
        for name, lead in same[datum]
        if name != own and None not in (lead, attribute.lead) and lead != attribute.lead
    }
    defects = []
    if attribute.lead is None:
        defects.append("no_lead")
    elif attribute.lead not in resources.values():
        defects.append("lead_supplies_nothing")
    if rivals:
        defects.append("two_leads")
    return Led(
        file.kind, attribute.name, attribute.label, attribute.lead, tuple(resources),
        tuple(defects), tuple(sorted(rivals)),
    )  # fmt: skip
