"""Backflow (数据回流): counties, streets and communities get the rows about their own people and enterprises.

Order 809, art. 24: data of a higher level is handed back to the level whose people it is about. So nobody applies and
nobody decides: the rule makes request, grant and share for each department that declares an area, of each resource
that is shared by batch and supplied at a higher level, limited to that area. Again it makes nothing; a grant that is
over is made anew. What a person ended or narrowed stays so while its period lasts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import Connection

from catalog import requests, shares
from catalog.entries import Entry
from catalog.grants import IN_FORCE
from catalog.model import Catalogue
from catalog.requests import Wanted
from catalog.sharing_store import Actor, Case, cases
from schemas.licence_reading import DEPARTMENT_LEVELS
from schemas.model import Department

BASIS = "Order 809, art. 24"
DAYS = 366
QUOTA = 1000


@dataclass(frozen=True)
class Backflow:
    """One resource that flows back to one department, under a grant and in a share."""

    department: str
    area: str
    resource: str
    grant_id: str
    share_id: str
    is_new: bool


def due(catalogue: Catalogue, entries: Mapping[str, Entry]) -> Iterator[tuple[Department, Entry]]:
    """Yield which departments get rows of which resources."""
    for department in catalogue.declarations.departments.values():
        for entry in entries.values():
            if department.area and _flows(entry) and _is_below(department, entry):
                yield department, entry


def ensure(connection: Connection, catalogue: Catalogue, entries: Mapping[str, Entry], actor: Actor) -> list[Backflow]:
    """Make what is missing of grants and shares; return all that flows back.

    Args:
        actor: who runs it, at which instant and day; it acts as the rule.

    Raises:
        NoHolidayNotice: a clock runs into a year whose holidays are not declared; nothing is kept.
    """
    held = {(case.consumer, case.entry_id): case for case in cases(connection, "G") if _is_backflow(case, actor)}
    return [
        _ensure(connection, catalogue, department, entry, held, actor) for department, entry in due(catalogue, entries)
    ]


def share_of(department: str) -> str:
    """Return the share of a department in which what flows back to it is."""
    return f"backflow_{department}"[:63]


def _ensure(
    connection: Connection, catalogue: Catalogue, department: Department, entry: Entry,
    held: Mapping[tuple[str, str], Case], actor: Actor,
) -> Backflow:  # fmt: skip
    case = held.get((department.id, entry.id))
    is_new = case is None
    if case is None:
        case = _grant(connection, catalogue, department, entry, actor)
        shares.put_grant(connection, share_of(department.id), case, entry, "rule", actor.at)
    return Backflow(department.id, department.area, entry.id, case.id, share_of(department.id), is_new)


def _grant(
    connection: Connection, catalogue: Catalogue, department: Department, entry: Entry, actor: Actor
) -> Case:  # fmt: skip
    wanted = Wanted(
        tuple(item.name for item in entry.items), f"area={department.area}", (), BASIS, "backflow", department.area,
        shares.MODE, actor.day.isoformat(), (actor.day + timedelta(DAYS)).isoformat(), QUOTA, BASIS,
    )  # fmt: skip
    case = requests.apply(connection, wanted, entry, replace(actor, role="consumer", department=department.id))
    for action, role, of in (("approve", "office", department.id), ("grant", "rule", "")):
        if case.state != "granted":
            who = replace(actor, role=role, department=of)
            case = requests.act(connection, case.id, action, who, BASIS, entry, catalogue.sharing)
    grant_id = f"G{case.id[1:]}"
    return next(each for each in cases(connection, "G") if each.id == grant_id)


def _is_backflow(case: Case, actor: Actor) -> bool:
    """Say whether a grant is one of the rule's own whose period is not over, be it that somebody ended it."""
    is_ours = case.wants.get("basis") == BASIS and case.wants.get("mode") == shares.MODE
    return is_ours and (case.state in IN_FORCE or case.valid_until >= actor.day.isoformat())


def _flows(entry: Entry) -> bool:
    is_shared = entry.kind == "dataset" and entry.state == "published" and entry.share_class != "not_shared"
    return is_shared and bool(entry.subjects) and shares.MODE in entry.modes


def _is_below(department: Department, entry: Entry) -> bool:
    levels: Iterable[str] = DEPARTMENT_LEVELS
    order = list(levels)
    return entry.provider != department.id and order.index(entry.level) < order.index(department.level)
