"""`/v1/cases`: drafts registered before anything is asked, and every step of a case."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from sqlalchemy import Connection
from starlette.responses import Response

from catalog.cases import store
from catalog.cases.rules import is_told_in_time
from catalog.cases.store import CaseFile, Reported
from exchange.access import matrix
from exchange.access.asking import Ask, asking, written
from exchange.access.callers import INTAKE, Caller
from exchange.access.purposes import is_case_number
from exchange.errors import BodyInvalid, Conflict, NotFound
from exchange.http.cursors import Limit, Page
from exchange.http.repeats import once
from exchange.routes.case_models import CaseAnswer, CaseList, CaseWish, StepWish
from exchange.routes.offering import About, offer
from ledger.entry import subject_hash
from onefile.verify.reading import instant_text
from schemas.identifiers import InvalidIdentifier, licence_id
from schemas.service_items import Item
from schemas.subjects import NotASubjectNumber, subject_numbers

router = APIRouter()
REGISTER = About("Register a draft before anything is asked for it", {201: CaseAnswer}, may_repeat=True)
REPORT = About("Report a step of a case", {200: CaseAnswer}, may_repeat=True)


@offer(router, "POST", "/v1/cases", "cases.register", REGISTER)
def register(ask: Annotated[Ask, Depends(asking("cases.register"))], body: CaseWish) -> Response:
    """Register a draft, or a stage of a case in another department; again with the same content it changes nothing."""
    with ask.counter.database.writing() as connection:
        caller = ask.enter(connection)
        return once(ask, connection, caller, lambda: _register(ask, connection, caller, body))


@offer(router, "POST", "/v1/cases/{number}/steps", "cases.report", REPORT)
def report(ask: Annotated[Ask, Depends(asking("cases.report"))], number: str, body: StepWish) -> Response:
    """Report a step that a case took; what cannot follow its state is refused."""
    with ask.counter.database.writing() as connection:
        caller = ask.enter(connection)
        case = own(ask, connection, caller, number)
        told = Reported(
            body.step, body.at, body.at.astimezone(ask.counter.settings.timezone).date(), body.officer, body.reason,
            _result(body), body.case_no,
        )  # fmt: skip
        if body.at > ask.counter.now():
            raise BodyInvalid("at: an instant that is yet to come")
        _check_telling(ask, connection, case, told)
        if body.case_no and not is_case_number(body.case_no):
            raise BodyInvalid("case_no: a short number, and nobody's own")
        return once(ask, connection, caller, lambda: _report(ask, connection, caller, case, told))


@offer(router, "GET", "/v1/cases/{number}", "cases.read", About("A case with its steps", {200: CaseAnswer}))
def read(ask: Annotated[Ask, Depends(asking("cases.read"))], number: str) -> Response:
    """Return a case, its steps and its stages in other departments."""
    with ask.counter.database.looking() as connection:
        case = own(ask, connection, ask.enter(connection), number)
        return _answer(connection, case, 200)


@offer(router, "GET", "/v1/cases", "cases.read", About("Cases of one's own department, page by page", {200: CaseList}))
def listed(
    ask: Annotated[Ask, Depends(asking("cases.read"))], cursor: str = "", limit: Limit = 100
) -> Response:  # fmt: skip
    """List the cases that the caller's department registered or decides; all of them to an auditor or supervisor."""
    page = Page.read(cursor, limit)
    with ask.counter.database.looking() as connection:
        caller = ask.enter(connection)
        is_any = "any" in matrix.relations("cases.read", caller.roles)
        found = store.listed(connection, "" if is_any else caller.department, page.after, page.limit + 1)
    return page.answer("cases", [(case.case_id, as_json(case)) for case in found])


def as_json(case: CaseFile) -> dict[str, Any]:
    """Return a case as JSON's types."""
    return asdict(case)


