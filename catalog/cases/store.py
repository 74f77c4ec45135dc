"""Cases in the serving database: registered, moved step by step, found by number or by party."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, insert, or_, select, update

from catalog.cases.clocks import Clock, accepted, resumed, stopped
from catalog.cases.errors import CaseRefused, CaseThere, StepNotAllowed
from catalog.cases.states import CLOSED, NEED_REASON, NEXT, allowed
from catalog.errors import AnsweredAlready
from onefile.verify.reading import instant_text
from schemas.serving.ahead import Question
from schemas.serving.connection import looked_up
from schemas.serving.tables import counter_tables
from schemas.working_days import Sharing

FILE, PARTY, STEP = counter_tables.CASE_FILE, counter_tables.CASE_PARTY, counter_tables.CASE_STEP
_COLUMNS = ", ".join(FILE.c.keys())
_FIND = f"""
    SELECT {_COLUMNS} FROM case_file WHERE draft_no = :number
    UNION SELECT {_COLUMNS} FROM case_file WHERE case_no = :number ORDER BY case_id LIMIT 1
"""


@dataclass(frozen=True)
class CaseFile:
    """A row of `case_file`. Days are YYYY-MM-DD, instants RFC 3339 in UTC.

    `department` is the one that decides, `registrar` the department of the client that registered it; `officer` is in
    charge. `parent_id` is the case that this is a stage of. `stopped_days` are working days in special procedures.
    """

    case_id: str
    draft_no: str
    case_no: str | None
    parent_id: str | None
    item: str
    department: str
    registrar: str
    registered_by: str
    stage: str
    kind: str
    state: str
    step_count: int
    officer: str
    result: str
    opened_at: str
    accepted_on: str | None
    stopped_on: str | None
    stopped_days: int
    legal_days: int | None
    promised_days: int
    legal_due_on: str | None
    promised_due_on: str | None
    closed_at: str | None

    @property
    def number(self) -> str:
        """What it is called: its number, its draft's as long as it has none."""
        return self.case_no or self.draft_no

    @property
    def is_closed(self) -> bool:
        """Whether nothing is asked for it any more."""
        return self.state in CLOSED


@dataclass(frozen=True)
class Reported:
    """A step as it is reported: when it was taken, by whom, why. `case_no` comes with the number that a draft gets."""

    step: str
    at: datetime
    day: date
    officer: str
    reason: str
    result: str = ""
    case_no: str = ""


def register(connection: Connection, case: CaseFile, parties: Iterable[tuple[str, str]]) -> CaseFile:
    """Register a draft, or a stage of a case, with its parties (subject hash, role).

    Again with the same content it returns what is there.

    Raises:
        CaseThere: its number is taken by another case.
        CaseRefused: its parent is none.
    """
    there = find(connection, case.draft_no)
    if there is not None:
        return _same(connection, there, case, parties)
    if case.parent_id is not None and of_id(connection, case.parent_id) is None:
        raise CaseRefused("a parent that is not registered", "the number of a case that is")
    connection.execute(insert(FILE).values(**{name: getattr(case, name) for name in CaseFile.__dataclass_fields__}))
    for subject_hash, role in dict.fromkeys(parties):
        connection.execute(insert(PARTY).values(case_id=case.case_id, subject_hash=subject_hash, role=role))
    return case


def report(
    connection: Connection, case: CaseFile, told: Reported, by: str, told_at: datetime, calendar: Sharing
) -> CaseFile:  # fmt: skip
    """Take a step as it is reported; clocks run in working days, and stand still in a special procedure.

    Raises:
        StepNotAllowed: it cannot follow the case's state.
        CaseRefused: no reason where one is needed; a step from before the one before it.
        CaseThere: the number that the draft gets is another case's.
        AnsweredAlready: another step came first.
        NoHolidayNotice: a clock runs into a year whose holidays are not declared.
    """
    to = NEXT.get((case.state, told.step))
    if to is None:
        raise StepNotAllowed(told.step, case.state, ", ".join(allowed(case.state)) or "nothing")
    if told.step in NEED_REASON and not told.reason.strip():
        raise CaseRefused("no reason", f"why, with {told.step}")
    _check_order(connection, case, told)
    moved = _moved(case, told, to, calendar)
    _check_number(connection, case, told)
    where = (FILE.c.case_id == case.case_id) & (FILE.c.step_count == case.step_count)
    changed = {name: getattr(moved, name) for name in CaseFile.__dataclass_fields__ if name != "case_id"}
    if connection.execute(update(FILE).where(where).values(**changed)).rowcount != 1:
        raise AnsweredAlready(case.draft_no)
    connection.execute(insert(STEP).values(
        case_id=case.case_id, step_no=moved.step_count, at=instant_text(told.at), told_at=instant_text(told_at),
        step=told.step, from_state=case.state, to_state=to, department=case.department,
        officer=told.officer or case.officer, reason=told.reason, told_by=by))  # fmt: skip
    return moved


