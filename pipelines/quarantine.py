"""The quarantine as people work with it: what waits, why, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from pipelines import names, peek
from pipelines.names import RESOLUTION
from pipelines.places import Where


@dataclass(frozen=True)
class Rejected:
    """One quarantined row that waits. `problems` are (the department's header, reason code); `row` is as received."""

    resource: str
    delivery: str
    row_no: int
    recorded_at: datetime
    problems: tuple[tuple[str, str], ...]
    row: dict[str, str | None]


@dataclass(frozen=True)
class Pile:
    """How many rows of a resource wait for one reason. A row with two reasons is in two piles."""

    resource: str
    column: str
    reason: str
    rows: int
    oldest: datetime


def waiting(lake: Where, resources: Sequence[str]) -> Iterator[Rejected]:
    """Yield the quarantined rows of the resources that nothing has settled yet, in the order delivered."""
    settled = _settled(lake)
    for resource in sorted(resources):
        columns = ["_delivery", "_row_no", "_recorded_at", "problems", "row"]
        table = peek.rows(lake, names.quarantine(resource), columns)
        if table is None:
            continue
        found = (row for row in peek.dicts(table) if (resource, row["_delivery"], row["_row_no"]) not in settled)
        for row in sorted(found, key=lambda r: (r["_recorded_at"], r["_delivery"], r["_row_no"])):
            yield Rejected(
                resource=resource,
                delivery=row["_delivery"],
                row_no=row["_row_no"],
                recorded_at=row["_recorded_at"],
                problems=tuple((p["column"], p["reason"]) for p in row["problems"]),
                row=dict(row["row"]),
            )


def ever(lake: Where, resource: str) -> set[tuple[str, int]]:
    """Return (delivery, row) of every row of a resource that was ever quarantined."""
    table = peek.rows(lake, names.quarantine(resource), ["_delivery", "_row_no"])
    return set() if table is None else {(row["_delivery"], row["_row_no"]) for row in table.to_pylist()}


def piles(rejected: Iterator[Rejected]) -> list[Pile]:
    """Count rejected rows by resource, column and reason."""
    found: dict[tuple[str, str, str], list[datetime]] = {}
    for row in rejected:
        for column, reason in row.problems:
            found.setdefault((row.resource, column, reason), []).append(row.recorded_at)
    return [Pile(*key, rows=len(seen), oldest=min(seen)) for key, seen in sorted(found.items())]


def _settled(lake: Where) -> set[tuple[str, str, int]]:
    table = peek.rows(lake, RESOLUTION, ["_resource", "_delivery", "_row_no"])
    return set() if table is None else set(zip(*(column.to_pylist() for column in table.columns), strict=True))
