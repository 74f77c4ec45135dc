"""Objections (异议): a subject says that a value of its file is wrong; the lead of the attribute answers, on a clock.

No value stands here, neither the challenged one nor the one that is said to be right: what is wrong is told in words to
the lead, and the outcome is a new delivery or a reasoned refusal. The challenged value is remembered by a salted hash,
so that its end is seen.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, insert, select

from catalog.errors import NotYourPart, ObjectionRefused, OpenAlready, ReasonMissing
from catalog.marking import Marks
from catalog.marking import marks as found_marks
from catalog.model import Catalogue
from catalog.objection_states import MARKING, OBJECTION
from catalog.one_source import lead_of
from catalog.requests import check_part
from catalog.sharing_store import Actor, Case, cases, get, move, new_id
from schemas.serving.connection import snapshot
from schemas.serving.disclosure_tables import OBJECTION as OBJECTIONS
from schemas.serving.tables import SUBJECT
from schemas.working_days import Sharing

LONGEST_REASON = 2_000
HOTLINE = "12345"


@dataclass(frozen=True)
class Challenge:
    """What is said to be wrong: an attribute of a file, and why. `ticket` is the hotline's, `acting` the ledger's."""

    subject_id: str
    kind: str
    attribute: str
    reason: str
    ticket: str = ""
    acting: str = ""


def open_objection(connection: Connection, challenge: Challenge, catalogue: Catalogue, actor: Actor, salt: str) -> Case:
    """Open an objection; the lead answers within the clock.

    Args:
        salt: random text, for the hash by which the challenged value is remembered.

    Raises:
        ObjectionRefused: there is no such attribute on a file of that kind, nobody leads it, its reason is too long,
            or one about it is open already.
        ReasonMissing: it does not say what is wrong.
        NoHolidayNotice: the clock runs into a year whose holidays are not declared.
    """
    lead = lead_for(challenge, catalogue)
    if not challenge.reason.strip():
        raise ReasonMissing("an objection")
    entry_id = f"{challenge.kind}.{challenge.attribute}"
    row = OBJECTIONS.c
    same = select(row.objection_id).where(
        row.subject_id == challenge.subject_id, row.entry_id == entry_id, row.state.in_(MARKING))  # fmt: skip
    if (found := connection.execute(same).scalar()) is not None:
        raise OpenAlready(found, "about the same value", "wait for its answer, or withdraw it")
    case = Case(
        new_id(connection, "O", actor.day), "", HOTLINE if challenge.ticket else "", lead, entry_id, "opened", 0, "",
        "", catalogue.sharing.due("objection", actor.day).isoformat(), _document(connection, challenge, salt),
    )  # fmt: skip
    _put(connection, case, challenge.subject_id, actor.day)
    return case


def lead_for(challenge: Challenge, catalogue: Catalogue) -> str:
    """Return the department that answers for the challenged value; ObjectionRefused where there is none."""
    file = catalogue.declarations.files.get(challenge.kind)
    if file is None or all(a.name != challenge.attribute for a in file.attributes):
        raise ObjectionRefused("no such attribute of the file", "object to one that the file shows, by its name")
    lead = lead_of(catalogue, challenge.kind, challenge.attribute)
    if lead is None:
        raise ObjectionRefused("an attribute that no department leads", f"the sharing authority, {HOTLINE}, takes it")
    if len(challenge.reason) > LONGEST_REASON:
        raise ObjectionRefused(f"a reason of {len(challenge.reason)} characters", f"at most {LONGEST_REASON}")
    return lead


def _document(connection: Connection, challenge: Challenge, salt: str) -> dict[str, object]:
    return {
        "reason": challenge.reason.strip(), "ticket": challenge.ticket, "acting": challenge.acting, "salt": salt,
        "value": stated_digest(connection, challenge.subject_id, challenge.attribute, salt),
        **stated_lineage(connection, challenge.subject_id, challenge.attribute),
    }  # fmt: skip


def act(
    connection: Connection, objection_id: str, action: str, actor: Actor, reason: str, sharing: Sharing,
    subject_id: str | None = None, delivery: str = "",
) -> Case:  # fmt: skip
    """Take a step on an objection; every step but `withdraw` needs a reason. `correct` names the delivery if known.

    Args:
        subject_id: whose step it is, where the role is `subject`.

    Raises:
        NotAllowed, NotYourPart, ReasonMissing, AnsweredAlready: as of requests.
    """
    case = get(connection, objection_id)
    step = OBJECTION.step(case.state, action, actor.role)
    check_part(case, actor, sharing)
    if actor.role == "subject" and subject_of(connection, objection_id) != subject_id:
        raise NotYourPart("somebody else", "subject", "the one whom the value is about")
    if action != "withdraw" and not reason.strip():
        raise ReasonMissing(action)
    due = None if step.clock is None else sharing.due(step.clock, actor.day).isoformat()
    return move(connection, case, actor, action, reason.strip(), step.to, due, None, delivery)


def sweep(connection: Connection, actor: Actor) -> tuple[list[str], list[str]]:
    """Resolve the objections whose value is another now, send up those that are late; return the ids of both.

    Again, with the same files, it changes nothing.
    """
    ruled = replace(actor, role="rule")
    resolved, escalated = [], []
    for case in cases(connection, "O"):
        allowed = set(OBJECTION.allowed(case.state, "rule"))
        value = (subject_of(connection, case.id), case.entry_id.partition(".")[2])
        if "resolve" in allowed and stated_digest(connection, *value, str(case.wants["salt"])) != case.wants["value"]:
            delivery = stated_lineage(connection, *value)["delivery"]
            move(connection, case, ruled, "resolve", "the value is another now", "resolved", None, None, delivery)
            resolved.append(case.id)
        elif "escalate" in allowed and case.due_on is not None and case.due_on < actor.day.isoformat():
            move(connection, case, ruled, "escalate", f"nothing by {case.due_on}", "escalated", None)
            escalated.append(case.id)
    return resolved, escalated


def overdue(connection: Connection, day: date) -> list[Case]:
    """Return the objections that are waited for beyond their clock."""
    return [c for c in cases(connection, "O") if c.due_on is not None and c.due_on < day.isoformat()]


def of_subject(connection: Connection, subject_id: str) -> list[Case]:
    """Return a subject's objections in order of id."""
    row = OBJECTIONS.c
    asked = select(row.objection_id).where(row.subject_id == subject_id).order_by(row.objection_id)
    return [get(connection, str(found)) for found in connection.execute(asked).scalars().all()]


