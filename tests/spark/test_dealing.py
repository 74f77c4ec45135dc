"""Rows dealt out by area in one look are what each area's grant has, and go on by what changed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f
from pyspark.sql.types import StringType, StructField, StructType

from catalog import requests, shares
from catalog.entries import entries
from catalog.requests import Wanted
from catalog.sharing_store import Actor
from pipelines import dealing, names, projecting
from pipelines.projecting import Projected
from pipelines.table_design import TableDesign
from schemas.serving import migration
from schemas.serving.connection import writing
from schemas.serving.projections import FOLDER
from schemas.subjects import SubjectNumber
from tests.declared import SHOP, SHOP_FILE, SHOP_RESOURCE, lay
from tests.house import House, shop_house

SHOPS, ENTERPRISES = "market.shops", names.gold("enterprise")
FIRST, SECOND = "91690101MA00000158", "91690101MA00000233"
HEADER = "编号 | 信用代码 | 开业 | 类别"
SHARED = (
    'catalogue: {code: "101001/000009", class: "101001", modes: [query, batch], open: {class: closed},'
    " state: published, published_on: 2026-10-01}\n"
)
DECLARED = SHOP | {"resources/market/shops.yml": SHOP_RESOURCE + SHARED, "files/shops.yml": SHOP_FILE}
NEAR, FAR, BOTH = "690101", "690102", "6901"


def id_of(code: str) -> str:
    return SubjectNumber("enterprise", "credit_code", code).subject_id


def live_in(house: House, areas: dict[str, str]) -> None:
    """Let the one files say in which areas enterprises are."""
    lake = house.shop.lake
    area = StructType([StructField("value", StringType())])
    schema = StructType([StructField("subject_id", StringType()), StructField("area", area)])
    lake.create(ENTERPRISES, schema, TableDesign("files", {}))
    rows = lake.spark.createDataFrame([(id_of(code), (each,)) for code, each in areas.items()], schema)
    clauses = "WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *"
    lake.merge(ENTERPRISES, rows, "t.subject_id = s.subject_id", clauses, {})


def granted(house: House, area: str) -> str:
    """Have the tax office granted the shops of an area, in a share of their own."""
    shop, day = house.shop, house.shop.legal_day(house.shop.at)
    migration.upgrade(shop.settings.database_url)
    wanted = Wanted(("shop_no", "kind"), f"area={area}", (), "b", "s", "o", "batch", day.isoformat(),
                    (day + timedelta(30)).isoformat(), 10)  # fmt: skip
    listed = entries(shop.catalogue)
    with writing(shop.settings.database_url) as connection:
        actor = Actor("consumer", "tax", "x", shop.at, day)
        case = requests.apply(connection, wanted, listed[SHOPS], actor)
        office = replace(actor, role="office")
        case = requests.act(connection, case.id, "approve", office, "", listed[SHOPS], shop.catalogue.sharing)
        grant = case.id.replace("R", "G")
        shares.create(connection, f"shops_{area}_{day:%m%d}", [grant], listed, "tests", shop.at, day)
    return grant


def held(house: House, projected: list[Projected]) -> Callable[[str], tuple[int, dict[str, str]]]:
    """Return what gives a grant's version, and its shops with their kinds."""

    def of(grant: str) -> tuple[int, dict[str, str]]:
        (made,) = [each for each in projected if each.grant_id == grant]
        rows = DeltaTable(str(house.home / FOLDER / grant / f"g{made.generation}")).to_pyarrow_table().to_pylist()
        return made.version, {row["shop_no"]: row["kind"] for row in rows}

    return of


