"""Promises (告知承诺、容缺受理): made in a case instead of a material, kept or broken, and followed up in working days.

A promise to bring a material later is broken when its day is over. One that stands instead of a material is verified by
the department by its day; until that is done it is overdue, and on the department's list.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from catalog.cases.errors import CaseRefused
from catalog.cases.store import CaseFile
from catalog.errors import AnsweredAlready, CatalogError
from catalog.prefill.view import Standing
from onefile.verify.reading import instant_text
from schemas.service_items import Item, Promise
from schemas.serving.connection import looked_up
from schemas.serving.prefill_tables import CASE_PROMISE
from schemas.working_days import Sharing

STATES: Mapping[str, tuple[str, str]] = {
    "open": ("待兑现", "open"),
    "kept": ("已兑现", "kept"),
    "broken": ("未兑现", "broken"),
    "overdue": ("到期待核查", "overdue: to be verified"),
}
OPEN = ("open", "overdue")
RULE, NOT_BROUGHT = "rule", "not brought by {due}"
ROW = CASE_PROMISE.c
_OF_CASE = (
    "SELECT promise_id, item, material, kind, text, made_at, due_on, state, settled_at, settled_by, reason"
    " FROM case_promise WHERE case_id = :case_id ORDER BY made_at, promise_id"
)


class NoSuchPromise(CatalogError):
    """A case has no promise of that number, or an item none to make."""

    exit_code = 2

    def __init__(self) -> None:
        super().__init__("no such promise: the prefill says which materials are open to one, and which were made")


@dataclass(frozen=True)
class Made:
    """A promise that was made: a row of `case_promise`, with its case's number and department."""

    promise_id: str
    case: str
    item: str
    department: str
    material: str
    kind: str
    text: str
    made_at: str
    due_on: str
    state: str
    settled_at: str | None
    settled_by: str | None
    reason: str

    @property
    def standing(self) -> Standing:
        """Return it as a material's judge sees it."""
        return Standing(self.promise_id, self.kind, self.due_on, self.state)


def offered(item: Item, material: str) -> Promise:
    """Return the promise that an item takes instead of a material; NoSuchPromise where it takes none."""
    found = next((each.promise for each in item.materials if each.name == material), None)
    if found is None:
        raise NoSuchPromise
    return found


def make(
    connection: Connection, case: CaseFile, item: Item, material: str, promise_id: str, by: str, at: datetime,
    on: date, calendar: Sharing,
) -> Made:  # fmt: skip
    """Make a promise; again for the same material it returns the one that was made.

    Raises:
        NoSuchPromise: the item takes no promise instead of that material.
        CaseRefused: the case is over.
        NoHolidayNotice: its term runs into a year whose holidays are not declared.
    """
    promise = offered(item, material)
    if case.is_closed:
        raise CaseRefused("an end", "a case that is open: nothing is promised in one that is over")
    made = {each.material: each for each in of_case(connection, case) if each.item == item.code}
    if material in made:
        return made[material]
    due = calendar.after(on, promise.by_days)
    connection.execute(insert(CASE_PROMISE).values(
        promise_id=promise_id, case_id=case.case_id, item=item.code, material=material, kind=promise.kind,
        text=promise.text.zh, made_at=instant_text(at), made_by=by, due_on=due.isoformat(), state="open",
        settled_at=None, settled_by=None, reason=""))  # fmt: skip
    return find(connection, case, promise_id)


def settle(
    connection: Connection, case: CaseFile, promise_id: str, is_kept: bool, by: str, reason: str, at: datetime
) -> Made:  # fmt: skip
    """Say that a promise was kept, or with the reason that it was broken.

    Raises:
        NoSuchPromise: the case has none of that number.
        CaseRefused: a promise broken for no reason.
        AnsweredAlready: it was settled already.
    """
    there = find(connection, case, promise_id)
    if not is_kept and not reason.strip():
        raise CaseRefused("a promise that is broken without a reason", "what was promised and is not so")
    where = (ROW.promise_id == promise_id) & ROW.state.in_(OPEN)
    state = "kept" if is_kept else "broken"
    changed = {"state": state, "settled_at": instant_text(at), "settled_by": by, "reason": reason.strip()}
    if connection.execute(update(CASE_PROMISE).where(where).values(**changed)).rowcount != 1:
        raise AnsweredAlready(there.promise_id)
    return find(connection, case, promise_id)


def follow_up(connection: Connection, on: date, at: datetime) -> dict[str, int]:
    """Let promises whose day is over be broken or overdue; return how many became which. Again it changes nothing."""
    over = (ROW.state == "open") & (ROW.due_on < on.isoformat())
    late = select(ROW.promise_id, ROW.due_on).where(over, ROW.kind == "later")
    broken = list(connection.execute(late))
    for promise_id, due_on in broken:
        told = {"state": "broken", "settled_at": instant_text(at), "settled_by": RULE}
        where = ROW.promise_id == promise_id
        connection.execute(update(CASE_PROMISE).where(where).values(**told, reason=NOT_BROUGHT.format(due=due_on)))
    overdue = connection.execute(update(CASE_PROMISE).where(over, ROW.kind != "later").values(state="overdue"))
    return {"broken": len(broken), "overdue": overdue.rowcount}


def of_case(connection: Connection, case: CaseFile) -> list[Made]:
    """Return the promises that were made in a case, the first one first."""
    return [
        Made(row[0], case.number, row[1], case.department, *row[2:])
        for row in looked_up(connection, _OF_CASE, {"case_id": case.case_id})
    ]


def find(connection: Connection, case: CaseFile, promise_id: str) -> Made:
    """Return a promise of a case; NoSuchPromise where it has none of that number."""
    asked = select(CASE_PROMISE).where(ROW.promise_id == promise_id, ROW.case_id == case.case_id)
    row = connection.execute(asked).one_or_none()
    if row is None:
        raise NoSuchPromise
    return _made(row, case)


def waiting(connection: Connection, cases: Mapping[str, CaseFile]) -> list[Made]:
    """Return the promises that nobody settled, of some cases by their internal ids, the first due first."""
    asked = select(CASE_PROMISE).where(ROW.state.in_(OPEN)).order_by(ROW.due_on, ROW.promise_id)
    return [_made(row, cases[row.case_id]) for row in connection.execute(asked) if row.case_id in cases]


def _made(row: Any, case: CaseFile) -> Made:
    return Made(
        row.promise_id, case.number, row.item, case.department, row.material, row.kind, row.text, row.made_at,
        row.due_on, row.state, row.settled_at, row.settled_by, row.reason,
    )  # fmt: skip
