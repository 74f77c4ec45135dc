"""A day in the life of the city: what happened is found again, asked for at the counter, and counted."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from catalog.prefill import meter, store
from samples.city import calendar
from samples.city.city import City, make
from samples.life import BIRTH, FIGURES, MOVE, PERMIT, SHOP, Happening, Tally, happened, last_day, live, text
from schemas.serving.connection import looking
from schemas.subjects import subject_numbers
from tests.counter import CATALOGUE, Shop, person
from tests.prefilled import firm

ABOUT = {"seed": 7, "people": 300, "enterprises": 30, "days": 1, "first_day": "2026-11-28"}


@pytest.fixture(scope="module")
def day() -> list[Happening]:
    return last_day(ABOUT)


def test_what_happened_on_the_last_day_is_what_the_city_delivers_as_changed(day: list[Happening]) -> None:
    counts = Counter(each.kind for each in day)
    assert min(counts[kind] for kind in (BIRTH, SHOP, MOVE)) >= 1
    assert last_day(ABOUT) == day
    city: City = make(7, 300, 30, calendar.number(date(2026, 11, 28)), lambda _: None)
    people = len(city.people)
    births = [each for each in happened(city, city.day + 1) if each.kind == BIRTH]
    assert len(births) == len(city.people) - people
    for each in day:
        for number in (each.applicant, *each.parties.values()):
            assert number == "" or subject_numbers(number)
    assert all(not each.applicant and each.parties for each in day if each.kind == SHOP)


def test_each_is_asked_for_at_the_counter_and_what_had_to_be_brought_is_counted(
    tmp_path: Path, day: list[Happening]
) -> None:
    shop = Shop(tmp_path / "var")
    numbers = {number for each in day for number in (each.applicant, *each.parties.values()) if number}
    kinds = {number: subject_numbers(number)[0].kind for number in numbers}
    shop.publish(*(person(n, "某") if kind == "person" else firm(n) for n, kind in kinds.items()))
    told = live(shop.settings, day, is_supplied=True).as_json()
    assert {kind: counts["cases"] for kind, counts in told["by"].items()} == Counter(each.kind for each in day)
    for counts in (*told["by"].values(), told["total"]):
        assert counts["demanded"] == counts["shared"] + counts["promise"] + counts["to_bring"]
        assert counts["fields"] == counts["filled"] + counts["to_write"]
        assert counts["filled"] > 0
    assert sum(told["brought"].values()) == told["total"]["to_bring"] > 0
    assert 0 < told["share_saved"] < 1
    with looking(shop.url) as connection:
        kept = meter.metered(CATALOGUE.declarations, store.asked_between(connection, "2026-11-01", "2026-12-31"))
    assert sum(line.demanded for line in kept.lines) >= told["total"]["demanded"], "what items share counts for each"
    screen = text(told)
    assert all(name in screen for name in (*FIGURES, "all", "target 70%"))


def test_a_tally_takes_what_is_not_needed_for_nothing() -> None:
    label: dict[str, Any] = {"zh": "某", "en": "some"}
    states = ("held", "taken", "missing", "not_needed", "promised", "not_available")
    tally = Tally()
    tally.take(PERMIT, {"materials": [{"label": label, "state": state} for state in states],
                        "form": [{"state": "filled"}, {"state": "applicant"}, {"state": "not_needed"}]})  # fmt: skip
    assert tally.as_json()["by"][PERMIT] == {
        "cases": 1, "demanded": 5, "shared": 2, "promise": 1, "to_bring": 2, "fields": 2, "filled": 1, "to_write": 1,
    }  # fmt: skip
    assert Tally().as_json()["share_saved"] is None
