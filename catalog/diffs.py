"""What changed between two versions of an entry, as a person reads it; and which way its life cycle may go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from catalog.entries import Entry
from catalog.errors import LifeCycleBroken
from schemas.terms import STATES

NEXT_STATES: Mapping[str | None, tuple[str, ...]] = {
    None: STATES[:3],  # what was declared before versions were kept may be published already
    "draft": ("in_review", "withdrawn"),
    "in_review": ("draft", "published"),
    "published": ("in_withdrawal",),
    "in_withdrawal": ("published", "withdrawn"),
    "withdrawn": ("draft",),
}
"""Life cycle: from each state (None: not there yet) to those that may follow."""


@dataclass(frozen=True)
class Change:
    """One difference: `what` is a field, or `items.<name>` or `items.<name>.<field>`; None: not there."""

    what: str
    old: object
    new: object


def changes(old: Entry | None, new: Entry | None) -> tuple[Change, ...]:
    """Return the differences in the order of the entry's fields, information items last."""
    before, after = (_flat(entry) for entry in (old, new))
    names = list(dict.fromkeys([*after, *before]))
    return tuple(
        Change(name, before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name)
    )


def check_state(entry_id: str, old: str | None, new: str) -> None:
    """Raise LifeCycleBroken unless an entry may pass from the one state to the other."""
    if old != new and new not in NEXT_STATES[old]:
        raise LifeCycleBroken(entry_id, old or "nothing", new, ", ".join(NEXT_STATES[old]))


def _flat(entry: Entry | None) -> dict[str, object]:
    if entry is None:
        return {}
    found = entry.as_json()
    found.pop("items")
    for item in entry.items:
        found[f"items.{item.name}"] = item.label
        for name in ("about", "type", "length", "is_required", "grade"):
            found[f"items.{item.name}.{name}"] = getattr(item, name)
    return found
