"""Acting for another: guardian, legal representative, agent, community helper; each with source, scope and end."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from exchange.access.callers import Caller, Mandate
from exchange.access.mandate_errors import BadMandate, NoSuchMandate
from exchange.access.standing import CHILD_UNTIL, Somebody, age_of, is_child, is_ended, somebody
from exchange.errors import GuardianNeeded, MandateNotGood, Refusal
from ledger.entry import Look
from onefile.verify.reading import instant_text
from schemas.model import Declarations
from schemas.serving.tables import counter_tables
from schemas.subjects import SubjectNumber

RELATIONS: Mapping[str, tuple[str, str]] = {
    "guardian": ("监护人", "guardian"),
    "representative": ("法定代表人", "legal representative"),
    "agent": ("委托代理人", "agent"),
    "helper": ("社区代办员", "community helper"),
}
ANY_ITEM = "*"
GROWN_AT = 18
MOST_DAYS = 366
ROW = counter_tables.COUNTER_MANDATE
REGISTERED, ENDED = "mandates.register", "mandates.end"
"""What the ledger calls that a mandate began, and that it ended."""


@dataclass(frozen=True)
class Kept:
    """A mandate as it is kept: by whom it was registered, when, and when it was ended."""

    mandate: Mandate
    registered_at: str
    registered_by: str
    ended_at: str | None


@dataclass(frozen=True)
class Wish:
    """A mandate to be registered. Subjects by internal id; `scope` codes of items, or `*`; days YYYY-MM-DD.

    `numbers` are those by which the two were named, as far as they were: of whom there is no file, they tell the age.
    """

    agent_id: str
    principal_id: str
    relation: str
    source: str
    scope: tuple[str, ...]
    since: str
    until: str
    numbers: tuple[SubjectNumber, ...] = field(default=(), repr=False)


def put(connection: Connection, wish: Wish, mandate_id: str, by: str, at: datetime) -> Mandate:
    """Register a mandate.

    Raises:
        BadMandate: it says what cannot be: no source, no scope, an end that is none or too far, oneself; another than
            a guardian for a child under 14, a guardian for a grown person, a representative of a person.
    """
    _check(connection, wish, at.date())
    connection.execute(insert(ROW).values(
        mandate_id=mandate_id, agent_id=wish.agent_id, principal_id=wish.principal_id, relation=wish.relation,
        source=wish.source, scope=json.dumps(list(wish.scope)), since=wish.since, until=wish.until,
        registered_at=instant_text(at), registered_by=by, ended_at=None))  # fmt: skip
    return _mandate(connection.execute(select(ROW).where(ROW.c.mandate_id == mandate_id)).one())


def end(connection: Connection, mandate_id: str, at: datetime) -> Mandate:
    """End a mandate from the next request on, and return it; NoSuchMandate when there is none in force."""
    where = (ROW.c.mandate_id == mandate_id) & ROW.c.ended_at.is_(None)
    if connection.execute(update(ROW).where(where).values(ended_at=instant_text(at))).rowcount != 1:
        raise NoSuchMandate
    return _mandate(connection.execute(select(ROW).where(ROW.c.mandate_id == mandate_id)).one())


def of_subject(connection: Connection, subject_id: str) -> list[Kept]:
    """Return the mandates that a subject has or gave."""
    row = ROW.c
    asked = select(ROW).where((row.agent_id == subject_id) | (row.principal_id == subject_id))
    return [_kept(found) for found in connection.execute(asked.order_by(row.mandate_id))]


def every(connection: Connection, after: str = "", limit: int | None = None) -> list[Kept]:
    """Return all mandates after an id, in order of id."""
    asked = select(ROW).where(ROW.c.mandate_id > after).order_by(ROW.c.mandate_id).limit(limit)
    return [_kept(found) for found in connection.execute(asked)]


def find(connection: Connection, mandate_id: str) -> Kept:
    """Return a mandate; NoSuchMandate when there is none of that id."""
    found = connection.execute(select(ROW).where(ROW.c.mandate_id == mandate_id)).one_or_none()
    if found is None:
        raise NoSuchMandate
    return _kept(found)


def noted(mandate: Mandate, kind: str, by: Look) -> list[Look]:
    """Return what goes into the ledger when a mandate begins or ends: both whom it concerns see it on their trail.

    Args:
        kind: REGISTERED or ENDED.
        by: who does it, when, on behalf of which department, and why.
    """
    acting = f"{mandate.relation}:{mandate.mandate_id}"
    about = replace(by, kind=kind, fields=("mandate",), basis=f"{by.basis} ({acting})")
    return [replace(about, subject_id=subject) for subject in (mandate.principal_id, mandate.agent_id)]


@dataclass(frozen=True)
class Use:
    """What a mandate is used for: by whom, for which items (codes; none: no item), on which day.

    `principal` is for whom; None: whoever gave it.
    """

    agent: Somebody
    principal: Somebody | None
    items: Collection[str]
    day: date


def acting(connection: Connection, mandate_id: str, use: Use, declared: Declarations) -> Mandate:
    """Return the mandate under which somebody acts.

    Raises:
        MandateNotGood: it does not hold; see `holds`.
        GuardianNeeded: it is for a child under 14, and not the guardian's.
    """
    row = connection.execute(select(ROW).where(ROW.c.mandate_id == mandate_id)).one_or_none()
    if row is None:
        raise MandateNotGood
    kept = _kept(row)
    if use.principal is None:
        use = replace(use, principal=somebody(connection, kept.mandate.principal_id))
    refused = _why_not(kept, use, declared)
    if refused is not None:
        raise refused
    return kept.mandate


def holds(kept: Kept, use: Use, declared: Declarations) -> bool:
    """Say whether a mandate holds for these two now.

    It does not where it is another's, over, not begun or not for all of the items; where its agent is dead, cancelled
    or a child under 14; as a guardian's for somebody who is 18 by now; as any other's for a child under 14.
    """
    return _why_not(kept, use, declared) is None


def _why_not(kept: Kept, use: Use, declared: Declarations) -> Refusal | None:
    right, agent, principal = kept.mandate, use.agent, use.principal
    is_theirs = right.agent_id in agent.ids and principal is not None and right.principal_id in principal.ids
    is_in_force = kept.ended_at is None and right.since <= use.day.isoformat() <= right.until
    if not (is_theirs and is_in_force and all(covers(right, item) for item in use.items)):
        return MandateNotGood()
    if is_ended(agent, use.day, declared) or is_child(agent, use.day):
        return MandateNotGood()
    years = None if principal is None else age_of(principal, use.day)
    if right.relation == "guardian":
        return MandateNotGood() if _is_over(right, years) else None
    return GuardianNeeded() if years is not None and years < CHILD_UNTIL else None


def covers(mandate: Mandate, item: str) -> bool:
    """Say whether a mandate is for an item."""
    return ANY_ITEM in mandate.scope or item in mandate.scope


def require_all(caller: Caller) -> None:
    """Return where an applicant acts in all affairs: in its own, or by a mandate for any item.

    Raises:
        MandateNotGood: its mandate is for some items; of file, trail and objections it is no part.
    """
    if caller.acting_for is not None and ANY_ITEM not in caller.acting_for.scope:
        raise MandateNotGood


def _is_over(guardian: Mandate, years: int | None) -> bool:
    """Say whether a guardian's mandate ended by itself: its ward is 18, and no court made it a guardian."""
    return years is not None and years >= GROWN_AT and not _is_by_court(guardian.source)


