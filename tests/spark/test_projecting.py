"""Tables in bulk hold what their grant gives and no byte more, go on by changes, and begin anew where less is given."""

from __future__ import annotations

from pathlib import Path

import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession
from pyspark.sql import functions as f

from catalog import grants, shares
from catalog.entries import entries
from catalog.grants import Limits
from catalog.sharing_store import Actor
from pipelines import erasing, names, projecting
from pipelines.lake import literal_rows
from pipelines.projecting import Projected
from schemas.serving.connection import writing
from schemas.serving.projections import FOLDER
from tests.declared import SHOP, SHOP_FILE, SHOP_RESOURCE, SHOP_TABLE, lay
from tests.granted import granted
from tests.house import House, shop_house

SHOPS = "market.shops"
FIRST, SECOND = "91690101MA00000158", "91690101MA00000233"
HEADER = "编号 | 信用代码 | 开业 | 类别 | 操作"
SHARED = (
    'catalogue: {code: "101001/000009", class: "101001", modes: [query, batch], open: {class: closed},'
    " state: published, published_on: 2026-10-01}\n"
)
DECLARED = SHOP | {
    "tables/shop.yml": SHOP_TABLE.replace("columns:", 'erasure: {basis: "made-up law, art. 1"}\ncolumns:'),
    "resources/market/shops.yml": SHOP_RESOURCE
    + SHARED
    + "operation: {column: 操作, withdraw: [注销], erase: [依法删除]}\n",
    "files/shops.yml": SHOP_FILE,
}


def table(house: House, grant: str, generation: int = 1, version: int | None = None) -> DeltaTable:
    return DeltaTable(str(house.home / FOLDER / grant / f"g{generation}"), version=version)


def told(found: DeltaTable) -> dict[str, dict[str, object]]:
    """Return a table's rows by the number of their shop, without the key."""
    rows = found.to_pyarrow_table().to_pylist()
    assert all(len(row.pop("_record")) == 32 for row in rows)
    return {str(row["shop_no"]): row for row in rows}


def stored(house: House) -> bytes:
    """Return every byte below the shares' folder, and uncompressed all columns of rows, change files and checkpoints."""
    import pyarrow.parquet as pq

    found = b""
    for path in sorted((house.home / FOLDER).rglob("*")):
        if path.is_file():
            found += path.name.encode() + path.read_bytes()
        if path.suffix == ".parquet":
            found += str(pq.ParquetFile(path).read().to_pydict()).encode()
    return found


