"""Whether a deposited material counts for an item on a day, by the rules that its kind declares. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from licence_vault.materials.keeping import HELD, Material
from schemas.service_items import MaterialKind

WHY_NOT: Mapping[str, tuple[str, str]] = {
    "gone": ("已撤回、已被证照取代或已删除", "taken back by its holder, or retired"),
    "unverified": ("未按规则核对", "not verified against what the rules want"),
    "department": ("核对部门不在认可范围", "verified by a department that the rules do not name"),
    "purpose": ("该事项不适用", "not recognised for this item"),
    "stale": ("已超过有效期限", "older than it may be"),
}
"""Why a material does not count."""


def fresh_until(kind: MaterialKind, material: Material) -> str | None:
    """Return the last day on which a material is fresh; None: it does not age.

    Its age runs from the day that it bears, else from the day on which it was verified.
    """
    if kind.fresh_days is None:
        return None
    since = date.fromisoformat(material.dated_on or material.verified_on)
    return (since + timedelta(days=kind.fresh_days)).isoformat()


def why_not(kind: MaterialKind, material: Material, item: str, on: date) -> str:
    """Return why a material does not count for an item (by name) on a day, a key of WHY_NOT; empty: it does."""
    rule, until = kind.recognised, fresh_until(kind, material)
    checks = {
        "gone": material.state == HELD,
        "unverified": material.verified_against in rule.verified_against,
        "department": not rule.by or material.department in rule.by,
        "purpose": not rule.items or item in rule.items,
        "stale": until is None or on.isoformat() <= until,
    }
    return next((name for name, holds in checks.items() if not holds), "")
