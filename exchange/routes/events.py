"""The event feed: subscriptions to what changes under one's grants, and what was told, page by page."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from catalog import subscriptions
from catalog.errors import GrantNotInForce, UnknownId
from catalog.subscriptions import NoSuchSubscription, Subscription, SubscriptionRefused
from exchange.access import matrix
from exchange.access.asking import Ask, asking, written
from exchange.errors import BadRequest, BodyInvalid, GrantOver, NotFound
from exchange.http.cursors import Limit
from exchange.routes.models import Strict
from exchange.routes.offering import About, offer
from ledger import events

router = APIRouter()
JSON = "application/json"


class SubscriptionAsked(Strict):
    """Under which grant changes are to be told."""

    grant: Annotated[str, Field(pattern=r"^G[0-9]{8}-[0-9]{4,8}$")]


class SubscriptionShown(BaseModel):
    """A subscription; `ended_at` null: it holds."""

    number: int
    grant: str
    resource: str
    made_at: str
    ended_at: str | None


class SubscriptionList(BaseModel):
    """The subscriptions of one's department that hold."""

    subscriptions: list[SubscriptionShown]


class EventShown(BaseModel):
    """What changed of which row or licence, and by which answers, cases or rows one knows whose it is."""

    format: str
    number: int
    subscription: int
    consumer: str
    subject: str
    previous: int | None
    grant: str
    resource: str
    field: str | None = None
    licence: str | None = None
    state: str | None = None
    how: str
    changed_at: str
    answers: list[str] = []
    cases: list[str] = []
    records: list[str] = []
    made_at: str


class EventFeed(BaseModel):
    """Events in order; `next` is the cursor to go on from, also when there is no more yet.

    `removed_to` is the number up to which events were removed, for their days are over: whoever goes on from a cursor
    below it has missed some, and asks anew for what it holds. 0: none were.
    """

    events: list[EventShown]
    next: str
    removed_to: int


SUBSCRIBE = About("Follow what changes under a grant", {200: SubscriptionShown})
LIST = About("Subscriptions of one's department", {200: SubscriptionList})
END = About("Follow no more what changes under a grant", {200: SubscriptionShown})
FEED = About("What changed under the grants that one's department follows", {200: EventFeed})


@offer(router, "POST", "/v1/subscriptions", "events.subscribe", SUBSCRIBE)
def subscribe(ask: Annotated[Ask, Depends(asking("events.subscribe"))], body: SubscriptionAsked) -> Response:
    """Follow what changes under a grant of one's department from now on; again it changes nothing."""
    with ask.counter.database.writing() as connection:
        caller = ask.enter(connection)
        matrix.require(ask.route, caller, "own")
        counter = ask.counter
        try:
            found = subscriptions.subscribe(
                connection, body.grant, caller.department, counter.entries, caller.operator, counter.now(),
                counter.today(),
            )  # fmt: skip
        except UnknownId:
            raise NotFound from None
        except GrantNotInForce as error:
            raise GrantOver(body.grant, error.reason) from None
        except SubscriptionRefused:
            raise BodyInvalid("grant: it is not your department's, or what it gives cannot be followed") from None
    return Response(written(_subscription(found)), media_type=JSON)


@offer(router, "GET", "/v1/subscriptions", "events.read", LIST)
def list_subscriptions(ask: Annotated[Ask, Depends(asking("events.read"))]) -> Response:
    """List the subscriptions of one's department that hold."""
    with ask.counter.database.looking() as connection:
        caller = ask.enter(connection)
        matrix.require(ask.route, caller, "own")
        found = subscriptions.subscriptions(connection, caller.department)
    return Response(written({"subscriptions": [_subscription(each) for each in found]}), media_type=JSON)


@offer(router, "POST", "/v1/subscriptions/{number}/end", "events.subscribe", END)
def end(ask: Annotated[Ask, Depends(asking("events.subscribe"))], number: int) -> Response:
    """End a subscription of one's department; what was told stays in the feed."""
    with ask.counter.database.writing() as connection:
        caller = ask.enter(connection)
        matrix.require(ask.route, caller, "own")
        if not 0 < number < 2**31:
            raise NotFound
        try:
            found = subscriptions.end(connection, caller.department, number, ask.counter.now())
        except NoSuchSubscription:
            raise NotFound from None
    return Response(written(_subscription(found)), media_type=JSON)


@offer(router, "GET", "/v1/events", "events.read", FEED)
def feed(
    ask: Annotated[Ask, Depends(asking("events.read"))], cursor: Annotated[str, Query(max_length=40)] = "",
    limit: Limit = 100,
) -> Response:  # fmt: skip
    """Return what one's department was told above the cursor, in order; the cursor of an empty page goes on too."""
    if cursor and (not cursor.isdecimal() or len(cursor) > 9):
        raise BadRequest("the cursor is none that was given out")
    with ask.counter.database.looking() as connection:
        caller = ask.enter(connection)
        matrix.require(ask.route, caller, "own")
        found = events.feed(connection, caller.department, int(cursor or 0), limit)
        removed_to = events.removed_to(connection, caller.department)
    last = str(found[-1].number) if found else cursor or "0"
    told = {"events": [each.body() for each in found], "next": last, "removed_to": removed_to}
    return Response(written(told), media_type=JSON)


def _subscription(found: Subscription) -> dict[str, Any]:
    return {"number": found.number, "grant": found.grant_id, "resource": found.entry_id, "made_at": found.made_at,
            "ended_at": found.ended_at}  # fmt: skip
