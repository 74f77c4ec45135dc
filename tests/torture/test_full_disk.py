"""A disk that is full, for the engine and for the flow: told, nothing by halves, and it goes on with room."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import functions as f
from pyspark.sql.types import LongType, StringType, StructField, StructType

from onefile.files import DiskFull
from pipelines.lake import Lake
from pipelines.table_design import TableDesign
from tests.declared import SHOP, SHOP_FILE, lay
from tests.house import shop_house

ROWS = StructType([StructField("number", LongType(), False), StructField("text", StringType())])
HEADER = "编号 | 信用代码 | 开业 | 类别"
FIRST = "91690101MA00000158"


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system of 8 MiB. Where none may be mounted, the tests on it are skipped by name."""
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m,mode=0700", "tmpfs", place]
    if subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("no file system may be mounted here")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def test_an_append_that_finds_no_room_is_told_and_done_anew_with_room_it_is_there_once(spark, small):
    lake = Lake(spark, str(small / "lake"))
    lake.create("silver/shop", ROWS, TableDesign("rows", {}))
    few = spark.range(10).select(f.col("id").alias("number"), f.lit("x").alias("text"))
    lake.append("silver/shop", few, "few")
    much = spark.range(400_000).select(
        f.col("id").alias("number"), f.sha2(f.col("id").cast("string"), 512).alias("text")
    )
    with pytest.raises(DiskFull, match="no room left on the disk of the lake, table silver/shop: make room"):
        lake.append("silver/shop", much, "much")
    assert Lake(spark, lake.root).read("silver/shop").count() == 10
    elsewhere = small.parent / "larger"
    shutil.copytree(small / "lake", elsewhere / "lake")  # what it is to make room
    again = Lake(spark, str(elsewhere / "lake"))
    for _ in range(2):
        again.append("silver/shop", much, "much")
    assert again.read("silver/shop").count() == 400_010


def test_a_delivery_for_which_there_is_no_room_is_not_begun_and_taken_in_once_there_is(spark, small, tmp_path):
    declarations = lay(tmp_path / "declared", SHOP | {"files/shops.yml": SHOP_FILE})
    house = shop_house(small / "home", declarations)
    house.deliver("market.shops", "2026-10-29", f"""
        {HEADER}
        AB0001 | {FIRST} | 2020/1/1 | 书店
    """, "first")  # fmt: skip
    with pytest.raises(DiskFull, match="MiB are free and 65 MiB wanted"):
        house.take_in()
    assert not (house.home / "lake").exists()
    subprocess.run(["mount", "-o", "remount,size=200m", small], check=True)
    assert os.statvfs(small).f_bavail > 0
    house.take_in()
    assert house.files("enterprise").keys() == {FIRST}
