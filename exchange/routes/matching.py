"""`/v1/files/match` and `/v1/files/predicates`: no value leaves."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel
from sqlalchemy import Connection
from starlette.responses import Response

from catalog import licence_marks
from catalog.marking import Marks
from catalog.objections import marks
from exchange.access.asking import Ask, Seen, asking, written
from exchange.access.callers import Caller
from exchange.access.guessing import FREE_A_SUBJECT, Guesser
from exchange.access.guessing import listed as guesses_listed
from exchange.access.purposes import Leave
from exchange.errors import BodyInvalid, FieldNotGranted, RowsNotSupplied, SlowDown
from exchange.http.cursors import Limit, Page
from exchange.queries import finding, licences, matching, predicates, records
from exchange.queries.finding import Sought
from exchange.queries.granted import Scope
from exchange.queries.licences import Looker
from exchange.queries.predicates import Question, Said
from exchange.routes.files import heading
from exchange.routes.licences import disputed as disputed_licences
from exchange.routes.licences import looker_of
from exchange.routes.match_models import MatchAnswer, MatchQuery, PredicatesAnswer, PredicatesQuery
from exchange.routes.offering import About, offer
from exchange.routes.records import granted_ids
from ledger.entry import subject_hash

router = APIRouter()
MATCH = About("Whether what the asker has agrees with what is held", {200: MatchAnswer}, cites=True)
ASK = About("Questions answered yes, no or unknown", {200: PredicatesAnswer}, cites=True)


class GuessList(BaseModel):
    """Who guessed wrong on a day; `subject_hash` is the ledger's, empty: about nobody that is there."""

    guesses: list[dict[str, Any]]
    next: str | None


@offer(router, "POST", "/v1/files/match", "files.match", MATCH)
def match(ask: Annotated[Ask, Depends(asking("files.match"))], body: MatchQuery) -> Response:
    """Compare number, name and granted fields; tell for each whether it agrees, differs, or is nobody."""
    named = {name for subject in body.subjects for name in subject.fields} | {matching.NAME}
    with ask.counter.database.writing() as connection:
        caller, leave, sought, scopes = _start(ask, connection, [s.number for s in body.subjects], named)
        waits: list[int] = []
        marked = marks(connection, [file.subject_id for each in sought for file in each.files])
        results: list[dict[str, Any]] = []
        for index, (subject, each) in enumerate(zip(body.subjects, sought, strict=True)):
            waits.append(_wait(ask, connection, caller, each))
            if waits[index]:
                told: dict[str, Any] = {"outcome": "slowed", "fields": {}}
            else:
                given = {matching.NAME: subject.name, **subject.fields}
                told = matching.match(each, scopes, given, ask.counter.catalogue)
                _settle(ask, connection, caller, each, told["outcome"])
            disputed = matching.disputed(told["fields"], each, marked)
            results.append({"index": index, **told, "disputed": disputed, "retry_after": waits[index] or None})
        _check_waits(waits)
    ask.spend(leave, len(sought))
    answer = {**heading(ask, leave, "onefile.match-answer/1"), "results": results}
    fields = tuple(f"match.{name}" for name in sorted(named))
    return ask.disclose(caller, leave, looks(sought, fields), written(answer))


@offer(router, "POST", "/v1/files/predicates", "files.predicates", ASK)
def ask_predicates(ask: Annotated[Ask, Depends(asking("files.predicates"))], body: PredicatesQuery) -> Response:
    """Answer questions with yes, no or unknown; those that could narrow a value down count as guesses."""
    questions = [wish.question() for wish in body.questions]
    named = {q.needs for q in questions if q.needs and q.name != "licence_in_force"}
    guesses = _guesses(questions)
    with ask.counter.database.writing() as connection:
        caller, leave, sought, scopes = _start(ask, connection, [s.number for s in body.subjects], named)
        _check_resources(leave, questions)
        waits = [_wait(ask, connection, caller, each, guesses) for each in sought]
        _check_waits(waits)
        marked = marks(connection, [file.subject_id for each in sought for file in each.files])
        about = _About(ask, connection, looker_of(ask, caller, leave), scopes, marked)
        results: list[dict[str, Any]] = []
        for index, each in enumerate(sought):
            told = [] if waits[index] else [about.answer(question, each) for question in questions]
            answers, disputed = [said.answer for said in told], [said.is_disputed for said in told]
            results.append(
                {"index": index, "answers": answers, "disputed": disputed, "retry_after": waits[index] or None}
            )
    ask.spend(leave, len(sought))
    answer = {**heading(ask, leave, "onefile.predicates-answer/1"), "results": results}
    fields = tuple(dict.fromkeys(f"{q.name}.{q.needs or q.resource or q.type}" for q in questions))
    return ask.disclose(caller, leave, looks(sought, fields), written(answer))


