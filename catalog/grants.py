"""Grants: what one gives on a day, which the counter obeys, and what becomes of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from sqlalchemy import Connection, func, insert, select, update

from catalog.entries import Entry
from catalog.errors import GrantNotInForce, NotAllowed, ReasonMissing, RequestRefused
from catalog.grades import GRADES
from catalog.requests import check_part, read_rows
from catalog.sharing_states import GRANT, NEED_NO_REASON
from catalog.sharing_store import Actor, Case, cases, get, move, steps
from schemas.serving.disclosure_tables import INCIDENT
from schemas.serving.tables import SHARING_STEP, SHARING_USE
from schemas.working_days import Sharing

AUTHORITY = "authority"
UNUSED_DAYS = 90
REPORT_DAYS = 365
IN_FORCE = ("active", "end_proposed", "disputed")
"""States in which a grant gives what it grants."""


@dataclass(frozen=True)
class Given:
    """What a grant gives on a day: these fields of these rows, for these items, this many looks more.

    `masked` are the fields that are shown in part only, or not at all, to whoever need not see all of a value.
    `passes_to` are the departments that the provider let the consumer pass it on to. `basis` is the legal one.
    `notice_after` is the day after which subjects are told of looks; empty: at once.
    """

    grant_id: str
    consumer: str
    entry_id: str
    fields: tuple[str, ...]
    rows: str
    items: tuple[str, ...]
    mode: str
    left_today: int
    masked: tuple[str, ...] = ()
    passes_to: tuple[str, ...] = ()
    basis: str = ""
    notice_after: str = ""


@dataclass(frozen=True)
class Limits:
    """To what a grant is narrowed: what is empty stays as it is. `rows` as of `Wanted`; `quota` looks a day."""

    fields: tuple[str, ...] = ()
    rows: str = ""
    items: tuple[str, ...] = ()
    quota: int = 0


def given(connection: Connection, grant_id: str, entry: Entry | None, on: date) -> Given:
    """Say what a grant gives on a day. A field that the resource has no more is not given.

    Args:
        entry: the grant's resource as it stands; None: it is not in the catalogue any more.

    Raises:
        GrantNotInForce: it is suspended or ended, the day is outside its period, its resource is gone, withdrawn, not
            shared any more, or shared on other terms than it was granted on, none of its fields is left, or today's
            quota is used up.
    """
    found = in_force(get(connection, grant_id), entry, on)
    left = found.left_today - looks(connection, grant_id, on)
    if left <= 0:
        raise GrantNotInForce(grant_id, "today's quota is used up")
    return replace(found, left_today=left)


def in_force(case: Case, entry: Entry | None, on: date) -> Given:
    """Say what a grant gives on a day before a single look: `left_today` is its whole quota.

    Raises:
        GrantNotInForce: as `given`, but for the quota.
    """
    fault = _lapsed(case, entry, on)
    if case.state not in IN_FORCE or fault is not None or entry is None:
        raise GrantNotInForce(case.id, fault or f"it is {case.state}")
    items = case.wants["items"]
    lost = set(lost_fields(case, entry))
    fields = tuple(name for name in case.fields if name not in lost)
    grades = {item.name: item.grade for item in entry.items}
    return Given(
        case.id, case.consumer, case.entry_id, fields, str(case.wants["rows"]),
        tuple(map(str, items)) if isinstance(items, list) else (), str(case.wants["mode"]),
        int(str(case.wants["quota"])),
        tuple(name for name in fields if GRADES[grades[name]].masking != "none"), passes_to(case),
        str(case.wants["basis"]), str(case.wants.get("notice_after") or ""),
    )  # fmt: skip


def may_give(case: Case, entry: Entry, on: date) -> tuple[str, ...]:
    """Return the fields that a grant gives on a day, or may give again: it is suspended, or has not begun."""
    may = case.state in (*IN_FORCE, "suspended") and _lapsed(case, entry, on) in (None, _NOT_YET)
    lost = set(lost_fields(case, entry))
    return tuple(name for name in case.fields if may and name not in lost)


def passes_to(case: Case) -> tuple[str, ...]:
    """Return the departments to which the provider let what was granted be passed on."""
    found = case.wants.get("passing_on")
    return tuple(map(str, found)) if isinstance(found, list) else ()


def lost_fields(case: Case, entry: Entry | None) -> tuple[str, ...]:
    """Return the granted fields that the resource has no more, or that need a higher approval than when granted."""
    granted = case.wants.get("grades")
    grades = granted if isinstance(granted, dict) else {}

    def is_lost(name: str) -> bool:
        item = entry.item(name) if entry is not None else None
        return item is None or GRADES[item.grade].level > GRADES[grades.get(name, item.grade)].level

    return tuple(name for name in case.fields if is_lost(name))


def note_use(connection: Connection, given_now: Given, fields: tuple[str, ...], on: date) -> None:
    """Count a look: each field that was shown, and the look itself under an empty name."""
    row = SHARING_USE.c
    for name in ("", *fields):
        key = (row.grant_id == given_now.grant_id) & (row.field == name) & (row.used_on == on.isoformat())
        if connection.execute(update(SHARING_USE).where(key).values(times=row.times + 1)).rowcount == 0:
            connection.execute(insert(SHARING_USE).values(
                grant_id=given_now.grant_id, field=name, used_on=on.isoformat(), times=1))  # fmt: skip


def looks(connection: Connection, grant_id: str, on: date) -> int:
    """Return how often a grant was used on a day."""
    row = SHARING_USE.c
    asked = select(row.times).where(row.grant_id == grant_id, row.field == "", row.used_on == on.isoformat())
    return int(connection.execute(asked).scalar_one_or_none() or 0)


def unused(connection: Connection, on: date) -> list[tuple[str, str]]:
    """Return (grant, field) that nobody used in the last 90 days, of grants that are that old: to be removed."""
    since = (on - timedelta(days=UNUSED_DAYS)).isoformat()
    row = SHARING_USE.c
    used = select(row.grant_id, row.field, func.max(row.used_on)).group_by(row.grant_id, row.field)
    last = {(grant, name): day for grant, name, day in connection.execute(used)}
    return [
        (case.id, name)
        for case in cases(connection, "G")
        if case.state in IN_FORCE and case.valid_from <= since
        for name in case.fields
        if last.get((case.id, name), "") < since
    ]


def act(
    connection: Connection, grant_id: str, action: str, actor: Actor, reason: str, sharing: Sharing,
    fields: tuple[str, ...] = (), detail: str = "", limits: Limits | None = None,
) -> Case:  # fmt: skip
    """Take a step on a grant; `narrow` leaves the `fields` named, or what `limits` say. `detail` is kept with the step.

    `allow_passing_on` names in `detail` the department that may have it too.

    Raises:
        NotAllowed, NotYourPart, ReasonMissing, AnsweredAlready: as of requests; what the authority suspended, as in an
            incident, it alone resumes.
        RequestRefused: narrowing to nothing or to what was not granted; disposing without the statement's hash;
            passing on to nobody.
    """
    case = get(connection, grant_id)
    step = GRANT.step(case.state, action, actor.role)
    check_part(case, actor, sharing)
    if action == "resume" and actor.role != AUTHORITY and _is_frozen(connection, case):
        raise NotAllowed(action, actor.role, "suspended by the authority", "nothing; the authority resumes it")
    if action not in NEED_NO_REASON and not reason.strip():
        raise ReasonMissing(action)
    wants: Mapping[str, object] = case.wants
    if action == "narrow":
        wants = _narrowed(case, limits or Limits(fields))
    if action == "allow_passing_on":
        if not detail or detail in (case.consumer, case.provider):
            raise RequestRefused("nobody to pass it on to", "the department that may have it too")
        wants = {**wants, "passing_on": list(dict.fromkeys((*passes_to(case), detail)))}
    if action == "dispose" and not detail:
        raise RequestRefused("no statement of disposal", "the signed statement of what became of the data")
    return move(connection, case, actor, action, reason, step.to, None, wants, detail)


def _is_frozen(connection: Connection, case: Case) -> bool:
    """Say whether the authority suspended a grant, or an incident that is open names it."""
    last = next(step for step in reversed(steps(connection, case.id)) if step["action"] == "suspend")
    open_ = select(INCIDENT.c.grants).where(INCIDENT.c.closed_at.is_(None))
    named = (json.loads(text) for text in connection.execute(open_).scalars())
    return last["role"] == AUTHORITY or any(case.id in grants for grants in named)


def _narrowed(case: Case, limits: Limits) -> Mapping[str, object]:
    """Return a grant's document with less in it; raise RequestRefused where it would be nothing, more, or the same."""
    wants: dict[str, object] = dict(case.wants)
    if limits == Limits() or set(limits.fields) - set(case.fields):
        raise RequestRefused("no fields to leave, or others than granted", f"some of {', '.join(case.fields)}")
    if limits.fields:
        wants["fields"] = [name for name in case.fields if name in limits.fields]
    if limits.rows:
        new, old = read_rows(limits.rows), read_rows(str(case.wants["rows"]))
        if new != old and not (old.kind == "all" or (old.kind == new.kind == "area" and old.covers(new.value, ""))):
            raise RequestRefused("rows beyond those granted", f"some of {case.wants['rows']}")
        wants["rows"] = limits.rows
    if limits.items:
        items = case.wants["items"]
        if isinstance(items, list) and items and set(limits.items) - set(items):
            raise RequestRefused("items beyond those granted", f"some of {', '.join(map(str, items))}")
        wants["items"] = list(limits.items)
    if limits.quota:
        if not 0 < limits.quota <= int(str(case.wants["quota"])):
            raise RequestRefused(f"a quota of {limits.quota}", f"1 to {case.wants['quota']}")
        wants["quota"] = limits.quota
    return wants


