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
from catalog.requests import read_rows
from exchange.access.asking import Ask, Seen, asking, written
from exchange.access.purposes import Leave
from exchange.errors import FieldNotGranted
from exchange.queries import finding, records
from exchange.queries.files import document_of
from exchange.queries.finding import Sought
from exchange.queries.granted import AREA, covers
from exchange.queries.records import Row
from exchange.routes.files import heading
from exchange.routes.models import MOST_SUBJECTS, Name, Source, Strict, Subject
from exchange.routes.offering import About, offer
from ledger.recall import VERSIONS
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
    """Return the rows about subjects, with the granted columns; none where there is none, or none that is granted.

    Whoever else is named in a row, as a spouse or child is, finds the look on its own trail.
    """
    with ask.counter.database.looking() as connection:
        caller = ask.enter(connection)
        leave = ask.leave(connection, caller)
        given = _given(leave, body)
        fields = tuple(body.fields) or given.fields
        version = records.version_of(connection, given.entry_id, fields)
        sought = [finding.seek(connection, subject.number) for subject in body.subjects]
        ids = sorted({subject_id for each in sought for subject_id in _ids(each)})
        found = records.rows(connection, given.entry_id, ids)
        marked = marks(connection, ids)
    ask.spend(leave, len(sought))
    results, named, columns = [], set[str](), _subject_columns(ask, given, fields)
    for index, each in enumerate(sought):
        rows = [row for subject_id in granted_ids(ask, given, each) for row in found.get(subject_id, ())
                if _is_granted(ask, given, row)]  # fmt: skip
        told = [{**records.shown(row, fields, given.entry_id, ask.counter.today()),
                 "disputed": _disputed(ask, given, marked, row.subject_id, fields)} for row in rows]  # fmt: skip
        named |= {other for row in rows for other in records.named(row, columns)}
        results.append({"index": index, "outcome": "found" if told else "not_found", "records": told})
    answer = {**heading(ask, leave, "onefile.records-answer/1"), "resource": body.resource, "results": results}
    made_from = f"{VERSIONS}@{version}"
    looks = [Seen(subject_id, fields, made_from) for each in sought for subject_id in _ids(each)]
    looks += [Seen(other, fields, made_from, is_named=True) for other in sorted(named - set(ids))]
    return ask.disclose(caller, leave, looks or [Seen(None, fields)], written(answer))


def _given(leave: Leave, body: RecordsQuery) -> Given:
    given = next((each for each in leave.grants if each.entry_id == body.resource), None)
    if given is None or given.entry_id.startswith("licence.") or set(body.fields) - set(given.fields):
        raise FieldNotGranted
    return given


def _is_granted(ask: Ask, given: Given, row: Row) -> bool:
    """Say whether a row of a subject that is granted is granted itself: one of somebody else's goes by its own area.

    A row of another person that names the subject (a child's, its father) has an area of its own where its table states
    one. Where that column is not held, it is not known, and so not granted.
    """
    rows, catalogue = read_rows(given.rows), ask.counter.catalogue
    table = catalogue.declarations.tables[catalogue.resources[given.entry_id].table]
    areas = [source.column for file in catalogue.declarations.files.values() for attribute in file.attributes
             if attribute.name == AREA for source in attribute.sources if source.table == table.name]  # fmt: skip
    first = [subject.column for subject in table.subjects[:1]]
    if rows.kind != "area" or not areas or row.subject_id in records.named(row, first):
        return True
    return rows.covers(str(row.values.get(areas[0]) or ""), "")


def _subject_columns(ask: Ask, given: Given, fields: tuple[str, ...]) -> list[str]:
    """Return the columns that say of whom something is shown: the first one, whose row it is, and those shown."""
    catalogue = ask.counter.catalogue
    subjects = catalogue.declarations.tables[catalogue.resources[given.entry_id].table].subjects
    return [each.column for place, each in enumerate(subjects) if not place or each.column in fields]


def _ids(sought: Sought) -> tuple[str, ...]:
    """Return whom a number is of: rows may be about somebody of whom there is no one file."""
    return tuple(dict.fromkeys((*sought.subject_ids, *(number.subject_id for number in sought.numbers))))


def granted_ids(ask: Ask, given: Given, sought: Sought) -> list[str]:
    """Return those whom a number is of that are among the granted rows; whose area is not known only where all are."""
    catalogue, documents = ask.counter.catalogue, {file.subject_id: document_of(file) for file in sought.files}
    scope = ask.counter.scope(next(iter(catalogue.declarations.files)), (given,))
    return [each for each in _ids(sought) if covers(scope, given.entry_id, catalogue, documents.get(each, {}))]


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
