"""Rows of granted resources come to the counter, and go from it, as they hold in silver and as grants are."""

from __future__ import annotations

import json
import shutil
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from catalog import grants
from catalog.entries import entries
from catalog.sharing_store import Actor
from pipelines import declared, erasing, names, records
from pipelines.declared import DeclarationChanged
from pipelines.lake import TableMissing, literal_rows
from pipelines.records import Brought
from schemas.serving.connection import writing
from tests.declared import SHOP, SHOP_FILE, SHOP_RESOURCE, SHOP_TABLE, lay
from tests.granted import granted
from tests.house import House, broken, shop_house

SHOPS = "market.shops"
FIRST, SECOND = "91690101MA00000158", "91690101MA00000233"
HEADER = "编号 | 信用代码 | 开业 | 类别 | 操作"
SHARED = (
    'catalogue: {code: "101001/000009", class: "101001", modes: [query, check], open: {class: closed},'
    " state: published, published_on: 2026-10-01}\n"
)
DECLARED = SHOP | {
    "tables/shop.yml": SHOP_TABLE.replace("columns:", 'erasure: {basis: "made-up law, art. 1"}\ncolumns:'),
    "resources/market/shops.yml": SHOP_RESOURCE
    + SHARED
    + "operation: {column: 操作, withdraw: [注销], erase: [依法删除]}\n",
    "files/shops.yml": SHOP_FILE,
}


def held(house: House) -> dict[str, dict[str, str]]:
    """Return the rows at the counter by the number of their shop."""
    with sqlite3.connect(house.home / "serving.db") as database:
        rows = database.execute("SELECT document FROM subject_record").fetchall()
    return {row["shop_no"]: row for row in (json.loads(text) for (text,) in rows)}


