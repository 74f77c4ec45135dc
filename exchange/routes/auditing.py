"""The auditor's side: findings with the share of each department, incidents with their reports."""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import date, datetime
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from catalog.sharing_store import Actor
from exchange.access import matrix
from exchange.access.asking import Ask, asking, written
from exchange.access.callers import Caller
from exchange.errors import BadRequest, BodyInvalid, NotFound
from exchange.http.repeats import once
from exchange.queries.indexed import indexed
from exchange.routes.models import Strict
from exchange.routes.offering import About, offer
from exchange.routes.own import FIRST_YEAR, LAST_YEAR
from exchange.routes.own_models import Reason
from ledger import findings, incidents
from ledger.errors import IncidentRefused, NoSuchFinding, NoSuchIncident
from ledger.incidents import Incident
from ledger.reconciliation import shares

router = APIRouter()
JSON = "application/json"
MOST_DAYS = 370
_INCIDENT = re.compile(r"I[0-9]{8}-[0-9]{4,8}\Z")
DepartmentId = Annotated[str, Query(max_length=80, pattern=r"^[a-z0-9_]*$")]
GrantId = Annotated[str, Field(pattern=r"^G[0-9]{8}-[0-9]{4,8}$")]


class Findings(BaseModel):
    """What an auditor is to look at."""

    findings: list[dict[str, Any]]


class Shares(BaseModel):
    """Departments with their looks, what was found wanting by kind, and the share in thousandths."""

    shares: list[dict[str, Any]]


class Why(Strict):
    """Why, in words that are kept."""

    reason: Reason


class IncidentWish(Strict):
    """Which grants, since when, and what happened."""

    grants: Annotated[list[GrantId], Field(min_length=1, max_length=100)]
    since: datetime
    reason: Reason


class IncidentShown(BaseModel):
    """An incident."""

    id: str
    declared_at: str
    declared_by: str
    reason: str
    grants: list[str]
    since: str
    until: str
    closed_at: str | None
    closing: str


class Incidents(BaseModel):
    """All incidents."""

    incidents: list[IncidentShown]


FOUND = About("Looks that an auditor is to look at", {200: Findings})
SETTLE = About("Settle a finding", {200: dict}, may_repeat=True)
SHARES = About("What part of each department's looks was found wanting", {200: Shares})
DECLARE = About("Declare an incident: its grants are suspended at once", {201: IncidentShown}, may_repeat=True)
LISTED = About("Incidents", {200: Incidents})
REPORT = About("What is known of an incident: looks, fields, subjects as keyed hashes", {200: dict})
CLOSE = About("Close an incident", {200: IncidentShown}, may_repeat=True)


@offer(router, "GET", "/v1/findings", "findings.read", FOUND)
def found(
    ask: Annotated[Ask, Depends(asking("findings.read"))], department: DepartmentId = "", settled: bool = False,
    after: Annotated[int, Query(ge=0, lt=2**31)] = 0,
) -> Response:  # fmt: skip
    """List findings."""
    with ask.counter.database.looking() as connection:
        matrix.require(ask.route, ask.enter(connection), "any")
        listed = findings.listed(connection, department, settled, after)
    return Response(written({"findings": [asdict(each) for each in listed]}), media_type=JSON)


@offer(router, "POST", "/v1/findings/{number}/settlement", "findings.settle", SETTLE)
def settle(ask: Annotated[Ask, Depends(asking("findings.settle"))], number: int, body: Why) -> Response:
    """Settle a finding, with a reason."""
    with ask.counter.database.writing() as connection:
        caller = ask.enter(connection)
        matrix.require(ask.route, caller, "any")
        if not 0 < number < 2**31:
            raise NotFound

        def work() -> Response:
            kept = findings.settle(connection, number, caller.operator, body.reason, ask.counter.now())
            return Response(written(asdict(kept)), media_type=JSON)

        try:
            return once(ask, connection, caller, work)
        except NoSuchFinding:
            raise NotFound from None