def _is_by_court(source: str) -> bool:
    return "court" in source.casefold() or "法院" in source


def _check(connection: Connection, wish: Wish, day: date) -> None:
    if wish.relation not in RELATIONS or not wish.source.strip() or not wish.scope:
        raise BadMandate("no relation, source or scope", f"{', '.join(RELATIONS)}; where it is from; for which items")
    if wish.agent_id == wish.principal_id:
        raise BadMandate("one agent for himself", "somebody else")
    since, until = date.fromisoformat(wish.since), date.fromisoformat(wish.until)
    if until < since or until < day:
        raise BadMandate("an end that is over, or before it begins", "a day that is to come")
    if is_child(somebody(connection, wish.agent_id, wish.numbers), day):
        raise BadMandate("a child under 14 who acts", "somebody grown")
    years = age_of(somebody(connection, wish.principal_id, wish.numbers), day)
    if wish.relation == "guardian":
        _check_guardian(wish, years)
    elif until > since + timedelta(days=MOST_DAYS):
        raise BadMandate("an end that is too far", "within a year")
    elif years is not None and years < CHILD_UNTIL:
        raise BadMandate("another relation for a child under 14", "its guardian")
    if wish.relation == "representative" and not wish.principal_id.startswith("e-"):
        raise BadMandate("a legal representative of a person", "one of an enterprise")
    if wish.relation == "helper" and ANY_ITEM in wish.scope:
        raise BadMandate("a community helper for any item", "items that are named")


def _check_guardian(wish: Wish, years: int | None) -> None:
    if not wish.principal_id.startswith("p-"):
        raise BadMandate("a guardian of an enterprise", "one of a person")
    if years is not None and years >= GROWN_AT and not _is_by_court(wish.source):
        raise BadMandate("a grown person's guardian", "one by a court's ruling, which its source names")


def _mandate(row: Row[Any]) -> Mandate:
    return Mandate(
        row.mandate_id, row.agent_id, row.principal_id, row.relation, row.source, tuple(json.loads(row.scope)),
        row.since, row.until,
    )  # fmt: skip


def _kept(row: Row[Any]) -> Kept:
    return Kept(_mandate(row), row.registered_at, row.registered_by, row.ended_at)
