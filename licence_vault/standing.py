"""How a licence stood on a day, as it was known at an instant: both times, from its versions."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Protocol, TypeVar


class Stated(Protocol):
    """What a version says of its licence's state; as the columns of `licence_version`."""

    @property
    def version(self) -> int: ...
    @property
    def recorded_at(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def since_on(self) -> str: ...
    @property
    def valid_from(self) -> str: ...
    @property
    def valid_until(self) -> str | None: ...


Version = TypeVar("Version", bound=Stated)


def standing(versions: Iterable[Version], on: date, known_at: datetime) -> tuple[str, Version] | None:
    """Return the state on a day, and the version that says so; None when nothing was known of that day.

    The newest version that had been recorded by `known_at` and speaks of the day (its state
    holds since then or earlier) says the state. `not_yet` and `lapsed` follow from its days.

    Args:
        versions: of one licence.
        on: the day in the world.
        known_at: what was recorded later does not count.
    """
    day = on.isoformat()
    told = [v for v in versions if datetime.fromisoformat(v.recorded_at) <= known_at and v.since_on <= day]
    if not told:
        return None
    version = max(told, key=lambda v: v.version)
    if version.state in ("valid", "suspended"):
        if day < version.valid_from:
            return "not_yet", version
        if version.valid_until is not None and version.valid_until < day:
            return "lapsed", version
    return version.state, version
