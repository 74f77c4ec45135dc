"""A subject's own file, as it sees it: every value with where it is from, what contradicts it and what is in question.

Nothing is left out or masked: it is the subject's own (Personal Information Protection Law, art. 45).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection, select

from catalog.marking import of_subject
from catalog.model import Catalogue
from catalog.objections import marks
from exchange.errors import NotFound
from schemas.model import Attribute
from schemas.serving.tables import SUBJECT

Values = Mapping[str, Any]
FORMAT = "onefile.own-file/1"


def own_file(connection: Connection, subject_id: str, catalogue: Catalogue, on: date) -> dict[str, Any]:
    """Return a subject's whole file; NotFound where nothing is published of it."""
    row = SUBJECT.c
    found = connection.execute(select(row.kind, row.document, row.lake_version).where(row.subject_id == subject_id))
    published = found.one_or_none()
    if published is None:
        raise NotFound
    document: Values = json.loads(published.document, parse_float=str)
    marked = of_subject(marks(connection, [subject_id]), subject_id)
    file = catalogue.declarations.files[published.kind]
    return {
        "format": FORMAT,
        "kind": published.kind,
        "lake_version": f"{published.kind}_file@{published.lake_version}",
        "number_type": document.get("number_type"),
        "number": document.get("number"),
        "attributes": {
            attribute.name: _attribute(document, attribute, catalogue, on, marked.get(attribute.name, []))
            for attribute in file.attributes
        },
        "relations": [dict(tie) for tie in document.get("relations") or []],
    }


def fields_of(file: Values) -> tuple[str, ...]:
    """Return the names of what a file shows, for the ledger."""
    attributes = [name for name, shown in file["attributes"].items() if shown["value"] is not None]
    return (*attributes, *dict.fromkeys(f"relations.{tie['relation']}" for tie in file["relations"]))


def _attribute(
    document: Values, attribute: Attribute, catalogue: Catalogue, on: date, disputed: list[dict[str, str]]
) -> dict[str, Any]:
    others = [each for each in document.get("contradictions") or [] if each["attribute"] == attribute.name]
    return {
        "label": attribute.label,
        "about": attribute.about,
        "lead": attribute.lead,
        **_stated(document.get(attribute.name) or {}, attribute, catalogue, on),
        "contradictions": [_stated(each, attribute, catalogue, on) for each in others],
        "disputed": disputed,
    }


def _stated(stated: Values, attribute: Attribute, catalogue: Catalogue, on: date) -> dict[str, Any]:
    value, observed_on = stated.get("value"), stated.get("observed_on")
    codes = catalogue.declarations.codes.get(attribute.codes or "")
    code = codes.codes.get(str(value)) if codes is not None and value is not None else None
    return {
        "value": value,
        "value_name": None if code is None else code.name,
        "department": stated.get("department"),
        "resource": stated.get("resource"),
        "delivery": stated.get("delivery"),
        "observed_on": observed_on,
        "age_days": (on - date.fromisoformat(observed_on)).days if observed_on else None,
        "reason": stated.get("reason"),
    }
