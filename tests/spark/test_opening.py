"""Open data is published of what holds, checked before, and again only where something is other."""

from __future__ import annotations

import csv
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from catalog.opening import NotOpen, downloads, published
from pipelines.bulk import opening
from tests.declared import SHOP, SHOP_FILE, SHOP_KIND, SHOP_RESOURCE, SHOP_TABLE, lay
from tests.house import House, shop_house

SHOPS = "market.shops"
FIRM = "91690101MA00000158"
HEADER = "编号 | 信用代码 | 开业 | 类别 | 备注"
TERMS = (
    'catalogue: {code: "101001/000009", class: "101001", modes: [query], state: published, published_on: 2026-10-01,'
    " open: {class: unconditional, statistics: [[kind]]}}\n"
)
DECLARED = SHOP | {
    "tables/shop.yml": SHOP_TABLE.replace("label:", "sensitivity: open, label:").replace(
        "sensitivity: open, label: 店铺\n", "label: 店铺\n"
    ).replace("about: Kind}", "about: Kind}\n  remark: {type: string, sensitivity: open, label: 备注, about: Remark}"),
    "codes/shop_kind.yml": SHOP_KIND,
    "resources/market/shops.yml": SHOP_RESOURCE.replace("ignore: [备注]\n", "").replace(
        '  kind: {from: 类别, lookup: {书局: "1"}}\n', '  kind: {from: 类别}\n  remark: {from: 备注}\n') + TERMS,
    "files/shops.yml": SHOP_FILE,
}  # fmt: skip


@pytest.fixture(scope="module")
def house(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> House:
    """A house to which the market delivered shops: many tea houses, few bookshops, a remark with a telephone."""
    folder = tmp_path_factory.mktemp("open")
    house = shop_house(folder / "home", lay(folder / "declarations", DECLARED))
    lines = [f"AB{number:04} | {FIRM} | 2020/1/1 | {'书店' if number < 3 else '茶馆'} | 好" for number in range(200)]
    lines[7] = lines[7].replace("好", "电话13800138000")
    house.deliver(SHOPS, "2026-10-29", "\n".join([HEADER, *lines]), "first")
    house.settle()
    return house


def read(house: House, name: str) -> list[list[str]]:
    path = published(house.home)[SHOPS].place(house.home, name)
    assert path is not None
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def test_rows_and_counts_are_published_without_what_tells_of_somebody(house: House) -> None:
    (made,) = opening.publish(house.shop)
    assert (made.resource, made.rows, made.withheld) == (SHOPS, 200, 1)
    assert [file["name"] for file in made.files] == ["rows.csv", "rows.parquet", "statistics-1.csv"]
    header, *rows = read(house, "rows.csv")
    assert header == ["shop_no", "holder_code", "opened_on", "kind", "remark"]
    assert ["AB0001", FIRM, "2020-01-01", "1", "好"] in rows
    assert ["AB0007", FIRM, "2020-01-01", "2", ""] in rows
    place = published(house.home)[SHOPS].place(house.home, "rows.parquet")
    assert place is not None
    assert pq.read_table(place).num_rows == 200
    assert read(house, "statistics-1.csv") == [["kind", "count"], ["1", ""], ["2", ""]]  # one small: both go
    assert opening.publish(house.shop) == []
    everything = b"".join(path.read_bytes() for path in (house.home / "open").rglob("*") if path.is_file())
    assert b"13800138000" not in everything
    assert next(iter(downloads(house.home, "https://c.example")[SHOPS]))[0] == (
        "https://c.example/open/market.shops/rows.csv"
    )


def test_what_would_tell_of_many_is_not_published_and_the_last_stays(house: House) -> None:
    before = published(house.home)[SHOPS]
    house.on("2026-11-02")
    lines = [f"AC{number:04} | {FIRM} | 2020/1/1 | 茶馆 | 电话13800138000" for number in range(20)]
    house.deliver(SHOPS, "2026-10-30", "\n".join([HEADER, *lines]), "second")
    house.settle()
    with pytest.raises(NotOpen, match="tell of somebody; grade the column"):
        opening.publish(house.shop)
    assert published(house.home)[SHOPS] == before
    folder = Path(house.home / "open" / SHOPS)
    assert sorted(path.name for path in folder.iterdir()) == sorted(["current.json", before.folder])
