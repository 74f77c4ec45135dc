"""Requests, grants and what else has states and steps, in the serving database; every step is kept."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import count

from sqlalchemy import Connection, Table, func, insert, select, update

from catalog.errors import AnsweredAlready, UnknownId
from schemas.serving.connection import looked_up
from schemas.serving.disclosure_tables import OBJECTION, SHARING_DISPUTE
from schemas.serving.tables import SHARING_GRANT, SHARING_REQUEST, SHARING_STEP, SHARING_VERIFICATION


@dataclass(frozen=True)
class Actor:
    """Who acts: in which role, for which department (its id), which person's login, at which instant and legal day."""

    role: str
    department: str
    operator: str
    at: datetime
    day: date

    @property
    def at_text(self) -> str:
        """Return the instant in RFC 3339, in UTC."""
        return self.at.isoformat(timespec="seconds").replace("+00:00", "Z")


@dataclass(frozen=True)
class Case:
    """A request, a grant or a verification as it stands. `wants` is its document; only a grant has days.

    Of a verification `entry_id` is the attribute, as `<kind>.<name>`, and `provider` its lead.
    """

    id: str
    request_id: str
    consumer: str
    provider: str
    entry_id: str
    state: str
    step_count: int
    valid_from: str
    valid_until: str
    due_on: str | None
    wants: Mapping[str, object]

    @property
    def fields(self) -> tuple[str, ...]:
        """Return the fields that are asked for, or granted."""
        found = self.wants.get("fields")
        return tuple(map(str, found)) if isinstance(found, list) else ()


def new_id(connection: Connection, letter: str, day: date) -> str:
    """Return the next id of a day, like R20261123-0001; in the one write transaction, so none is given twice."""
    return next(new_ids(connection, letter, day))


def new_ids(connection: Connection, letter: str, day: date) -> Iterator[str]:
    """Yield the next ids of a day; each that is yielded has to be used before another caller asks."""
    table, column = _TABLES[letter]
    start = f"{letter}{day:%Y%m%d}-"
    taken = select(func.count()).select_from(table).where(table.c[column].startswith(start))
    for number in count(connection.execute(taken).scalar_one() + 1):
        yield f"{start}{number:04d}"


def put_request(connection: Connection, case: Case, made_on: date) -> None:
    """Write a new request down."""
    connection.execute(insert(SHARING_REQUEST).values(
        request_id=case.id, consumer=case.consumer, provider=case.provider, entry_id=case.entry_id, state=case.state,
        step_count=0, made_on=made_on.isoformat(), due_on=case.due_on, document=_written(case.wants)))  # fmt: skip


def put_grant(connection: Connection, case: Case) -> None:
    """Write a new grant down."""
    connection.execute(insert(SHARING_GRANT).values(
        grant_id=case.id, request_id=case.request_id, consumer=case.consumer, provider=case.provider,
        entry_id=case.entry_id, state=case.state, step_count=0, valid_from=case.valid_from,
        valid_until=case.valid_until, due_on=case.due_on, document=_written(case.wants)))  # fmt: skip


def put_verification(connection: Connection, case: Case, subject_id: str, fingerprint: str, opened_on: date) -> None:
    """Write a new verification down."""
    connection.execute(insert(SHARING_VERIFICATION).values(
        verification_id=case.id, consumer=case.consumer, provider=case.provider, entry_id=case.entry_id,
        subject_id=subject_id, fingerprint=fingerprint, state=case.state, step_count=0,
        opened_on=opened_on.isoformat(), due_on=case.due_on, document=_written(case.wants)))  # fmt: skip


def get(connection: Connection, case_id: str) -> Case:
    """Return a request (R…), grant (G…), verification (V…), objection (O…) or dispute (D…); raise UnknownId."""
    letter = case_id[:1]
    if letter not in _TABLES:
        raise UnknownId("request", case_id)
    table, column = _TABLES[letter]
    query = f"SELECT {', '.join(table.c.keys())} FROM {table.name} WHERE {column} = :case_id"
    found = looked_up(connection, query, {"case_id": case_id})
    if not found:
        raise UnknownId(_NAMES[letter], case_id)
    return _case(dict(zip(table.c.keys(), found[0], strict=True)), letter)


def cases(connection: Connection, letter: str) -> list[Case]:
    """Return all requests (`R`), grants (`G`), verifications (`V`), objections (`O`) or disputes (`D`) by id."""
    table, column = _TABLES[letter]
    return [_case(dict(row._mapping), letter) for row in connection.execute(select(table).order_by(table.c[column]))]


def move(
    connection: Connection, case: Case, actor: Actor, action: str, reason: str, to: str, due_on: str | None,
    wants: Mapping[str, object] | None = None, detail: str = "",
) -> Case:  # fmt: skip
    """Take a step: state, clock and document change, and the step is kept.

    Raises:
        AnsweredAlready: the case is not as `case` says any more.
    """
    table, column = _TABLES[case.id[0]]
    count = case.step_count + 1
    document = _written(wants if wants is not None else case.wants)
    values = {"state": to, "step_count": count, "due_on": due_on, "document": document}
    same = (table.c[column] == case.id) & (table.c.step_count == case.step_count)
    if connection.execute(update(table).where(same).values(**values)).rowcount != 1:
        raise AnsweredAlready(case.id)
    connection.execute(insert(SHARING_STEP).values(
        of_id=case.id, step_no=count, at=actor.at_text, action=action, role=actor.role, department=actor.department,
        operator=actor.operator, reason=reason, from_state=case.state, to_state=to, detail=detail))  # fmt: skip
    return get(connection, case.id)


def steps(connection: Connection, case_id: str) -> list[dict[str, object]]:
    """Return the steps of a request or grant in order, each by column."""
    asked = select(SHARING_STEP).where(SHARING_STEP.c.of_id == case_id).order_by(SHARING_STEP.c.step_no)
    return [dict(row._mapping) for row in connection.execute(asked)]


def _case(row: Mapping[str, object], letter: str) -> Case:
    due = row["due_on"]
    return Case(
        id=str(row[_TABLES[letter][1]]),
        request_id=str(row.get("request_id", "")),
        consumer=str(row["consumer"]),
        provider=str(row["provider"]),
        entry_id=str(row["entry_id"]),
        state=str(row["state"]),
        step_count=int(str(row["step_count"])),
        valid_from=str(row.get("valid_from", "")),
        valid_until=str(row.get("valid_until", "")),
        due_on=None if due is None else str(due),
        wants=json.loads(str(row["document"])),
    )


def _written(wants: Mapping[str, object]) -> str:
    return json.dumps(wants, ensure_ascii=False, sort_keys=True)


_TABLES: Mapping[str, tuple[Table, str]] = {
    "R": (SHARING_REQUEST, "request_id"),
    "G": (SHARING_GRANT, "grant_id"),
    "V": (SHARING_VERIFICATION, "verification_id"),
    "O": (OBJECTION, "objection_id"),
    "D": (SHARING_DISPUTE, "dispute_id"),
}
_NAMES = {"R": "request", "G": "grant", "V": "verification", "O": "objection", "D": "dispute"}