@pytest.fixture(scope="module")
def house(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> House:
    folder = tmp_path_factory.mktemp("dealt")
    house = shop_house(folder / "home", lay(folder / "declarations", DECLARED))
    house.deliver(SHOPS, "2026-10-29", f"""
        {HEADER}
        AB0001 | {FIRST}  | 2020/1/1 | 书店
        AB0002 | {SECOND} | 2020/2/2 | 茶馆
        AB0003 |          | 2020/3/3 | 茶馆
    """, "first")  # fmt: skip
    house.settle()
    live_in(house, {FIRST: "690101001", SECOND: "690102001"})
    return house


def test_each_area_gets_its_own_rows_and_then_what_changed_of_them(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = []
    everything = projecting.present.present
    monkeypatch.setattr("pipelines.projecting.present.present", lambda rows: looks.append(1) or everything(rows))
    begun = house.shop.legal_day(house.shop.at)
    near, far, both = (granted(house, area) for area in (NEAR, FAR, BOTH))
    of = held(house, projecting.project(house.shop))
    assert [of(each) for each in (near, far, both)] == [
        (1, {"AB0001": "1"}), (1, {"AB0002": "2"}), (1, {"AB0001": "1", "AB0002": "2"}),
    ]  # fmt: skip
    assert len(looks) == 1, "three grants, one look through the rows"
    assert projecting.project(house.shop) == []

    house.on("2026-11-02")
    house.deliver(SHOPS, "2026-10-30", f"""
        {HEADER}
        AB0001 | {FIRST}  | 2020/1/1 | 茶馆
        AB0004 | {FIRST}  | 2020/4/4 | 书店
    """, "second")  # fmt: skip
    house.settle()
    live_in(house, {SECOND: "690101002"})  # it moved
    of = held(house, projecting.project(house.shop))
    assert [of(each) for each in (near, far, both)] == [
        (2, {"AB0001": "2", "AB0002": "2", "AB0004": "1"}), (2, {}), (2, {"AB0001": "2", "AB0002": "2", "AB0004": "1"}),
    ]  # fmt: skip

    house.on("2026-11-03")
    house.deliver(SHOPS, "2026-10-31", f"{HEADER}\nAB0009 | | 2020/9/9 | 书店", "third")
    house.settle()
    of = held(house, projecting.project(house.shop))
    assert [of(each)[0] for each in (near, far, both)] == [2, 2, 2], "nobody's shop: no area has another version"
    assert len(looks) == 3
    with writing(house.shop.settings.database_url) as connection:
        for area in (NEAR, FAR, BOTH):
            shares.revoke(connection, f"shops_{area}_{begun:%m%d}", "over", house.shop.at)
    projecting.project(house.shop)
    assert [*(house.home / dealing.FOLDER).iterdir()] == [], "of what is dealt out no more nothing is kept"


def test_where_the_lines_are_lost_all_rows_are_compared_and_nothing_is_put_twice(house: House) -> None:
    grants = {area: granted(house, area) for area in (NEAR, "690101002")}
    of = held(house, projecting.project(house.shop))
    assert of(grants[NEAR])[1].keys() == {"AB0001", "AB0002", "AB0004"}
    shutil.rmtree(house.home / dealing.FOLDER)
    house.on("2026-11-05")
    house.deliver(SHOPS, "2026-11-04", f"{HEADER}\nAB0002 | {SECOND} | 2020/2/2 | 书店", "fourth")
    house.settle()
    of = held(house, projecting.project(house.shop))
    assert of(grants[NEAR]) == (2, {"AB0001": "2", "AB0002": "1", "AB0004": "1"})
    feed = DeltaTable(str(house.home / FOLDER / grants[NEAR] / "g1")).load_cdf(starting_version=2).read_all()
    assert sorted(each.as_py() for each in feed["shop_no"]) == ["AB0002", "AB0002"], "before and after, and no other"


def two_shops(folder: Path) -> House:
    """Return a house with a shop in each of two areas."""
    house = shop_house(folder / "home", lay(folder / "declarations", DECLARED))
    lines = f"{HEADER}\nAB0001 | {FIRST} | 2020/1/1 | 书店\nAB0002 | {SECOND} | 2020/2/2 | 茶馆"
    house.deliver(SHOPS, "2026-10-29", lines, "first")
    house.settle()
    live_in(house, {FIRST: "690101001", SECOND: "690102001"})
    return house


def moved(house: House, areas: dict[str, str]) -> Callable[[str], tuple[int, dict[str, str]]]:
    """Return what grants hold after enterprises moved and another delivery came, of nobody's shop."""
    house.on("2026-11-02")
    house.deliver(SHOPS, "2026-10-30", f"{HEADER}\nAB0009 | | 2020/9/9 | 书店", "second")
    house.settle()
    live_in(house, areas)
    return held(house, projecting.project(house.shop))


def test_an_area_that_others_were_dealt_out_after_loses_a_row_that_leaves_it(
    spark: SparkSession, tmp_path: Path
) -> None:
    house = two_shops(tmp_path)
    near, far = granted(house, NEAR), granted(house, FAR)
    projecting.project(house.shop)
    below = [granted(house, area) for area in ("690101001", "690102001")]
    of = held(house, projecting.project(house.shop))  # at the same state: only of these the lines are kept
    assert [of(each)[1].keys() for each in below] == [{"AB0001"}, {"AB0002"}]

    of = moved(house, {SECOND: "690101002"})
    assert [of(each) for each in (near, far)] == [(2, {"AB0001": "1", "AB0002": "2"}), (2, {})]
    assert [of(each) for each in below] == [(1, {"AB0001": "1"}), (2, {})]


def test_an_area_whose_turn_it_was_before_a_run_was_killed_loses_a_row_that_leaves_it(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = two_shops(tmp_path)
    grants = [granted(house, area) for area in (NEAR, FAR, BOTH)]
    bring = projecting._project

    def killed(*given: Any) -> Projected:
        bring(*given)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(projecting, "_project", killed)
        with pytest.raises(KeyboardInterrupt):
            projecting.project(house.shop)
    assert len(projecting.project(house.shop)) == 2, "the first of them has its rows"

    of = moved(house, {FIRST: "780101001", SECOND: "780101002"})
    assert [of(each) for each in grants] == [(2, {})] * 3


def test_of_which_areas_lines_are_kept_stands_beside_them(spark: SparkSession, tmp_path: Path) -> None:
    def rows(*placed: tuple[str, str, str]) -> DataFrame:
        return spark.createDataFrame(list(placed), f"_key string, {dealing.PREFIX} string, kind string")

    def keys(found: DataFrame | None) -> set[str]:
        return set() if found is None else {row["_key"] for row in found.collect()}

    with dealing.dealt(tmp_path, rows(("a", "1", "x"), ("b", "2", "x")), "shops", {"1", "2", "3"}, (), "old") as deal:
        assert [keys(deal.rows(each)) for each in "123"] == [{"a"}, {"b"}, set()], "never dealt out: whole"
    assert dealing.known_to(tmp_path, "shops") == dict.fromkeys("123", "old")

    now = rows(("a", "1", "x"), ("c", "1", "x"), ("b", "2", "x"), ("d", "4", "x"))
    with dealing.dealt(tmp_path, now, "shops", {"1", "2", "4"}, {"2"}, "new") as deal:
        assert [keys(deal.rows(each)) for each in "124"] == [{"c"}, {"b"}, {"d"}]
        assert [keys(deal.changed(each)) for each in "123"] == [{"c"}, set(), set()]
    assert dealing.known_to(tmp_path, "shops") == dict.fromkeys("124", "new")

    (made,) = (tmp_path / dealing.FOLDER).glob("*/made.json")
    made.write_bytes(b'"new"')  # as an earlier release wrote it: of which areas, it did not say
    assert dealing.known_to(tmp_path, "shops") == {}
    with dealing.dealt(tmp_path, now, "shops", {"1", "2", "4"}, (), "newer") as deal:
        assert [keys(deal.rows(each)) for each in "124"] == [{"a", "c"}, {"b"}, {"d"}]


def test_rows_lie_with_each_prefix_of_the_areas_of_whom_they_name(spark: SparkSession) -> None:
    rows = spark.createDataFrame([("a", ["p-1"]), ("b", ["p-2", "p-1"]), ("c", []), ("d", ["p-3"])],
                                 "_key string, ids array<string>")  # fmt: skip
    areas = spark.createDataFrame([("p-1", "690101001"), ("p-2", "690201"), ("p-3", None)],
                                  "subject_id string, area string")  # fmt: skip
    placed = dealing.placed(rows, f.col("ids"), areas, {"690101001", "690101", "6902", "690103"})
    assert sorted((row["_key"], row[dealing.PREFIX]) for row in placed.collect()) == [
        ("a", "690101"), ("a", "690101001"), ("b", "690101"), ("b", "690101001"), ("b", "6902"),
    ]  # fmt: skip
