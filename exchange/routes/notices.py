"""Notices of recall: the pull feed with its cursor, acknowledgements, where webhooks go, and what is overdue."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from exchange.access import matrix
from exchange.access.asking import Ask, asking, written
from exchange.errors import BadRequest, BodyInvalid, NotFound
from exchange.http.cursors import Limit, Page
from exchange.routes.models import Strict
from exchange.routes.offering import About, offer
from ledger import outbox
from ledger.addresses import judged, networks
from ledger.errors import NoSuchNotice, TargetRefused

router = APIRouter()
JSON = "application/json"


class NoticeShown(BaseModel):
    """A notice: what does not hold any more, for which answers and cases of one's department."""

    format: str
    number: int
    consumer: str
    reason: str
    how: str
    attribute: str | None = None
    kind: str | None = None
    licence: str | None = None
    type: str | None = None
    changed_at: str
    answers: list[str]
    cases: list[str]
    grants: list[str] = []
    last_looked_at: str | None = None
    made_at: str
    acknowledge_by: str
    acknowledged_at: str | None


class NoticeFeed(BaseModel):
    """A page of notices in order; `last` is the cursor to go on from, also when there is no more yet."""

    notices: list[NoticeShown]
    next: str | None


class NoticeList(BaseModel):
    """Notices that nobody acknowledged in time."""

    overdue: list[dict[str, Any]]


class Target(Strict):
    """Where a department's notices are sent: https, or empty for nowhere."""

    url: Annotated[str, Field(max_length=2000)]


FEED = About("Notices of one's department, page by page", {200: NoticeFeed})
ACKNOWLEDGE = About("Say that a notice was taken in", {200: NoticeShown})
TARGET = About("Say where one's notices are sent", {200: Target})
OVERDUE = About("Notices that nobody acknowledged by their day", {200: NoticeList})


@offer(router, "GET", "/v1/notices", "notices.read", FEED)
def feed(
    ask: Annotated[Ask, Depends(asking("notices.read"))], cursor: Annotated[str, Query(max_length=400)] = "",
    limit: Limit = 100,
) -> Response:  # fmt: skip
    """Return one's department's notices above the cursor, in order."""
    page = Page.read(cursor, limit)
    if page.after and (not page.after.isdecimal() or len(page.after) > 9):
        raise BadRequest("the cursor is none that was given out")
    with ask.counter.database.looking() as connection:
        caller = ask.enter(connection)
        matrix.require(ask.route, caller, "own")
        found = outbox.feed(connection, caller.department, int(page.after or 0), page.limit + 1)
    return page.answer("notices", [(str(notice.number), _shown(notice)) for notice in found])


@offer(router, "POST", "/v1/notices/{number}/acknowledgement", "notices.acknowledge", ACKNOWLEDGE)
def acknowledge(ask: Annotated[Ask, Depends(asking("notices.acknowledge"))], number: int) -> Response:
    """Say that one's department took a notice in; again it changes nothing."""
    with ask.counter.database.writing() as connection:
        caller = ask.enter(connection)
        matrix.require(ask.route, caller, "own")
        if not 0 < number < 2**31:
            raise NotFound
        try:
            notice = outbox.acknowledge(connection, caller.department, number, caller.operator, ask.counter.now())
        except NoSuchNotice:
            raise NotFound from None
    return Response(written(_shown(notice)), media_type=JSON)


@offer(router, "PUT", "/v1/notices/target", "notices.target", TARGET)
def target(ask: Annotated[Ask, Depends(asking("notices.target"))], body: Target) -> Response:
    """Say where one's notices are sent; private and local addresses are refused unless the bureau listed them."""
    with ask.counter.database.looking() as connection:
        matrix.require(ask.route, ask.enter(connection), "own")
    try:
        if body.url:
            judged(body.url, networks(ask.counter.settings.webhook_networks))
    except TargetRefused:
        raise BodyInvalid("url: no https address that the bureau may send to") from None
    with ask.counter.database.writing() as connection:
        caller = ask.enter(connection)
        outbox.set_target(connection, caller.department, body.url, caller.operator, ask.counter.now())
    return Response(written({"url": body.url}), media_type=JSON)


@offer(router, "GET", "/v1/overdue-notices", "notices.overdue", OVERDUE)
def overdue(ask: Annotated[Ask, Depends(asking("notices.overdue"))]) -> Response:
    """List the notices of all departments that are overdue."""
    with ask.counter.database.looking() as connection:
        matrix.require(ask.route, ask.enter(connection), "any")
        found = outbox.overdue(connection, ask.counter.today())
    return Response(written({"overdue": [asdict(notice) for notice in found]}), media_type=JSON)


def _shown(notice: outbox.Notice) -> dict[str, Any]:
    return {**notice.body(), "acknowledged_at": notice.acknowledged_at}
