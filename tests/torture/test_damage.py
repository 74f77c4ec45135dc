"""A lake that somebody hurt: a run says which file of which table, keeps nothing by halves, and goes on once mended."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from onefile.errors import OneFileError
from pipelines.errors import LakeDamaged
from tests.declared import SHOP, SHOP_FILE, lay
from tests.house import House, broken, shop_house

HEADER = "编号 | 信用代码 | 开业 | 类别"
FIRST, SECOND, THIRD = "91690101MA00000158", "91690101MA00000233", "91690101MA0000031X"
SILVER, BRONZE, GOLD, RELEASE = "silver/shop", "bronze/market.shops", "gold/enterprise_file", "silver/release"


def newest(table: Path) -> Path:
    return max((table / "_delta_log").glob("*.json"))


def data(table: Path) -> list[Path]:
    return sorted(table.glob("*.parquet"))


def halved(table: Path) -> Path:
    file = newest(table)
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    return file


def cut_between_lines(table: Path) -> Path:
    """What is left reads like a smaller commit, and Hadoop's own sum beside it is gone, as on a store without any."""
    file = newest(table)
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(lines[:-1]))
    without_sum(file)
    return file


def emptied(table: Path) -> Path:
    file = newest(table)
    file.write_bytes(b"")
    without_sum(file)
    return file


def log_gone(table: Path) -> Path:
    file = newest(table)
    file.unlink()
    without_sum(file)
    return file


def gone(table: Path) -> Path:
    for file in data(table):
        file.unlink()
        without_sum(file)
    return data(table)[0] if data(table) else table / "part-"


def altered(table: Path) -> Path:
    for file in data(table):
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.write_bytes(bytes(content))
    return table / "part-"


def without_sum(file: Path) -> None:
    file.with_name(f".{file.name}.crc").unlink(missing_ok=True)


HARMS: dict[str, tuple[Callable[[Path], Path], tuple[str, ...]]] = {
    "halved": (halved, (SILVER, BRONZE, GOLD, RELEASE)),
    "cut between lines": (cut_between_lines, (SILVER, BRONZE, GOLD, RELEASE)),
    "emptied": (emptied, (SILVER, GOLD)),
    "newest log file gone": (log_gone, (SILVER, GOLD)),
    "data gone": (gone, (SILVER, GOLD, RELEASE)),
    "a byte altered": (altered, (SILVER, GOLD, RELEASE)),
}
SAMPLE = [("cut between lines", SILVER), ("a byte altered", GOLD)]
ALL = [(harm, table) for harm, (_, tables) in HARMS.items() for table in tables]


@pytest.fixture(scope="module")
def declarations(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lay(tmp_path_factory.mktemp("declared"), SHOP | {"files/shops.yml": SHOP_FILE})


@pytest.fixture(scope="module")
def sound(spark: SparkSession, declarations: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that took in two deliveries, published them, and has a third waiting."""
    house = shop_house(tmp_path_factory.mktemp("damage") / "home", declarations)
    for day, (number, code, delivery) in enumerate((("AB0001", FIRST, "first"), ("AB0002", SECOND, "second")), 28):
        house.deliver("market.shops", f"2026-10-{day}", f"""
            {HEADER}
            {number} | {code} | 2020/1/1 | 书店
        """, delivery)  # fmt: skip
        house.take_in()
    house.deliver("market.shops", "2026-10-30", f"""
        {HEADER}
        AB0001 | {FIRST} | 2020/1/1 | 茶馆
        AB0003 | {THIRD} | 2020/1/1 | 茶馆
    """, "third")  # fmt: skip
    return house.home


def published(home: Path) -> list[tuple[str, str]]:
    with sqlite3.connect(home / "serving.db") as database:
        return sorted(database.execute("SELECT number, digest FROM subject"))


def opened(home: Path, declarations: Path) -> House:
    house = shop_house(home, declarations)
    house.on("2026-11-03")
    return house


@pytest.mark.parametrize(
    ("harm", "table"),
    [pytest.param(*each, marks=() if each in SAMPLE else pytest.mark.only_in_full, id=" ".join(each)) for each in ALL],
)
def test_a_hurt_table_is_named_nothing_is_published_by_halves_and_a_copy_mends_it(
    spark, sound, declarations, tmp_path, harm, table
):
    home = Path(shutil.copytree(sound, tmp_path / "home"))
    before = published(home)
    file = HARMS[harm][0](home / "lake" / table)
    house = opened(home, declarations)
    with pytest.raises(LakeDamaged) as raised:
        house.take_in()
    said = str(raised.value)
    assert f"lake/{table}/" in said
    assert file.name.removesuffix(".json") in said
    assert "`onefile lake check`" in said
    assert "`onefile rebuild --swap`" in said
    assert "AB000" not in said
    assert FIRST not in said
    assert published(home) == before
    shutil.rmtree(home / "lake" / table)
    shutil.copytree(sound / "lake" / table, home / "lake" / table)
    mended = opened(home, declarations)
    mended.take_in()
    assert mended.files("enterprise").keys() == {FIRST, SECOND, THIRD}


@pytest.mark.only_in_full
@pytest.mark.parametrize("table", [SILVER, GOLD, BRONZE])
def test_it_is_found_by_the_check_and_mended_by_making_it_anew(spark, sound, declarations, tmp_path, capsys, table):
    home = Path(shutil.copytree(sound, tmp_path / "home"))
    cut_between_lines(home / "lake" / table)
    house = opened(home, declarations)
    found = broken(house, capsys)
    assert found["unreadable"] == 0
    capsys.readouterr()
    assert house.onefile("rebuild", "--json", "--swap") == 0
    told = {each["table"] for each in json.loads(capsys.readouterr().out)["differences"]}
    assert table in told
    mended = opened(home, declarations)
    mended.take_in()
    assert broken(mended, capsys) == {}
    assert mended.files("enterprise").keys() == {FIRST, SECOND, THIRD}


@pytest.mark.only_in_full
def test_a_serving_database_that_is_gone_and_back_is_caught_up(spark, sound, declarations, tmp_path):
    home = Path(shutil.copytree(sound, tmp_path / "home"))
    away = tmp_path / "away.db"
    shutil.move(home / "serving.db", away)
    (home / "serving.db").mkdir()  # nothing can be opened there
    house = opened(home, declarations)
    with pytest.raises(OneFileError, match=r"serving database .* does not answer"):
        house.take_in()
    (home / "serving.db").rmdir()
    shutil.move(away, home / "serving.db")
    again = opened(home, declarations)
    again.take_in()
    assert {number for number, _ in published(home)} == {FIRST, SECOND, THIRD}