@pytest.fixture(scope="module")
def house(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> House:
    """A house to which the market delivered shops."""
    folder = tmp_path_factory.mktemp("shares")
    house = shop_house(folder / "home", lay(folder / "declarations", DECLARED))
    house.deliver(SHOPS, "2026-10-29", f"""
        {HEADER}
        AB0001 | {FIRST}  | 2020/1/1 | 书店 |
        AB0002 | {SECOND} | 2020/2/2 | 茶馆 |
        AB0003 |          | 2020/3/3 | 茶馆 |
    """, "first")  # fmt: skip
    house.settle()
    return house


@pytest.fixture(scope="module")
def grant(house: House) -> str:
    """A grant of two columns of the shops, held by a share."""
    grant = granted(house, SHOPS, "shop_no", "kind", mode="batch")
    assert not projecting.is_due(house.shop)
    with writing(house.shop.settings.database_url) as connection:
        shop = house.shop
        shares.create(connection, "tax_shops", [grant], entries(shop.catalogue), "tests", shop.at, shop.at.date())
    return grant


@pytest.fixture(scope="module")
def begun(house: House, grant: str) -> list[Projected]:
    assert projecting.is_due(house.shop)
    return projecting.project(house.shop)


def test_a_grant_s_table_has_its_columns_of_its_rows_and_no_other_byte(
    house: House, grant: str, begun: list[Projected]
) -> None:
    assert begun == [Projected(grant, 1, 1)]
    assert told(table(house, grant)) == {
        "AB0001": {"shop_no": "AB0001", "kind": "1"},
        "AB0002": {"shop_no": "AB0002", "kind": "2"},
        "AB0003": {"shop_no": "AB0003", "kind": "2"},
    }
    everything = stored(house)
    assert b"AB0001" in everything
    for forbidden in (FIRST, SECOND, "holder", "2020", "信用代码"):
        assert forbidden.encode() not in everything
    assert not projecting.is_due(house.shop)
    assert projecting.project(house.shop) == []


@pytest.fixture(scope="module")
def changed(house: House, begun: list[Projected]) -> list[Projected]:
    """The same, after a delivery that corrects one shop, takes one back, brings one, and leaves one as it was."""
    house.on("2026-11-02")
    house.deliver(SHOPS, "2026-10-30", f"""
        {HEADER}
        AB0001 | {FIRST}  | 2020/1/1 | 茶馆 |
        AB0002 | {SECOND} | 2020/2/2 |      | 注销
        AB0003 | {FIRST}  | 2020/3/3 | 茶馆 |
        AB0004 | {FIRST}  | 2020/4/4 | 书店 |
    """, "second")  # fmt: skip
    house.settle()
    assert projecting.is_due(house.shop)
    return projecting.project(house.shop)


def test_a_delivery_adds_a_version_whose_feed_tells_what_came_changed_and_went(
    house: House, grant: str, changed: list[Projected]
) -> None:
    assert changed == [Projected(grant, 1, 2)]
    assert {number: row["kind"] for number, row in told(table(house, grant)).items()} == {
        "AB0001": "2", "AB0003": "2", "AB0004": "1",
    }  # fmt: skip
    assert {number: row["kind"] for number, row in told(table(house, grant, version=1)).items()} == {
        "AB0001": "1", "AB0002": "2", "AB0003": "2",
    }  # fmt: skip
    feed = table(house, grant).load_cdf(starting_version=2, ending_version=2).read_all()
    columns = [[each.as_py() for each in feed[name]] for name in ("shop_no", "kind", "_change_type")]
    assert sorted(zip(*columns, strict=True)) == [
        ("AB0001", "1", "update_preimage"), ("AB0001", "2", "update_postimage"), ("AB0002", "2", "delete"),
        ("AB0004", "1", "insert"),
    ]  # fmt: skip
    assert projecting.project(house.shop) == []
    table(house, grant).create_checkpoint()
    kinds = {path.parent.name for path in (house.home / FOLDER).rglob("*.parquet")}
    assert {"_change_data", "_delta_log"} <= kinds
    everything = stored(house)
    for forbidden in (FIRST, SECOND, "holder", "2020", "信用代码"):
        assert forbidden.encode() not in everything


@pytest.fixture(scope="module")
def erased(house: House, grant: str, changed: list[Projected]) -> list[Projected]:
    """The same, after a shop was ordered to be erased."""
    lake, at = house.shop.lake, house.shop.at
    key = next(row["_key"] for row in house.rows(names.silver("shop")) if row["shop_no"] == "AB0001")
    order = (SHOPS, key, 9, erasing.TERM, "made-up law, art. 1", None, None, at)
    erasing.keep_orders(lake, literal_rows(lake.spark, [order], erasing.ORDER), "order")
    assert projecting.is_due(house.shop)
    return projecting.project(house.shop)


def test_what_is_ordered_to_be_erased_goes_with_every_version_that_had_it(
    house: House, grant: str, erased: list[Projected]
) -> None:
    assert erased == [Projected(grant, 2, 1)]
    assert told(table(house, grant, 2)).keys() == {"AB0003", "AB0004"}
    assert [path.name for path in (house.home / FOLDER / grant).iterdir()] == ["g2"]
    assert b"AB0001" not in stored(house)


@pytest.fixture(scope="module")
def narrowed(house: House, grant: str, erased: list[Projected]) -> list[Projected]:
    """The same, after the grant was narrowed to one column."""
    shop = house.shop
    actor = Actor("authority", shop.catalogue.sharing.authority, "tests", shop.at, shop.at.date())
    with writing(shop.settings.database_url) as connection:
        grants.act(connection, grant, "narrow", actor, "too much", shop.catalogue.sharing, limits=Limits(("shop_no",)))
    assert projecting.is_due(shop)
    return projecting.project(shop)


def test_a_narrowed_grant_begins_a_table_anew_and_the_old_one_is_gone(
    house: House, grant: str, narrowed: list[Projected]
) -> None:
    assert narrowed == [Projected(grant, 3, 1)]
    assert told(table(house, grant, 3)) == {"AB0003": {"shop_no": "AB0003"}, "AB0004": {"shop_no": "AB0004"}}
    assert [path.name for path in (house.home / FOLDER / grant).iterdir()] == ["g3"]
    assert b"kind" not in stored(house)


def test_rows_are_granted_by_the_known_areas_of_whom_they_name(spark: SparkSession) -> None:
    rows = spark.createDataFrame(
        [("a", ["p-1"]), ("b", ["p-2", "p-3"]), ("c", []), ("d", ["p-2", "p-1"])], "_key string, ids array<string>"
    )
    areas = spark.createDataFrame(
        [("p-1", "690101001"), ("p-2", "690201"), ("p-3", None)], "subject_id string, area string"
    )
    kept = projecting.within(rows, f.col("ids"), areas, "6901")
    assert sorted(row["_key"] for row in kept.collect()) == ["a", "d"]


def test_a_folder_that_is_lost_is_made_anew_and_what_no_share_holds_is_removed(
    house: House, grant: str, narrowed: list[Projected]
) -> None:
    import shutil

    shutil.rmtree(house.home / FOLDER / grant)
    (house.home / FOLDER / "G20261101-0099" / "g1").mkdir(parents=True)
    assert projecting.is_due(house.shop)
    assert projecting.project(house.shop) == [Projected(grant, 4, 1)]
    assert [path.name for path in (house.home / FOLDER).iterdir()] == [grant]
    with writing(house.shop.settings.database_url) as connection:
        shares.revoke(connection, "tax_shops", "over", house.shop.at)
    assert projecting.project(house.shop) == [Projected(grant, 0, -1)]
    assert list(Path(house.home / FOLDER).iterdir()) == []
    assert not projecting.is_due(house.shop)