def notices(connection: Connection, department: str, since: str) -> list[dict[str, object]]:
    """Return the steps that others took on a department's grants since an instant (RFC 3339, UTC), the first first.

    A consumer is told of what the provider, the authority and the rules did to its grants; a provider of what the
    consumer and the others did.
    """
    mine = {case.id: case for case in cases(connection, "G") if department in (case.consumer, case.provider)}
    row = SHARING_STEP.c
    asked = (
        select(SHARING_STEP)
        .where(row.at >= since, row.department != department)
        .order_by(row.at, row.of_id, row.step_no)
    )
    return [dict(found._mapping) for found in connection.execute(asked) if found.of_id in mine]


def reports_due(connection: Connection, on: date) -> list[Case]:
    """Return the grants whose consumer told of use and effect for no year, or never in their first."""
    row = SHARING_STEP.c
    last = select(row.of_id, func.max(row.at)).where(row.action == "report").group_by(row.of_id)
    told = {str(case_id): str(at)[:10] for case_id, at in connection.execute(last)}
    since = (on - timedelta(days=REPORT_DAYS)).isoformat()
    return [
        case for case in cases(connection, "G")
        if case.state in (*IN_FORCE, "suspended") and max(told.get(case.id, ""), case.valid_from) < since
    ]  # fmt: skip