@offer(router, "GET", "/v1/finding-shares", "findings.read", SHARES)
def shared(ask: Annotated[Ask, Depends(asking("findings.read"))], since: date, until: date) -> Response:
    """Tell what part of each department's looks was found wanting, from one day to another."""
    if not (0 <= (until - since).days <= MOST_DAYS and since.year >= FIRST_YEAR and until.year <= LAST_YEAR):
        raise BadRequest(f"since and until: days in order, at most {MOST_DAYS} apart")
    with indexed(ask.counter) as connection:
        matrix.require(ask.route, ask.enter(connection), "any")
        told = shares(connection, since, until, ask.counter.settings.timezone)
    listed = [{**asdict(each), "per_mille": round(each.share * 1000)} for each in told]
    return Response(written({"shares": listed}), media_type=JSON)


@offer(router, "POST", "/v1/incidents", "incidents.act", DECLARE)
def declare(ask: Annotated[Ask, Depends(asking("incidents.act"))], body: IncidentWish) -> Response:
    """Declare an incident."""
    if body.since.tzinfo is None or not FIRST_YEAR <= body.since.year <= LAST_YEAR:
        raise BodyInvalid("since: an instant with its offset")
    with ask.counter.database.writing() as connection:
        caller = ask.enter(connection)
        matrix.require(ask.route, caller, "any")
        sharing, actor, named = ask.counter.catalogue.sharing, _actor(ask, caller), tuple(body.grants)
        declared = partial(incidents.declare, connection, named, body.since, body.reason, actor, sharing)
        try:
            return once(ask, connection, caller, lambda: _answer(declared(), 201))
        except IncidentRefused as error:
            raise BodyInvalid(f"its content: {error}") from None


@offer(router, "GET", "/v1/incidents", "incidents.read", LISTED)
def listed(ask: Annotated[Ask, Depends(asking("incidents.read"))]) -> Response:
    """List incidents."""
    with ask.counter.database.looking() as connection:
        matrix.require(ask.route, ask.enter(connection), "any")
        every = incidents.listed(connection)
    return Response(written({"incidents": [asdict(each) for each in every]}), media_type=JSON)


@offer(router, "GET", "/v1/incidents/{incident_id}/report", "incidents.read", REPORT)
def report(ask: Annotated[Ask, Depends(asking("incidents.read"))], incident_id: str) -> Response:
    """Return the report on an incident."""
    with indexed(ask.counter) as connection:
        matrix.require(ask.route, ask.enter(connection), "any")
        try:
            _check_id(incident_id)
            told = incidents.report(connection, incidents.find(connection, incident_id), ask.counter.now())
        except NoSuchIncident:
            raise NotFound from None
    return Response(written(told), media_type=JSON)


@offer(router, "POST", "/v1/incidents/{incident_id}/closing", "incidents.act", CLOSE)
def close(ask: Annotated[Ask, Depends(asking("incidents.act"))], incident_id: str, body: Why) -> Response:
    """Close an incident, with what was done."""
    with ask.counter.database.writing() as connection:
        caller = ask.enter(connection)
        matrix.require(ask.route, caller, "any")
        closed = partial(incidents.close, connection, incident_id, body.reason, ask.counter.now())
        try:
            _check_id(incident_id)
            return once(ask, connection, caller, lambda: _answer(closed(), 200))
        except NoSuchIncident:
            raise NotFound from None


def _check_id(incident_id: str) -> None:
    if not _INCIDENT.match(incident_id):
        raise NoSuchIncident


def _actor(ask: Ask, caller: Caller) -> Actor:
    return Actor("authority", ask.counter.catalogue.sharing.authority, caller.operator, ask.counter.now(),
                 ask.counter.today())  # fmt: skip


def _answer(incident: Incident, status: int) -> Response:
    return Response(written(asdict(incident)), status, media_type=JSON)
