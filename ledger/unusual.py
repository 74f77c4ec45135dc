"""Unusual looks of a day: volume, hours, enumeration, and subjects that are watched because many know them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, timedelta
from statistics import median
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, delete, insert, select

from ledger import findings
from ledger.findings import Finding
from ledger.index import Disclosure, between
from ledger.reconciliation import day_bounds
from onefile.verify.reading import instant_text
from schemas.serving.disclosure_tables import WATCHED_SUBJECT
from schemas.watching import Watch


def watch(connection: Connection, subject_hash: str, reason: str, by: str, at: datetime) -> None:
    """List every look at a subject from now on; an empty reason: no more."""
    connection.execute(delete(WATCHED_SUBJECT).where(WATCHED_SUBJECT.c.subject_hash == subject_hash))
    if reason:
        values = {"subject_hash": subject_hash, "since": instant_text(at), "reason": reason, "set_by": by}
        connection.execute(insert(WATCHED_SUBJECT).values(**values))


def find(
    connection: Connection, day: date, zone: ZoneInfo, at: datetime, is_working: Callable[[date], bool],
    limits: Watch,
) -> int:  # fmt: skip
    """Keep what is unusual among a day's looks; return how many findings are new. Again it changes nothing.

    The index must have caught up with the ledger.
    """
    looks = list(between(connection, *day_bounds(day, zone)))
    before = _before(connection, day, zone, limits)
    watched = set(connection.execute(select(WATCHED_SUBJECT.c.subject_hash)).scalars())
    found = [
        *_volume(looks, before, day, limits),
        *_hours(looks, day, zone, is_working, limits),
        *_enumeration(looks, day, limits),
        *(_of(look, "famous", day) for look in looks if look.subject_hash in watched),
    ]
    return findings.keep(connection, found, at)


def who(look: Disclosure) -> str:
    """Return who looked: the client where there is one, else the operator."""
    return look.client or look.operator


def _before(connection: Connection, day: date, zone: ZoneInfo, limits: Watch) -> dict[str, list[int]]:
    """Return how often each looked on the days before, days without a look too."""
    days: dict[str, list[int]] = defaultdict(lambda: [0] * limits.days_before)
    first = day_bounds(day - timedelta(days=limits.days_before), zone)[0]
    for look in between(connection, first, day_bounds(day, zone)[0]):
        place = (day - look.at.astimezone(zone).date()).days - 1
        days[who(look)][place] += 1
    return days


def _volume(looks: Iterable[Disclosure], before: dict[str, list[int]], day: date, limits: Watch) -> Iterator[Finding]:
    departments = {who(look): look.department for look in looks}
    for name, count in Counter(map(who, looks)).items():
        usual = median(before[name]) if name in before else 0
        if count >= limits.least_looks and count > limits.times_median * usual:
            yield _by(name, "volume", departments[name], day, {"looks": count, "usual": usual})


def _hours(
    looks: Iterable[Disclosure], day: date, zone: ZoneInfo, is_working: Callable[[date], bool], limits: Watch
) -> Iterator[Finding]:  # fmt: skip
    """Officials at night or on days off; systems answer applicants at any hour."""
    found: Counter[tuple[str, str]] = Counter()
    for look in looks:
        hour = look.at.astimezone(zone).hour
        is_odd = hour >= limits.late_hour or hour < limits.early_hour or not is_working(day)
        if is_odd and not look.operator.startswith(("client ", "applicant ")):
            found[who(look), look.department] += 1
    for (name, department), count in found.items():
        yield _by(name, "hours", department, day, {"looks": count, "is_working_day": is_working(day)})


def _enumeration(looks: Iterable[Disclosure], day: date, limits: Watch) -> Iterator[Finding]:
    by_case: dict[tuple[str, str], set[str]] = defaultdict(set)
    by_hour: dict[tuple[str, str], set[str]] = defaultdict(set)
    departments = {who(look): look.department for look in looks}
    for look in looks:
        if look.subject_hash is not None:
            by_hour[who(look), f"{look.at:%Y-%m-%dT%H}Z"].add(look.subject_hash)
            if look.case_no:
                by_case[who(look), look.case_no].add(look.subject_hash)
    for places, most in ((by_case, limits.subjects_a_case), (by_hour, limits.subjects_an_hour)):
        for (name, where), subjects in places.items():
            if len(subjects) > most:
                told = {"where": where, "subjects": len(subjects)}
                yield _by(name, "enumeration", departments[name], day, told, where)


def _by(name: str, kind: str, department: str, day: date, told: dict[str, object], where: str = "") -> Finding:
    return Finding(kind, f"{day} {name} {where}".strip(), None, department, day, {"who": name, **told})


def _of(look: Disclosure, kind: str, day: date) -> Finding:
    told = {"who": who(look), "case": look.case_no, "grant": look.grant_id}
    return Finding(kind, str(look.seq), look.seq, look.department, day, told)
