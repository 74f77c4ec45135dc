"""The clocks of entries: how long one may wait in review, and how long one that is worked on may stay away."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from itertools import takewhile

from catalog.versions import Version
from schemas.working_days import Sharing

CLOCKS: Mapping[str, str] = {"in_review": "entry_review", "draft": "entry_update"}
"""The clock that runs in a state. Source: Order 809 of the State Council, art. 17: updated within 10, reviewed in 2."""


@dataclass(frozen=True)
class Waiting:
    """An entry that somebody has to go on with: in its state since a day, by its recorded versions; due on `due_on`."""

    entry_id: str
    provider: str
    state: str
    since: date
    due_on: date
    is_late: bool


def waiting(histories: Iterable[Sequence[Version]], sharing: Sharing, on: date, zone: tzinfo) -> list[Waiting]:
    """Return the entries whose clock runs, the first due first.

    A draft that was never more than one waits for nobody: it is new. One that was is being updated, or was sent back.

    Args:
        histories: the versions of each entry, the first one first.
        on: the day to judge on.
        zone: of legal days.

    Raises:
        NoHolidayNotice: a clock runs into a year whose holidays are not declared.
    """
    found = [_waiting(list(versions), sharing, on, zone) for versions in histories]
    return sorted((each for each in found if each is not None), key=lambda each: (each.due_on, each.entry_id))


def _waiting(versions: list[Version], sharing: Sharing, on: date, zone: tzinfo) -> Waiting | None:
    entry = versions[-1].entry
    same = list(takewhile(lambda version: version.entry.state == entry.state, reversed(versions)))
    if entry.state not in CLOCKS or (entry.state == "draft" and len(same) == len(versions)):
        return None
    since = datetime.fromisoformat(same[-1].recorded_at).astimezone(zone).date()
    due = sharing.due(CLOCKS[entry.state], since)
    return Waiting(entry.id, entry.provider, entry.state, since, due, due < on)
