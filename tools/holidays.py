"""Renews schemas/calendar.yml: `python -m tools.holidays`. The notices come from the package `chinesecalendar`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from importlib.metadata import version
from pathlib import Path

FIRST_YEAR = 2019
PATH = Path(__file__).parent.parent / "schemas" / "calendar.yml"


def main() -> None:
    """Write the days off and the make-up days of each year that has a notice."""
    from chinese_calendar.constants import holidays, workdays

    lines = [
        "# Yearly notices of the General Office of the State Council on holidays, made by tools/holidays.py from",
        f"# the package chinesecalendar {version('chinesecalendar')} (MIT). Weekdays off, and weekend days worked.",
        "years:",
    ]
    for year in sorted({day.year for day in holidays} - set(range(FIRST_YEAR))):
        off = [day for day in holidays if day.year == year and day.weekday() < 5]
        lines += [f'  "{year}":', *_days("holidays", off), *_days("workdays", [d for d in workdays if d.year == year])]
    PATH.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _days(name: str, days: Iterable[date]) -> list[str]:
    written = [day.isoformat() for day in sorted(days)]
    rows = [", ".join(written[at : at + 10]) for at in range(0, len(written), 10)]
    aligned = ",\n" + " " * len(f"    {name}: [")
    return [f"    {name}: [{aligned.join(rows)}]"]


if __name__ == "__main__":
    main()
