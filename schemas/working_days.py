"""Working days (法定工作日) by the yearly notices, and the clocks of sharing that run in them.

A year without a notice is an error and never a guess: weekends alone would be wrong by weeks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from schemas.errors import Problems, SchemaError, one_of
from schemas.layers import Layer
from schemas.reading import Value, read

LEGAL_CLOCKS: Mapping[str, int] = {
    "unconditional_answer": 1,
    "conditional_answer": 10,
    "extension": 10,
    "supply": 20,
    "verification": 10,
    "entry_update": 10,
    "entry_update_extension": 5,
    "entry_review": 2,
    "objection": 10,
    "correction": 20,
    "dispute_consultation": 10,
    "dispute_decision": 20,
    "recall": 5,
    "telling": 5,
}
"""Working days that the law allows. Source: Order 809 of the State Council, arts. 17, 20-22, 26. From `objection`
on they are ours: the law says "in time" (Personal Information Protection Law, arts. 46, 50; Order 809, art. 28); but
for `telling`, within which it is told what a case lacks: Administrative Licensing Law, art. 32.
"""


class NoHolidayNotice(SchemaError):
    """Working days of a year are asked for whose notice of holidays is not declared."""

    def __init__(self, year: int) -> None:
        super().__init__(
            f"the holidays of {year} are not declared: lay its notice over the calendar (calendar.yml, years), "
            "then run this again"
        )
        self.year = year


@dataclass(frozen=True)
class Year:
    """A year's notice: weekdays that are off, and days of a weekend that are worked."""

    holidays: frozenset[date]
    workdays: frozenset[date]


@dataclass(frozen=True)
class Sharing:
    """The calendar by year, the clocks in working days, and the department id of the sharing authority."""

    years: Mapping[int, Year] = field(repr=False)
    clocks: Mapping[str, int]
    authority: str

    def is_working(self, day: date) -> bool:
        """Say whether a day is worked; raise NoHolidayNotice for a year without a notice."""
        if day.year not in self.years:
            raise NoHolidayNotice(day.year)
        notice = self.years[day.year]
        return day in notice.workdays if day.weekday() >= 5 else day not in notice.holidays

    def after(self, day: date, working_days: int) -> date:
        """Return the last day of a term that begins on the day after `day`; NoHolidayNotice as `is_working`."""
        left = working_days
        while left > 0:
            day += timedelta(days=1)
            left -= self.is_working(day)
        return day

    def between(self, day: date, until: date) -> int:
        """Return how many working days come after `day`, up to `until`; negative: that many passed since `until`.

        Raises:
            NoHolidayNotice: as `is_working`.
        """
        first, last = sorted((day, until))
        count = sum(self.is_working(first + timedelta(days=n)) for n in range(1, (last - first).days + 1))
        return count if day <= until else -count

    def due(self, clock: str, since: date) -> date:
        """Return the last day of a clock that began on `since`."""
        return self.after(since, self.clocks[clock])


def gather(found: Iterable[Layer], problems: Problems) -> Sharing:
    """Read calendar and clocks of all layers, telling what is wrong."""
    years: dict[int, Year] = {}
    clocks = dict(LEGAL_CLOCKS)
    authority = ""
    for layer in found:
        folder = layer.departments.parent
        for name in ("calendar.yml", "sharing.yml"):
            path = folder / name
            value = read(path, layer.shown(path), problems) if path.is_file() else None
            if value is not None and name == "calendar.yml":
                _years(value, years)
            elif value is not None:
                authority = _sharing(value, clocks) or authority
    return Sharing(dict(sorted(years.items())), clocks, authority)


def _years(value: Value, years: dict[int, Year]) -> None:
    for name, key, entry in value.fields(("years",)).entries("years"):
        if not (name.isdecimal() and len(name) == 4):
            key.refuse(f"the year {name!r}", 'a year in quotes, like "2027"')
            continue
        if int(name) in years:
            key.refuse(f"the year {name} again", "it once")
            continue
        fields = entry.fields(("holidays", "workdays"))
        off, worked = (_days(fields.items(each), int(name), each) for each in ("holidays", "workdays"))
        years[int(name)] = Year(off, worked)


def _days(items: list[Value], year: int, what: str) -> frozenset[date]:
    found = set()
    for item in items:
        day = item.day()
        if day is None:
            continue
        if day.year != year or (day.weekday() >= 5) != (what == "workdays"):
            wanted = "a day of a weekend" if what == "workdays" else "a weekday"
            item.refuse(f"{day} among the {what} of {year}", f"{wanted} of {year}")
        found.add(day)
    return frozenset(found)


def _sharing(value: Value, clocks: dict[str, int]) -> str:
    fields = value.fields((), ("authority", "clocks"))
    for name, key, entry in fields.entries("clocks"):
        days = entry.whole(1) or 0
        if name not in LEGAL_CLOCKS:
            key.refuse(f"the clock {name!r}", one_of(LEGAL_CLOCKS, name))
        elif days > LEGAL_CLOCKS[name]:
            entry.refuse(f"{days} working days", f"at most {LEGAL_CLOCKS[name]}: a bureau may only shorten it")
        else:
            clocks[name] = days
    return fields.text("authority")
