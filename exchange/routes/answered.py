"""How objections, verifications and disputes are shown: without what would let a value be guessed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from catalog.sharing_store import Case, steps

_STEP = ("step_no", "at", "action", "role", "department", "reason", "from_state", "to_state", "detail")


def shown(connection: Connection, case: Case) -> dict[str, Any]:
    """Return a case with its steps; who of a department took them stays there."""
    return {
        "id": case.id,
        "about": case.entry_id,
        "consumer": case.consumer,
        "provider": case.provider,
        "state": case.state,
        "due_on": case.due_on,
        "reason": str(case.wants.get("reason") or ""),
        "ticket": str(case.wants.get("ticket") or "") or None,
        "steps": [{name: step[name] for name in _STEP} for step in steps(connection, case.id)],
    }
