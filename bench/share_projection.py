"""A grant's table projected: whole, after a day on which one record in a hundred changed, and whole again."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from bench.counter_home import _grant as granted
from bench.lake_home import CHANGED_DAY, FIRST_DAY, deliver_changes, deliver_city, workshop
from catalog import shares
from catalog.entries import entries
from pipelines import finished, projecting, receiving, steps
from pipelines.projecting import Projected
from pipelines.workshop import Workshop
from schemas.serving.connection import writing
from schemas.serving.migration import upgrade
from schemas.serving.projections import FOLDER

POPULATION = "police.population"
FIELDS = ("name", "sex", "birth_on", "address", "area")


def project(home: Path, people: int, memory: str) -> None:
    """Measure it, and say the figures."""
    catalogue = deliver_city(home, people)
    shop = workshop(home, FIRST_DAY, memory)
    _take_in(shop)
    upgrade(shop.settings.database_url)
    with writing(shop.settings.database_url) as connection:
        grant = granted(connection, POPULATION, FIELDS, "batch", shop.at)
        known = entries(shop.catalogue)
        shares.create(connection, "bench_daily", [grant], known, "bench", shop.at, shop.legal_day(shop.at))
    (first,) = shop.received(POPULATION)
    whole = _timed(shop)
    changed = deliver_changes(home, catalogue.resources[POPULATION], first)
    shop = workshop(home, CHANGED_DAY, memory)
    _take_in(shop)
    daily = _timed(shop)
    shutil.rmtree(home / FOLDER / grant)
    again = _timed(shop)
    rows = sum(
        outcome.accepted for each in shop.received(POPULATION) if (outcome := finished.outcome(each)) is not None
    )
    print(f"{rows:,} rows projected, {changed:,} of them changed on the next day")
    for name, seconds in (("whole, cold engine", whole), ("the changed day", daily), ("whole, warm engine", again)):
        print(f"  {name:<22} {seconds:8.2f} s")
    print(f"  the changed day takes {daily / again:.2f} of the whole")


def _take_in(shop: Workshop) -> None:
    receiving.receive(shop)
    for delivery in finished.pending(shop, POPULATION):
        steps.land(shop, delivery)
        steps.settle(shop, delivery)


def _timed(shop: Workshop) -> float:
    began = time.perf_counter()
    done: list[Projected] = projecting.project(shop)
    if len(done) != 1:
        raise SystemExit("the table was not projected")
    return time.perf_counter() - began
