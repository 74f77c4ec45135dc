"""Deliveries of bad days go all the way: ten years at once are told apart, types that changed wait in quarantine."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from pipelines import names
from tests.declared import SHOP, lay
from tests.house import House, shop_house

CODE = "91690101MA00000158"


@pytest.fixture
def house(spark: SparkSession, tmp_path: Path) -> House:
    return shop_house(tmp_path / "var", lay(tmp_path / "declared", SHOP))


def test_ten_years_of_history_come_in_one_delivery_and_each_day_is_as_it_was(house: House) -> None:
    months = [(year, month) for year in range(2016, 2026) for month in range(1, 13)]
    drawn = [f"AB0001 | {CODE} | {year}/{month}/1 | {'书店' if year % 2 else '茶馆'}" for year, month in months]
    drawing = "\n".join(["编号 | 信用代码 | 开业 | 类别", *drawn[60:], *drawn[:60]])
    house.deliver("market.shops", "2016-01-01/2025-12-31", drawing, "history")
    outcome = house.settle()["history"]
    assert (outcome.status, outcome.received, outcome.quarantined) == ("released", 120, 0)
    states = sorted((row["_valid_from"], row["kind"]) for row in house.rows(names.silver("shop")))
    assert states[0] == (date(2016, 1, 1), "2")
    assert (states[-1][0].year, states[-1][1]) == (2025, "1")
    assert len({on for on, _ in states}) == outcome.accepted


def test_a_column_whose_type_changed_waits_in_quarantine_with_its_reason(house: House) -> None:
    house.deliver("market.shops", "2026-10-30", f"""
        编号   | 信用代码 | 开业       | 类别
        AB0001 | {CODE}   | 2020/1/1   | 书店
        AB0002 | {CODE}   | 1577836800 | 书店
        7      | {CODE}   | 2020/1/1   | 书店
        AB0004 | {CODE}   | 2020/1/1   | 1.0
    """, "changed")  # fmt: skip
    outcome = house.settle()["changed"]
    assert (outcome.accepted, outcome.quarantined) == (1, 3)
    reasons = {row["_row_no"]: row for row in house.rows(names.quarantine("market.shops"))}
    assert sorted(reasons) == [2, 3, 4]