def review(connection: Connection, entries: Mapping[str, Entry], actor: Actor) -> list[Case]:
    """End grants whose period is over; suspend those whose basis lapsed or that were overused. Again: nothing."""
    ruled, found = replace(actor, role="rule"), []
    for case in cases(connection, "G"):
        allowed = set(GRANT.allowed(case.state, "rule"))
        fault = _lapsed(case, entries.get(case.entry_id), actor.day)
        if "expire" in allowed and case.valid_until < actor.day.isoformat():
            found.append(move(connection, case, ruled, "expire", f"valid until {case.valid_until}", "ended", None))
            continue
        if fault is None and _overused(connection, case, actor.day):
            fault = "more looks than its quota allows"
        if "suspend" in allowed and fault not in (None, _NOT_YET):
            found.append(move(connection, case, ruled, "suspend", str(fault), "suspended", None))
    return found


_NOT_YET = "its period has not begun"


def _lapsed(case: Case, entry: Entry | None, on: date) -> str | None:
    """Say why a grant gives nothing whatever its state; None when it does."""
    if on.isoformat() < case.valid_from:
        return _NOT_YET
    if on.isoformat() > case.valid_until:
        return f"its period ended on {case.valid_until}"
    if entry is None or entry.state not in ("published", "in_withdrawal"):
        return "its resource is not published any more"
    if entry.share_class == "not_shared":
        return "its resource is not shared any more"
    if str(case.wants["mode"]) not in entry.modes:
        return f"its resource is not shared by {case.wants['mode']} any more"
    if case.wants.get("share_class") == "unconditional" and entry.share_class == "conditional":
        return "its resource has a condition now that nobody judged"
    if len(lost_fields(case, entry)) == len(case.fields):
        return "its resource has none of its fields any more"
    return None


def _overused(connection: Connection, case: Case, on: date) -> bool:
    """Say whether some day since the grant was last resumed had more looks than its quota."""
    resumed = select(func.max(SHARING_STEP.c.at)).where(
        SHARING_STEP.c.of_id == case.id, SHARING_STEP.c.action == "resume"
    )
    since = str(connection.execute(resumed).scalar_one_or_none() or "")[:10]
    row = SHARING_USE.c
    most = select(func.max(row.times)).where(
        row.grant_id == case.id, row.field == "", row.used_on > since, row.used_on <= on.isoformat())  # fmt: skip
    return int(connection.execute(most).scalar_one_or_none() or 0) > int(str(case.wants["quota"]))