def question(number: str) -> Question:
    """Return what `find` asks the database."""
    return _FIND, {"number": number}


def find(connection: Connection, number: str) -> CaseFile | None:
    """Return the case of a number, its draft's or its own; None when there is none."""
    found = looked_up(connection, *question(number))
    return CaseFile(*found[0]) if found else None


def of_id(connection: Connection, case_id: str) -> CaseFile | None:
    """Return the case of an internal id; None when there is none."""
    row = connection.execute(select(FILE).where(FILE.c.case_id == case_id)).one_or_none()
    return None if row is None else CaseFile(*row)


def stages(connection: Connection, case_id: str) -> list[CaseFile]:
    """Return the stages of a case in other departments, the first one first."""
    asked = select(FILE).where(FILE.c.parent_id == case_id).order_by(FILE.c.opened_at, FILE.c.case_id)
    return [CaseFile(*row) for row in connection.execute(asked)]


def of_party(connection: Connection, subject_hash: str) -> list[CaseFile]:
    """Return the cases that a subject (the ledger's keyed hash) is a party to, the newest first."""
    asked = select(FILE).join(PARTY, PARTY.c.case_id == FILE.c.case_id).where(PARTY.c.subject_hash == subject_hash)
    found = {row.case_id: CaseFile(*row) for row in connection.execute(asked.order_by(FILE.c.opened_at.desc()))}
    return list(found.values())


def parties(connection: Connection, case_id: str) -> set[tuple[str, str]]:
    """Return the parties of a case: subject hash and role."""
    rows = select(PARTY.c.subject_hash, PARTY.c.role).where(PARTY.c.case_id == case_id)
    return {(str(subject), str(role)) for subject, role in connection.execute(rows)}


def opened_between(connection: Connection, since: datetime, until: datetime) -> list[CaseFile]:
    """Return the cases opened from an instant to before another, in order."""
    opened = FILE.c.opened_at
    asked = select(FILE).where(opened >= instant_text(since), opened < instant_text(until))
    return [CaseFile(*row) for row in connection.execute(asked.order_by(opened, FILE.c.case_id))]


def steps(connection: Connection, case_id: str) -> list[dict[str, Any]]:
    """Return the steps of a case in order, each by column."""
    asked = select(STEP).where(STEP.c.case_id == case_id).order_by(STEP.c.step_no)
    return [dict(row._mapping) for row in connection.execute(asked)]


def listed(connection: Connection, department: str, after: str, limit: int | None) -> list[CaseFile]:
    """Return cases that a department registered or decides (all, when it is empty), by id, those after an id."""
    asked = select(FILE).where(FILE.c.case_id > after)
    if department:
        asked = asked.where(or_(FILE.c.department == department, FILE.c.registrar == department))
    return [CaseFile(*row) for row in connection.execute(asked.order_by(FILE.c.case_id).limit(limit))]


def _same(connection: Connection, there: CaseFile, case: CaseFile, wanted: Iterable[tuple[str, str]]) -> CaseFile:
    same = ("draft_no", "parent_id", "item", "department", "registrar", "stage")
    if any(getattr(there, name) != getattr(case, name) for name in same):
        raise CaseThere
    if parties(connection, there.case_id) != set(wanted):
        raise CaseThere
    return there


def _check_order(connection: Connection, case: CaseFile, told: Reported) -> None:
    last = steps(connection, case.case_id)
    before = str(last[-1]["at"]) if last else case.opened_at
    if instant_text(told.at)[:19] < before[:19]:
        raise CaseRefused("a step from before the last one", "an instant after it")


def _check_number(connection: Connection, case: CaseFile, told: Reported) -> None:
    other = find(connection, told.case_no) if told.case_no else None
    if told.case_no and case.case_no not in (None, told.case_no):
        raise CaseRefused("a second number", "the number that it has")
    if other is not None and other.case_id != case.case_id:
        raise CaseThere


def _moved(case: CaseFile, told: Reported, to: str, calendar: Sharing) -> CaseFile:
    clock = Clock(case.accepted_on, case.stopped_on, case.stopped_days, case.legal_days, case.promised_days)
    if told.step == "accept":
        clock = accepted(clock, told.day)
    elif told.step == "begin_special":
        clock = stopped(clock, told.day)
    elif told.step == "end_special":
        clock = resumed(clock, told.day, calendar)
    due = clock.due(calendar)
    return replace(
        case, state=to, step_count=case.step_count + 1, officer=told.officer or case.officer,
        result=told.result or case.result, case_no=told.case_no or case.case_no, accepted_on=clock.accepted_on,
        stopped_on=clock.stopped_on, stopped_days=clock.stopped_days,
        closed_at=instant_text(told.at) if to in CLOSED else None, legal_due_on=due["legal_due_on"],
        promised_due_on=due["promised_due_on"],
    )  # fmt: skip
