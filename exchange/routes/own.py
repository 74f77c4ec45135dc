"""What an applicant sees of itself: file, trail, cases, and all of it to take away.

Whose it is comes from the token, never from the URL. Whoever acts for another sees that one's, and the trail says so.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import date, datetime
from itertools import islice
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from sqlalchemy import Connection
from starlette.responses import Response

from catalog.cases import states, store
from catalog.objections import of_subject as objections_of
from exchange.access import mandates, matrix
from exchange.access.asking import Ask, asking, written
from exchange.access.callers import Caller
from exchange.errors import BadRequest
from exchange.http.cursors import Limit, Page
from exchange.http.problems import language
from exchange.queries import own
from exchange.queries.indexed import indexed
from exchange.routes.answered import shown
from exchange.routes.offering import About, offer
from exchange.routes.own_models import Export, OwnCases, OwnFile, TrailPage, Usage
from ledger.entry import Look, subject_hash
from ledger.trail import Used, Whose, trail, usage
from ledger.words import Dictionary
from onefile.verify.reading import instant_text
from schemas.working_days import NoHolidayNotice, Sharing

router = APIRouter()
JSON = "application/json"
FIRST_YEAR, LAST_YEAR = 1900, 2999
BASIS = "《个人信息保护法》第四十五条"
FILE = About("One's own file", {200: OwnFile})
TRAIL = About("Who looked at one, when, at which fields, what for, on which basis", {200: TrailPage})
USAGE = About("The same, in the shape of Estonia's data tracker", {200: list[Usage]})
CASES = About("One's cases: step, deadline, officer, result", {200: OwnCases})
EXPORT = About("File, trail, cases and objections, to take away", {200: Export})
Instant = Annotated[datetime | None, Query()]


@offer(router, "GET", "/v1/me/file", "own.read", FILE)
def file(ask: Annotated[Ask, Depends(asking("own.read"))]) -> Response:
    """Return one's own file. That it was looked at is on the trail."""
    with ask.counter.database.looking() as connection:
        caller = _applicant(ask, connection)
        found = own.own_file(connection, caller.about, ask.counter.catalogue, ask.counter.today())
    return _recorded(ask, caller, found, found)


@offer(router, "GET", "/v1/me/trail", "own.read", TRAIL)
def looks(
    ask: Annotated[Ask, Depends(asking("own.read"))], since: Instant = None, until: Instant = None,
    cursor: Annotated[str, Query(max_length=400)] = "", limit: Limit = 100,
) -> Response:  # fmt: skip
    """Return the looks at one, the newest first."""
    page = Page.read(cursor, limit)
    if page.after and not page.after.isdecimal():
        raise BadRequest("the cursor is none that was given out")
    with indexed(ask.counter) as connection:
        caller = _applicant(ask, connection)
        below = int(page.after) if page.after else None
        every = (used for used in _trail(ask, connection, caller, since, until) if below is None or used.seq < below)
        found = list(islice(every, page.limit + 1))
    return page.answer("looks", [(str(used.seq), used.as_json()) for used in found])


