"""What may be known of the parties of a case for one item: handed in by whoever may look, and judged here.

What is not in a view is not available: it was not granted, or is not there, and nothing tells which.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation

from schemas.logic import Facts, Found

DOUBTS: Mapping[str, tuple[str, str]] = {
    "stale": ("数据已超过更新时限", "older than it should be"),
    "contradicted": ("其他来源的说法不同", "another source says otherwise"),
    "not_lead": ("并非一人一档、一企一档采用的值", "not the value that the one file takes"),
    "ended": ("当事人已死亡或已注销", "whose it is has died or was cancelled"),
    "objection": ("当事人已提出异议", "the subject objects to it"),
    "verification": ("部门正在校核", "being verified by departments"),
}
"""Why a value is in doubt."""
LAST_DAY = "9999-12-31"


@dataclass(frozen=True)
class Stated:
    """A value of a one file as it may be shown. `observed_on` YYYY-MM-DD; `doubts` are keys of DOUBTS."""

    value: Found = field(repr=False)
    value_name: str | None
    resource: str
    department: str
    observed_on: str | None
    doubts: tuple[str, ...] = ()

    def age_days(self, on: date) -> int | None:
        """Return how old it is on a day; None: nobody said when it was observed."""
        return None if self.observed_on is None else (on - date.fromisoformat(self.observed_on)).days


@dataclass(frozen=True)
class Licence:
    """A licence that a party holds, as it stands on the day. `state` is that of the state machine.

    `id` is empty where only that there is one may be known.
    """

    id: str = field(repr=False)
    type: str
    state: str
    valid_from: str
    valid_until: str | None
    needs_consent: bool = False
    is_disputed: bool = False

    def is_in_force(self, on: date) -> bool:
        """Say whether it is in force on a day."""
        day = on.isoformat()
        return (
            self.state == "valid" and self.valid_from <= day and (self.valid_until is None or day <= self.valid_until)
        )


@dataclass(frozen=True)
class RecordHeld:
    """A row of a department's table about a party."""

    table: str
    resource: str
    record: str
    observed_on: str


@dataclass(frozen=True)
class Origin:
    """Where a value is from that conditions are judged by."""

    resource: str
    department: str
    observed_on: str | None


@dataclass(frozen=True)
class PartyView:
    """What one item may know of one party.

    `values` may be shown. `judged` may be judged by, and not all of it shown; None there is known to be absent;
    `origins` are where it is from.
    `licences` by type and `records` by table: a type or table that is not there may not be asked for.
    """

    values: Mapping[str, Stated] = field(default_factory=dict)
    judged: Mapping[str, Found] = field(default_factory=dict)
    licences: Mapping[str, tuple[Licence, ...]] = field(default_factory=dict)
    records: Mapping[str, tuple[RecordHeld, ...]] = field(default_factory=dict)
    origins: Mapping[str, Origin] = field(default_factory=dict)


@dataclass(frozen=True)
class Taken:
    """An earlier stage of the case took a material, or made it: its item, its case's number, since when."""

    item: str
    case: str
    on: str


@dataclass(frozen=True)
class Deposit:
    """A material that was deposited earlier: its id, who verified it against what, when, until when it is fresh.

    None where it may not be known, or (`fresh_until`) where it does not age.
    """

    id: str
    kind: str
    verified_by: str | None
    verified_against: str
    deposited_on: str | None
    fresh_until: str | None


@dataclass(frozen=True)
class Standing:
    """A promise that was made in this case instead of a material: until when, and what became of it."""

    promise_id: str
    kind: str
    due_on: str
    state: str


@dataclass(frozen=True)
class Circumstances:
    """What else is known of a case.

    `taken` are materials that an earlier stage took or made, by what satisfies them (kind, party, name); `deposits`
    those deposited earlier, by item and what satisfies them; `promises` those made in the case, by item and material.
    """

    taken: Mapping[tuple[str, ...], Taken] = field(default_factory=dict)
    deposits: Mapping[tuple[str, ...], Deposit] = field(default_factory=dict)
    promises: Mapping[tuple[str, str], Standing] = field(default_factory=dict)


NOBODY = PartyView()


def facts_of(views: Mapping[str, PartyView], answers: Mapping[str, Found], on: date) -> Facts:
    """Return what the conditions of one item are judged on: its parties' values and licences, the answers given."""
    return Facts(
        on,
        answers,
        {party: view.judged for party, view in views.items()},
        {
            party: {name: any(each.is_in_force(on) for each in held) for name, held in view.licences.items()}
            for party, view in views.items()
        },
    )


def typed(kind: str, value: object) -> Found:
    """Return a value of a published file as conditions compare it, by its declared type; None where there is none."""
    if value is None:
        return None
    try:
        if kind == "date":
            return date.fromisoformat(str(value))
        if kind in ("long", "decimal"):
            return Decimal(str(value))
    except (ValueError, InvalidOperation):
        return None
    return value if isinstance(value, bool) else str(value)
