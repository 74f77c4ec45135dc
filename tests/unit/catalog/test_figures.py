"""Figures of the last runs in the catalogue: quality, freshness, use; and how much of what is demanded is supplied."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import insert

import catalog
from catalog.entries import entries
from catalog.figures import Checked, Delivered, Used, figures, usage
from catalog.statistics import demands, statistics
from onefile.cli import main
from schemas.serving.connection import writing
from schemas.serving.migration import upgrade
from schemas.serving.tables import SHARING_GRANT, SHARING_REQUEST, SHARING_USE
from tests.declared import lay
from tests.unit.schemas.test_items import ITEM

DAY = date(2026, 11, 23)
NONE = Used(0, 0, 0)


def delivered(day: date, name: str = "d1") -> Delivered:
    return Delivered("market.shops", name, day, 100, 90, 8, 2)


@pytest.mark.parametrize(
    ("cycle", "last", "is_late"),
    [
        ("daily", date(2026, 11, 21), False),
        ("daily", date(2026, 11, 20), True),
        ("monthly", date(2026, 10, 31), False),
        ("monthly", date(2026, 9, 30), True),
        ("irregular", date(2020, 1, 1), None),
        ("", date(2020, 1, 1), None),
    ],
)
def test_a_resource_is_late_when_its_newest_delivery_is_older_than_its_cycle(
    cycle: str, last: date, is_late: bool | None
) -> None:
    assert figures(cycle, [delivered(last)], [], NONE, DAY).is_late is is_late


def test_figures_are_of_the_newest_delivery_and_of_every_expectation() -> None:
    found = figures(
        "daily", [delivered(date(2026, 11, 22), "b"), delivered(date(2026, 11, 1), "a")],
        [Checked("x", True), Checked("x", False)], Used(1, 2, 1), DAY,
    )  # fmt: skip
    assert found.newest is not None
    assert (found.deliveries, found.newest.delivery, found.quarantined_share, found.age_days) == (2, "b", 0.08, 1)
    assert (found.expectations, found.unmet, found.used) == (2, 1, Used(1, 2, 1))
    nothing = figures("daily", [], [], NONE, DAY)
    assert (nothing.newest, nothing.quarantined_share, nothing.age_days, nothing.is_late) == (None, None, None, None)


def test_use_is_counted_by_entry_since_a_day(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/serving.db"
    upgrade(url)
    with writing(url) as db:
        for number, (consumer, state) in enumerate((("tax", "active"), ("market", "ended"), ("housing", "active"))):
            request = {"request_id": f"R{number}", "consumer": consumer, "provider": "police",
                       "entry_id": "police.population", "step_count": 0, "document": "{}"}  # fmt: skip
            db.execute(insert(SHARING_REQUEST).values(**request, state="granted", made_on="2026-01-01"))
            db.execute(
                insert(SHARING_GRANT).values(
                    **request, grant_id=f"G{number}", state=state, valid_from="", valid_until=""
                )
            )
        for grant, day, times in (("G0", "2026-11-22", 3), ("G1", "2026-11-01", 4), ("G1", "2026-01-01", 50)):
            db.execute(insert(SHARING_USE).values(grant_id=grant, field="", used_on=day, times=times))
        db.execute(insert(SHARING_USE).values(grant_id="G0", field="name", used_on="2026-11-22", times=3))
        assert usage(db, date(2026, 10, 1)) == {"police.population": Used(2, 7, 2)}
        assert usage(db, date(2026, 12, 1)) == {"police.population": Used(2, 0, 0)}


def test_what_items_demand_is_supplied_or_ranked_among_the_unmet(tmp_path: Path) -> None:
    found, unmet = demands(catalog.load())
    assert 0 < found.supplied < found.demands
    assert found.supplied_share == found.supplied / found.demands
    assert found.service_items == 29
    assert all(times >= 1 for _, times in unmet)
    assert [times for _, times in unmet] == sorted((times for _, times in unmet), reverse=True)
    lay(tmp_path, {"items/shop_sign.yml": ITEM})
    more, wanted = demands(catalog.load((tmp_path,)))
    assert more.service_items == 30
    assert ("效果图", 1) in wanted
    every = statistics(entries(catalog.load()).values(), catalog.load())
    assert every.demanded == found
    assert every.by["kind"]["material"].resources == 10


def run(*arguments: str, lang: str = "en") -> int:
    return main.run(["--lang", lang, "--at", "2026-11-23T08:00:00+08:00", "catalog", *arguments])


def test_the_verb_shows_lineage_and_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from licence_vault.keystore import bureau
    from licence_vault.receipts import save
    from onefile.verify.receipt import Receipt

    home = tmp_path / "var"
    monkeypatch.setenv("ONEFILE_HOME", str(home))
    home.mkdir(mode=0o700)
    at = datetime(2026, 11, 22, 8, tzinfo=UTC)
    keys = bureau(home, home / "keys" / "passphrase", at)
    root = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    receipt = Receipt(
        "d-1", "police", "police.population", "2026-11-21", "taken", at, 0, 0, 0, 0, root, (), (), None, ()
    )
    save(home, receipt, keys.signer("receipts"))
    (home / "receipts" / "broken.json").write_text("{}")
    assert run("show", "police.population", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["lineage"]["number"][0]["header"] == "公民身份号码"
    assert found["figures"]["newest"]["delivery"] == "d-1"
    assert (found["figures"]["age_days"], found["figures"]["is_late"]) == (2, False)
    assert run("show", "licence.food_operation_permit", lang="zh") == 0
    said = capsys.readouterr().out
    assert "market.food_permits: 经营项目" in said
    assert "有效授权: 0" in said
    assert run("show", "material.lease_contract") == 0
    assert run("stats") == 0
    assert "sharing supplies" in capsys.readouterr().out
