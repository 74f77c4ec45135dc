"""The two clocks of a case, by law (法定时限) and as promised (承诺时限), in working days from acceptance."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

from schemas.working_days import Sharing


@dataclass(frozen=True)
class Clock:
    """Where the clocks stand. Days are YYYY-MM-DD; `stopped_on` is set while a special procedure runs.

    `legal_days` None: the law sets none. `stopped_days` are the working days that special procedures took so far.
    """

    accepted_on: str | None
    stopped_on: str | None
    stopped_days: int
    legal_days: int | None
    promised_days: int

    def due(self, calendar: Sharing) -> dict[str, str | None]:
        """Return the last days of both clocks: none before acceptance, and none while they stand still.

        Raises:
            NoHolidayNotice: a clock runs into a year whose holidays are not declared.
        """
        if self.accepted_on is None or self.stopped_on is not None:
            return {"legal_due_on": None, "promised_due_on": None}
        since = date.fromisoformat(self.accepted_on)
        promised = calendar.after(since, self.promised_days + self.stopped_days)
        legal = None if self.legal_days is None else calendar.after(since, self.legal_days + self.stopped_days)
        return {
            "legal_due_on": None if legal is None else legal.isoformat(),
            "promised_due_on": min(promised, legal or promised).isoformat(),
        }

    def left(self, on: date, calendar: Sharing) -> int | None:
        """Return the working days left of what was promised, negative when it is late; None while no clock runs."""
        due = self.due(calendar)["promised_due_on"]
        if due is None:
            return None
        last = date.fromisoformat(due)
        return working_days(on, last, calendar) if last >= on else -working_days(last, on, calendar)


def accepted(clock: Clock, day: date) -> Clock:
    """Start the clocks."""
    return replace(clock, accepted_on=day.isoformat())


def stopped(clock: Clock, day: date) -> Clock:
    """Let the clocks stand still."""
    return replace(clock, stopped_on=day.isoformat())


def resumed(clock: Clock, day: date, calendar: Sharing) -> Clock:
    """Let the clocks run on: the working days since they stopped do not count."""
    since = date.fromisoformat(clock.stopped_on or day.isoformat())
    return replace(clock, stopped_on=None, stopped_days=clock.stopped_days + working_days(since, day, calendar))


def working_days(since: date, until: date, calendar: Sharing) -> int:
    """Return how many working days lie after a day, up to and with another."""
    days = (since + timedelta(days=n) for n in range(1, (until - since).days + 1))
    return sum(calendar.is_working(day) for day in days)
