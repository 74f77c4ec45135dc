"""A province on paper: `python -m tools.scale` prints docs/scale.md with its tables worked out, --write puts it there.

Figures that were measured, and those that are supposed, stand in tools/scale.yml, each with where it comes from;
all others follow from them by the arithmetic below.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from math import ceil
from pathlib import Path
from typing import Any

import yaml

TB, GB = 10**12, 10**9
CORES = 2
"""Of the machine that was measured."""
MEASURED_RECORDS, MEASURED_TOUCHED = 3.161e6, 31_600
"""What the full build and the measured day were of."""
LEAST_NODES = 4
"""For three copies of each block and one node that fails."""
ROOT = Path(__file__).resolve().parent.parent
PAGE, FIGURES = ROOT / "docs" / "scale.md", ROOT / "tools" / "scale.yml"

Row = tuple[str, str, str]


class Province:
    """The arithmetic. `figures` as tools/scale.yml has them: by name a value, what it is, its source."""

    def __init__(self, figures: dict[str, dict[str, dict[str, Any]]]) -> None:
        self._figures = figures
        self._value = {name: float(each["value"]) for group in figures.values() for name, each in group.items()}

    def given(self, group: str) -> list[Row]:
        """Return the figures of a group as rows."""
        return [(f["what"], f"{f['value']:,}", f["source"]) for f in self._figures[group].values()]

    def __getattr__(self, name: str) -> float:
        return self._value[name]

    @property
    def subjects(self) -> float:
        return self.persons + self.enterprises

    @property
    def records(self) -> float:
        return self.subjects * self.per_subject

    @property
    def changed(self) -> float:
        """Records that change a day."""
        return self.records * self.history

    @property
    def versions(self) -> float:
        """Versions of licences, and leaves of the log."""
        return self.subjects * self.licences

    @property
    def first_core_seconds(self) -> float:
        """Seconds of one core for the first load: assembly as measured, and conforming as supposed."""
        return (self.records / MEASURED_RECORDS * self.assemble + self.records / 1e6 * self.conform) * CORES

    @property
    def day_core_seconds(self) -> float:
        """Seconds of one core for a day; at most, for each change is taken to be of another subject."""
        touched = min(self.changed, self.subjects)
        gold = touched / MEASURED_TOUCHED * self.touched
        return (gold + self.changed / 1e6 * self.conform) * CORES

    def lake(self, records: float) -> float:
        """Bytes of the lake with its kept files."""
        return records * (self.csv + self.bronze + self.silver) + self.subjects * self.gold

    def cores_for(self, core_seconds: float, hours: float) -> int:
        return ceil(core_seconds / (hours * 3600) / self.efficiency)

    @property
    def nodes(self) -> int:
        first = self.cores_for(self.first_core_seconds, self.first_load)
        night = self.cores_for(self.day_core_seconds, self.window)
        return max(LEAST_NODES, ceil(max(first, night) / self.cores))


def storage(p: Province) -> list[Row]:
    """The lake after its first load and after the years that are kept, the serving database, the log."""
    later = p.lake(p.records + p.changed * 365 * p.years)
    serving = p.subjects * p.subject + p.versions * p.licence
    return [
        ("records in the first load", _number(p.records), "subjects × records a subject"),
        ("lake and kept files", _bytes(p.lake(p.records)), "records × (CSV + bronze + silver) + subjects × gold"),
        (f"the same after {p.years:.0f} years", _bytes(later), "the day's changes × 365 × years on top"),
        ("on disks", _bytes(later * p.replication), "× copies of each block"),
        ("serving database", _bytes(serving), "subjects × a subject's row + licences × a version's"),
        ("licence log", _bytes(p.versions * p.leaf), f"{_number(p.versions)} leaves"),
    ]


def time(p: Province) -> list[Row]:
    """What the cluster has to be for the first load and for a night."""
    crossing = p.records * p.shuffle / (p.nodes * p.bandwidth * GB) / 60
    first, night = (_hours(seconds) for seconds in (p.first_core_seconds, p.day_core_seconds))
    return [
        ("first load, one core", first, "records × (assembly + conforming), × 2 cores"),
        (f"cores, in {p.first_load:.0f} hours", str(p.cores_for(p.first_core_seconds, p.first_load)), "÷ efficiency"),
        ("shuffle of the first load", _bytes(p.records * p.shuffle), "records × bytes shuffled"),
        ("of it, over the network", f"{crossing:.0f} minutes", f"{p.nodes} nodes × {p.bandwidth:g} GB a second"),
        ("records that change a day", _number(p.changed), "records × share"),
        ("a day, one core", night, "subjects touched × assembly + conforming, × 2 cores"),
        (f"cores, in {p.window:.0f} hours", str(p.cores_for(p.day_core_seconds, p.window)), "÷ efficiency"),
        ("nodes", str(p.nodes), f"of {p.cores:.0f} cores, 128 GB, 8 disks; {LEAST_NODES} at least"),
        ("deliveries one by one", _hours(p.resources * p.delivery), "resources × seconds a delivery; ÷ tasks at once"),
        ("first issue, one issuer", _hours(p.versions / p.issued), "licences ÷ licences a second"),
    ]  # fmt: skip


def page(text: str, province: Province) -> str:
    """Return the page with its tables made anew; what stands around them stays."""
    made = {
        "measured": table(("", "figure", "from"), province.given("measured")),
        "supposed": table(("", "figure", "why"), province.given("supposed")),
        "storage": table(("", "", "how"), storage(province)),
        "time": table(("", "", "how"), time(province)),
    }
    for name, rows in made.items():
        place = re.compile(f"(<!-- scale: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        text = place.sub(lambda found, rows=rows: f"{found[1]}\n{rows}\n\n{found[2]}", text)  # type: ignore[misc]
    return text


def read() -> Province:
    """Return the province of tools/scale.yml."""
    return Province(yaml.safe_load(FIGURES.read_text(encoding="utf-8")))


def table(head: Row, rows: Iterable[Row]) -> str:
    """Return a Markdown table."""
    return "\n".join([f"| {' | '.join(row)} |" for row in (head, ("---",) * 3, *rows)])


def _bytes(value: float) -> str:
    return f"{value / TB:,.1f} TB" if value >= TB / 10 else f"{value / GB:,.0f} GB"


def _number(value: float) -> str:
    return f"{value / 1e9:,.2f} billion" if value >= 1e9 else f"{value / 1e6:,.1f} million"


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:,.1f} hours"


def main(arguments: list[str]) -> None:
    """Print the page, or with --write put it in its place."""
    made = page(PAGE.read_text(encoding="utf-8"), read())
    if arguments == ["--write"]:
        PAGE.write_text(made, encoding="utf-8")
    else:
        print(made, end="")


if __name__ == "__main__":
    main(sys.argv[1:])
