"""What was moved, put back or swapped behind our back, or by somebody who was killed: nothing is built upon it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from pipelines import rebuilding
from pipelines.places import SWAP
from schemas.serving.reading import find, reading
from tests.declared import SHOP, SHOP_FILE, lay
from tests.house import House, broken, shop_house

HEADER = "编号 | 信用代码 | 开业 | 类别"
FIRST, SECOND, THIRD = "91690101MA00000158", "91690101MA00000233", "91690101MA0000031X"


@pytest.fixture
def house(spark: SparkSession, tmp_path: Path) -> House:
    house = shop_house(tmp_path / "home", lay(tmp_path / "declarations", SHOP | {"files/shops.yml": SHOP_FILE}))
    house.deliver("market.shops", "2026-10-29", f"{HEADER}\nAB0001 | {FIRST} | 2020/1/1 | 书店", "first")
    house.deliver("market.shops", "2026-10-30", f"{HEADER}\nAB0002 | {SECOND} | 2020/2/2 | 书店", "second")
    assert house.onefile("run") == 0
    return house


def published(house: House) -> dict[str, str]:
    """Return for each published enterprise the number of its shop."""
    with reading(house.shop.settings.database_url) as snapshot:
        found = {n: find(snapshot, "enterprise", "credit_code", n) for n in (FIRST, SECOND, THIRD)}
    return {n: json.loads(files[0].document)["shop_no"]["value"] for n, files in found.items() if files}


def nothing_moved(home: Path) -> None:
    assert (home / "lake").is_dir()


def lake_put_aside(home: Path) -> None:
    (home / "lake").rename(home / "lake.before-20261101T000000")


def rebuilt_lake_put_in(home: Path) -> None:
    lake_put_aside(home)
    (home / rebuilding.FOLDER / "lake").rename(home / "lake")


@pytest.mark.parametrize("came_to", [nothing_moved, lake_put_aside, rebuilt_lake_put_in])
def test_a_swap_that_was_killed_is_ended_by_the_next_run_and_nobody_works_on_half_of_it(
    house: House, capsys: pytest.CaptureFixture[str], came_to: Callable[[Path], None]
) -> None:
    wanted = published(house)
    assert house.onefile("rebuild") == 0
    (house.home / SWAP).write_text(json.dumps({"kept": "lake.before-20261101T000000"}))
    came_to(house.home)
    capsys.readouterr()
    assert house.onefile("lake", "check") == 1
    assert "is being put in the place of the present one" in capsys.readouterr().err
    house.deliver("market.shops", "2026-10-31", f"{HEADER}\nAB0003 | {THIRD} | 2020/3/3 | 书店", "third")
    assert house.onefile("run") == 0
    assert published(house) == wanted | {THIRD: "AB0003"}
    assert not (house.home / SWAP).exists()
    assert not (house.home / rebuilding.FOLDER).exists()
    assert (house.home / "lake.before-20261101T000000").is_dir()
    assert broken(house, capsys) == {}


def test_a_lake_that_was_taken_away_is_not_begun_anew_with_the_next_delivery(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = published(house)
    lake_put_aside(house.home)
    house.deliver("market.shops", "2026-10-31", f"{HEADER}\nAB0003 | {THIRD} | 2020/3/3 | 书店", "third")
    capsys.readouterr()
    assert house.onefile("run") == 1
    assert "it is gone" in capsys.readouterr().err
    assert published(house) == wanted
    assert house.onefile("rebuild", "--swap") == 0
    assert house.onefile("run") == 0
    assert published(house) == wanted | {THIRD: "AB0003"}
    assert broken(house, capsys) == {}


def test_an_older_serving_database_that_was_put_back_is_found_and_caught_up(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    database, older = house.home / "serving.db", house.home / "older.db"
    with closing(sqlite3.connect(database)) as served:
        served.execute("VACUUM INTO ?", (str(older),))
    house.deliver("market.shops", "2026-10-31", f"{HEADER}\nAB0003 | {SECOND} | 2020/3/3 | 书店", "third")
    assert house.onefile("run") == 0
    wanted = published(house)
    for part in ("serving.db-wal", "serving.db-shm"):
        (house.home / part).unlink(missing_ok=True)
    older.rename(database)
    assert published(house) != wanted
    assert broken(house, capsys) == {"published_otherwise": 1}
    assert house.onefile("run") == 0
    assert published(house) == wanted
    assert broken(house, capsys) == {}


def test_receipts_of_other_deliveries_and_kept_files_that_were_altered_are_found(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    one, other = (house.home / "receipts" / f"{delivery}.json" for delivery in ("first", "second"))
    said, said_otherwise = one.read_bytes(), other.read_bytes()
    one.write_bytes(said_otherwise)
    other.write_bytes(said)
    assert broken(house, capsys) == {"receipt_missing": 1}, "each of both"
    one.write_bytes(said)
    other.write_bytes(said_otherwise)
    (kept,) = (house.home / "deliveries" / "market" / "first").glob("rows.*")
    content = kept.read_bytes()
    kept.chmod(0o600)
    kept.write_bytes(content.replace(b"AB0001", b"AB0009"))
    assert broken(house, capsys) == {"kept_file_changed": 1}
    kept.write_bytes(content)
    assert broken(house, capsys) == {}