@offer(router, "GET", "/v1/guesses", "guesses.read", About("Who guessed wrong on a day", {200: GuessList}))
def guesses(
    ask: Annotated[Ask, Depends(asking("guesses.read"))],
    on: Annotated[str, Query(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")],
    least: Annotated[int, Query(ge=1, le=100000)] = 3,
    cursor: Annotated[str, Query(max_length=400)] = "",
    limit: Limit = 100,
) -> Response:
    """List callers with the number of their wrong guesses, for the auditor."""
    page = Page.read(cursor, limit)
    with ask.counter.database.looking() as connection:
        ask.enter(connection)
        found = guesses_listed(connection, on, least, page.after, page.limit + 1)
    return page.answer("guesses", [(f"{each['caller']} {each['subject_hash']}", each) for each in found])


def looks(sought: list[Sought], fields: tuple[str, ...]) -> list[Seen]:
    """Return the looks of a question without values: one for each subject asked about."""
    found = []
    for each in sought:
        versions = {file.subject_id: f"{file.kind}_file@{file.lake_version}" for file in each.files}
        found += [Seen(subject_id, fields, versions.get(subject_id, "")) for subject_id in each.subject_ids]
    return found or [Seen(None, fields)]


def _start(
    ask: Ask, connection: Connection, numbers: list[str], named: set[str]
) -> tuple[Caller, Leave, list[Sought], dict[str, Scope]]:  # fmt: skip
    """Return what every question begins with; FieldNotGranted where a field is granted of no kind of subject."""
    caller = ask.enter(connection)
    leave = ask.leave(connection, caller)
    sought = [finding.seek(connection, number) for number in numbers]
    kinds = ask.counter.catalogue.declarations.files
    scopes = {kind: ask.counter.scope(kind, leave.grants) for kind in kinds}
    asked = {kind: scope for kind, scope in scopes.items() if named <= set(scope.attributes)}
    if not asked:
        raise FieldNotGranted
    return caller, leave, sought, asked


def _wait(ask: Ask, connection: Connection, caller: Caller, sought: Sought, guesses: int = 1) -> int:
    """Count guesses about a subject; return how many seconds they have to wait, 0: not at all, and they count."""
    guesser, hashes = _guesser(ask, caller), _hashes(ask, sought) if guesses else []
    return max((guesser.wait(connection, each, guesses) for each in hashes), default=0)


def _check_waits(waits: list[int]) -> None:
    """Raise SlowDown where there is nobody who has not to wait."""
    if all(waits):
        raise SlowDown(min(waits))


def _guesses(questions: list[Question]) -> int:
    """Return how many questions could narrow the same value down: as many guesses they are.

    Raises:
        BodyInvalid: they are more than anybody is free to make in a day.
    """
    most = max(Counter((q.needs, q.type) for q in questions if q.is_guess).values(), default=0)
    if most > FREE_A_SUBJECT:
        raise BodyInvalid(f"questions: more than {FREE_A_SUBJECT} could narrow one value down")
    return most


def _settle(ask: Ask, connection: Connection, caller: Caller, sought: Sought, outcome: str) -> None:
    guesser = _guesser(ask, caller)
    if outcome in (matching.AGREES, matching.NOT_HELD):
        for each in _hashes(ask, sought):
            guesser.take_back(connection, each)
    elif outcome == matching.NO_SUBJECT:
        guesser.count_unknown(connection)


def _guesser(ask: Ask, caller: Caller) -> Guesser:
    return Guesser(caller, ask.counter.now(), ask.counter.today().isoformat())


def _hashes(ask: Ask, sought: Sought) -> list[str]:
    return [subject_hash(ask.counter.subject_secret, each) for each in sought.subject_ids]


def _check_resources(leave: Leave, questions: list[Question]) -> None:
    """Raise FieldNotGranted where a question is about a resource or licence type of no grant cited."""
    entries = {given.entry_id for given in leave.grants}
    for question in questions:
        wanted = question.resource or (licences.ENTRY + question.type if question.type else "")
        if wanted and wanted not in entries:
            raise FieldNotGranted


@dataclass(frozen=True)
class _About:
    """What questions are answered from."""

    ask: Ask
    connection: Connection
    looker: Looker
    scopes: dict[str, Scope]
    marked: Marks

    def answer(self, question: Question, sought: Sought) -> Said:
        catalogue = self.ask.counter.catalogue
        if question.name == "licence_in_force":
            return self._in_force(question, sought)
        said = predicates.answer(question, sought, self.scopes, catalogue, self.ask.counter.today(), self.marked)
        if question.name == "is_listed" and said.answer != predicates.YES:
            return self._in_rows(question, sought) or said
        return said

    def _in_rows(self, question: Question, sought: Sought) -> Said | None:
        """Say whether a resource has rows about a subject; None where its rows are not at the counter."""
        given = next(given for given in self.looker.leave.grants if given.entry_id == question.resource)
        try:
            records.version_of(self.connection, given.entry_id, ())
        except RowsNotSupplied:
            return None
        ids = granted_ids(self.ask, given, sought)
        if not ids:
            return Said(predicates.UNKNOWN)
        return Said(predicates.YES if records.rows(self.connection, given.entry_id, ids) else predicates.NO)

    def _in_force(self, question: Question, sought: Sought) -> Said:
        numbers = [(number.kind, number.number) for number in sought.numbers]
        kept = licences.of_holder(self.connection, self.looker.vault, numbers)
        found = (self.looker.held(self.connection, key, None, versions) for key, versions in kept.items())
        held = [each for each in found if each is not None and each.kind.name == question.type]
        if not held:
            return Said(predicates.UNKNOWN)
        said = licences.in_force(held, question.field, question.contains)
        asked = {licence_marks.STATE, *([question.field] if question.contains else [])}
        return Said(said, any(asked & each.keys() for each in disputed_licences(self.ask, self.connection, held)))