def subject_of(connection: Connection, objection_id: str) -> str:
    """Return the internal id of the subject of an objection."""
    row = OBJECTIONS.c
    return str(connection.execute(select(row.subject_id).where(row.objection_id == objection_id)).scalar_one())


def marks(connection: Connection, subject_ids: Sequence[str]) -> Marks:
    """Return what is to stand beside values of some subjects while they are in question (`catalog.marking`)."""
    return found_marks(snapshot(connection, "serving database"), subject_ids)


def _stated(connection: Connection, subject_id: str, attribute: str) -> Mapping[str, Any]:
    document = connection.execute(select(SUBJECT.c.document).where(SUBJECT.c.subject_id == subject_id)).scalar()
    found = (json.loads(document) if document else {}).get(attribute)
    return found if isinstance(found, dict) else {}


def stated_digest(connection: Connection, subject_id: str, attribute: str, salt: str) -> str:
    """Return the salted SHA-256, hex, of the value that an attribute has now."""
    value = _stated(connection, subject_id, attribute).get("value")
    return sha256(f"{salt}|{json.dumps(value, ensure_ascii=False)}".encode()).hexdigest()


def stated_lineage(connection: Connection, subject_id: str, attribute: str) -> dict[str, str]:
    """Return by which delivery of which resource an attribute's value came; empty texts where there is none."""
    stated = _stated(connection, subject_id, attribute)
    return {name: str(stated.get(name) or "") for name in ("delivery", "resource")}


def _put(connection: Connection, case: Case, subject_id: str, opened_on: date) -> None:
    connection.execute(insert(OBJECTIONS).values(
        objection_id=case.id, consumer=case.consumer, provider=case.provider, entry_id=case.entry_id,
        subject_id=subject_id, state=case.state, step_count=0, opened_on=opened_on.isoformat(), due_on=case.due_on,
        document=json.dumps(case.wants, ensure_ascii=False, sort_keys=True)))  # fmt: skip
