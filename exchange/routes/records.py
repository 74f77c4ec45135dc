"""`POST /v1/records/query`: the rows of granted resources about a subject."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field
from sqlalchemy import Connection, select
from starlette.responses import Response

from catalog.grants import Given
from catalog.marking import Marks, of_subject
from catalog.objections import marks
from catalog.requests import read_rows
from exchange.access.asking import Ask, Seen, asking, written
from exchange.access.purposes import Leave
from exchange.errors import FieldNotGranted
from exchange.queries import finding
from exchange.queries.finding import Sought
from exchange.queries.granted import AREA
from exchange.routes.files import heading
from exchange.routes.models import MOST_SUBJECTS, Name, Source, Strict, Subject
from exchange.routes.offering import About, offer
from ledger.shown import columns_of
from schemas.serving.tables import counter_tables

router = APIRouter()
RECORD = counter_tables.SUBJECT_RECORD


class RecordsQuery(Strict):
    """About whom, of which resource cited by the grants, and which of the granted fields; no fields: all."""

    subjects: Annotated[list[Subject], Field(min_length=1, max_length=MOST_SUBJECTS)]
    resource: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$", max_length=160)]
    fields: Annotated[list[Name], Field(max_length=200)] = Field(default=[])


class RecordShown(BaseModel):
    """A row of a resource, its granted columns, and where it came from; `disputed`: which columns are in question."""

    record: str
    values: dict[str, Any]
    source: Source
    observed_on: date | None
    age_days: int | None
    disputed: dict[str, list[dict[str, str]]]


class RecordsResult(BaseModel):
    """What was found about one subject."""

    index: int
    outcome: str
    records: list[RecordShown]


class RecordsAnswer(BaseModel):
    """The answer, in the order of the subjects."""

    format: str
    answered_at: datetime
    grant: str
    item: str
    case: str
    resource: str
    results: list[RecordsResult]


QUERY = About("Rows of a granted resource about up to 1,000 subjects", {200: RecordsAnswer}, cites=True)


@offer(router, "POST", "/v1/records/query", "records.query", QUERY)
def query(ask: Annotated[Ask, Depends(asking("records.query"))], body: RecordsQuery) -> Response:
    """Return the rows about subjects, with the granted columns; none where there is none, or none that is granted."""
    with ask.counter.database.looking() as connection:
        caller = ask.enter(connection)
        leave = ask.leave(connection, caller)
        given = _given(leave, body)
        sought = [finding.seek(connection, subject.number) for subject in body.subjects]
        found = [_rows(ask, connection, given, each) for each in sought]
        marked = marks(connection, sorted({row.subject_id for rows in found for row in rows}))
    ask.spend(leave, len(sought))
    fields = tuple(body.fields) or given.fields
    results = [
        {"index": index, "outcome": "found" if rows else "not_found",
         "records": [{**_shown(row, given, fields, ask.counter.today()),
                      "disputed": _disputed(ask, given, marked, row.subject_id, fields)} for row in rows]}
        for index, rows in enumerate(found)
    ]  # fmt: skip
    answer = {**heading(ask, leave, "onefile.records-answer/1"), "resource": body.resource, "results": results}
    return ask.disclose(caller, leave, _looks(given, sought, found, fields), written(answer))


def _given(leave: Leave, body: RecordsQuery) -> Given:
    given = next((each for each in leave.grants if each.entry_id == body.resource), None)
    if given is None or set(body.fields) - set(given.fields):
        raise FieldNotGranted
    return given


def _rows(ask: Ask, connection: Connection, given: Given, sought: Sought) -> list[Any]:
    """Return the rows about a subject that a grant covers."""
    row = RECORD.c
    wanted = select(RECORD).where(row.resource == given.entry_id, row.subject_id.in_(sought.subject_ids))
    found = connection.execute(wanted.order_by(row.observed_on.desc(), row.record)).all() if sought.numbers else []
    return [each for each in found if _covers(ask, given, json.loads(each.document))]


def _covers(ask: Ask, given: Given, values: dict[str, Any]) -> bool:
    rows = read_rows(given.rows)
    department = ask.counter.catalogue.declarations.departments[given.entry_id.partition(".")[0]]
    return rows.kind == "all" or rows.covers(str(values.get(AREA) or ""), department.level)


def _shown(row: Any, given: Given, fields: tuple[str, ...], on: date) -> dict[str, Any]:
    values = json.loads(row.document, parse_float=str)
    return {
        "record": row.record,
        "values": {name: values.get(name) for name in fields},
        "source": {"resource": given.entry_id, "department": given.entry_id.partition(".")[0]},
        "observed_on": row.observed_on,
        "age_days": (on - date.fromisoformat(row.observed_on)).days if row.observed_on else None,
    }


def _disputed(
    ask: Ask, given: Given, marked: Marks, subject_id: str, fields: tuple[str, ...]
) -> dict[str, list[dict[str, str]]]:
    """Return the marks of a row's columns: of those that state an attribute which is in question."""
    found: dict[str, list[dict[str, str]]] = {}
    kind = "person" if subject_id.startswith("p-") else "enterprise"
    for attribute, own in of_subject(marked, subject_id).items():
        for resource, column in columns_of(ask.counter.catalogue, kind, attribute):
            if resource == given.entry_id and column in fields:
                found[column] = own
    return found


def _looks(given: Given, sought: list[Sought], found: list[list[Any]], fields: tuple[str, ...]) -> list[Seen]:
    looks = []
    for each, rows in zip(sought, found, strict=True):
        versions = {row.subject_id: f"{given.entry_id}@{row.lake_version}" for row in rows}
        looks += [Seen(subject_id, fields, versions.get(subject_id, "")) for subject_id in each.subject_ids]
    return looks or [Seen(None, fields)]
