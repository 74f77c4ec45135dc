"""A lake that somebody changed behind our back: `onefile lake check` finds it, `onefile rebuild --swap` mends it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as f

from tests.declared import SHOP, SHOP_FILE, lay
from tests.house import House, broken, shop_house

HEADER = "编号 | 信用代码 | 开业 | 类别"
FIRST, SECOND, THIRD = "91690101MA00000158", "91690101MA00000233", "91690101MA0000031X"


@pytest.fixture
def house(spark: SparkSession, tmp_path: Path) -> House:
    house = shop_house(tmp_path / "home", lay(tmp_path / "declarations", SHOP | {"files/shops.yml": SHOP_FILE}))
    house.deliver("market.shops", "2026-10-29", f"""
        {HEADER}
        AB0001 | {FIRST}  | 2020/1/1  | 书店
        AB0003 | {THIRD}  | 2020/13/3 | 茶馆
    """, "first")  # fmt: skip
    house.deliver("market.shops", "2026-10-30", f"""
        {HEADER}
        AB0002 | {SECOND} | 2020/2/2  | 书店
    """, "second")  # fmt: skip
    house.take_in()
    return house


@pytest.mark.only_in_full
def test_rows_added_and_taken_away_and_files_gone_are_found_and_made_anew(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    assert broken(house, capsys) == {}
    wanted = house.files("enterprise")
    lake = house.home / "lake"
    stranger = house.shop.lake.read("silver/shop").limit(1).withColumn("_delivery", f.lit("nobody"))
    stranger.write.format("delta").mode("append").save(str(lake / "silver" / "shop"))
    assert broken(house, capsys) == {"without_bronze": 1}

    house.shop.spark.sql(f"DELETE FROM delta.`{lake}/silver/shop` WHERE _delivery IN ('nobody', 'second')")
    assert set(broken(house, capsys)) == {"counts_differ", "without_silver", "made_otherwise"}

    for file in (lake / "gold" / "enterprise_file").glob("*.parquet"):
        file.unlink()
    assert broken(house, capsys)["unreadable"] == 0

    shutil.rmtree(lake / "gold" / "enterprise_file")
    capsys.readouterr()
    assert house.onefile("rebuild", "--json", "--swap") == 0
    told = {each["table"] for each in json.loads(capsys.readouterr().out)["differences"]}
    assert told == {"silver/shop", "gold/enterprise_file"}
    assert not (house.home / "rebuilt").exists()
    assert house.onefile("run") == 0
    assert broken(house, capsys) == {}
    assert house.files("enterprise").keys() == wanted.keys() == {FIRST, SECOND}
