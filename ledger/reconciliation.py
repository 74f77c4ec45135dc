"""Purpose reconciliation: every look is held against the case it cites, when the case is known better than then.

A day's run holds the looks of the day, those of every case that a step was reported of on that day, and those of drafts
that should have become cases by then. Looks of the bureau's own people cite no case and are not held here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from catalog.cases import store
from catalog.cases.store import CaseFile
from ledger import findings
from ledger.entry import NAMED
from ledger.findings import Finding
from ledger.index import Disclosure, between, for_case
from onefile.verify.reading import instant_text, read_instant
from schemas.serving.tables import counter_tables

MANDATES, SHARES = "mandates.", "shares."
UNBORN = ("draft", "abandoned")
PURPOSE_KINDS = ("no_case", "draft_lapsed", "outside_time", "not_party")


@dataclass(frozen=True)
class Share:
    """How a department's looks of some days stand: all of them, and those found wanting by kind."""

    department: str
    looks: int
    found: dict[str, int]

    @property
    def share(self) -> float:
        """The part of the looks that was found wanting."""
        return sum(self.found.values()) / self.looks if self.looks else 0.0


def day_bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the instants at which a legal day begins and ends."""
    return tuple(datetime.combine(each, time(), zone) for each in (day, day + timedelta(days=1)))  # type: ignore[return-value]


def reconcile(connection: Connection, day: date, zone: ZoneInfo, at: datetime, draft_days: int) -> int:
    """Hold a day's looks against their cases; return how many findings are new. Again it changes nothing.

    The index must have caught up with the ledger.

    Args:
        draft_days: after how many days a draft that is still one has become no case.
    """
    bounds = day_bounds(day, zone)
    numbers = {look.case_no for look in between(connection, *bounds) if _is_held(look)}
    cases = {number: store.find(connection, number) for number in numbers}
    for case in (*_reported(connection, bounds), *_old_drafts(connection, day, zone, draft_days)):
        cases[case.number] = case
    found = (finding for n in sorted(cases) for finding in _of_case(connection, n, cases[n], day, zone, draft_days))
    return findings.keep(connection, found, at)


def shares(connection: Connection, since: date, until: date, zone: ZoneInfo) -> list[Share]:
    """Return, for each department, its looks from one day to another (inclusive) and how many were found wanting."""
    start, end = day_bounds(since, zone)[0], day_bounds(until, zone)[1]
    looks = {look.seq: look.department for look in between(connection, start, end) if _is_held(look)}
    total = Counter(looks.values())
    wanting: dict[str, Counter[str]] = {department: Counter() for department in total}
    for kept in findings.listed(connection, with_settled=True):
        if kept.seq in looks and kept.kind in PURPOSE_KINDS:
            wanting[looks[kept.seq]][kept.kind] += 1
    return [Share(department, total[department], dict(wanting[department])) for department in sorted(total)]


def _of_case(
    connection: Connection, number: str, case: CaseFile | None, day: date, zone: ZoneInfo, draft_days: int
) -> Iterator[Finding]:  # fmt: skip
    numbers = {number} | ({case.draft_no, case.case_no or ""} if case else set())
    looks = [look for look in for_case(connection, numbers - {""}) if _is_held(look)]
    if not number:
        looks = [look for look in between(connection, *day_bounds(day, zone)) if _is_held(look) and not look.case_no]
    parties = _parties(connection, case) if case else set()
    for look in looks:
        for kind in _faults(look, case, parties, day - timedelta(days=draft_days)):
            looked_on = look.at.astimezone(zone).date()
            document = {"case": look.case_no, "item": look.item, "grant": look.grant_id, "client": look.client}
            yield Finding(kind, str(look.seq), look.seq, look.department, looked_on, document)


def _is_held(look: Disclosure) -> bool:
    """Say whether a look has to cite a case: a department's.

    That it registered a mandate shows nothing of anybody; tables in bulk are for no one case.
    """
    return bool(look.department) and not look.kind.startswith((MANDATES, SHARES))


def _faults(look: Disclosure, case: CaseFile | None, parties: set[str], oldest: date) -> Iterator[str]:
    """Yield what a look is found wanting in; `oldest` is the day since which a draft may still be one."""
    if case is None:
        yield "no_case"
        return
    opened_on = read_instant(case.opened_at).date()
    if case.state == "abandoned" or (case.state == "draft" and opened_on < oldest):
        yield "draft_lapsed"
    if look.at < read_instant(case.opened_at) or (case.closed_at and look.at > read_instant(case.closed_at)):
        yield "outside_time"
    is_asked = look.subject_hash is not None and not look.kind.endswith(NAMED)
    if is_asked and look.subject_hash not in parties:
        yield "not_party"


def _parties(connection: Connection, case: CaseFile) -> set[str]:
    """Return the parties of a case and of the one that it is a stage of."""
    ids = [case.case_id, *([case.parent_id] if case.parent_id else [])]
    return {subject for case_id in ids for subject, _ in store.parties(connection, case_id)}


def _reported(connection: Connection, bounds: tuple[datetime, datetime]) -> Iterable[CaseFile]:
    """Return the cases of which a step was reported between two instants."""
    row = counter_tables.CASE_STEP.c
    since, until = map(instant_text, bounds)
    asked = select(row.case_id).where(row.told_at >= since, row.told_at < until).distinct()
    ids = connection.execute(asked).scalars().all()
    return [case for case_id in ids if (case := store.of_id(connection, case_id)) is not None]


def _old_drafts(connection: Connection, day: date, zone: ZoneInfo, draft_days: int) -> Iterable[CaseFile]:
    """Return the drafts of the day on which those were opened that are to be cases by now."""
    opened = day_bounds(day - timedelta(days=draft_days + 1), zone)
    return [case for case in store.opened_between(connection, *opened) if case.state in UNBORN]
