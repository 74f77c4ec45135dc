"""Verifications (校核): a contradiction in a one file goes to the lead of its attribute, on a clock."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import Connection, select

from catalog.errors import ReasonMissing
from catalog.model import Catalogue
from catalog.one_source import lead_of
from catalog.requests import check_part
from catalog.sharing_states import VERIFICATION
from catalog.sharing_store import Actor, Case, cases, get, move, new_ids, put_verification
from schemas.serving.tables import SHARING_VERIFICATION, SUBJECT
from schemas.working_days import Sharing

OPENED = "opened"
CLAIM = "claim:"
"""How the fingerprint begins of what a consumer asked for (`catalog.claims`): no contradiction's end ends it."""


@dataclass(frozen=True)
class Contradiction:
    """What contradicts an attribute's value in one subject's file: by which resources of which departments.

    `fingerprint` is the SHA-256, hex, over the value and what contradicts it: another value is another contradiction.
    """

    subject_id: str
    kind: str
    attribute: str
    departments: tuple[str, ...]
    resources: tuple[str, ...]
    fingerprint: str


@dataclass(frozen=True)
class Swept:
    """What a sweep did: verifications that were opened, resolved and escalated; contradictions that nobody leads."""

    opened: tuple[str, ...]
    resolved: tuple[str, ...]
    escalated: tuple[str, ...]
    leadless: int


def contradictions(subject_id: str, kind: str, document: Mapping[str, Any]) -> list[Contradiction]:
    """Return the contradictions in a published file, one for each attribute that is contradicted."""
    by: dict[str, list[Mapping[str, Any]]] = {}
    for each in document.get("contradictions") or []:
        by.setdefault(str(each["attribute"]), []).append(each)
    return [_contradiction(subject_id, kind, name, document.get(name) or {}, others) for name, others in by.items()]


def _contradiction(
    subject_id: str, kind: str, name: str, won: Mapping[str, Any], others: list[Mapping[str, Any]]
) -> Contradiction:
    said = sorted((str(other.get("resource")), str(other.get("value"))) for other in others)
    text = json.dumps([str(won.get("value")), said], ensure_ascii=False)
    return Contradiction(
        subject_id, kind, name, tuple(dict.fromkeys(str(other.get("department")) for other in others)),
        tuple(dict.fromkeys(resource for resource, _ in said)), hashlib.sha256(text.encode()).hexdigest(),
    )  # fmt: skip


def published(connection: Connection) -> Iterator[Contradiction]:
    """Yield the contradictions of every published file."""
    row = SUBJECT.c
    for subject_id, kind, document in connection.execute(select(row.subject_id, row.kind, row.document)):
        if '"contradictions"' in document:
            yield from contradictions(subject_id, kind, json.loads(document))


def sweep(connection: Connection, found: Iterable[Contradiction], catalogue: Catalogue, actor: Actor) -> Swept:
    """Open a verification for each contradiction that has none; resolve those whose contradiction is gone; escalate.

    Again, with the same contradictions, it changes nothing. A contradiction that was confirmed is not opened anew until
    one of its values changes.

    Raises:
        NoHolidayNotice: the clock runs into a year whose holidays are not declared; nothing is kept.
    """
    ruled = replace(actor, role="rule")
    row = SHARING_VERIFICATION.c
    known = {tuple(each) for each in connection.execute(select(row.subject_id, row.entry_id, row.fingerprint))}
    present: set[tuple[str, ...]] = set()
    opened: list[str] = []
    leadless = 0
    ids = new_ids(connection, "V", actor.day)
    for each in found:
        lead = lead_of(catalogue, each.kind, each.attribute)
        key = (each.subject_id, f"{each.kind}.{each.attribute}", each.fingerprint)
        present.add(key)
        leadless += lead is None
        if lead is not None and key not in known:
            opened.append(_open(connection, next(ids), each, lead, catalogue.sharing, ruled))
            known.add(key)
    resolved = [_resolve(connection, case_id, ruled) for case_id in _gone(connection, present)]
    return Swept(tuple(opened), tuple(resolved), tuple(_escalate(connection, ruled)), leadless)


def _open(
    connection: Connection, case_id: str, each: Contradiction, lead: str, sharing: Sharing, actor: Actor
) -> str:  # fmt: skip
    consumer = next((department for department in each.departments if department != lead), "")
    case = Case(
        case_id, "", consumer, lead, f"{each.kind}.{each.attribute}", OPENED, 0, "", "",
        sharing.due("verification", actor.day).isoformat(),
        {"resources": list(each.resources), "departments": list(each.departments)},
    )  # fmt: skip
    put_verification(connection, case, each.subject_id, each.fingerprint, actor.day)
    return case.id


def _gone(connection: Connection, present: set[tuple[str, ...]]) -> list[str]:
    row = SHARING_VERIFICATION.c
    states = [state for state in VERIFICATION.states if "resolve" in VERIFICATION.allowed(state, "rule")]
    asked = select(row.verification_id, row.subject_id, row.entry_id, row.fingerprint).where(
        row.state.in_(states), ~row.fingerprint.startswith(CLAIM)
    )
    return [str(case_id) for case_id, *key in connection.execute(asked) if tuple(key) not in present]


def _resolve(connection: Connection, case_id: str, actor: Actor) -> str:
    move(connection, get(connection, case_id), actor, "resolve", "the contradiction is gone", "resolved", None)
    return case_id


def _escalate(connection: Connection, actor: Actor) -> Iterator[str]:
    for case in overdue(connection, actor.day):
        move(connection, case, actor, "escalate", f"no answer by {case.due_on}", "escalated", None)
        yield case.id


def overdue(connection: Connection, day: date) -> list[Case]:
    """Return the verifications that their lead did not answer in time."""
    return [
        c for c in cases(connection, "V") if c.state == OPENED and c.due_on is not None and c.due_on < day.isoformat()
    ]


def subject_of(connection: Connection, case_id: str) -> str:
    """Return the internal id of the subject of a verification."""
    row = SHARING_VERIFICATION.c
    return str(connection.execute(select(row.subject_id).where(row.verification_id == case_id)).scalar_one())


def act(connection: Connection, case_id: str, action: str, actor: Actor, reason: str, sharing: Sharing) -> Case:
    """Take a step on a verification; every step needs a reason.

    Raises:
        NotAllowed, NotYourPart, ReasonMissing, AnsweredAlready: as of requests.
    """
    case = get(connection, case_id)
    step = VERIFICATION.step(case.state, action, actor.role)
    check_part(case, actor, sharing)
    if not reason.strip():
        raise ReasonMissing(action)
    return move(connection, case, actor, action, reason, step.to, None)
