"""Sharing disputes (共享争议) over a request or its use: the two consult, then the authority, then the government."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

from sqlalchemy import Connection, insert

from catalog.errors import NotYourPart, OpenAlready, ReasonMissing
from catalog.objection_states import DISPUTE
from catalog.sharing_store import Actor, Case, cases, get, move, new_id
from schemas.serving.disclosure_tables import SHARING_DISPUTE
from schemas.working_days import Sharing

GOVERNMENT = "government"
"""What stands for the government among departments: it is none of them."""


def open_dispute(connection: Connection, of_id: str, actor: Actor, reason: str, sharing: Sharing) -> Case:
    """Open a dispute over a request (R…) or a grant (G…); the two consult within the clock.

    Raises:
        UnknownId: there is no such request or grant.
        NotYourPart: the actor's department is neither its consumer nor its provider.
        ReasonMissing: it does not say over what.
        OpenAlready: one is open over it already.
    """
    about = get(connection, of_id)
    if actor.department not in (about.consumer, about.provider):
        raise NotYourPart(actor.department, actor.role, f"{about.consumer} or {about.provider}")
    if not reason.strip():
        raise ReasonMissing("a dispute")
    for other in cases(connection, "D"):
        if other.entry_id == of_id and other.state not in DISPUTE.ends() and other.state != "decided":
            raise OpenAlready(other.id, "over the same", "take the next step there")
    case = Case(
        new_id(connection, "D", actor.day), "", about.consumer, about.provider, of_id, "consulting", 0, "", "",
        sharing.due("dispute_consultation", actor.day).isoformat(),
        {"reason": reason.strip(), "opened_by": actor.department},
    )  # fmt: skip
    _put(connection, case, actor.day)
    return case


def act(connection: Connection, dispute_id: str, action: str, actor: Actor, reason: str, sharing: Sharing) -> Case:
    """Take a step on a dispute; every step needs a reason.

    Raises:
        NotAllowed, NotYourPart, ReasonMissing, AnsweredAlready: as of requests; who opened it alone withdraws it, and
            the other one alone agrees.
    """
    case = get(connection, dispute_id)
    step = DISPUTE.step(case.state, action, actor.role)
    _check_part(case, action, actor, sharing)
    if not reason.strip():
        raise ReasonMissing(action)
    due = None if step.clock is None else sharing.due(step.clock, actor.day).isoformat()
    return move(connection, case, actor, action, reason.strip(), step.to, due)


def escalate(connection: Connection, actor: Actor, sharing: Sharing) -> list[str]:
    """Send up the disputes that were not ended in time; return their ids. Again it changes nothing."""
    ruled, found = replace(actor, role="rule"), []
    for case in overdue(connection, actor.day):
        step = DISPUTE.step(case.state, "escalate", "rule")
        due = None if step.clock is None else sharing.due(step.clock, actor.day).isoformat()
        move(connection, case, ruled, "escalate", f"not ended by {case.due_on}", step.to, due)
        found.append(case.id)
    return found


def overdue(connection: Connection, day: date) -> list[Case]:
    """Return the disputes that were not ended by the day that their clock gave."""
    return [c for c in cases(connection, "D") if c.due_on is not None and c.due_on < day.isoformat()]


def _check_part(case: Case, action: str, actor: Actor, sharing: Sharing) -> None:
    holders = {"consumer": case.consumer, "provider": case.provider, "authority": sharing.authority,
               "government": GOVERNMENT}  # fmt: skip
    if actor.department != holders[actor.role]:
        raise NotYourPart(actor.department, actor.role, holders[actor.role])
    is_opener = actor.department == case.wants["opened_by"]
    if (action == "withdraw" and not is_opener) or (action == "agree" and is_opener):
        other = "the department that opened it" if action == "withdraw" else "the other department"
        raise NotYourPart(actor.department, actor.role, other)


def _put(connection: Connection, case: Case, opened_on: date) -> None:
    connection.execute(insert(SHARING_DISPUTE).values(
        dispute_id=case.id, consumer=case.consumer, provider=case.provider, entry_id=case.entry_id, state=case.state,
        step_count=0, opened_on=opened_on.isoformat(), due_on=case.due_on,
        document=json.dumps(case.wants, ensure_ascii=False, sort_keys=True)))  # fmt: skip
