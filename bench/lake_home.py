"""The home that the lake is measured in: a city's first deliveries, then a day when one record in a hundred changed."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import islice
from pathlib import Path

import catalog
from catalog.model import Catalogue
from inbox import making
from inbox.deliveries import Delivery
from onefile import settings
from pipelines.workshop import Workshop
from samples.city.views import VIEWS
from samples.making import Order, make_city
from schemas.model import Resource

FIRST_DAY = date(2026, 10, 1)
CHANGED_DAY = FIRST_DAY + timedelta(days=1)
EVERY = 100
"""One record in so many changes."""


def workshop(home: Path, day: date, memory: str) -> Workshop:
    """Return the workshop of a home at eight o'clock of a day."""
    return Workshop(settings.read(environ(home, day, memory)))


def environ(home: Path, day: date, memory: str) -> dict[str, str]:
    """Return the settings of a home at eight o'clock of a day."""
    return {
        "ONEFILE_HOME": str(home),
        "ONEFILE_LANG": "en",
        "ONEFILE_NOW": f"{day + timedelta(days=1)}T08:00:00+08:00",
        "ONEFILE_SPARK_MEMORY": memory,
    }


def deliver_city(home: Path, people: int, *, is_all: bool = False) -> Catalogue:
    """Let the departments of a city deliver all they have: of what family, work and trade hang on, or of all tables."""
    catalogue = catalog.load(with_items=False)
    order = Order(1, people, people // 10, 0, FIRST_DAY, False)
    home.mkdir(parents=True)
    made = home.with_name(f"{home.name}-city")
    make_city(order, catalogue, made, only=lambda resource: is_all or resource.table in VIEWS)
    (home / "inbox").mkdir(mode=0o700)
    for department in made.iterdir():
        if department.name != "truth":
            department.rename(home / "inbox" / department.name)
    return catalogue


def deliver_changes(home: Path, resource: Resource, first: Delivery, every: int = EVERY) -> int:
    """Deliver one in so many rows of a first delivery again as of the changed day; return how many.

    A resource that says of no row since when it is true has none.
    """
    declared = catalog.current().declarations.tables[resource.table].observed
    observed = next((m.source for m in resource.columns if m.column == declared and m.source), None)
    if observed is None:
        return 0
    some = (row for row in islice(_rows(first, resource), 0, None, every) if row.get(observed))
    rows = [row | {observed: _today(str(row[observed]))} for row in some]
    if not rows:
        return 0
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"changes.{resource.format}"
        file.write_bytes(_content(rows, resource).encode(resource.encoding))
        making.make(home, resource, [file], period=str(CHANGED_DAY), id=f"{resource.name}-changes")
    return len(rows)


def _today(written: str) -> str:
    """Return the changed day as the department writes days."""
    if "年" in written:
        return f"{CHANGED_DAY.year}年{CHANGED_DAY.month}月{CHANGED_DAY.day}日"
    mark = next((mark for mark in "-/." if mark in written), "")
    return CHANGED_DAY.strftime(f"%Y{mark}%m{mark}%d")


def _rows(delivery: Delivery, resource: Resource) -> Iterator[dict[str, str]]:
    for entry in delivery.manifest.files:
        with (delivery.folder / entry.name).open(encoding=resource.encoding, newline="") as lines:
            yield from (
                map(json.loads, lines)
                if resource.format == "jsonl"
                else csv.DictReader(lines, delimiter=resource.delimiter)
            )


def _content(rows: list[dict[str, str]], resource: Resource) -> str:
    if resource.format == "jsonl":
        return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), delimiter=resource.delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
