"""What one file is on a given day: the published document, with the declarations' words and the ages of that day.

The result is plain JSON values and the same for every reader; `file_text` only lays it out. Its
keys are described in docs/reference/serving-database.md and always there.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from catalog.marking import Marks, of_subject
from catalog.model import Catalogue
from schemas.declarations import AREA_LIST
from schemas.model import Attribute, Code, Column, OneFile, Relation
from schemas.serving.reading import PublishedFile

FORMAT = "onefile.file/1"
OF_THE_SUBJECT = ("subject_id", "number_type", "number", "contradictions", "agreements", "relations", "identifiers")
LINEAGE = ("resource", "department", "record", "delivery", "row_no", "observed_on")
TIE = ("relation", "other_kind", "other_number_type", "other_number", "other_name", "since", "until")
HOME_CURRENCY = "CNY"
NO_PLACES = ("市辖区", "县")
"""Names in the list of areas that stand between a city and its districts, and say nothing."""

Values = Mapping[str, Any]


def view(
    published: PublishedFile, catalogue: Catalogue, on: date, *, is_past: bool = False, marks: Marks | None = None
) -> dict[str, Any]:  # fmt: skip
    """Return the file as it is to be shown for the day `on`; ages are days from the observed day to that day.

    `is_past`: it was not published so, but made for the question from what had been learnt by `published_at`. `marks`
    are of values in question.
    Attributes stand in declared order, also those without a value; one that is in the
    document but no longer declared comes last, under its bare name.
    """
    document: dict[str, Any] = json.loads(published.document, parse_float=Decimal)
    said = {name: value for name, value in document.items() if name not in OF_THE_SUBJECT}
    file = catalogue.declarations.files[published.kind]
    marked = of_subject(marks or {}, published.subject_id)
    day = _Day(catalogue, file, said, document.get("contradictions") or [], on, marked)
    ended_on = (said.get(file.ended_on or "") or {}).get("value")
    return {
        "format": FORMAT,
        "subject_id": published.subject_id,
        "kind": published.kind,
        "number_type": published.number_type,
        "number": published.number,
        "on": on.isoformat(),
        "is_past": is_past,
        "lake_version": published.lake_version,
        "published_at": published.published_at,
        "ended_on": ended_on,
        "is_ended": ended_on is not None and ended_on <= on.isoformat(),
        "attributes": day.attributes(),
        "relations": [day.tie(tie) for tie in document.get("relations") or []],
        "identifiers": [day.identifier(number) for number in document.get("identifiers") or []],
        "licences": [],
    }


def disclosed(shown: Values) -> tuple[str, ...]:
    """Return what a view tells of its subject, for the ledger: attributes with a value, relations, licences."""
    attributes = [name for name, a in shown["attributes"].items() if a["value"] is not None or a["contradictions"]]
    ties = dict.fromkeys(f"relations.{tie['relation']}" for tie in shown["relations"])
    return (*attributes, *ties, *dict.fromkeys(f"licences.{licence['type']}" for licence in shown["licences"]))


@dataclass(frozen=True)
class _Day:
    """A document on a day: `said` are its attributes, `others` its contradictions."""

    catalogue: Catalogue
    file: OneFile
    said: Values
    others: list[Values]
    on: date
    marked: Mapping[str, list[dict[str, str]]]

    def attributes(self) -> dict[str, dict[str, Any]]:
        declared = {attribute.name: attribute for attribute in self.file.attributes}
        names = [*declared, *(name for name in self.said if name not in declared)]
        return {name: self._attribute(name, declared.get(name)) for name in names}

    def tie(self, tie: Values) -> dict[str, Any]:
        name = str(tie["relation"])
        relation = self._relation(name, str(tie.get("resource")))
        columns = {c.name: c for c in self.catalogue.declarations.tables[relation.table].columns} if relation else {}
        details = tie.get("details") or {}
        label = name if relation is None else relation.label if relation.name == name else relation.inverse_label
        return {
            "label": label,
            **{key: tie.get(key) for key in TIE},
            "details": {key: detail(self.catalogue, columns.get(key), key, details) for key in details},
            **self._lineage(tie),
        }

    def identifier(self, number: Values) -> dict[str, Any]:
        resource = self.catalogue.resources.get(number.get("resource", ""))
        return {
            **{key: number.get(key) for key in ("type", "number", "resource", "observed_on")},
            "resource_title": resource.title if resource else None,
            "resource_title_en": resource.title_en if resource else None,
        }

    def _attribute(self, name: str, declared: Attribute | None) -> dict[str, Any]:
        found = self.said.get(name) or {}
        fresh_days = declared.fresh_days if declared else None
        best = self._stated(found, declared)
        age_days = best["age_days"]
        return {
            "label": declared.label if declared else name,
            "about": declared.about if declared else name,
            "type": declared.type if declared else "string",
            "sensitivity": declared.sensitivity if declared else None,
            **(self._unit_of(declared) if declared else money(None, found.get)),
            **best,
            "fresh_days": fresh_days,
            "is_stale": None not in (age_days, fresh_days) and age_days > fresh_days,
            "contradictions": [self._stated(o, declared) for o in self.others if o["attribute"] == name],
            "disputed": self.marked.get(name, []),
        }

    def _stated(self, stated: Values, declared: Attribute | None) -> dict[str, Any]:
        """Return a value with its name, its lineage, and why it won or lost."""
        value = stated.get("value")
        return {
            "value": value,
            "value_name": _name(self.catalogue, declared, value),
            **self._lineage(stated),
            "rank": stated.get("rank"),
            "reason": stated.get("reason"),
        }

    def _lineage(self, stated: Values) -> dict[str, Any]:
        resource = self.catalogue.resources.get(stated.get("resource", ""))
        department = self.catalogue.declarations.departments.get(stated.get("department", ""))
        observed_on = stated.get("observed_on")
        return {
            **{name: stated.get(name) for name in LINEAGE},
            "resource_title": resource.title if resource else None,
            "resource_title_en": resource.title_en if resource else None,
            "department_name": department.name if department else None,
            "department_name_en": department.name_en if department else None,
            "age_days": (self.on - date.fromisoformat(observed_on)).days if observed_on else None,
        }

    def _relation(self, name: str, resource_id: str) -> Relation | None:
        """Return the relation that a tie came from: names may be shared, then the resource's table tells."""
        declared = [r for file in self.catalogue.declarations.files.values() for r in file.relations]
        named = [r for r in declared if name in (r.name, r.inverse)]
        resource = self.catalogue.resources.get(resource_id)
        of_the_table = [r for r in named if resource is not None and r.table == resource.table]
        return next(iter(of_the_table or named), None)

    def _unit_of(self, attribute: Attribute) -> dict[str, str | None]:
        """Return an attribute's unit and currency, as the column of its first source has them."""
        source = attribute.sources[0]

        def beside(column: str) -> str | None:
            """Return the value of the attribute that another column of the same table gives."""
            for other in self.file.attributes:
                if any((s.table, s.column) == (source.table, column) for s in other.sources):
                    return (self.said.get(other.name) or {}).get("value")
            return None

        return money(self.catalogue.declarations.tables[source.table].column(source.column).unit, beside)


