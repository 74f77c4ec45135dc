"""Upkeep takes files away and nothing else: rows, readers and the flow go on as if it had not been."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from pipelines import names, releases, steps, upkeep
from pipelines.lake import Lake, literal_rows
from pipelines.table_design import ROW_TRACKING, TableDesign
from tests.declared import SHOP, SHOP_FILE, lay
from tests.house import House, broken, shop_house

SHOPS = "market.shops"
FIRST, SECOND = "91690101MA00000158", "91690101MA00000233"
RELEASED_AT = datetime(2026, 11, 2, tzinfo=UTC)
HEADER = "编号 | 信用代码 | 开业 | 类别"


@pytest.fixture(scope="module")
def house(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> House:
    """A house whose first delivery is in the files, and whose second is released and not in them yet."""
    folder = tmp_path_factory.mktemp("upkeep")
    declarations = lay(folder / "declarations", SHOP | {"files/shops.yml": SHOP_FILE})
    house = shop_house(folder / "home", declarations)
    house.deliver(SHOPS, "2026-10-30", f"""
        {HEADER}
        AB0001 | {FIRST} | 2020/1/1 | 书店
    """, "first")  # fmt: skip
    house.settle()
    steps.assemble(house.shop, "enterprise")
    house.publish("enterprise", house.shop.settings.database_url)
    house.on("2026-11-02")
    house.deliver(SHOPS, "2026-10-31", f"""
        {HEADER}
        AB0002 | {SECOND} | 2020/2/2 | 茶馆
    """, "second")  # fmt: skip
    house.settle()
    return house


def shops(house: House) -> dict[str, str]:
    return {number: file["shop_no"]["value"] for number, file in house.files("enterprise").items()}


def test_files_of_past_versions_go_and_what_the_flow_has_still_to_do_is_not_lost(
    house: House, capsys: pytest.CaptureFixture
) -> None:
    lake = house.shop.lake
    before = {table: sorted(map(str, lake.read(table).collect())) for table in lake.tables()}
    opened = lake.read(names.silver("shop"))
    kept = {each.table: each for each in upkeep.maintain(lake, keep_hours=0)}
    assert kept.keys() == before.keys()
    assert all(each.is_whole and each.files <= 1 for each in kept.values())
    assert kept["silver/shop"].files_before > kept["silver/shop"].files == 1
    assert {table: sorted(map(str, lake.read(table).collect())) for table in lake.tables()} == before
    assert opened.count() == 2, "a frame is planned anew when it is asked"
    assert broken(house, capsys) == {}, "that the version which is published is gone is no damage"
    steps.assemble(house.shop, "enterprise")
    assert shops(house) == {FIRST: "AB0001", SECOND: "AB0002"}
    assert house.files("enterprise") == house.rebuilt("enterprise")


def test_within_the_days_that_are_kept_a_past_version_can_be_read(lake: Lake) -> None:
    lake.create("silver/release", steps.RELEASE, TableDesign("releases", {}))
    for number in range(3):
        lake.append(
            "silver/release", literal_rows(lake.spark, [(f"d{number}", RELEASED_AT)], steps.RELEASE), f"{number}"
        )
    (kept,) = upkeep.maintain(lake, keep_hours=168)
    assert (kept.files_before, kept.files) == (3, 4), "what was joined stays for those who read the version before"
    assert [lake.read("silver/release", version).count() for version in (1, 2, 3)] == [1, 2, 3]


def test_the_command_says_what_it_made_of_each_table(house: House, capsys: pytest.CaptureFixture) -> None:
    capsys.readouterr()
    assert house.onefile("lake", "maintain") == 0
    assert "silver/shop" in capsys.readouterr().out
    assert house.onefile("lake", "maintain", "--keep", "6") == 2


def test_a_damaged_table_is_left_as_it_is_and_stands_in_no_other_s_way(
    house: House, capsys: pytest.CaptureFixture
) -> None:
    log = Path(house.shop.lake.path("silver/torn")) / "_delta_log"
    log.mkdir(parents=True)
    (log / f"{0:020}.json").write_text("{")
    capsys.readouterr()
    try:
        assert house.onefile("lake", "maintain", "--json") == 1
    finally:
        (log / f"{0:020}.json").unlink()
        os.removedirs(log)
    told = {each["table"]: each["is_whole"] for each in json.loads(capsys.readouterr().out)}
    assert [table for table, is_whole in told.items() if not is_whole] == ["silver/torn"]


def test_releases_that_were_made_before_rows_were_tracked_need_no_old_version_after_upkeep_either(lake: Lake) -> None:
    lake.create("silver/release", steps.RELEASE, TableDesign("releases", {}))
    for number in range(3):
        lake.append(
            "silver/release", literal_rows(lake.spark, [(f"d{number}", RELEASED_AT)], steps.RELEASE), f"{number}"
        )
    list(upkeep.maintain(lake, keep_hours=0))
    added = releases.added(lake, "silver/release", 2, lake.version("silver/release"))
    assert {row["_delivery"] for row in added.collect()} >= {"d2"}


@pytest.mark.parametrize("properties", [ROW_TRACKING, {}])
def test_what_was_added_between_two_versions_is_told_with_rows_tracked_or_not(
    lake: Lake, properties: dict[str, str]
) -> None:
    lake.create("silver/release", steps.RELEASE, TableDesign("releases", {}, properties=properties))
    for number in range(4):
        rows = literal_rows(lake.spark, [(f"d{number}", RELEASED_AT)], steps.RELEASE)
        lake.append("silver/release", rows, f"{number}")
    assert [row["_delivery"] for row in releases.added(lake, "silver/release", 2, 3).collect()] == ["d2"]
    assert releases.added(lake, "silver/release", 4, 4).collect() == []
