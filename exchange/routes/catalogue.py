"""The catalogue, what was asked for of it, what was granted."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel
from sqlalchemy import Connection
from starlette.responses import Response

from catalog import grants, requests
from catalog.entries import filtered
from catalog.requests import Wanted
from catalog.sharing_store import Actor, Case, cases, get, steps
from exchange.access import matrix
from exchange.access.asking import Ask, asking, written
from exchange.access.callers import Caller
from exchange.errors import BodyInvalid, NotFound
from exchange.http.cursors import Limit, Page
from exchange.http.etags import tagged
from exchange.http.repeats import once
from exchange.routes.offering import About, offer
from exchange.routes.sharing_models import ActWish, RequestWish, SharingCase, SharingList

router = APIRouter()
JSON = "application/json"


class EntryList(BaseModel):
    """A page of the catalogue's entries."""

    entries: list[dict[str, Any]]
    next: str | None


ENTRIES = About("The catalogue's entries, by facets", {200: EntryList, 304: None})
ENTRY = About("One entry of the catalogue", {200: dict, 304: None})
APPLY = About("Apply for a resource", {201: SharingCase}, may_repeat=True)
STEP = About("Take a step", {200: SharingCase}, may_repeat=True)
MINE = About("Those that one's department is a party to", {200: SharingList})
ONE = About("One, with its steps", {200: SharingCase})
Facet = Annotated[str, Query(max_length=120)]
Cursor = Annotated[str, Query(max_length=400)]


@offer(router, "GET", "/v1/catalog/entries", "catalogue.read", ENTRIES)
def entries(
    ask: Annotated[Ask, Depends(asking("catalogue.read"))], department: Facet = "", level: Facet = "",
    share: Facet = "", subject: Facet = "", kind: Facet = "", state: Facet = "", cursor: Cursor = "",
    limit: Limit = 100,
) -> Response:  # fmt: skip
    """List what is shared, on which terms."""
    page = Page.read(cursor, limit)
    wanted = {
        "department": department,
        "level": level,
        "share": share,
        "subject": subject,
        "kind": kind,
        "state": state,
    }
    with ask.counter.database.looking() as connection:
        ask.enter(connection)
    found = [entry for entry in filtered(ask.counter.entries.values(), wanted) if entry.id > page.after]
    return tagged(ask, page.answer("entries", [(entry.id, entry.as_json()) for entry in found[: page.limit + 1]]))


@offer(router, "GET", "/v1/catalog/entries/{entry_id}", "catalogue.read", ENTRY)
def entry(ask: Annotated[Ask, Depends(asking("catalogue.read"))], entry_id: str) -> Response:
    """Return one entry with its information items."""
    with ask.counter.database.looking() as connection:
        ask.enter(connection)
    found = ask.counter.entries.get(entry_id)
    if found is None:
        raise NotFound
    return tagged(ask, Response(written(found.as_json()), media_type=JSON))


@offer(router, "POST", "/v1/requests", "requests.make", APPLY)
def apply(ask: Annotated[Ask, Depends(asking("requests.make"))], body: RequestWish) -> Response:
    """Apply for a resource; the consumer's own sharing office sees it first."""
    wanted = Wanted(**{**body.model_dump(exclude={"entry"}), "fields": tuple(body.fields), "items": tuple(body.items)})
    wanted_entry = ask.counter.entries.get(body.entry)
    with ask.counter.database.writing() as connection:
        caller = ask.enter(connection)
        matrix.require(ask.route, caller, "own")
        if wanted_entry is None:
            raise BodyInvalid("entry: nothing of that id in the catalogue")
        actor = _actor(ask, caller, "consumer")
        return once(
            ask, connection, caller,
            lambda: _answer(connection, requests.apply(connection, wanted, wanted_entry, actor), 201),
        )  # fmt: skip


@offer(router, "GET", "/v1/requests", "requests.read", MINE)
def requests_listed(
    ask: Annotated[Ask, Depends(asking("requests.read"))], state: Facet = "", cursor: Cursor = "", limit: Limit = 100
) -> Response:  # fmt: skip
    """List requests."""
    return _listed(ask, "R", state, Page.read(cursor, limit))


@offer(router, "GET", "/v1/grants", "grants.read", MINE)
def grants_listed(
    ask: Annotated[Ask, Depends(asking("grants.read"))], state: Facet = "", cursor: Cursor = "", limit: Limit = 100
) -> Response:  # fmt: skip
    """List grants."""
    return _listed(ask, "G", state, Page.read(cursor, limit))