def detail(catalogue: Catalogue, column: Column | None, name: str, details: Mapping[str, str]) -> dict[str, Any]:
    """Return one of the details of a tie or licence, with what its column is called and what its code means."""
    return {
        "label": column.label if column else name,
        "type": column.type if column else "string",
        **money(column.unit if column else None, details.get),
        "value": details[name],
        "value_name": _name(catalogue, column, details[name]),
    }


def called(code: Code, codes: Mapping[str, Code], names: Mapping[str, str]) -> dict[str, str]:
    """Return what a code is called; of a retired one with the mark that it is, and its successor where one is known."""
    if code.until is None:
        return dict(names)
    later = codes.get(code.successor or "")
    zh = f"，现为 {later.name} {later.code}" if later else ""
    en = f", now {later.name_en or later.name} {later.code}" if later else ""
    return {"zh": f"{names['zh']}（已停用{zh}）", "en": f"{names['en']} (retired{en})"}


def money(unit: str | None, beside: Callable[[str], str | None]) -> dict[str, str | None]:
    """Read `cent …` and `cent of <column>`: the unit, and for money the currency that the column beside says."""
    if unit is None or unit.split()[0] != "cent":
        return {"unit": unit, "currency": None}
    column = unit.removeprefix("cent of ")
    return {"unit": unit, "currency": HOME_CURRENCY if column == unit else beside(column)}


def _name(catalogue: Catalogue, declared: Attribute | Column | None, value: object) -> dict[str, str] | None:
    """Return what a code is called, `{zh, en}`; None for what is no code, or none that its list has."""
    if declared is None or not isinstance(value, str):
        return None
    if declared.type == "area_code":
        return _area(catalogue, value)
    codes = catalogue.declarations.codes[declared.codes].codes if declared.codes else {}
    code = codes.get(value)
    return None if code is None else called(code, codes, {"zh": code.name, "en": code.name_en or code.name})


def _area(catalogue: Catalogue, value: str) -> dict[str, str] | None:
    """Return the name of an area with those above it; of a street or community, of the county it lies in."""
    known = catalogue.declarations.codes[AREA_LIST].codes
    names: list[str] = []
    meant = code = known.get(value) or known.get(value[:6])
    while code is not None and len(names) < 3:
        names = [code.name, *names]
        code = known.get(code.parent or "")
    name = "".join(n for n in names if n not in NO_PLACES)
    return called(meant, known, {"zh": name, "en": name}) if names and meant else None
