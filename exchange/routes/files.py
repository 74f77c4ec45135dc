"""`POST /v1/files/query`: the granted fields of one files."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.responses import Response

from catalog.marking import Marks, of_subject
from catalog.objections import marks as found_marks
from exchange.access.asking import Ask, Seen, asking, written
from exchange.access.purposes import Leave
from exchange.errors import FieldNotGranted
from exchange.queries import files, finding, granted
from exchange.queries.finding import Sought
from exchange.routes.models import FilesAnswer, FilesQuery
from exchange.routes.offering import About, offer
from onefile.verify.reading import instant_text
from schemas.subjects import NotASubjectNumber, subject_numbers

router = APIRouter()
FORMAT = "onefile.files-answer/1"
QUERY = About("The granted fields of up to 1,000 one files", {200: FilesAnswer}, cites=True, at_once=True)


@offer(router, "POST", "/v1/files/query", "files.query", QUERY)
def query(ask: Annotated[Ask, Depends(asking("files.query"))], body: FilesQuery) -> Response:
    """Answer with the granted fields of one files, each value with source, observed day and age.

    A subject that is not there and one that is not among the granted rows get the same answer. Whoever a tie names
    finds the look on its own trail.
    """
    numbers = [subject.number for subject in body.subjects]
    with ask.looking(len(numbers), lambda: finding.questions(numbers)) as connection:
        caller = ask.enter(connection)
        leave = ask.leave(connection, caller)
        sought = [finding.seek(connection, number) for number in numbers]
        marks = found_marks(connection, [file.subject_id for each in sought for file in each.files])
    scopes = _scopes(ask, leave, sought, body)
    ask.spend(leave, len(sought))
    results = [_result(ask, index, each, scopes, marks) for index, each in enumerate(sought)]
    answer = {**heading(ask, leave, FORMAT), "results": results}
    looks = _looks(sought, scopes)
    looks += _named(results, {look.subject_id for look in looks})
    return ask.disclose(caller, leave, looks, written(answer))


def heading(ask: Ask, leave: Leave, form: str) -> dict[str, Any]:
    """Return what every answer begins with."""
    return {
        "format": form,
        "answered_at": instant_text(ask.counter.now()),
        "grant": leave.grant_ids,
        "item": leave.item,
        "case": leave.case.number,
    }


Scopes = dict[str, tuple[granted.Scope, files.Wish]]


def _scopes(ask: Ask, leave: Leave, sought: list[Sought], body: FilesQuery) -> Scopes:
    """Return by kind of subject what is granted and asked for; FieldNotGranted where it is for no kind asked about."""
    found: Scopes = {}
    for kind in finding.kinds(sought):
        scope = ask.counter.scope(kind, leave.grants)
        if set(body.fields) <= set(scope.names) and scope.names:
            found[kind] = (scope, files.wished(scope, body.fields, body.contradictions, ask.counter.today()))
    if not found and finding.kinds(sought):
        raise FieldNotGranted
    return found


def _result(ask: Ask, index: int, sought: Sought, scopes: Scopes, marks: Marks) -> dict[str, Any]:
    if not sought.numbers:
        return {"index": index, "outcome": "no_number", "files": []}
    views = []
    for published in sought.files:
        if published.kind in scopes:
            scope, wish = scopes[published.kind]
            document = files.document_of(published)
            view = files.view(document, published.kind, scope, wish, ask.counter.catalogue)
            views.append(view if view is None else files.marked(view, of_subject(marks, published.subject_id)))
    shown = [view for view in views if view is not None]
    return {"index": index, "outcome": "found" if shown else "not_found", "files": shown}


def _looks(sought: list[Sought], scopes: Scopes) -> list[Seen]:
    """Return the looks to record: one for each subject, found or not, with the fields that were asked for."""
    looks = []
    for each in sought:
        versions = {file.subject_id: f"{file.kind}_file@{file.lake_version}" for file in each.files}
        fields = next((wish.fields for kind, (_, wish) in scopes.items() if kind in finding.kinds([each])), ())
        looks += [Seen(subject_id, fields, versions.get(subject_id, "")) for subject_id in each.subject_ids]
    return looks or [Seen(None, ())]


def _named(results: list[dict[str, Any]], asked: set[str | None]) -> list[Seen]:
    """Return the looks at those who were not asked about, but are named by a tie that is shown."""
    found: dict[str, tuple[str, ...]] = {}
    for tie in (tie for result in results for file in result["files"] for tie in file["relations"]):
        fields = ("number", "name") if tie["other_name"] else ("number",)
        with suppress(NotASubjectNumber):
            for known in subject_numbers(str(tie["other_number"] or "")):
                found[known.subject_id] = max(found.get(known.subject_id, ()), fields, key=len)
    return [Seen(each, fields, is_named=True) for each, fields in found.items() if each not in asked]
