"""The outbox of notices: sent again and again to whoever wants that, fed to whoever asks; acknowledged, or overdue.

A notice that was delivered is not yet acknowledged: the department says so itself, by number.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, ClassVar

from sqlalchemy import Connection, Row, delete, insert, select, update

from ledger.errors import NoSuchNotice, TargetRefused
from onefile.verify.reading import instant_text
from schemas.serving.disclosure_tables import NOTICE, NOTICE_TARGET

FORMAT = "onefile.notice/1"
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360, 720, 1440, 1440, 1440, 1440))
"""How long after each try the next one is made; then the feed alone has it."""


@dataclass(frozen=True)
class Notice:
    """A notice as it is sent and fed. `document` says what does not hold any more, and for which answers and cases."""

    header: ClassVar[str] = "Onefile-Notice"
    number: int
    consumer: str
    reason: str
    document: dict[str, Any]
    made_at: str
    due_on: str
    delivered_at: str | None
    acknowledged_at: str | None
    acknowledged_by: str
    tries: int
    last_fault: str

    def body(self) -> dict[str, Any]:
        """Return what is sent."""
        return {"format": FORMAT, "number": self.number, "consumer": self.consumer, "reason": self.reason,
                **self.document, "made_at": self.made_at, "acknowledge_by": self.due_on}  # fmt: skip


def set_target(connection: Connection, consumer: str, url: str, by: str, at: datetime) -> None:
    """Note where a department wants its notices sent; an empty URL: nowhere. The caller has judged the URL."""
    connection.execute(delete(NOTICE_TARGET).where(NOTICE_TARGET.c.consumer == consumer))
    if url:
        values = {"consumer": consumer, "url": url, "set_at": instant_text(at), "set_by": by}
        connection.execute(insert(NOTICE_TARGET).values(**values))


def targets(connection: Connection) -> dict[str, str]:
    """Return where departments want their notices sent."""
    found = connection.execute(select(NOTICE_TARGET.c.consumer, NOTICE_TARGET.c.url))
    return {str(consumer): str(url) for consumer, url in found}


def feed(connection: Connection, consumer: str, after: int = 0, limit: int = 100) -> list[Notice]:
    """Return a department's notices above a number, in order."""
    row = NOTICE.c
    asked = select(NOTICE).where(row.consumer == consumer, row.notice_no > after).order_by(row.notice_no).limit(limit)
    return [_notice(found) for found in connection.execute(asked)]


def all_notices(connection: Connection, after: int = 0, limit: int = 1000) -> list[Notice]:
    """Return the notices of all departments above a number, in order."""
    asked = select(NOTICE).where(NOTICE.c.notice_no > after).order_by(NOTICE.c.notice_no).limit(limit)
    return [_notice(found) for found in connection.execute(asked)]


def acknowledge(connection: Connection, consumer: str, number: int, by: str, at: datetime) -> Notice:
    """Note that a department took a notice in; again it changes nothing.

    Raises:
        NoSuchNotice: it has none of that number.
    """
    row = NOTICE.c
    own = (row.consumer == consumer) & (row.notice_no == number)
    first = update(NOTICE).where(own, row.acknowledged_at.is_(None))
    connection.execute(first.values(acknowledged_at=instant_text(at), acknowledged_by=by, next_try_at=None))
    found = connection.execute(select(NOTICE).where(own)).one_or_none()
    if found is None:
        raise NoSuchNotice
    return _notice(found)


def overdue(connection: Connection, on: date) -> list[Notice]:
    """Return the notices that nobody acknowledged by their day, in order."""
    row = NOTICE.c
    asked = select(NOTICE).where(row.acknowledged_at.is_(None), row.due_on < on.isoformat()).order_by(row.notice_no)
    return [_notice(found) for found in connection.execute(asked)]


def due(connection: Connection, at: datetime) -> Iterator[tuple[Notice, str]]:
    """Yield the notices to be sent by an instant, with where to."""
    row, target = NOTICE.c, NOTICE_TARGET.c
    asked = (
        select(NOTICE, target.url)
        .join(NOTICE_TARGET, target.consumer == row.consumer)
        .where(row.next_try_at <= instant_text(at), row.acknowledged_at.is_(None))
        .order_by(row.notice_no)
    )
    for found in connection.execute(asked).all():
        yield _notice(found), str(found.url)


def tried(connection: Connection, notice: Notice, at: datetime, fault: str) -> None:
    """Note a try: delivered where `fault` is empty, else when the next one is due."""
    tries = notice.tries + 1
    values: dict[str, Any] = {"tries": tries, "last_fault": fault[:200], "next_try_at": None}
    if not fault:
        values["delivered_at"] = instant_text(at)
    elif tries <= len(PAUSES):
        values["next_try_at"] = instant_text(at + PAUSES[tries - 1])
    connection.execute(update(NOTICE).where(NOTICE.c.notice_no == notice.number).values(**values))


def send_due(
    waiting: list[tuple[Notice, str]], send: Callable[[Notice, str], str], note: Callable[[Notice, str], None]
) -> tuple[int, int]:
    """Send notices, and note each try at once; return how many were delivered, and how many not.

    Args:
        send: sends one to a URL; returns what went wrong, nothing where it was taken.
        note: keeps the outcome, in a transaction of its own, so that a kill sends at most one notice twice.
    """
    delivered = failed = 0
    for notice, url in waiting:
        try:
            fault = send(notice, url)
        except TargetRefused as error:
            fault = str(error)
        note(notice, fault)
        delivered, failed = delivered + (not fault), failed + bool(fault)
    return delivered, failed


def _notice(found: Row[Any]) -> Notice:
    return Notice(
        found.notice_no, found.consumer, found.reason, json.loads(found.document), found.made_at, found.due_on,
        found.delivered_at, found.acknowledged_at, found.acknowledged_by, found.tries, found.last_fault,
    )  # fmt: skip