@offer(router, "GET", "/findUsage", "own.read", USAGE)
def find_usage(
    ask: Annotated[Ask, Depends(asking("own.read"))],
    period_start: Annotated[datetime | None, Query(alias="periodStart")] = None,
    period_end: Annotated[datetime | None, Query(alias="periodEnd")] = None,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Response:
    """Return the looks at one, the newest first; the subject is the token's."""
    lang = language(ask.request.headers)
    with indexed(ask.counter) as connection:
        caller = _applicant(ask, connection)
        found = islice(_trail(ask, connection, caller, period_start, period_end), offset, offset + limit)
        listed = [usage(used, lang) for used in found]
    return Response(json.dumps(listed, ensure_ascii=False).encode("utf-8"), media_type=JSON)


@offer(router, "GET", "/v1/me/cases", "own.read", CASES)
def cases(ask: Annotated[Ask, Depends(asking("own.read"))]) -> Response:
    """Return the cases that one is a party to, the newest first."""
    with ask.counter.database.looking() as connection:
        caller = _applicant(ask, connection, is_whole=False)
        return Response(written({"cases": _cases(ask, connection, caller)}), media_type=JSON)


@offer(router, "GET", "/v1/me/export", "own.read", EXPORT)
def export(ask: Annotated[Ask, Depends(asking("own.read"))]) -> Response:
    """Return all that is there of one. That it was taken away is on the trail."""
    with indexed(ask.counter) as connection:
        caller = _applicant(ask, connection)
        found = own.own_file(connection, caller.about, ask.counter.catalogue, ask.counter.today())
        document = {
            "format": "onefile.export/1",
            "made_at": instant_text(ask.counter.now()),
            "file": found,
            "trail": [used.as_json() for used in _trail(ask, connection, caller, None, None)],
            "cases": _cases(ask, connection, caller),
            "objections": [shown(connection, case) for case in objections_of(connection, caller.about)],
        }
    return _recorded(ask, caller, found, document)


def relation_of(caller: Caller) -> str:
    """Return what an applicant's own affairs are to it: its own, or those of whom it acts for."""
    return "represented" if caller.acting_for is not None else "own"


def acting_of(caller: Caller) -> str:
    """Return whose right an applicant uses, for the ledger; empty: its own."""
    mandate = caller.acting_for
    return "" if mandate is None else f"{mandate.relation}:{mandate.mandate_id}"


def _applicant(ask: Ask, connection: Connection, *, is_whole: bool = True) -> Caller:
    """Return who sees its own, or another's; a mandate for some items shows no more than the cases of these."""
    caller = ask.enter(connection)
    matrix.require(ask.route, caller, relation_of(caller))
    if is_whole:
        mandates.require_all(caller)
    return caller


def _trail(
    ask: Ask, connection: Connection, caller: Caller, since: datetime | None, until: datetime | None
) -> Iterator[Used]:  # fmt: skip
    counter = ask.counter
    for bound in (since, until):
        if bound is not None and (bound.tzinfo is None or not FIRST_YEAR <= bound.year <= LAST_YEAR):
            raise BadRequest("an instant has an offset and a year of our time, like 2026-03-01T08:00:00+08:00")
    kind = "person" if caller.about.startswith("p-") else "enterprise"
    hashed = subject_hash(counter.subject_secret, caller.about)
    whose = Whose(hashed, kind, counter.today(), counter.settings.timezone)
    return trail(connection, whose, Dictionary(counter.catalogue), since, until)


def _cases(ask: Ask, connection: Connection, caller: Caller) -> list[dict[str, Any]]:
    words, today = Dictionary(ask.counter.catalogue), ask.counter.today()
    every = store.of_party(connection, subject_hash(ask.counter.subject_secret, caller.about))
    mandate = caller.acting_for
    found = [case for case in every if mandate is None or mandates.covers(mandate, case.item)]
    calendar = ask.counter.catalogue.sharing
    return [_case(case, store.steps(connection, case.case_id), words, calendar, today) for case in found]


def _case(
    case: store.CaseFile, steps: list[dict[str, Any]], words: Dictionary, calendar: Sharing, today: date
) -> dict[str, Any]:
    item, due = words.item(case.item), case.promised_due_on
    left = None if due is None or case.is_closed else _days(calendar, today, date.fromisoformat(due))
    return {
        "number": case.number,
        "item": case.item,
        "item_name": None if item is None else {"zh": item.zh, "en": item.en},
        "department": case.department,
        "stage": case.stage,
        "state": case.state,
        "state_name": dict(zip(("zh", "en"), states.STATES[case.state], strict=True)),
        "officer": case.officer,
        "result": case.result,
        "opened_at": case.opened_at,
        "promised_due_on": due,
        "legal_due_on": case.legal_due_on,
        "days_left": left,
        "closed_at": case.closed_at,
        "steps": [{"at": step["at"], "step": step["step"], "reason": step["reason"]} for step in steps],
    }


def _days(calendar: Sharing, today: date, due: date) -> int | None:
    """Return how many working days are left; none where a year's holidays are not declared: it would be a guess."""
    try:
        return calendar.between(today, due)
    except NoHolidayNotice:
        return None


def _recorded(ask: Ask, caller: Caller, file: dict[str, Any], document: dict[str, Any]) -> Response:
    """Return an answer about oneself, once the look is in the ledger."""
    content, answer_id = written(document), ask.counter.random(12).hex()
    ask.counter.ledger.append([Look(
        at=ask.counter.now(), operator=caller.operator, purpose="本人查阅、复制", subject_id=caller.about,
        fields=own.fields_of(file), basis=BASIS, kind=f"own.{ask.request.url.path.rpartition('/')[2]}",
        acting=acting_of(caller), lake_version=file["lake_version"], answer=hashlib.sha256(content).hexdigest(),
        answer_id=answer_id,
    )])  # fmt: skip
    return Response(content, headers={"Onefile-Answer": answer_id}, media_type=JSON)
