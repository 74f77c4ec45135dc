"""Incidents: grants are frozen at once, the looks and subjects concerned are listed, and a report tells it all."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from catalog import grants
from catalog.grants import IN_FORCE
from catalog.sharing_store import Actor, get
from ledger.errors import IncidentRefused, NoSuchIncident
from ledger.index import under_grants
from onefile.verify.reading import instant_text, read_instant
from schemas.serving.disclosure_tables import INCIDENT
from schemas.serving.tables import SUBJECT
from schemas.working_days import Sharing

FORMAT = "onefile.incident/1"


@dataclass(frozen=True)
class Incident:
    """An incident: what happened, under which grants, since when; `until` is when they were frozen."""

    id: str
    declared_at: str
    declared_by: str
    reason: str
    grants: tuple[str, ...]
    since: str
    until: str
    closed_at: str | None
    closing: str


def declare(
    connection: Connection, grant_ids: tuple[str, ...], since: datetime, reason: str, actor: Actor, sharing: Sharing
) -> Incident:
    """Declare an incident, and suspend its grants that are in force, as the sharing authority.

    Raises:
        IncidentRefused: no grants, no reason, or a beginning that is yet to come.
        UnknownId: there is no such grant; nothing is suspended.
    """
    if not grant_ids or not reason.strip():
        raise IncidentRefused("no grants, or no reason", "say which grants are concerned, and what happened")
    if since > actor.at:
        raise IncidentRefused("a beginning that is yet to come", "the instant from which on looks are concerned")
    named = tuple(dict.fromkeys(grant_ids))
    for case in [get(connection, grant_id) for grant_id in named]:
        if case.state in IN_FORCE:
            authority = replace(actor, role="authority", department=sharing.authority)
            grants.act(connection, case.id, "suspend", authority, f"incident: {reason.strip()}", sharing)
    incident = Incident(
        _next_id(connection, actor.day), actor.at_text, actor.operator, reason.strip(), named, instant_text(since),
        actor.at_text, None, "",
    )  # fmt: skip
    connection.execute(insert(INCIDENT).values(
        incident_id=incident.id, declared_at=incident.declared_at, declared_by=incident.declared_by,
        reason=incident.reason, grants=json.dumps(named), since=incident.since, until=incident.until,
        closing=""))  # fmt: skip
    return incident


def report(connection: Connection, incident: Incident, at: datetime) -> dict[str, Any]:
    """Return what is known of an incident: the looks concerned, in order, and their subjects as keyed hashes.

    Concerned are the looks until it was closed, or until now: one that was on its way when grants were frozen counts.
    The index must have caught up with the ledger.
    """
    until = at if incident.closed_at is None else read_instant(incident.closed_at)
    looks = under_grants(connection, incident.grants, read_instant(incident.since), until + timedelta(microseconds=1))
    return {
        "format": FORMAT,
        "incident": incident.id,
        **_said(incident),
        "grants": {grant_id: get(connection, grant_id).state for grant_id in incident.grants},
        "subjects": sorted({look.subject_hash for look in looks if look.subject_hash}),
        "fields": sorted({name for look in looks for name in look.fields}),
        "looks": [
            {"seq": look.seq, "at": instant_text(look.at), "department": look.department, "client": look.client,
             "operator": look.operator, "subject": look.subject_hash, "fields": list(look.fields), "item": look.item,
             "case": look.case_no, "grant": look.grant_id, "answer": look.answer_id}
            for look in looks
        ],
    }  # fmt: skip


def close(connection: Connection, incident_id: str, closing: str, at: datetime) -> Incident:
    """Close an incident, with what was done; its grants stay suspended until they are resumed by hand.

    Raises:
        NoSuchIncident: there is none, or it is closed.
        IncidentRefused: it does not say what was done.
    """
    if not closing.strip():
        raise IncidentRefused("no word of what was done", "say it: it closes the report")
    row = INCIDENT.c
    open_ = update(INCIDENT).where(row.incident_id == incident_id, row.closed_at.is_(None))
    if connection.execute(open_.values(closed_at=instant_text(at), closing=closing.strip())).rowcount != 1:
        raise NoSuchIncident
    return find(connection, incident_id)


def find(connection: Connection, incident_id: str) -> Incident:
    """Return an incident; NoSuchIncident when there is none."""
    row = connection.execute(select(INCIDENT).where(INCIDENT.c.incident_id == incident_id)).one_or_none()
    if row is None:
        raise NoSuchIncident
    return _read(row)


def listed(connection: Connection) -> list[Incident]:
    """Return all incidents in order of id."""
    return [_read(row) for row in connection.execute(select(INCIDENT).order_by(INCIDENT.c.incident_id))]


def _said(incident: Incident) -> Mapping[str, Any]:
    names = ("declared_at", "declared_by", "reason", "since", "until", "closed_at", "closing")
    return {name: getattr(incident, name) for name in names}


def _next_id(connection: Connection, day: date) -> str:
    start = f"I{day:%Y%m%d}-"
    taken = select(func.count()).select_from(INCIDENT).where(INCIDENT.c.incident_id.startswith(start))
    return f"{start}{connection.execute(taken).scalar_one() + 1:04d}"


def _read(row: Row[Any]) -> Incident:
    return Incident(
        row.incident_id, row.declared_at, row.declared_by, row.reason, tuple(json.loads(row.grants)), row.since,
        row.until, row.closed_at, row.closing,
    )  # fmt: skip


def concerned(connection: Connection, told: Mapping[str, Any], hashed: Callable[[str], str]) -> list[tuple[str, str]]:
    """Return the subjects of a report that have a file, as (internal id, number), for whoever is to tell them.

    Every published subject's id is hashed for it: a second for a million.
    """
    wanted = set(told["subjects"])
    rows = connection.execute(select(SUBJECT.c.subject_id, SUBJECT.c.number).order_by(SUBJECT.c.subject_id))
    return [(str(subject_id), str(number)) for subject_id, number in rows if hashed(subject_id) in wanted]
