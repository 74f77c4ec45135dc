"""What cases needed and what they got, in the serving database: one row an item of a case, the last one counts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from catalog.cases.store import CaseFile
from schemas.serving.connection import looked_up

FORM = "form:"
"""What a kept form is sealed for, before its case's internal id."""
_ASKED = "SELECT item, asked_on, document FROM case_need WHERE case_id = :case_id"
_PUT_NEED = text(
    "INSERT INTO case_need (case_id, item, department, registrar, asked_on, document)"
    " VALUES (:case_id, :item, :department, :registrar, :asked_on, :document)"
    " ON CONFLICT (case_id, item) DO UPDATE SET asked_on = excluded.asked_on, document = excluded.document,"
    " department = excluded.department, registrar = excluded.registrar"
)
_PUT_CHECK = text(
    "INSERT INTO case_check (case_id, item, checked_on, document) VALUES (:case_id, :item, :checked_on, :document)"
    " ON CONFLICT (case_id, item) DO UPDATE SET checked_on = excluded.checked_on, document = excluded.document"
)
_ROWS = (
    "SELECT f.draft_no, f.case_no, n.item, n.department, n.asked_on, n.document, c.document"
    " FROM case_need AS n JOIN case_file AS f ON f.case_id = n.case_id"
    " LEFT JOIN case_check AS c ON c.case_id = n.case_id AND c.item = n.item"
    " WHERE n.asked_on >= :since AND n.asked_on <= :until ORDER BY n.asked_on, n.case_id, n.item"
)


@dataclass(frozen=True)
class Asked:
    """What one item of a case needed, and got.

    `materials` are states by name, `fields` states with the resource that filled them; `checked` are what fields were
    in the end, `came` how materials came: empty where nothing was handed in yet.
    """

    case: str
    item: str
    department: str
    asked_on: str
    materials: Mapping[str, str]
    fields: Mapping[str, tuple[str, str]]
    checked: Mapping[str, str]
    came: Mapping[str, str]


def is_known(connection: Connection, case: CaseFile, documents: Mapping[str, str], on: str) -> bool:
    """Say whether just this was kept of a case today already: asked again and again, it is not written anew."""
    found = {item: (day, document) for item, day, document in looked_up(connection, _ASKED, {"case_id": case.case_id})}
    return all(found.get(item) == (on, document) for item, document in documents.items())


def put_needs(
    connection: Connection, case: CaseFile, documents: Mapping[str, str], departments: Mapping[str, str], on: str
) -> None:  # fmt: skip
    """Keep what the items of a case needed, by code."""
    rows = [
        {"case_id": case.case_id, "item": item, "department": departments[item], "registrar": case.registrar,
         "asked_on": on, "document": document}
        for item, document in documents.items()
    ]  # fmt: skip
    connection.execute(_PUT_NEED, rows)


def put_checks(connection: Connection, case: CaseFile, documents: Mapping[str, str], on: str) -> None:
    """Keep what the items of a case got, by code."""
    rows = [{"case_id": case.case_id, "item": item, "checked_on": on, "document": document}
            for item, document in documents.items()]  # fmt: skip
    connection.execute(_PUT_CHECK, rows)


def asked_between(connection: Connection, since: str, until: str) -> Iterator[Asked]:
    """Yield what items of cases needed that were asked for last from a day to another, both inclusive."""
    for draft, number, item, department, on, need, check in looked_up(
        connection, _ROWS, {"since": since, "until": until}
    ):
        needed: dict[str, Any] = json.loads(need)
        got: dict[str, Any] = json.loads(check) if check else {}
        yield Asked(
            number or draft, item, department, on, needed["materials"],
            {name: (state, source) for name, (state, source) in needed["fields"].items()},
            got.get("fields", {}), got.get("materials", {}),
        )  # fmt: skip


def written(document: Mapping[str, object]) -> str:
    """Return a document as it is kept: equal ones are equal texts."""
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
