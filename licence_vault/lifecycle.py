"""What may become of a licence: the one state machine, as a table.

A department's record says in which state a licence is. From the state it was in, and whether
its last day moved on, follows what happened; what the table lacks cannot happen and is refused
with the reason `transition`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from schemas.licence_types import LICENCE_STATES

EVENTS = {
    "new": "新发",
    "changed": "变更",
    "renewed": "延续",
    "suspended": "暂扣",
    "resumed": "恢复",
    "revoked": "吊销",
    "annulled": "撤销",
    "cancelled": "注销",
    "lapsed": "失效",
    "transferred": "转出",
    "superseded": "被替代",
}
"""What can happen to a licence, with its Chinese word."""

_ENDS = ("revoked", "annulled", "cancelled")
ALLOWED: dict[tuple[str, str], str] = {
    ("valid", "suspended"): "suspended",
    ("suspended", "valid"): "resumed",
    **{(state, end): end for state in ("valid", "suspended", "lapsed") for end in _ENDS},
    **{(state, end): end for state in ("valid", "suspended") for end in ("lapsed", "transferred", "superseded")},
    ("revoked", "cancelled"): "cancelled",
    ("annulled", "cancelled"): "cancelled",
    **{(state, state): "changed" for state in LICENCE_STATES},
}
"""From which state to which, and what that is called. A lapsed licence comes to life by renewal only."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a licence stands after one version: its state, and its last day (None: no end)."""

    state: str
    valid_until: date | None


def event(before: Standing | None, after: Standing) -> str | None:
    """Return what happened, one of `EVENTS`; None when it cannot happen.

    Args:
        before: the newest version so far; None: there is none, and any state may be the first.
        after: what the department's record says now.
    """
    if before is None:
        return "new"
    if after.state == "valid" and before.state in ("valid", "lapsed") and _moved_on(before, after):
        return "renewed"
    return ALLOWED.get((before.state, after.state))


def _moved_on(before: Standing, after: Standing) -> bool:
    """Say whether the last day is a later one than it was."""
    if before.valid_until is None:
        return False
    return after.valid_until is None or after.valid_until > before.valid_until