@offer(router, "GET", "/v1/requests/{request_id}", "requests.read", ONE)
def request(ask: Annotated[Ask, Depends(asking("requests.read"))], request_id: str) -> Response:
    """Return a request with its steps."""
    with ask.counter.database.looking() as connection:
        return _answer(connection, _own(ask, connection, ask.enter(connection), "R", request_id), 200)


@offer(router, "GET", "/v1/grants/{grant_id}", "grants.read", ONE)
def grant(ask: Annotated[Ask, Depends(asking("grants.read"))], grant_id: str) -> Response:
    """Return a grant with its steps."""
    with ask.counter.database.looking() as connection:
        return _answer(connection, _own(ask, connection, ask.enter(connection), "G", grant_id), 200)


@offer(router, "POST", "/v1/requests/{request_id}/steps", "requests.act", STEP)
def act_on_request(ask: Annotated[Ask, Depends(asking("requests.act"))], request_id: str, body: ActWish) -> Response:
    """Take a step on a request, in a role that one's department has in it."""
    with ask.counter.database.writing() as connection:
        caller = ask.enter(connection)
        case = _own(ask, connection, caller, "R", request_id)
        actor, fields = _actor(ask, caller, body.role), tuple(body.fields)
        found, sharing = ask.counter.entries.get(case.entry_id), ask.counter.catalogue.sharing
        taken = partial(requests.act, connection, case.id, body.action, actor, body.reason, found, sharing, fields)
        return once(ask, connection, caller, lambda: _answer(connection, taken(), 200))


@offer(router, "POST", "/v1/grants/{grant_id}/steps", "grants.act", STEP)
def act_on_grant(ask: Annotated[Ask, Depends(asking("grants.act"))], grant_id: str, body: ActWish) -> Response:
    """Take a step on a grant; a statement of disposal goes by `onefile grant act`, with its signature."""
    if body.action == "dispose":
        raise BodyInvalid("action: a disposal needs its signed statement")
    with ask.counter.database.writing() as connection:
        caller = ask.enter(connection)
        case = _own(ask, connection, caller, "G", grant_id)
        actor, fields = _actor(ask, caller, body.role), tuple(body.fields)
        sharing = ask.counter.catalogue.sharing
        taken = partial(grants.act, connection, case.id, body.action, actor, body.reason, sharing, fields, body.detail)
        return once(ask, connection, caller, lambda: _answer(connection, taken(), 200))


ROLE_OF = {"consumer": {"system", "intake", "consumer"}, "office": {"office"}, "provider": {"provider"},
           "authority": {"office"}}  # fmt: skip
"""In which role of sharing a role of the counter may act; whether the department has it there is checked as well."""


def _actor(ask: Ask, caller: Caller, role: str) -> Actor:
    if not ROLE_OF[role] & caller.roles:
        raise BodyInvalid(f"role: {role} is none that you may act in")
    return Actor(role, caller.department, caller.operator, ask.counter.now(), ask.counter.today())


def _own(ask: Ask, connection: Connection, caller: Caller, letter: str, case_id: str) -> Case:
    """Return a request or grant that the caller may see; NotFound for others' as for none."""
    if case_id[:1] != letter:
        raise NotFound
    case = get(connection, case_id)
    if not _relation(ask, case, caller):
        raise NotFound
    return case


def _relation(ask: Ask, case: Case, caller: Caller) -> bool:
    allowed = matrix.relations(ask.route, caller.roles)
    parties = (case.consumer, case.provider, ask.counter.catalogue.sharing.authority)
    return "any" in allowed or (caller.department in parties and bool({"own", "party"} & allowed))


def _listed(ask: Ask, letter: str, state: str, page: Page) -> Response:
    with ask.counter.database.looking() as connection:
        caller = ask.enter(connection)
        found = [
            case
            for case in cases(connection, letter)
            if case.id > page.after and state in ("", case.state) and _relation(ask, case, caller)
        ]
    return page.answer("cases", [(case.id, as_json(case)) for case in found[: page.limit + 1]])


def as_json(case: Case) -> dict[str, Any]:
    """Return a request or grant as JSON's types."""
    return {**asdict(case), "wants": dict(case.wants)}


def _answer(connection: Connection, case: Case, status: int) -> Response:
    return Response(written({**as_json(case), "steps": steps(connection, case.id)}), status, media_type=JSON)
