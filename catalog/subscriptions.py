"""Subscriptions to what changes under a grant: a department is told of what it may see already, and of nothing else.

Under a grant by batch every row that is granted is followed. Under any other the subjects at whom the department has
looked under that grant are: an enterprise as long as the grant holds, a person while a case that it was looked at for
is open.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Connection, func, insert, select, update

from catalog import grants
from catalog.entries import Entry
from catalog.errors import CatalogError
from catalog.sharing_store import get
from onefile.verify.reading import instant_text
from schemas.serving.disclosure_tables import VALUE_CHANGE
from schemas.serving.event_tables import EVENT_SUBSCRIPTION
from schemas.serving.tables import LICENCE_VERSION


class NoSuchSubscription(CatalogError):
    """A department has no subscription of the number that was asked for."""

    def __init__(self) -> None:
        super().__init__("there is no such subscription: `onefile event list` names them")


class SubscriptionRefused(CatalogError):
    """What a grant gives cannot be followed."""

    def __init__(self, found: str, wanted: str) -> None:
        super().__init__(f"a subscription to {found}: name {wanted}")


@dataclass(frozen=True)
class Subscription:
    """A subscription as it stands; `ended_at` (RFC 3339, UTC) None: it holds."""

    number: int
    consumer: str
    grant_id: str
    entry_id: str
    change_no: int
    leaf_index: int
    made_at: str
    made_by: str
    ended_at: str | None


def subscribe(
    connection: Connection, grant_id: str, consumer: str, entries: Mapping[str, Entry], by: str, at: datetime, on: date
) -> Subscription:
    """Follow what changes under a grant from now on; one that is followed already is as it was.

    Raises:
        UnknownId: there is no such grant.
        GrantNotInForce: it gives nothing today.
        SubscriptionRefused: it is another department's, or of what has no changes: files of materials, licences of some
            regions only.
    """
    case = get(connection, grant_id)
    if case.consumer != consumer:
        raise SubscriptionRefused(f"{grant_id}, which is not its own", "a grant of the department's own")
    entry = entries.get(case.entry_id)
    given = grants.in_force(case, entry, on)
    if entry is None or entry.kind not in ("dataset", "licence") or not entry.subjects:
        raise SubscriptionRefused(
            f"{case.entry_id}, which is about nobody", "a grant of rows about subjects, or licences"
        )
    if entry.kind == "licence" and given.rows:
        raise SubscriptionRefused(
            f"{grant_id}, which is of some issuers' licences", "a grant of all licences of a type"
        )
    found = next((each for each in subscriptions(connection, consumer) if each.grant_id == grant_id), None)
    if found is not None:
        return found
    connection.execute(insert(EVENT_SUBSCRIPTION).values(
        consumer=consumer, grant_id=grant_id, entry_id=case.entry_id, made_at=instant_text(at), made_by=by,
        change_no=_last(connection, VALUE_CHANGE.c.change_no),
        leaf_index=_last(connection, LICENCE_VERSION.c.leaf_index, -1), ended_at=None))  # fmt: skip
    return next(each for each in subscriptions(connection, consumer) if each.grant_id == grant_id)


def end(connection: Connection, consumer: str, number: int, at: datetime) -> Subscription:
    """End a subscription; one that has ended is as it was. NoSuchSubscription where the department has none such."""
    find(connection, consumer, number)
    row = EVENT_SUBSCRIPTION.c
    holds = (row.subscription_no == number, row.ended_at.is_(None))
    connection.execute(update(EVENT_SUBSCRIPTION).where(*holds).values(ended_at=instant_text(at)))
    return find(connection, consumer, number)


def find(connection: Connection, consumer: str, number: int) -> Subscription:
    """Return a department's subscription, be it ended; NoSuchSubscription where it has none of that number."""
    row = EVENT_SUBSCRIPTION.c
    asked = select(EVENT_SUBSCRIPTION).where(row.consumer == consumer, row.subscription_no == number)
    found = connection.execute(asked).one_or_none()
    if found is None:
        raise NoSuchSubscription
    return Subscription(*found)


def subscriptions(connection: Connection, consumer: str = "") -> list[Subscription]:
    """Return the subscriptions that hold, of a department or of all, in order."""
    row = EVENT_SUBSCRIPTION.c
    asked = select(EVENT_SUBSCRIPTION).where(row.ended_at.is_(None)).order_by(row.subscription_no)
    return [Subscription(*each) for each in connection.execute(asked) if consumer in ("", each.consumer)]


def told_up_to(connection: Connection, number: int, change_no: int, leaf_index: int) -> None:
    """Note how far a subscription was told."""
    mine = EVENT_SUBSCRIPTION.c.subscription_no == number
    connection.execute(update(EVENT_SUBSCRIPTION).where(mine).values(change_no=change_no, leaf_index=leaf_index))


def _last(connection: Connection, column: ColumnElement[int], otherwise: int = 0) -> int:
    found = connection.execute(select(func.max(column))).scalar_one_or_none()
    return otherwise if found is None else int(found)
