"""Which attributes of a one file the grants cited give, of which resources, for which rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from catalog.grants import Given
from catalog.model import Catalogue
from catalog.requests import Rows, read_rows
from schemas.model import OneFile, Relation

AREA = "area"
RELATIONS = "relations."


@dataclass(frozen=True)
class Scope:
    """What grants give of files of one kind.

    `attributes` are by name the resources whose statement may be shown; `relations` by name the resources and columns.
    """

    attributes: Mapping[str, frozenset[str]]
    relations: Mapping[str, Mapping[str, frozenset[str]]]
    rows: Mapping[str, Rows]

    @property
    def names(self) -> tuple[str, ...]:
        """Everything that may be asked for."""
        return (*self.attributes, *(RELATIONS + name for name in self.relations))


def scope(catalogue: Catalogue, kind: str, granted: Iterable[Given]) -> Scope:
    """Return what grants give of files of a kind."""
    file = catalogue.declarations.files[kind]
    attributes: dict[str, set[str]] = {}
    relations: dict[str, dict[str, frozenset[str]]] = {}
    rows: dict[str, Rows] = {}
    for given in granted:
        resource = catalogue.resources.get(given.entry_id)
        if resource is None:
            continue
        rows[resource.id] = read_rows(given.rows)
        for name in _attributes(file, resource.table, set(given.fields)):
            attributes.setdefault(name, set()).add(resource.id)
        for relation in file.relations:
            for name in _names(relation, resource.table, set(given.fields)):
                relations.setdefault(name, {})[resource.id] = frozenset(given.fields)
    ordered = [attribute.name for attribute in file.attributes if attribute.name in attributes]
    return Scope({name: frozenset(attributes[name]) for name in ordered}, relations, rows)


def covers(scope: Scope, resource_id: str, catalogue: Catalogue, document: Mapping[str, Any]) -> bool:
    """Say whether a subject is among the rows that are granted of a resource; an area that is not known is not."""
    rows = scope.rows[resource_id]
    if rows.kind == "all":
        return True
    department = catalogue.declarations.departments[catalogue.resources[resource_id].department]
    return rows.covers(str((document.get(AREA) or {}).get("value") or ""), department.level)


def _attributes(file: OneFile, table: str, columns: set[str]) -> Iterable[str]:
    for attribute in file.attributes:
        if any(source.table == table and source.column in columns for source in attribute.sources):
            yield attribute.name


def _names(relation: Relation, table: str, columns: set[str]) -> Iterable[str]:
    """Yield how a granted tie is called: both its columns are granted, or the subject's file may not tell of it."""
    if relation.table == table and {relation.one, relation.other} <= columns:
        yield relation.name
        yield relation.inverse
