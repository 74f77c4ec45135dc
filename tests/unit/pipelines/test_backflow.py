"""Backflow: counties, streets and communities get the rows about their own, without applying, with coverage and lag."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest

import catalog
from catalog import grants, shares
from catalog.entries import entries
from catalog.sharing_store import Actor, get
from onefile.cli import main
from pipelines.bulk import backflow, batches, counts, tables
from pipelines.bulk.backflow import Line
from schemas.errors import DeclarationsRefused
from schemas.serving.connection import looking, writing
from schemas.serving.projections import Projection, keep
from schemas.working_days import NoHolidayNotice
from tests.counter import ANNA, BELA, Shop
from tests.declared import lay
from tests.handed import Table, workshop

DEPARTMENTS = """\
departments:
  east: {name: 东区, name_en: East, code: "11100000000013338W", level: county, area: "690102"}
  mill: {name: 磨坊街道, name_en: Mill, code: "11430000006122244L", level: street, area: "690102003"}
  pond: {name: 池塘社区, name_en: Pond, code: "11330105002500287C", level: community, area: "690102003001"}
  west: {name: 西区, name_en: West, code: "91350100M000100Y43", level: county}
"""


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    declared = lay(tmp_path / "declared", {"departments.yml": DEPARTMENTS})
    return Shop(tmp_path / "var", ONEFILE_DECLARATIONS=str(declared))


def test_each_level_gets_what_flows_back_to_its_area_once_without_applying(shop: Shop) -> None:
    found = backflow.ensure(workshop(shop))
    assert {(each.department, each.area) for each in found} >= {
        ("east", "690102"), ("mill", "690102003"), ("pond", "690102003001"),
    }  # fmt: skip
    known = entries(catalog.load(shop.settings.declarations))
    flowing = {each.resource for each in found if each.department == "pond"}
    assert "west" not in {each.department for each in found}  # it declares no area
    assert flowing == {
        entry.id for entry in known.values() if entry.kind == "dataset" and entry.subjects and "batch" in entry.modes
        and entry.state == "published" and entry.share_class != "not_shared" and entry.level != "community"
    }  # fmt: skip
    assert "police.population" in flowing
    assert all(each.is_new for each in found)
    again = backflow.ensure(workshop(shop))
    assert [each.is_new for each in again] == [False] * len(found)
    assert [each.grant_id for each in again] == [each.grant_id for each in found]
    with looking(shop.url) as db:
        (one,) = [each for each in found if (each.department, each.resource) == ("mill", "police.population")]
        given = grants.in_force(get(db, one.grant_id), known["police.population"], shop.at.date())
        assert (given.rows, given.mode, given.basis) == ("area=690102003", "batch", "Order 809, art. 24")
        share = shares.require(db, "backflow_mill")
        mine = {each.resource for each in found if each.department == "mill"}
        assert {f"{each.schema}.{each.name}" for each in share.tables} == mine


def test_a_grant_that_is_over_is_made_anew_and_one_that_was_ended_stays_so(shop: Shop) -> None:
    first = {(each.department, each.resource): each.grant_id for each in backflow.ensure(workshop(shop))}
    sharing = catalog.load(shop.settings.declarations).sharing
    actor = Actor("authority", sharing.authority, "x", shop.at, shop.at.date())
    with writing(shop.url) as db:
        grants.act(db, first["east", "police.population"], "suspend", actor, "x", sharing)
    assert not any(each.is_new for each in backflow.ensure(workshop(shop)))
    shop.at += timedelta(370)
    object.__setattr__(shop.settings, "fixed_now", shop.at)
    with pytest.raises(NoHolidayNotice):
        backflow.ensure(workshop(shop))  # a clock needs the notice of a year that is not declared: nothing is guessed
    with looking(shop.url) as db:
        assert {t.grant_id for t in shares.require(db, "backflow_east").tables} <= set(first.values())


def test_coverage_and_lag_are_told(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = backflow.ensure(workshop(shop))
    shop.supply("police.population", 5, ("r1", ANNA, {"name": "安娜"}), ("r2", BELA, {"name": "贝拉"}), fields="name")
    (mill,) = [each for each in found if (each.department, each.resource) == ("mill", "police.population")]
    lines, _ = backflow.report(workshop(shop), found)
    line = next(each for each in lines if each.grant == mill.grant_id)
    assert (line.rows, line.lag_seconds, line.taken_at) == (None, None, None)
    with looking(shop.url) as db:
        fields = get(db, mill.grant_id).fields
    made = Projection(mill.grant_id, 1, "police.population", fields, "area=690102003", "d", "t", 5, -1, 0, "",
                      "2026-11-30T01:00:00Z")  # fmt: skip
    Table(shop, mill.grant_id, "police.population", pa.schema([pa.field(name, pa.string()) for name in fields])).begin(
        ("k1", *["安"] * len(fields))
    )
    with writing(shop.url) as db:
        keep(db, made)
    with looking(shop.url) as db:
        share = shares.require(db, "backflow_mill")
        (table,) = tables.handed(workshop(shop), db, share, "police.population")
    assert table.folder.is_dir()
    assert counts.count(workshop(shop), table).rows == 1
    lines, coverage = backflow.report(workshop(shop), found)
    line = next(each for each in lines if each.grant == mill.grant_id)
    assert line == Line("mill", "690102003", "police.population", mill.grant_id, "backflow_mill", 1, 3600, None)
    (street,) = [each for each in coverage if (each.resource, each.level) == ("police.population", "street")]
    assert (street.records, street.rows, street.share) == (2, 1, 0.5)
    batches.make(workshop(shop), "backflow_mill", shop.home.parent / "out", "csv", table="police.population")
    for name, value in {**shop.environ, "ONEFILE_NOW": "2026-11-30T10:00:00+08:00"}.items():
        monkeypatch.setenv(name, value)
    capsys.readouterr()
    assert main.run(["share", "backflow", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    (line,) = [each for each in told["lines"] if each["grant"] == mill.grant_id]
    assert line["taken_at"] == "2026-11-30T02:00:00Z"
    assert main.run(["share", "backflow"]) == 0
    assert "50.0%" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("level", "area"), [("county", "6901"), ("street", "690102"), ("city", "690100"), ("community", "x")]
)
def test_an_area_has_the_digits_of_its_level(tmp_path: Path, level: str, area: str) -> None:
    text = f"""\
departments:
  east: {{name: 东区, name_en: East, code: "11100000000013338W", level: {level}, area: "{area}"}}
"""
    with pytest.raises(DeclarationsRefused, match="6 digits at the county"):
        catalog.load((lay(tmp_path, {"departments.yml": text}),))
