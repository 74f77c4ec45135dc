"""What becomes of a case by law, without anybody's hand: told nothing in time, it counts as accepted.

Source: Administrative Licensing Law, art. 32: what is lacking is told at once or once within five working days; else
the application counts as accepted from the day on which it was received.
"""

from __future__ import annotations

from datetime import date, datetime, tzinfo

from sqlalchemy import Connection, select

from catalog.cases import store
from catalog.cases.store import FILE, CaseFile, Reported
from onefile.verify.reading import read_instant
from schemas.working_days import Sharing

RULE = "rule"
WHY = "nobody told within {days} working days what is lacking (Administrative Licensing Law, art. 32)"


def deem_accepted(connection: Connection, at: datetime, zone: tzinfo, calendar: Sharing) -> list[str]:
    """Accept the cases of which nobody told in time what they lack; return their numbers. Again it changes nothing.

    Their clocks run from the day on which they were received.

    Raises:
        NoHolidayNotice: a clock runs into a year whose holidays are not declared; nothing is kept.
        AnsweredAlready: a step was reported at this moment; nothing is kept.
    """
    today, found = at.astimezone(zone).date(), []
    waiting = [CaseFile(*row) for row in connection.execute(select(FILE).where(FILE.c.state == "received"))]
    for case in waiting:
        came = received_on(connection, case, zone)
        if calendar.due("telling", came) < today:
            why = WHY.format(days=calendar.clocks["telling"])
            store.report(connection, case, Reported("accept", at, came, "", why), RULE, at, calendar)
            found.append(case.number)
    return found


def is_told_in_time(connection: Connection, case: CaseFile, told_on: date, zone: tzinfo, calendar: Sharing) -> bool:
    """Say whether it may still be told on a day what a case lacks."""
    return case.state != "received" or told_on <= calendar.due("telling", received_on(connection, case, zone))


def received_on(connection: Connection, case: CaseFile, zone: tzinfo) -> date:
    """Return the legal day on which a case was received."""
    came = next(step for step in store.steps(connection, case.case_id) if step["step"] == "receive")
    return read_instant(str(came["at"])).astimezone(zone).date()
