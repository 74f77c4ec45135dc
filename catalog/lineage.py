"""Where an information item comes from: back to the department's own column, by the declarations."""

from __future__ import annotations

from dataclasses import dataclass

from catalog.entries import Entry
from catalog.model import Catalogue
from schemas.model import Resource


@dataclass(frozen=True)
class Origin:
    """One column of a department that an item is read from.

    `resource` is the id of the resource, `header` the department's own column, `cleaners` what is done to it in order.
    A constant has no header.
    """

    resource: str
    header: str
    cleaners: tuple[str, ...]


def origins(catalogue: Catalogue, entry: Entry) -> dict[str, tuple[Origin, ...]]:
    """Return for each information item of an entry, by name, the columns that it is read from.

    A resource's items come from its own columns; a licence's from the columns of every resource that fills its table.
    Shared materials and foreign entries have none that is known here.
    """
    if entry.kind == "dataset":
        resource = catalogue.resource(entry.id)
        return {item.name: _of(resource, item.name) for item in entry.items}
    licence = (
        catalogue.declarations.licences.get(entry.id.removeprefix("licence.")) if entry.kind == "licence" else None
    )
    if licence is None:
        return {item.name: () for item in entry.items}
    columns = {field.code: field.column for field in licence.fields}  # what every licence has is the vault's own
    return {
        item.name: tuple(o for r in catalogue.of_table(licence.table) for o in _of(r, columns.get(item.name, "")))
        for item in entry.items
    }


def of_attribute(catalogue: Catalogue, kind: str, name: str) -> tuple[Origin, ...]:
    """Return the columns that an attribute of a one file is read from, by rank."""
    file = catalogue.declarations.files[kind]
    attribute = next(each for each in file.attributes if each.name == name)
    ranked = sorted(attribute.sources, key=lambda source: source.rank)
    return tuple(
        origin for source in ranked for r in catalogue.of_table(source.table) for origin in _of(r, source.column)
    )


def _of(resource: Resource, column: str) -> tuple[Origin, ...]:
    return tuple(
        Origin(resource.id, mapping.source or "", tuple(cleaner.name for cleaner in mapping.clean))
        for mapping in resource.columns
        if mapping.column == column
    )
