"""The steps of sharing that nobody takes by hand: late requests go up, grants that are over end, contradictions open.

Each is one transaction of the serving database, and changes nothing when there is nothing to do.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from catalog import claims, disputes, grants, objections, requests, verifications
from catalog.cases import rules
from catalog.entries import entries
from catalog.sharing_store import Actor
from catalog.verifications import Swept
from pipelines.workshop import Workshop
from schemas.serving.connection import writing
from schemas.serving.migration import upgrade
from schemas.serving.record_writing import newest


def escalate(shop: Workshop) -> int:
    """Send the requests that nobody answered in time to the sharing authority; return how many."""
    with _changing(shop) as connection:
        return len(requests.escalate(connection, _rule(shop)))


def review(shop: Workshop) -> int:
    """End the grants whose period is over, suspend those that lapsed or were overused; return how many."""
    with _changing(shop) as connection:
        return len(grants.review(connection, entries(shop.catalogue), _rule(shop)))


def verify(shop: Workshop) -> Swept:
    """Open, resolve and escalate verifications by the contradictions in the published files.

    Raises:
        NoHolidayNotice: a clock runs into a year whose holidays are not declared; nothing is kept.
    """
    with _changing(shop) as connection:
        found = list(verifications.published(connection))
        return verifications.sweep(connection, found, shop.catalogue, _rule(shop))


def answer(shop: Workshop) -> dict[str, int]:
    """Resolve objections and claims whose value is another now, send up what is late; return how many of each."""
    with _changing(shop) as connection:
        resolved, escalated = objections.sweep(connection, _rule(shop))
        claimed = claims.sweep(connection, _rule(shop))
        disputed = disputes.escalate(connection, _rule(shop), shop.catalogue.sharing)
    return {"resolved": len(resolved) + len(claimed), "escalated": len(escalated) + len(disputed)}


def supply(shop: Workshop) -> int:
    """Note the requests as supplied whose grants the counter can answer now; return how many."""
    with _changing(shop) as connection:
        held = {resource: last.fields for resource, last in newest(connection).items()}
        return len(requests.note_supplied(connection, held, _rule(shop)))


def accept_cases(shop: Workshop) -> int:
    """Let cases count as accepted where nobody told in time what they lack; return how many.

    Raises:
        NoHolidayNotice: a clock runs into a year whose holidays are not declared; nothing is kept.
    """
    with _changing(shop) as connection:
        return len(rules.deem_accepted(connection, shop.at, shop.settings.timezone, shop.catalogue.sharing))


@contextmanager
def _changing(shop: Workshop) -> Iterator[Connection]:
    upgrade(shop.settings.database_url)
    with writing(shop.settings.database_url) as connection:
        yield connection


def _rule(shop: Workshop) -> Actor:
    return Actor("rule", "", shop.settings.operator, shop.at, shop.legal_day(shop.at))
