"""A one file as a grant gives it: the granted attributes, each with its source, observed day and age.

Shown is what a granted resource says: where its statement won, or it agrees, it is the file's value; where another's
won, it is this one's statement with the reason why it lost. Statements of resources that are not granted do not
appear, not even as there being any.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from catalog.model import Catalogue
from exchange.errors import FieldNotGranted
from exchange.queries.granted import RELATIONS, Scope, covers
from exchange.queries.stating import is_files_value, stated
from schemas.model import Attribute, Relation
from schemas.serving.reading import PublishedFile

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Wish:
    """Which fields are asked for, whether with contradictions, and for which day ages are counted."""

    fields: tuple[str, ...]
    with_contradictions: bool
    on: date


def wished(scope: Scope, asked: Iterable[str], with_contradictions: bool, on: date) -> Wish:
    """Return what is asked for: all that is granted where nothing is named; FieldNotGranted beyond that."""
    fields = tuple(dict.fromkeys(asked)) or scope.names
    if not fields or set(fields) - set(scope.names):
        raise FieldNotGranted
    return Wish(fields, with_contradictions, on)


def document_of(published: PublishedFile) -> dict[str, Any]:
    """Return a published file's document; decimals stay texts with their digits."""
    found: dict[str, Any] = json.loads(published.document, parse_float=str)
    return found


def view(document: Values, kind: str, scope: Scope, wish: Wish, catalogue: Catalogue) -> dict[str, Any] | None:
    """Return what is granted of a file; None where the subject is among the rows of no grant."""
    resources = {each for each in scope.rows if covers(scope, each, catalogue, document)}
    if not resources:
        return None
    shown = _View(document, kind, scope, resources, wish, catalogue)
    ties = {name.removeprefix(RELATIONS) for name in wish.fields if name.startswith(RELATIONS)}
    return {
        "kind": kind,
        "attributes": {name: shown.attribute(name) for name in wish.fields if not name.startswith(RELATIONS)},
        "relations": shown.ties(ties) if ties else [],
    }


def marked(shown: dict[str, Any], marks: Mapping[str, list[dict[str, str]]]) -> dict[str, Any]:
    """Return a view with what is in question of its values beside them: objections, verifications."""
    for name, attribute in shown["attributes"].items():
        attribute["disputed"] = marks.get(name, [])
    return shown


@dataclass(frozen=True)
class _View:
    document: Values
    kind: str
    scope: Scope
    resources: set[str]
    wish: Wish
    catalogue: Catalogue

    def attribute(self, name: str) -> dict[str, Any]:
        declared = self._declared(name)
        said = self._stated(name)
        best: Values = said[0] if said else {}
        others = [each for each in said[1:] if not is_files_value(each)]
        age = self._age(best)
        fresh = declared.fresh_days
        return {
            "label": declared.label,
            "type": declared.type,
            **self._told(best, declared),
            "is_lead": is_files_value(best),
            "is_stale": age is not None and fresh is not None and age > fresh,
            "contradictions": [self._told(each, declared) for each in others] if self.wish.with_contradictions else [],
        }

    def ties(self, names: set[str]) -> list[dict[str, Any]]:
        found = []
        for tie in self.document.get("relations") or []:
            name, resource = str(tie["relation"]), str(tie.get("resource"))
            columns = self.scope.relations.get(name, {}).get(resource)
            if name in names and columns is not None and resource in self.resources:
                found.append(self._tie(tie, name, columns))
        return found

    def _declared(self, name: str) -> Attribute:
        file = self.catalogue.declarations.files[self.kind]
        return next(attribute for attribute in file.attributes if attribute.name == name)

    def _stated(self, name: str) -> list[Values]:
        """Return what granted resources say of an attribute, the file's own value first."""
        return stated(self.document, name, self.scope.attributes[name] & self.resources)

    def _told(self, stated: Values, declared: Attribute) -> dict[str, Any]:
        value = stated.get("value")
        return {
            "value": value,
            "value_name": self._name(declared, value),
            "source": {"resource": stated.get("resource"), "department": stated.get("department")} if stated else None,
            "observed_on": stated.get("observed_on"),
            "age_days": self._age(stated),
            "reason": stated.get("reason"),
        }

    def _name(self, declared: Attribute, value: object) -> str | None:
        codes = self.catalogue.declarations.codes.get(declared.codes or "")
        code = codes.codes.get(str(value)) if codes is not None and value is not None else None
        return None if code is None else code.name

    def _age(self, stated: Values) -> int | None:
        observed_on = stated.get("observed_on")
        return (self.wish.on - date.fromisoformat(observed_on)).days if observed_on else None

    def _tie(self, tie: Values, name: str, columns: frozenset[str]) -> dict[str, Any]:
        relation = self._relation(name, str(tie.get("resource")))
        has_name = {relation.one_name, relation.other_name} <= columns if relation.other_name else False
        return {
            "relation": name,
            "label": relation.label if relation.name == name else relation.inverse_label,
            "other_kind": tie.get("other_kind"),
            "other_number": tie.get("other_number"),
            "other_name": tie.get("other_name") if has_name else None,
            "since": tie.get("since") if relation.since in columns else None,
            "until": tie.get("until") if relation.until in columns else None,
            "details": {key: value for key, value in (tie.get("details") or {}).items() if key in columns},
            "source": {"resource": tie.get("resource"), "department": tie.get("department")},
            "observed_on": tie.get("observed_on"),
            "age_days": self._age(tie),
        }

    def _relation(self, name: str, resource_id: str) -> Relation:
        table = self.catalogue.resources[resource_id].table
        declared = self.catalogue.declarations.files[self.kind].relations
        return next(r for r in declared if name in (r.name, r.inverse) and r.table == table)
