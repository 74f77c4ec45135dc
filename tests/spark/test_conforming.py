"""Many rows, read and judged in the engine's tasks, come out as few do in this process."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from pipelines import conform, names
from tests.declared import SHOP, SHOP_FILE, lay
from tests.house import House, shop_house

SHOPS = "market.shops"
HEADER = "编号 | 信用代码 | 开业 | 类别"
FIRST, SECOND = "91690101MA00000158", "91690101MA00000233"
DAYS = {
    "2026-10-29": f"""
        {HEADER}
        AB0001 | {FIRST}  | 2020/1/1  | 书店
        AB0001 | {FIRST}  | 2020/1/1  | 书店
        AB0002 | {SECOND} | 2020/2/30 | 茶馆
        AB0003 | {SECOND} | 2020/2/3  | 茶馆
        AB0004 | {FIRST}  | 2020/1/1  | 书店
        AB0004 | {FIRST}  | 2020/1/1  | 茶馆
               | {FIRST}  | 2020/1/1  | 茶馆
    """,
    "2026-10-30": f"""
        {HEADER}
        AB0001 | {FIRST}  | 2020/1/1  | 书店
        AB0002 | {SECOND} | 2020/2/3  | 茶馆
        AB0003 | {SECOND} | 2020/2/3  | 书店
        AB0004 | {FIRST}  | 2020/1/1  | 书店
    """,
}


def taken_in(folder: Path) -> House:
    house = shop_house(folder / "home", lay(folder / "declarations", SHOP | {"files/shops.yml": SHOP_FILE}))
    for day, drawing in DAYS.items():
        house.deliver(SHOPS, day, drawing, f"of-{day}")
    house.take_in()
    return house


def test_many_rows_come_out_as_few(spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few = taken_in(tmp_path / "few")
    monkeypatch.setattr(conform, "FEW", 0)
    many = taken_in(tmp_path / "many")
    for table in (names.silver("shop"), names.quarantine(SHOPS), names.bronze(SHOPS), names.gold("enterprise")):
        assert few.rows(table) == many.rows(table) != []
    found = ((row["_row_no"], row["problems"][0]["reason"]) for row in few.rows(names.quarantine(SHOPS)))
    assert sorted(found) == [
        (3, "not_a_date"), (5, "key_conflict"), (6, "key_conflict"), (7, "required"),
    ]  # fmt: skip
