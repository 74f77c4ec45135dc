"""`/v1/mandates`: given by whom they are for, or registered by an official at a window; ended by either."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field
from sqlalchemy import Connection
from starlette.responses import Response

from exchange.access import mandates, matrix
from exchange.access.asking import Ask, asking, written
from exchange.access.callers import APPLICANT, Caller, Mandate
from exchange.errors import AssuranceTooLow, BodyInvalid, NotFound
from exchange.routes.models import Number, Short, Strict
from exchange.routes.offering import About, offer
from schemas.subjects import NotASubjectNumber, subject_numbers

router = APIRouter()
JSON = "application/json"
ItemCode = Annotated[str, Field(pattern=r"^(\*|[0-9A-Za-z][0-9A-Za-z._-]{0,63})$")]
ASSURANCE = 2
"""At which level somebody must be known who lets another act."""


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
    """A mandate; whose is not repeated. `side`: whether the caller may act under it, or gave it."""

    mandate: str
    side: str
    relation: str
    source: str
    scope: list[str]
    since: date
    until: date
    ended_at: str | None


class MandateList(BaseModel):
    """The mandates that the caller has or gave."""

    mandates: list[MandateShown]


@offer(router, "POST", "/v1/mandates", "mandates.manage", About("Let somebody act for another", {201: MandateShown}))
def put(ask: Annotated[Ask, Depends(asking("mandates.manage"))], body: MandateWish) -> Response:
    """Register a mandate. Applicants let others act for themselves as agents; the rest an official registers."""
    with ask.counter.database.writing() as connection:
        caller = ask.enter(connection)
        principal = _principal(caller, body)
        wish = mandates.Wish(_subject("agent", body.agent), principal, body.relation, body.source, tuple(body.scope),
                             body.since.isoformat(), body.until.isoformat())  # fmt: skip
        made = mandates.put(connection, wish, f"M{ask.counter.random(8).hex()}", caller.operator, ask.counter.now())
        return Response(written(_shown(made, "gave", None)), 201, media_type=JSON)


@offer(router, "GET", "/v1/mandates", "mandates.read", About("Mandates that one has or gave", {200: MandateList}))
def listed(ask: Annotated[Ask, Depends(asking("mandates.read"))]) -> Response:
    """List one's own mandates."""
    with ask.counter.database.looking() as connection:
        caller = ask.enter(connection)
        found = mandates.of_subject(connection, caller.subject_id) if caller.subject_id else []
    told = [_shown(m, "has" if m.agent_id == caller.subject_id else "gave", ended) for m, ended in found]
    return Response(written({"mandates": told}), media_type=JSON)


@offer(router, "DELETE", "/v1/mandates/{mandate}", "mandates.manage", About("End a mandate", {204: None}))
def end(ask: Annotated[Ask, Depends(asking("mandates.manage"))], mandate: str) -> Response:
    """End a mandate: whoever gave or has it may, and an official."""
    with ask.counter.database.writing() as connection:
        caller = ask.enter(connection)
        if APPLICANT in caller.roles and not _is_own(connection, caller, mandate):
            raise NotFound
        mandates.end(connection, mandate, ask.counter.now())
    return Response(status_code=204)


def _principal(caller: Caller, body: MandateWish) -> str:
    """Return for whom a mandate is: an applicant's is for himself, and makes an agent or helper."""
    if APPLICANT not in caller.roles:
        if body.principal is None:
            raise BodyInvalid("principal: for whom it is")
        return _subject("principal", body.principal)
    matrix.require("mandates.manage", caller, "own")
    if caller.assurance < ASSURANCE:
        raise AssuranceTooLow(ASSURANCE)
    if body.principal is not None or body.relation not in ("agent", "helper"):
        raise BodyInvalid("principal, relation: one lets an agent or helper act for oneself; the rest at a window")
    return caller.subject_id


def _subject(name: str, number: str) -> str:
    try:
        found = subject_numbers(number.strip())
    except NotASubjectNumber:
        raise BodyInvalid(f"{name}: a number that is nobody's") from None
    return found[0].subject_id


def _is_own(connection: Connection, caller: Caller, mandate_id: str) -> bool:
    return any(found.mandate_id == mandate_id for found, _ in mandates.of_subject(connection, caller.subject_id))


def _shown(mandate: Mandate, side: str, ended_at: str | None) -> dict[str, Any]:
    return {
        "mandate": mandate.mandate_id, "side": side, "relation": mandate.relation, "source": mandate.source,
        "scope": list(mandate.scope), "since": mandate.since, "until": mandate.until, "ended_at": ended_at,
    }  # fmt: skip
