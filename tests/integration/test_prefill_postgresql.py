"""Prefill on PostgreSQL: filled, handed in, kept for the next case, promised, counted, as on SQLite."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import catalog
from catalog.prefill import promises
from catalog.prefill.meter import metered
from catalog.prefill.retention import drop_forms
from catalog.prefill.store import asked_between
from onefile.client import Purpose
from schemas.serving.connection import looking, writing
from tests.counter import ANNA, FIRM, Open, Shop
from tests.postgres import server
from tests.prefilled import ask, cited, field, firm, grants, handed_in, licensed, states


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Open]:
    with server() as running:
        shop = Shop(tmp_path / "var", running.database())
        shop.publish(firm())
        licensed(shop)
        shop.client("intake", "data_bureau", "intake")
        with shop.open() as opened:
            yield opened


def test_a_case_is_filled_handed_in_copied_promised_and_counted(counter: Open) -> None:
    counter.case(parties=(FIRM, ANNA))
    cites = cited(grants(counter.shop))
    answer = ask(counter, cites, agent={"number": ANNA})
    assert states(answer)["business_licence"] == "held"
    with counter.ask("intake") as client:
        made = client.call("POST", "/v1/cases/D-1/promises", {"item": "0102", "material": "safety_rules"})
    assert states(ask(counter, cites))["safety_rules"] == "promised"
    form = handed_in(answer)
    form["fields"].append({"field": "food_permit.area_m2", "value": "80"})
    came: list[dict[str, Any]] = [{"item": "0102", "material": "business_licence", "how": "handed_in", "ref": "scan-1"}]
    for _ in range(2):  # again it takes the place of what was kept
        checked = ask(counter, cites, "/check", **form, materials=came, is_final=True)
        assert {each["state"] for each in checked["fields"]} == {"untouched", "never_attested"}
    counter.case("D-2", parties=(FIRM, ANNA))
    again = ask(counter, Purpose(cites.grant, "0102", "D-2"))
    assert [each["value"] for each in field(again, "food_permit.area_m2")["offered"]] == ["80"]
    url = counter.shop.url
    with looking(url) as connection:
        found = metered(catalog.load().declarations, asked_between(connection, "2026-11-01", "2026-11-31"))
    (line,) = found.lines
    assert (line.cases, line.asked_again) == (2, (("D-1", "business_licence"),))
    with writing(url) as connection:
        assert promises.follow_up(connection, date(2026, 12, 15), counter.shop.at) == {"broken": 1, "overdue": 0}
        assert drop_forms(connection, date(2030, 1, 1)) == 1
    assert made["state"] == "open"
    assert states(ask(counter, cites))["safety_rules"] == "missing"
