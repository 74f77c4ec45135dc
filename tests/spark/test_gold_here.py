"""What is done in this process for few statements comes out as what the engine does for many."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from pipelines import due, gold, names, present, statements, steps
from pipelines.bridging import NONE
from pipelines.gold_here import Feed
from pipelines.lake import Lake
from pipelines.statements import Statements
from tests.declared import SHOP, SHOP_FILE, SHOP_RESOURCE, SHOP_TABLE, lay
from tests.house import House, narrowed, shop_house

SHOPS = "market.shops"
FIRST, SECOND, THIRD = "91690101MA00000158", "91690101MA00000233", "91690101MA0000031X"
REGISTRATION, ORGANISATION = "690101000000128", "MA0000031"
ANNA_OLD, ANNA, BERT, CARL = "690101199003070014", "69010119900307009X", "690101196001010014", "690101199003070137"
HEADER = "编号 | 信用代码 | 开业 | 类别 | 操作"
ERASABLE = SHOP | {
    "tables/shop.yml": SHOP_TABLE.replace("columns:", 'erasure: {basis: "made-up law, art. 1"}\ncolumns:'),
    "resources/market/shops.yml": SHOP_RESOURCE + "operation: {column: 操作, withdraw: [注销], erase: [依法删除]}\n",
    "files/shops.yml": SHOP_FILE,
}
SHOP_DAYS = {
    "2026-10-28": f"""
        {HEADER}
        AB0001 | {FIRST}  | 2020/1/1 | 书店 |
        AB0002 | {SECOND} | 2020/2/2 | 茶馆 |
        AB0003 | {FIRST}  | 2020/3/3 | 酒馆 |
        AB0004 | {THIRD}  | 2020/3/3 | 酒馆 |
        AB0005 | {THIRD}  | 没有     | 酒馆 |
    """,
    "2026-10-29": f"""
        {HEADER}
        AB0001 | {SECOND} | 2021/1/1 | 书店 |
        AB0003 | {FIRST}  | 2020/3/3 | 酒馆 |
        AB0003 | {FIRST}  | 2019/3/3 | 茶馆 |
        AB0005 | {THIRD}  | 2020/4/4 | 书店 |
    """,
    "2026-10-30": f"""
        {HEADER}
        AB0001 | | | | 依法删除
        AB0002 | | | | 注销
        AB0004 | {THIRD}  | 2020/3/3 | 书店 |
    """,
    "2026-10-31": f"""
        {HEADER}
        AB0001 | {FIRST}  | 2022/1/1 | 茶馆 |
    """,
}
FIRMS = "操作 | 统一社会信用代码 | 原注册号 | 统一代码赋码日期 | 企业名称 | 核准日期"
PEOPLE = "公民身份号码 | 曾用公民身份号码 | 号码变更日期 | 姓名 | 父亲公民身份号码 | 出生日期 | 更新日期"
COLUMNS = {
    "population": [
        "number", "earlier_number", "number_changed_on", "name", "father_number", "mother_number", "birth_on", "updated_on",
    ],
    "enterprise": ["code", "registration_no", "code_given_on", "name", "legal_representative_number", "updated_on"],
    "penalty": ["decision_no", "party_code", "party_number", "decided_on"],
}  # fmt: skip
CITY_DAYS = {
    "2026-10-30": {
        "market.enterprises": f"""
            {FIRMS}
                 | {FIRST}  | | | 甲公司 | 2026-01-01
                 | {THIRD}  | | | 丙公司 | 2026-01-01
        """,
        "police.population": f"""
            {PEOPLE}
            {ANNA_OLD} | | | 安娜 | | 1990-03-07 | 2020-01-01
            {BERT}     | | | 伯特 | {ANNA_OLD} | 1960-01-01 | 2020-01-01
            {CARL}     | | | 卡尔 | {BERT} | 1990-03-07 | 2020-01-01
        """,
        "market.penalties": f"""
            行政处罚决定书文号 | 统一社会信用代码 | 处罚决定日期
            一号 | {REGISTRATION} | 2012-05-05
            三号 | {ORGANISATION} | 2011-01-01
            四号 |                | 2013-01-01
        """,
    },
    "2026-10-31": {
        "market.enterprises": f"""
            {FIRMS}
            变更 | {FIRST}  | {REGISTRATION} | 2015-12-01 | 甲公司 | 2026-02-01
        """,
        "police.population": f"""
            {PEOPLE}
            {ANNA} | {ANNA_OLD} | 2019-05-01 | 安娜新 | | 1990-03-07 | 2026-02-01
        """,
    },
}


def shops(folder: Path) -> House:
    house = shop_house(folder / "home", lay(folder / "declarations", ERASABLE))
    for place, (day, drawing) in enumerate(SHOP_DAYS.items(), 1):
        house.on(f"2026-11-0{place}")
        house.deliver(SHOPS, day, drawing, f"of-{day}")
        house.take_in()
    return house


def city(folder: Path) -> House:
    house = House(folder / "home", narrowed(COLUMNS))
    for place, (day, drawings) in enumerate(CITY_DAYS.items(), 1):
        house.on(f"2026-11-0{place}")
        for resource, drawing in drawings.items():
            house.deliver(resource, day, drawing, f"{resource.partition('.')[2]}-{place}")
        house.take_in()
    return house


@pytest.mark.parametrize("made", [shops, city])
def test_few_statements_come_out_as_many(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: Callable[[Path], House]
) -> None:
    here = made(tmp_path / "here")
    monkeypatch.setattr(statements, "MANY", -1)
    monkeypatch.setattr(gold, "FEW", -1)
    monkeypatch.setattr(gold, "FEW_TOUCHED", 0)
    by_engine = made(tmp_path / "engine")
    tables = here.shop.lake.tables()
    assert tables == by_engine.shop.lake.tables()
    for table in (t for t in tables if t != names.QUALITY):
        assert here.rows(table) == by_engine.rows(table), table
    assert {names.gold("enterprise"), names.LINK_CANDIDATES if made is city else names.RESOLUTION} <= {*tables}


def test_statements_are_those_that_count(spark: SparkSession, tmp_path: Path) -> None:
    house = shops(tmp_path)
    lake = house.shop.lake
    said, kept = Statements(lake), Statements(lake, is_erased_kept=True)
    frame = present.statements(lake, "shop")
    assert frame is not None
    key = ["_delivery", "_row_no"]
    assert sorted(map(tuple, frame.select(key).collect())) == _keys(said.every("shop").select(key))
    assert len(kept.every("shop")) == lake.read(names.silver("shop")).count() > len(said.every("shop"))
    now = statements.present(said.every("shop")).select(key)
    assert _keys(now) == sorted(map(tuple, present.present(frame).select(key).collect()))
    again = said.stated_again("shop")
    assert again is not None
    stated_twice = frame.groupBy("_resource", "_key").count().where("count > 1").select("_resource", "_key").collect()
    assert {*map(tuple, stated_twice)} <= {*zip(*(again[name].to_pylist() for name in again.column_names), strict=True)}
    anew = present.present_of(frame, spark.createDataFrame(again)).select(key).collect()
    assert sorted(map(tuple, anew)) == _keys(now)


def test_what_is_released_while_all_files_are_made_does_not_come_into_some_of_them(
    spark: SparkSession, tmp_path: Path
) -> None:
    house = shop_house(tmp_path / "home", lay(tmp_path / "declarations", ERASABLE))
    (first, second), declared = [*SHOP_DAYS.items()][:2], house.catalogue.declarations
    house.deliver(SHOPS, *first, "first")
    house.settle()
    feed = Feed(Statements(house.shop.lake), declared.files["enterprise"], declared)
    assert feed.said.deliveries.to_pylist() == ["first"]
    house.on("2026-11-02")
    house.deliver(SHOPS, *second, "second")
    house.settle()
    other = Lake(spark, str(tmp_path / "other"))
    gold.make_all(other, feed, NONE, {"release": 1})
    made = other.read(names.gold("enterprise")).select("number", "_digest").collect()
    expected = feed.every(NONE).select(["number", "_digest"])
    assert sorted(map(tuple, made)) == _keys(expected) != []
    later = Feed(Statements(house.shop.lake), declared.files["enterprise"], declared).every(NONE)
    assert _keys(later.select(["number", "_digest"])) != _keys(expected)


class Killed(Exception):
    """What the test lets happen at a boundary."""


@pytest.mark.parametrize("few", [gold.FEW, -1])
def test_killed_anywhere_while_files_are_made_for_the_first_time_a_task_is_tried_again_with_success(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(gold, "FEW", few)
    house = shop_house(tmp_path / "home", lay(tmp_path / "declarations", ERASABLE))
    house.deliver(SHOPS, *next(iter(SHOP_DAYS.items())), "first")
    house.settle()
    met: list[str] = []

    def dies(name: str) -> None:
        if name not in met:
            met.append(name)
            raise Killed

    for _ in range(20):
        house.shop.__dict__["lake"] = Lake(spark, house.shop.lake.root, dies)
        try:
            steps.assemble(house.shop, "enterprise")
            break
        except Killed:
            continue
    table = names.gold("enterprise")
    assert {f"after create {table}", f"before add to {table}", f"after add to {table}"} <= {*met}
    assert house.files("enterprise") == house.rebuilt("enterprise") != {}
    assert not due.due(house.shop)


def _keys(rows: object) -> list[tuple[object, ...]]:
    return sorted(tuple(row.values()) for row in rows.to_pylist())  # type: ignore[attr-defined]