def own(ask: Ask, connection: Connection, caller: Caller, number: str) -> CaseFile:
    """Return a case that the caller may see or move; NotFound for others' as for none."""
    case = store.find(connection, number)
    if case is None:
        raise NotFound
    own = caller.department == case.registrar
    relation = "own" if own else "party" if caller.department == case.department else ""
    if not relation and "any" not in matrix.relations(ask.route, caller.roles):
        raise NotFound
    matrix.require(ask.route, caller, relation)
    return case


def _register(ask: Ask, connection: Connection, caller: Caller, wish: CaseWish) -> Response:
    matrix.require(ask.route, caller, "own")
    item = _item(ask, wish.item)
    if not is_case_number(wish.draft):
        raise BodyInvalid("draft: a short number, and nobody's own")
    ask.counter.catalogue.department(wish.department)
    if INTAKE not in caller.roles and wish.department != caller.department:
        raise BodyInvalid("department: your own; the intake platform alone registers for others")
    parent = store.find(connection, wish.parent) if wish.parent else None
    if wish.parent and (parent is None or caller.department not in (parent.registrar, parent.department)):
        raise BodyInvalid("parent: no case of yours that is registered")
    case = CaseFile(
        case_id=_next_id(ask), draft_no=wish.draft, case_no=None, parent_id=parent.case_id if parent else None,
        item=wish.item, department=wish.department, registrar=caller.department, registered_by=caller.operator,
        stage=wish.stage, kind=item.kind, state="draft", step_count=0, officer=wish.officer, result="",
        opened_at=instant_text(ask.counter.now()), accepted_on=None, stopped_on=None, stopped_days=0,
        legal_days=item.legal_days, promised_days=item.promised_days, legal_due_on=None, promised_due_on=None,
        closed_at=None,
    )  # fmt: skip
    parties = [pair for party in wish.parties for pair in _hashes(ask, party.number, party.role)]
    return _answer(connection, store.register(connection, case, parties), 201)


def _report(ask: Ask, connection: Connection, caller: Caller, case: CaseFile, told: Reported) -> Response:
    now, calendar = ask.counter.now(), ask.counter.catalogue.sharing
    return _answer(connection, store.report(connection, case, told, caller.operator, now, calendar), 200)


def _answer(connection: Connection, case: CaseFile, status: int) -> Response:
    stages = [stage.number for stage in store.stages(connection, case.case_id)]
    body = {**as_json(case), "steps": store.steps(connection, case.case_id), "stages": stages}
    return Response(written(body), status, media_type="application/json")


def _result(body: StepWish) -> str:
    """Return what came of a case, with the licences that it issued behind."""
    try:
        return " ".join(filter(None, (body.result, *(licence_id(each).text for each in body.licences))))
    except InvalidIdentifier:
        raise BodyInvalid("licences: one that is no licence identifier") from None


def _check_telling(ask: Ask, connection: Connection, case: CaseFile, told: Reported) -> None:
    """Raise Conflict where it is told too late what a case lacks: it counts as accepted by then."""
    zone, calendar = ask.counter.settings.timezone, ask.counter.catalogue.sharing
    if told.step == "tell_lacking" and not is_told_in_time(connection, case, told.day, zone, calendar):
        raise Conflict("nobody told in time what it lacks, so it counts as accepted since the day it was received")


def _item(ask: Ask, code: str) -> Item:
    for item in ask.counter.catalogue.declarations.items.values():
        if item.code == code:
            return item
    raise BodyInvalid("item: no code of an item that is declared")


def _hashes(ask: Ask, number: str, role: str) -> list[tuple[str, str]]:
    try:
        found = subject_numbers(number.strip())
    except NotASubjectNumber:
        raise BodyInvalid("parties: a number that is nobody's") from None
    return [(subject_hash(ask.counter.subject_secret, each.subject_id), role) for each in found]


def _next_id(ask: Ask) -> str:
    """Return an id that sorts by the instant it was made."""
    now = ask.counter.now()
    return f"{now:%Y%m%d%H%M%S%f}-{ask.counter.random(6).hex()}"
