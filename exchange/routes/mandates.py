"""`/v1/mandates`: given by whom they are for, or registered by an official at a window; ended by either."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field
from sqlalchemy import Connection
from starlette.responses import Response

from exchange.access import mandates, matrix
from exchange.access.asking import Ask, asking, written
from exchange.access.callers import APPLICANT, Caller
from exchange.access.identities import department_of
from exchange.access.mandates import Kept
from exchange.errors import BodyInvalid, NotFound
from exchange.http.cursors import Limit, Page
from exchange.http.repeats import once
from exchange.routes.models import Number, Short, Strict
from exchange.routes.offering import About, offer
from ledger.entry import Look
from schemas.subjects import NotASubjectNumber, SubjectNumber, subject_numbers

router = APIRouter()
JSON = "application/json"
ItemCode = Annotated[str, Field(pattern=r"^(\*|[0-9A-Za-z][0-9A-Za-z._-]{0,63})$")]


class MandateWish(Strict):
    """Who may act (`agent`), for whom (`principal`, or oneself), as what, for which items, until when."""

    agent: Number
    principal: Number | None = None
    relation: Literal["guardian", "representative", "agent", "helper"]
    source: Annotated[Short, Field(min_length=1)]
    scope: Annotated[list[ItemCode], Field(min_length=1, max_length=50)]
    since: date
    until: date


class MandateShown(BaseModel):
    """A mandate; whose is not repeated. `side`: whether the caller may act under it (`has`), gave it, or neither."""

    mandate: str
    side: str
    relation: str
    source: str
    scope: list[str]
    since: date
    until: date
    registered_at: str
    registered_by: str
    ended_at: str | None


class MandateList(BaseModel):
    """A page of mandates: an applicant's own; all of them to the bureau's engineer and the auditor."""

    mandates: list[MandateShown]
    next: str | None


PUT = About("Let somebody act for another", {201: MandateShown}, may_repeat=True)


@offer(router, "POST", "/v1/mandates", "mandates.manage", PUT)
def put(ask: Annotated[Ask, Depends(asking("mandates.manage"))], body: MandateWish) -> Response:
    """Register a mandate. Applicants let others act for themselves as agents; the rest an official registers."""
    with ask.counter.database.writing() as connection:
        caller = ask.enter(connection)
        agent, principal = _subject("agent", body.agent), _principal(caller, body)
        wish = mandates.Wish(
            agent.subject_id, caller.subject_id if principal is None else principal.subject_id, body.relation,
            body.source, tuple(body.scope), body.since.isoformat(), body.until.isoformat(),
            tuple(each for each in (agent, principal) if each is not None),
        )  # fmt: skip

        def work() -> Response:
            mandate_id = f"M{ask.counter.random(8).hex()}"
            made = mandates.put(connection, wish, mandate_id, caller.operator, ask.counter.now())
            ask.counter.ledger.append(mandates.noted(made, mandates.REGISTERED, _by(ask, caller, body.source)))
            return Response(written(_shown(mandates.find(connection, mandate_id), caller)), 201, media_type=JSON)

        return once(ask, connection, caller, work)


@offer(router, "GET", "/v1/mandates", "mandates.read", About("Mandates that one has or gave", {200: MandateList}))
def listed(
    ask: Annotated[Ask, Depends(asking("mandates.read"))], cursor: Annotated[str, Query(max_length=400)] = "",
    limit: Limit = 100,
) -> Response:  # fmt: skip
    """List one's own mandates; to the bureau's engineer and the auditor all, without whose they are."""
    page = Page.read(cursor, limit)
    with ask.counter.database.looking() as connection:
        caller = ask.enter(connection)
        if APPLICANT in caller.roles:
            own = mandates.of_subject(connection, caller.subject_id)
            found = [kept for kept in own if kept.mandate.mandate_id > page.after]
        else:
            matrix.require(ask.route, caller, "any")
            found = mandates.every(connection, page.after, page.limit + 1)
    return page.answer("mandates", [(kept.mandate.mandate_id, _shown(kept, caller)) for kept in found])


@offer(router, "DELETE", "/v1/mandates/{mandate}", "mandates.manage", About("End a mandate", {204: None}))
def end(ask: Annotated[Ask, Depends(asking("mandates.manage"))], mandate: str) -> Response:
    """End a mandate: whoever gave or has it may, the department whose official registered it, and the engineer."""
    with ask.counter.database.writing() as connection:
        caller = ask.enter(connection)
        kept = mandates.find(connection, mandate)
        if "any" not in matrix.relations(ask.route, caller.roles) and not _is_own(connection, caller, kept):
            raise NotFound
        ended = mandates.end(connection, mandate, ask.counter.now())
        ask.counter.ledger.append(mandates.noted(ended, mandates.ENDED, _by(ask, caller, "ended")))
    return Response(status_code=204)


def _principal(caller: Caller, body: MandateWish) -> SubjectNumber | None:
    """Return for whom a mandate is; None: an applicant's is for himself, and makes an agent or helper."""
    if APPLICANT not in caller.roles:
        if body.principal is None:
            raise BodyInvalid("principal: for whom it is")
        return _subject("principal", body.principal)
    matrix.require("mandates.manage", caller, "own")
    if body.principal is not None or body.relation not in ("agent", "helper"):
        raise BodyInvalid("principal, relation: one lets an agent or helper act for oneself; the rest at a window")
    return None


def _subject(name: str, number: str) -> SubjectNumber:
    try:
        found = subject_numbers(number.strip())
    except NotASubjectNumber:
        raise BodyInvalid(f"{name}: a number that is nobody's") from None
    return found[0]


def _is_own(connection: Connection, caller: Caller, kept: Kept) -> bool:
    """Say whether a mandate is the applicant's, or was registered by an official of the caller's department."""
    if APPLICANT in caller.roles:
        return caller.subject_id in (kept.mandate.agent_id, kept.mandate.principal_id)
    return caller.department != "" and department_of(connection, kept.registered_by) == caller.department


def _by(ask: Ask, caller: Caller, why: str) -> Look:
    return Look(
        at=ask.counter.now(), operator=caller.operator, purpose="代办授权", subject_id=None, fields=(), basis=why,
        department=caller.department, client=caller.id,
    )  # fmt: skip


def _shown(kept: Kept, caller: Caller) -> dict[str, Any]:
    mandate = kept.mandate
    sides = {mandate.agent_id: "has", mandate.principal_id: "gave"}
    return {
        "mandate": mandate.mandate_id, "side": sides.get(caller.subject_id, "neither"), "relation": mandate.relation,
        "source": mandate.source, "scope": list(mandate.scope), "since": mandate.since, "until": mandate.until,
        "registered_at": kept.registered_at, "registered_by": kept.registered_by, "ended_at": kept.ended_at,
    }  # fmt: skip
