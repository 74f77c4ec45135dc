"""Each change of an attribute is told with what brought it, also where that is a withdrawal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from tests.declared import SHOP, SHOP_FILE, SHOP_RESOURCE, lay
from tests.house import House, shop_house

SHOPS, NUMBER = "market.shops", "91690101MA00000158"
HEADER = "编号 | 信用代码 | 开业 | 类别 | 操作"
DECLARED = SHOP | {
    "resources/market/shops.yml": SHOP_RESOURCE + "operation: {column: 操作, withdraw: [注销]}\n",
    "files/shops.yml": SHOP_FILE,
}


@pytest.fixture
def house(spark: SparkSession, tmp_path: Path) -> House:
    """A house of two shops of one enterprise; first the later one is withdrawn, then the other."""
    house = shop_house(tmp_path / "home", lay(tmp_path / "declarations", DECLARED))
    said = {"d1": f"AB0001 | {NUMBER} | 2020/1/1 | 书店 |", "d2": f"AB0003 | {NUMBER} | 2021/1/1 | 茶馆 |",
            "d3": "AB0003 | | | | 注销", "d4": "AB0001 | | | | 注销"}  # fmt: skip
    for day, (name, row) in enumerate(said.items(), 1):
        house.on(f"2026-11-0{day + 1}")
        house.deliver(SHOPS, f"2026-11-0{day}", f"{HEADER}\n{row}", name)
        house.take_in()
    return house


def test_a_withdrawal_is_told_as_what_brought_a_change(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ("file", NUMBER, "--purpose", "test", "--history", "shop_no")
    capsys.readouterr()
    assert house.onefile(*asked, "--json") == 0
    told = [
        (row["value"], row["delivery"], [(each["delivery"], each["row_no"]) for each in row["brought_by"]])
        for row in json.loads(capsys.readouterr().out)
    ]
    assert told == [
        ("AB0001", "d1", [("d1", 1)]), ("AB0003", "d2", [("d2", 1)]), ("AB0001", "d1", [("d3", 1)]),
        (None, None, [("d4", 1)]),
    ]  # fmt: skip
    assert house.onefile(*asked) == 0
    assert [line.split()[-2:] for line in capsys.readouterr().out.splitlines()[2:]] == [
        [name, "#1"] for name in ("d1", "d2", "d3", "d4")
    ]


def test_a_late_row_about_a_record_of_which_a_later_one_is_known_brought_nothing(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    house.on("2026-11-06")
    house.deliver(SHOPS, "2026-11-05", f"{HEADER}\nAB0005 | {NUMBER} | 2022/1/1 | 书店 |", "d5")
    house.take_in()
    house.on("2026-11-07")
    house.deliver(SHOPS, "2026-11-06", f"{HEADER}\nAB0005 | | | | 注销", "d6")
    house.deliver(SHOPS, "2026-11-06", f"{HEADER}\nAB0005 | {NUMBER} | 2019/1/1 | 茶馆 |", "d7")
    house.take_in()
    capsys.readouterr()
    assert house.onefile("file", NUMBER, "--purpose", "test", "--history", "shop_no", "--json") == 0
    *_, there, gone = json.loads(capsys.readouterr().out)
    assert (there["value"], gone["value"]) == ("AB0005", None)
    assert [(each["delivery"], each["row_no"]) for each in gone["brought_by"]] == [("d6", 1)]
