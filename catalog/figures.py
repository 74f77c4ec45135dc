"""What the last runs say of a resource: quality, freshness, use. Figures only: no value of anybody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, func, select

from schemas.serving.tables import SHARING_GRANT, SHARING_USE

LATE_AFTER: Mapping[str, int | None] = {
    "real_time": 1, "daily": 2, "weekly": 9, "monthly": 35, "quarterly": 100, "half_yearly": 190, "yearly": 380,
    "irregular": None,
}  # fmt: skip
"""Days after the last day of the newest delivery from which a resource is late, by update cycle; None: never."""
USED_DAYS = 90


@dataclass(frozen=True)
class Delivered:
    """One delivery that was taken in, in counts; `last_day` is the last day of its period, or of its receipt."""

    resource: str
    delivery: str
    last_day: date
    received: int
    accepted: int
    quarantined: int
    duplicates: int


@dataclass(frozen=True)
class Checked:
    """One expectation on a resource, as its newest check found it."""

    resource: str
    is_met: bool


@dataclass(frozen=True)
class Used:
    """How an entry is used: grants in force, and looks of the last 90 days with how many departments had them."""

    grants: int
    looks: int
    consumers: int


@dataclass(frozen=True)
class Figures:
    """The figures of one entry. What was never delivered, checked or used is None or 0.

    `quarantined_share` is quarantined / received of the newest delivery. `is_late`: the newest delivery is older than
    the update cycle allows; None where nothing was delivered or the cycle promises nothing.
    """

    deliveries: int
    newest: Delivered | None
    quarantined_share: float | None
    age_days: int | None
    is_late: bool | None
    expectations: int
    unmet: int
    used: Used


def figures(
    update_cycle: str, delivered: Iterable[Delivered], checked: Iterable[Checked], used: Used, on: date
) -> Figures:
    """Return the figures of one entry on a day, from its deliveries and the newest outcome of its expectations."""
    found = sorted(delivered, key=lambda each: (each.last_day, each.delivery))
    outcomes = list(checked)
    newest = found[-1] if found else None
    age = (on - newest.last_day).days if newest is not None else None
    allowed = LATE_AFTER.get(update_cycle)
    return Figures(
        deliveries=len(found),
        newest=newest,
        quarantined_share=newest.quarantined / newest.received if newest is not None and newest.received else None,
        age_days=age,
        is_late=None if age is None or allowed is None else age > allowed,
        expectations=len(outcomes),
        unmet=sum(not outcome.is_met for outcome in outcomes),
        used=used,
    )


def usage(connection: Connection, since: date) -> dict[str, Used]:
    """Return how each entry was used since a day, by its id: what the counter noted for each look."""
    grant, use = SHARING_GRANT.c, SHARING_USE.c
    in_force = ("active", "end_proposed", "disputed")
    held = select(grant.entry_id, func.count()).where(grant.state.in_(in_force)).group_by(grant.entry_id)
    counted = (
        select(grant.entry_id, func.sum(use.times), func.count(func.distinct(grant.consumer)))
        .join(SHARING_GRANT, grant.grant_id == use.grant_id)
        .where(use.field == "", use.used_on >= since.isoformat())
        .group_by(grant.entry_id)
    )
    grants = {str(entry): int(n) for entry, n in connection.execute(held)}
    looks = {str(entry): (int(n), int(who)) for entry, n, who in connection.execute(counted)}
    return {e: Used(grants.get(e, 0), *looks.get(e, (0, 0))) for e in {*grants, *looks}}
