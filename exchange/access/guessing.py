"""Guesses are counted before they are answered, in whichever process; who guesses much waits, and is listed.

A right answer takes its count back. About one subject a department may be wrong a few times a day, about subjects that
are not there some hundred times, however many clients and officials it has; beyond that each further try has to wait
twice as long as the one before.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from exchange.access.callers import Caller
from onefile.verify.reading import instant_text
from schemas.serving.tables import counter_tables

ROW = counter_tables.COUNTER_GUESS
FREE_A_SUBJECT, FREE_UNKNOWN = 5, 200
FIRST_SECONDS, MOST_SECONDS = 60, 86_400
NOBODY = ""


@dataclass(frozen=True)
class Guesser:
    """Who guesses, when, on which legal day."""

    caller: Caller
    at: datetime
    day: str

    def wait(self, connection: Connection, subject_hash: str, count: int = 1) -> int:
        """Count guesses about a subject, and return 0; or return how many seconds they have to wait, uncounted."""
        seconds = self._seconds(self._row(connection, subject_hash), FREE_A_SUBJECT - count + 1)
        seconds = max(seconds, self._seconds(self._row(connection, NOBODY), FREE_UNKNOWN))
        if not seconds:
            self._count(connection, subject_hash, count)
        return seconds

    def take_back(self, connection: Connection, subject_hash: str) -> None:
        """Take a guess back that was right."""
        self._count(connection, subject_hash, -1)

    def count_unknown(self, connection: Connection) -> None:
        """Count that somebody was asked about who is not there."""
        self._count(connection, NOBODY, 1)

    def _seconds(self, found: tuple[int, datetime] | None, free: int) -> int:
        if found is None or found[0] < free:
            return 0
        wait = min(FIRST_SECONDS * 2 ** min(found[0] - free, 20), MOST_SECONDS)
        left = (found[1] + timedelta(seconds=wait) - self.at).total_seconds()
        return max(0, int(left) + 1) if left > 0 else 0

    def _row(self, connection: Connection, subject_hash: str) -> tuple[int, datetime] | None:
        """Return how often the caller's department guessed about a subject today, and when last; None: not yet."""
        row, caller = ROW.c, self.caller
        mine = row.department == caller.department if caller.department else row.caller == caller.id
        asked = select(func.sum(row.times), func.max(row.last_at))
        asked = asked.where(row.subject_hash == subject_hash, row.guessed_on == self.day, mine)
        times, last_at = connection.execute(asked).one()
        return None if times is None else (int(times), datetime.fromisoformat(last_at))

    def _count(self, connection: Connection, subject_hash: str, by: int) -> None:
        row, same = ROW.c, self._same(subject_hash)
        values: dict[str, Any] = {"times": row.times + by}
        if by > 0:
            values["last_at"] = instant_text(self.at)
        if connection.execute(update(ROW).where(same).values(**values)).rowcount:
            return
        try:
            with connection.begin_nested():
                connection.execute(insert(ROW).values(
                    caller=self.caller.id, subject_hash=subject_hash, guessed_on=self.day,
                    department=self.caller.department, times=max(by, 0), last_at=instant_text(self.at)))  # fmt: skip
        except IntegrityError:
            connection.execute(update(ROW).where(same).values(**values))

    def _same(self, subject_hash: str) -> Any:
        row = ROW.c
        return (row.caller == self.caller.id) & (row.subject_hash == subject_hash) & (row.guessed_on == self.day)


def listed(connection: Connection, day: str, least: int, after: str, limit: int) -> list[dict[str, Any]]:
    """Return who guessed wrong on a day, at least so often, by caller and subject hash."""
    row = ROW.c
    asked = select(ROW).where(row.guessed_on == day, row.times >= least)
    found = connection.execute(asked.order_by(row.caller, row.subject_hash)).all()
    named = [dict(each._mapping) for each in found]
    return [each for each in named if f"{each['caller']} {each['subject_hash']}" > after][:limit]
