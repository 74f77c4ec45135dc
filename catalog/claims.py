"""Verifications that a consumer asks for (校核): it got a value that its own papers contradict, and tells the lead."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection, select

from catalog.errors import NotYourPart, OpenAlready, ReasonMissing
from catalog.model import Catalogue
from catalog.objection_states import VERIFICATION_MARKING
from catalog.objections import Challenge, lead_for, stated_digest, stated_lineage
from catalog.sharing_states import VERIFICATION
from catalog.sharing_store import Actor, Case, cases, move, new_id, put_verification
from catalog.verifications import CLAIM, OPENED, subject_of
from schemas.serving.tables import SHARING_VERIFICATION


def open_claim(connection: Connection, challenge: Challenge, catalogue: Catalogue, actor: Actor, salt: str) -> Case:
    """Open a verification of a value with its lead, who answers within the clock; steps as of `catalog.verifications`.

    Raises:
        ObjectionRefused, OpenAlready, ReasonMissing, NoHolidayNotice: as of objections.
        NotYourPart: the lead itself asks.
    """
    lead = lead_for(challenge, catalogue)
    if lead == actor.department:
        raise NotYourPart(actor.department, actor.role, "a department that got the value from somebody else")
    if not challenge.reason.strip():
        raise ReasonMissing("a verification")
    entry_id = f"{challenge.kind}.{challenge.attribute}"
    row = SHARING_VERIFICATION.c
    same = select(row.verification_id).where(
        row.subject_id == challenge.subject_id, row.entry_id == entry_id, row.consumer == actor.department,
        row.state.in_(VERIFICATION_MARKING), row.fingerprint.startswith(CLAIM))  # fmt: skip
    if (found := connection.execute(same).scalar()) is not None:
        raise OpenAlready(found, "about the same value", "wait for its answer, or withdraw it")
    digest = stated_digest(connection, challenge.subject_id, challenge.attribute, salt)
    lineage = stated_lineage(connection, challenge.subject_id, challenge.attribute)
    wants = {"reason": challenge.reason.strip(), "salt": salt, "value": digest, **lineage}
    case = Case(
        new_id(connection, "V", actor.day), "", actor.department, lead, entry_id, OPENED, 0, "", "",
        catalogue.sharing.due("verification", actor.day).isoformat(), wants,
    )  # fmt: skip
    put_verification(connection, case, challenge.subject_id, f"{CLAIM}{case.id}", actor.day)
    return case


def sweep(connection: Connection, actor: Actor) -> list[str]:
    """Resolve the claims whose value is another now; return their ids. Again it changes nothing."""
    ruled, found = replace(actor, role="rule"), []
    for case in cases(connection, "V"):
        if "salt" not in case.wants or "resolve" not in VERIFICATION.allowed(case.state, "rule"):
            continue
        attribute = case.entry_id.partition(".")[2]
        subject_id = subject_of(connection, case.id)
        if stated_digest(connection, subject_id, attribute, str(case.wants["salt"])) != case.wants["value"]:
            delivery = stated_lineage(connection, subject_id, attribute)["delivery"]
            move(connection, case, ruled, "resolve", "the value is another now", "resolved", None, None, delivery)
            found.append(case.id)
    return found
