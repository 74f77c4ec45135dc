"""`POST /v1/records/query`: the rows of granted resources about a subject."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field
from starlette.responses import Response

from catalog.grants import Given
from catalog.marking import Marks, of_subject
from catalog.objections import marks
from exchange.access.asking import Ask, Seen, asking, written
from exchange.access.purposes import Leave
from exchange.errors import FieldNotGranted
from exchange.queries import finding, records
from exchange.queries.files import document_of
from exchange.queries.finding import Sought
from exchange.queries.granted import covers
from exchange.queries.records import Row
from exchange.routes.files import heading
from exchange.routes.models import MOST_SUBJECTS, Name, Source, Strict, Subject
from exchange.routes.offering import About, offer
from ledger.shown import columns_of

router = APIRouter()


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
        marked = marks(connection, sorted({file.subject_id for each in sought for file in each.files}))
    found = [_rows(ask, given, each) for each in sought]
    ask.spend(leave, len(sought))
    fields = tuple(body.fields) or given.fields
    results = [
        {"index": index, "outcome": "found" if rows else "not_found",
         "records": [{**records.shown(row, fields, given.entry_id, ask.counter.today()),
                      "disputed": _disputed(ask, given, marked, row.subject_id, fields)} for row in rows]}
        for index, rows in enumerate(found)
    ]  # fmt: skip
    answer = {**heading(ask, leave, "onefile.records-answer/1"), "resource": body.resource, "results": results}
    return ask.disclose(caller, leave, _looks(sought, fields), written(answer))


def _given(leave: Leave, body: RecordsQuery) -> Given:
    given = next((each for each in leave.grants if each.entry_id == body.resource), None)
    if given is None or given.entry_id.startswith("licence.") or set(body.fields) - set(given.fields):
        raise FieldNotGranted
    return given


def _rows(ask: Ask, given: Given, sought: Sought) -> list[Row]:
    """Return the rows about a subject that a grant covers."""
    catalogue, found = ask.counter.catalogue, []
    for published in sought.files:
        document = document_of(published)
        if covers(ask.counter.scope(published.kind, (given,)), given.entry_id, catalogue, document):
            found += records.rows(document, published, given.entry_id, catalogue)
    return found


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


def _looks(sought: list[Sought], fields: tuple[str, ...]) -> list[Seen]:
    looks = []
    for each in sought:
        versions = {file.subject_id: f"{file.kind}_file@{file.lake_version}" for file in each.files}
        looks += [Seen(subject_id, fields, versions.get(subject_id, "")) for subject_id in each.subject_ids]
    return looks or [Seen(None, fields)]
