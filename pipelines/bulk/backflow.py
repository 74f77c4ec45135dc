"""What flows back to counties, streets and communities: made by rule, and reported with coverage and lag."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from catalog import backflow
from catalog.backflow import Backflow
from catalog.entries import entries
from catalog.sharing_store import Actor
from ledger import index
from onefile.verify.reading import read_instant
from pipelines import projecting
from pipelines.bulk import counts
from pipelines.workshop import Workshop
from schemas.serving.connection import looking, writing
from schemas.serving.disclosure_tables import DISCLOSURE
from schemas.serving.migration import upgrade
from schemas.serving.projections import Projection, projections
from schemas.serving.record_tables import SUBJECT_RECORD

TAKEN = ("shares.query", "shares.changes", "shares.batch", "shares.put")
"""Kinds of looks by which a table is taken."""


@dataclass(frozen=True)
class Line:
    """How one resource flows back to one department.

    `rows` are given; None: the table is not made or not counted yet. `lag_seconds`: for how long the table has not been
    as it has to be, 0: it is; None: it never was made. `taken_at` (RFC 3339, UTC): when it was last taken.
    """

    department: str
    area: str
    resource: str
    grant: str
    share: str
    rows: int | None
    lag_seconds: int | None
    taken_at: str | None


@dataclass(frozen=True)
class Coverage:
    """Of a resource: `records` that are about somebody, and rows that are given to the departments of a level."""

    resource: str
    level: str
    departments: int
    records: int
    rows: int

    @property
    def share(self) -> float | None:
        """Rows given by records; None where there are no records. A record about two in two areas is given twice."""
        return self.rows / self.records if self.records else None


def ensure(shop: Workshop) -> list[Backflow]:
    """Make what is missing of grants and shares; return all that flows back."""
    upgrade(shop.settings.database_url)
    actor = Actor("rule", "", shop.settings.operator, shop.at, shop.legal_day(shop.at))
    with writing(shop.settings.database_url) as connection:
        return backflow.ensure(connection, shop.catalogue, entries(shop.catalogue), actor)


def report(shop: Workshop, found: list[Backflow]) -> tuple[list[Line], list[Coverage]]:
    """Return how each resource flows back to each department, and how much of each does at each level."""
    late = projecting.stale(shop)
    with writing(shop.settings.database_url) as connection:
        index.caught_up(connection, shop.home / "ledger")
    with looking(shop.settings.database_url) as connection:
        held = projections(connection)
        lines = [_line(connection, each, held, late, shop.at) for each in found]
        records = _records(connection)
    levels = {each.id: each.level for each in shop.declarations.departments.values()}
    return lines, _coverage(lines, levels, records)


def _line(
    connection: Connection, of: Backflow, held: Mapping[str, Projection], late: set[str], at: datetime
) -> Line:  # fmt: skip
    last = next(reversed(counts.counts(connection, of.grant_id)), None)
    projection = held.get(of.grant_id)
    lag = None if projection is None else 0
    if projection is not None and of.grant_id in late:
        lag = int((at - read_instant(projection.made_at)).total_seconds())
    row = DISCLOSURE.c
    taken = select(func.max(row.at)).where(row.grant_id == of.grant_id, row.kind.in_(TAKEN))
    found = connection.execute(taken).scalar_one_or_none()
    return Line(of.department, of.area, of.resource, of.grant_id, of.share_id, None if last is None else last.rows,
                lag, None if found is None else str(found))  # fmt: skip


def _records(connection: Connection) -> dict[str, int]:
    row = SUBJECT_RECORD.c
    asked = select(row.resource, func.count(row.record.distinct())).group_by(row.resource)
    return {str(resource): int(number) for resource, number in connection.execute(asked)}


def _coverage(lines: list[Line], levels: Mapping[str, str], records: Mapping[str, int]) -> list[Coverage]:
    found: dict[tuple[str, str], list[Line]] = {}
    for each in lines:
        found.setdefault((each.resource, levels[each.department]), []).append(each)
    return [
        Coverage(resource, level, len(some), records.get(resource, 0), sum(each.rows or 0 for each in some))
        for (resource, level), some in sorted(found.items())
    ]