def query(house: House, text: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(house.home / "serving.db") as database:
        return database.execute(text).fetchall()


@pytest.fixture(scope="module")
def house(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> House:
    """A house to which the market delivered shops: one of them names no holder."""
    folder = tmp_path_factory.mktemp("records")
    house = shop_house(folder / "home", lay(folder / "declarations", DECLARED))
    house.deliver(SHOPS, "2026-10-29", f"""
        {HEADER}
        AB0001 | {FIRST}  | 2020/1/1 | 书店 |
        AB0002 | {SECOND} | 2020/2/2 | 茶馆 |
        AB0003 |          | 2020/3/3 | 茶馆 |
    """, "first")  # fmt: skip
    assert house.settle()["first"].accepted == 3
    assert not records.is_due(house.shop)
    granted(house, SHOPS, "shop_no", "kind", mode="check")
    assert not records.is_due(house.shop)
    return house


@pytest.fixture(scope="module")
def brought(house: House) -> list[Brought]:
    """The same, once somebody may have rows of the shops."""
    granted(house, SHOPS, "shop_no", "kind")
    assert records.is_due(house.shop)
    return records.bring(house.shop)


def test_the_rows_of_a_granted_resource_come_with_the_granted_columns_alone(
    house: House, brought: list[Brought]
) -> None:
    assert [(each.from_version, each.upserted, each.deleted) for each in brought] == [(None, 2, 0)]
    assert held(house) == {"AB0001": {"shop_no": "AB0001", "kind": "1"}, "AB0002": {"shop_no": "AB0002", "kind": "2"}}
    assert not records.is_due(house.shop)
    assert records.bring(house.shop) == []


@pytest.fixture(scope="module")
def changed(house: House, brought: list[Brought]) -> list[Brought]:
    """The same, after a delivery that corrects one shop, takes one back and brings one."""
    house.on("2026-11-02")
    house.deliver(SHOPS, "2026-10-30", f"""
        {HEADER}
        AB0001 | {FIRST}  | 2020/1/1 | 茶馆 |
        AB0002 | {SECOND} | 2020/2/2 |      | 注销
        AB0004 | {FIRST}  | 2020/4/4 | 书店 |
    """, "second")  # fmt: skip
    house.settle()
    assert records.is_due(house.shop)
    return records.bring(house.shop)


def test_after_a_delivery_only_what_it_is_about_is_brought_and_what_is_taken_back_goes(
    house: House, brought: list[Brought], changed: list[Brought]
) -> None:
    assert changed == [Brought(SHOPS, brought[0].to_version, brought[0].to_version + 1, 2, 1)]
    assert {number: row["kind"] for number, row in held(house).items()} == {"AB0001": "2", "AB0004": "1"}
    noted = query(house, "SELECT attribute, how FROM value_change WHERE kind = 'record' ORDER BY attribute, how")
    assert noted == [
        ("market.shops.kind", "corrected"), ("market.shops.kind", "withdrawn"), ("market.shops.shop_no", "withdrawn"),
    ]  # fmt: skip


def test_while_deliveries_are_read_again_by_other_declarations_the_rows_stay_and_are_called_due(
    house: House, changed: list[Brought], capsys: pytest.CaptureFixture[str]
) -> None:
    before, note = held(house), declared.noted(house.home, SHOPS)
    assert note is not None
    assert note.is_whole
    assert "rows_otherwise" not in broken(house, capsys)
    declared.keep(house.home, SHOPS, note.parts, is_whole=False)
    assert records.is_due(house.shop)
    with pytest.raises(DeclarationChanged):
        records.bring(house.shop)
    declared.keep(house.home, SHOPS, note.parts)
    assert not records.is_due(house.shop)
    assert held(house) == before


@pytest.fixture(scope="module")
def erased(house: House, changed: list[Brought]) -> list[list[Brought]]:
    """The same, after a shop was ordered to be erased, and after a row of it was."""
    lake, at = house.shop.lake, house.shop.at
    key = next(row["_key"] for row in house.rows(names.silver("shop")) if row["shop_no"] == "AB0001")
    order = (SHOPS, key, 9, erasing.TERM, "made-up law, art. 1", None, None, at)
    erasing.keep_orders(lake, literal_rows(lake.spark, [order], erasing.ORDER), "order")
    ordered = records.bring(house.shop)
    stone = (SHOPS, "first", 1, "accepted", [], "00", [], erasing.TERM, "made-up law, art. 1", at)
    erasing.keep_tombstones(lake, literal_rows(lake.spark, [stone], erasing.TOMBSTONE), "stone")
    assert records.is_due(house.shop)
    return [ordered, records.bring(house.shop)]


def test_what_is_ordered_to_be_erased_goes_at_once_and_after_an_erasure_all_are_compared(
    house: House, erased: list[list[Brought]]
) -> None:
    ((ordered,), (purged,)) = erased
    assert (ordered.from_version is None, ordered.upserted, ordered.deleted) == (False, 0, 1)
    assert (purged.from_version, purged.upserted, purged.deleted) == (None, 0, 0)
    assert list(held(house)) == ["AB0004"]


def test_a_row_at_the_counter_that_silver_does_not_say_is_found(
    house: House, erased: list[list[Brought]], capsys: pytest.CaptureFixture[str]
) -> None:
    with sqlite3.connect(house.home / "serving.db") as database:
        database.execute("UPDATE subject_record SET digest = 'x' || digest")
    assert broken(house, capsys).pop("rows_otherwise") == 1
    with sqlite3.connect(house.home / "serving.db") as database:
        database.execute("UPDATE subject_record SET digest = substr(digest, 2)")


def test_another_grant_brings_its_columns_and_the_end_of_all_takes_the_rows_out(
    house: House, erased: list[list[Brought]]
) -> None:
    granted(house, SHOPS, "opened_on")
    (more,) = records.bring(house.shop)
    assert (more.from_version, more.upserted) == (None, 1)
    assert held(house)["AB0004"] == {"shop_no": "AB0004", "opened_on": "2020-04-04", "kind": "1"}
    noted = query(house, "SELECT count(*) FROM value_change WHERE kind = 'record'")
    shop = house.shop
    with writing(shop.settings.database_url) as connection:
        late = Actor("rule", "", "x", shop.at, shop.legal_day(shop.at) + timedelta(100))
        assert len(grants.review(connection, entries(shop.catalogue), late)) == 3
    (gone,) = records.bring(shop)
    assert (gone.upserted, gone.deleted) == (0, 1)
    assert not records.is_due(shop)
    assert query(house, "SELECT count(*) FROM value_change WHERE kind = 'record'") == noted


def test_a_lake_that_lost_its_releases_takes_nobody_out(house: House, erased: list[list[Brought]]) -> None:
    granted(house, SHOPS, "shop_no")
    records.bring(house.shop)
    assert list(held(house)) == ["AB0004"]
    release = Path(house.shop.lake.path("silver/release"))
    aside = release.rename(release.with_name("aside"))
    with pytest.raises(TableMissing):
        records.bring(house.shop)
    shutil.move(aside, release)
    assert list(held(house)) == ["AB0004"]
