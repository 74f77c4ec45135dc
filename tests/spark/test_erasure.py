"""Records that the law says have to go: hidden at once, then taken out of the lake, the kept files and the database."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from inbox import deliveries
from onefile.files import lock
from pipelines import erasing, names, purging, rebuilding, receiving, retention, steps, upkeep
from pipelines.lake import Lake, literal_rows
from schemas.model import Retention
from tests.declared import SHOP, SHOP_FILE, SHOP_RESOURCE, SHOP_TABLE, lay
from tests.house import House, broken, shop_house

SHOPS = "market.shops"
FIRST, SECOND, THIRD = "91690101MA00000158", "91690101MA00000233", "91690101MA0000031X"
HEADER = "编号 | 信用代码 | 开业 | 类别 | 操作"
LAW = "made-up law, art. 1"
ERASABLE = SHOP | {
    "tables/shop.yml": SHOP_TABLE.replace("columns:", f'erasure: {{basis: "{LAW}"}}\ncolumns:'),
    "resources/market/shops.yml": SHOP_RESOURCE + "operation: {column: 操作, withdraw: [注销], erase: [依法删除]}\n",
    "files/shops.yml": SHOP_FILE,
}


class Killed(Exception):
    """What a test lets happen at a boundary."""


@pytest.fixture(scope="module")
def house(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> House:
    """A house of three shops, one of which the department has had erased; the files are made without it."""
    folder = tmp_path_factory.mktemp("erasure")
    house = shop_house(folder / "home", lay(folder / "declarations", ERASABLE))
    house.deliver(SHOPS, "2026-10-29", f"""
        {HEADER}
        AB0001 | {FIRST}  | 2020/1/1 | 书店 |
        AB0002 | {SECOND} | 2020/2/2 | 茶馆 |
        AB0001 | {FIRST}  | 2020/1/1 | 书店 |
        AB0001 | {FIRST}  | 2020/3/3 | 酒馆 |
    """, "first")  # fmt: skip
    house.take_in()
    house.on("2026-11-02")
    house.deliver(SHOPS, "2026-10-30", f"""
        {HEADER}
        AB0001 | {FIRST} | 2020/4/4 | 茶馆 |
        AB0003 | {FIRST} | 2020/5/5 | 书店 |
    """, "second")  # fmt: skip
    house.take_in()
    refuse(house, "early", "AB0001")
    house.on("2026-11-03")
    house.deliver(SHOPS, "2026-10-31", f"""
        {HEADER}
        AB0001 | | | | 依法删除
    """, "third")  # fmt: skip
    assert house.take_in()["third"].accepted == 1
    refuse(house, "late", "AB0002")
    return house


def refuse(house: House, delivery: str, number: str) -> None:
    """Deliver a file that lacks columns, and have it refused."""
    content = f"编号,信用代码\n{number},{FIRST}\n".encode()
    files = [{"name": "rows.csv", "rows": 1, "sha256": hashlib.sha256(content).hexdigest()}]
    manifest = {"resource": SHOPS, "id": delivery, "period": "2026-10-30", "files": files}
    folder = house.home / "inbox" / "market" / delivery
    folder.mkdir(parents=True)
    (folder / "rows.csv").write_bytes(content)
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (arrival,) = receiving.receive(house.shop)
    assert (arrival.status, arrival.delivery) == ("refused", delivery)


def refused(house: House, delivery: str) -> dict[str, bytes]:
    """Return what is kept of a refused delivery, by name."""
    (folder,) = house.home.glob(f"deliveries/market/{delivery}.refused-*")
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def purged(house: House) -> House:
    """The same, after a purge that was killed at every one of its boundaries in turn, and begun again each time."""
    root, spark = house.shop.lake.root, house.shop.spark
    met: list[str] = []

    def dies(name: str) -> None:
        if name not in met:
            met.append(name)
            raise Killed

    house.shop.__dict__["lake"] = Lake(spark, root, dies)
    while was_killed(house):
        assert len(met) < 100, "each boundary kills once, so that it ends"
    house.shop.__dict__["lake"] = Lake(spark, root)
    assert {"after append to silver/tombstone", "before merge into silver/shop"} <= set(met)
    return house


def was_killed(house: House) -> bool:
    """Purge, and say whether it was killed on the way."""
    try:
        steps.purge(house.shop)
    except Killed:
        return True
    return False


def numbers(house: House) -> dict[str, str]:
    return {number: file["shop_no"]["value"] for number, file in house.files("enterprise").items()}


def everything(house: House) -> str:
    return json.dumps({table: house.rows(table) for table in house.shop.lake.tables()}, default=str)


def test_a_record_is_in_no_file_as_soon_as_its_erasure_counts(house: House) -> None:
    assert numbers(house) == {FIRST: "AB0003", SECOND: "AB0002"}
    assert house.files("enterprise") == house.rebuilt("enterprise")


def test_before_it_is_purged_the_lake_is_sound_too(house: House, capsys: pytest.CaptureFixture) -> None:
    assert broken(house, capsys) == {}


def test_after_it_no_table_of_the_lake_says_anything_of_it(purged: House) -> None:
    assert "AB0001" not in everything(purged)
    assert "AB0003" in everything(purged)
    assert purged.rows(names.ERASURE_ORDER) == []
    assert steps.purge(purged.shop) == 0


def test_a_tombstone_stands_for_each_row_with_the_law_it_was_erased_by(purged: House) -> None:
    stones = {(s["_delivery"], s["_row_no"]): s for s in purged.rows(names.TOMBSTONE)}
    assert {row: stone["verdict"] for row, stone in stones.items()} == {
        ("first", 1): "accepted",
        ("first", 3): "duplicate",
        ("first", 4): "quarantined",
        ("second", 1): "accepted",
        ("third", 1): "accepted",
    }
    assert {(stone["basis"], stone["cause"]) for stone in stones.values()} == {(LAW, "demand")}
    assert [len(stones["first", row]["subjects"]) for row in (1, 3)] == [1, 0]


def test_the_files_of_what_was_refused_before_are_taken_away(purged: House) -> None:
    early, late = refused(purged, "early"), refused(purged, "late")
    assert early.keys() == {"manifest.json", "received.json", "taken-away.json"}
    note = json.loads(early["taken-away.json"])
    assert note["orders"] == [{"cause": "demand", "basis": LAW, "ordered_at": "2026-11-03T00:00:00+00:00"}]
    assert late.keys() == {"manifest.json", "received.json", "rows.csv"}, "it was refused after the demand"
    assert [note.delivery for note in deliveries.refused(purged.home)] == ["early", "late"]
    assert [arrival.status for arrival in receiving.receive(purged.shop)] == []


def test_the_lake_is_sound_and_a_rebuild_honours_the_tombstones(purged: House, capsys: pytest.CaptureFixture) -> None:
    assert broken(purged, capsys) == {}
    beside = rebuilding.rebuild(purged.shop, lambda _: None)
    assert list(rebuilding.differences(purged.shop, beside)) == []


def test_without_its_tombstones_nothing_is_made_anew(purged: House, capsys: pytest.CaptureFixture) -> None:
    table = purged.home / "lake" / names.TOMBSTONE
    aside = table.rename(purged.home / "tombstones")
    capsys.readouterr()
    assert purged.onefile("rebuild", "--swap") == 1
    assert f"lake/{names.TOMBSTONE}" in (told := capsys.readouterr().err)
    assert "onefile restore" in told
    aside.rename(table)
    damaged = next(table.glob("*.parquet"))
    content = damaged.read_bytes()
    damaged.write_bytes(content[:8] + bytes(byte ^ 1 for byte in content[8:40]) + content[40:])
    assert purged.onefile("rebuild", "--swap") == 1
    assert "onefile restore" in (told := capsys.readouterr().err)
    assert "rebuild --swap" not in told
    damaged.write_bytes(content)


@pytest.mark.parametrize(("delivery", "row"), [("first", 2), ("second", 2)])
def test_receipts_verify_and_rows_that_were_not_erased_can_be_proved(
    purged: House, delivery: str, row: int, tmp_path: Path
) -> None:
    kept = deliveries.open_delivery(purged.home, delivery)
    (tmp_path / "row").write_bytes(deliveries.row_bytes(kept, purged.shop.resource(SHOPS), row))
    proof = tmp_path / "proof"
    assert purged.onefile("receipt", "prove", delivery, "--row", str(row), "--out", proof) == 0
    assert purged.onefile("receipt", "verify", delivery, "--row", tmp_path / "row", "--proof", proof) == 0


def test_the_history_tells_of_the_erasure(purged: House, capsys: pytest.CaptureFixture) -> None:
    capsys.readouterr()
    assert purged.onefile("file", FIRST, "--purpose", "test", "--history", "shop_no") == 0
    told = capsys.readouterr().out
    assert "AB0003" in told
    assert "AB0001" not in told
    assert f"2026-11-03: 2 rows of {SHOPS} were erased by law ({LAW})" in told


def test_after_upkeep_no_file_on_the_disk_holds_it(purged: House, capsys: pytest.CaptureFixture) -> None:
    steps.assemble(purged.shop, "enterprise")
    purged.publish("enterprise", purged.shop.settings.database_url)
    assert any("AB0001" in text for text in pages(purged).values()), "past versions still have it"
    (purged.home / "rebuilt").mkdir(exist_ok=True)
    with lock(purged.home / "locks" / "run.lock"):  # a rebuild may be making what lies there
        assert purged.onefile("lake", "maintain") == 5
    assert purging.marked(purged.home)
    assert purged.onefile("lake", "maintain") == 0
    assert not (purged.home / "rebuilt").exists()
    assert "what was erased by law is gone" in capsys.readouterr().out
    assert not [path for path, text in pages(purged).items() if "AB0001" in text]
    assert not [p for p in files(purged) if b"AB0001" in p.read_bytes()]
    assert purging.marked(purged.home) == []
    assert upkeep.forget(purged.shop) == []
    assert broken(purged, capsys) == {}


def test_the_department_may_state_the_record_anew(purged: House) -> None:
    purged.on("2026-11-05")
    purged.deliver(SHOPS, "2026-11-04", f"""
        {HEADER}
        AB0001 | {THIRD} | 2020/1/1 | 书店 |
    """, "fourth")  # fmt: skip
    assert purged.take_in()["fourth"].accepted == 1
    assert numbers(purged) == {FIRST: "AB0003", SECOND: "AB0002", THIRD: "AB0001"}
    assert purged.files("enterprise") == purged.rebuilt("enterprise")


def pages(house: House) -> dict[Path, str]:
    """Return what each Parquet file below the lake says, decompressed, whether any version needs it or not."""
    found = (path for path in (house.home / "lake").rglob("*.parquet") if "_delta_log" not in path.parts)
    return {path: str(pq.ParquetFile(path).read().to_pylist()) for path in found}


def files(house: House) -> list[Path]:
    return [path for path in house.home.rglob("*") if path.is_file() and not path.is_symlink()]


@pytest.mark.parametrize(("day", "due"), [("2026-01-01", set()), ("2026-01-02", {"AB0001"}), ("2026-02-03", {"AB0001", "AB0002"})])  # fmt: skip
def test_a_term_ends_with_its_last_day(house_of_terms: House, day: str, due: set[str]) -> None:
    house = house_of_terms
    house.on(day)
    stated = house.shop.lake.read(names.silver("shop"))
    kept = Retention("opened_on", 72, LAW)
    settled = literal_rows(house.shop.spark, [(SHOPS, 1)], retention.LAST)
    rows = retention.due(stated, settled, kept, house.shop.legal_day(house.shop.at), house.shop.at)
    keys = {row["_key"] for row in rows.collect()}
    assert {row["shop_no"] for row in house.rows(names.silver("shop")) if row["_key"] in keys} == due


@pytest.fixture(scope="module")
def house_of_terms(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> House:
    """A house of shops that are kept for six years from the day they were opened."""
    folder = tmp_path_factory.mktemp("terms")
    declared = SHOP_TABLE.replace("columns:", f'retention: {{since: opened_on, years: 6, basis: "{LAW}"}}\ncolumns:')
    house = shop_house(folder / "home", lay(folder / "declarations", SHOP | {"tables/shop.yml": declared}))
    house.on("2025-11-01")
    house.deliver(SHOPS, "2025-10-30", f"""
        编号 | 信用代码 | 开业 | 类别
        AB0001 | {FIRST}  | 2020/1/1 | 书店
        AB0002 | {SECOND} | 2020/2/2 | 茶馆
        AB0003 | {THIRD}  |          | 茶馆
    """, "first")  # fmt: skip
    house.deliver(SHOPS, "2025-10-31", f"""
        编号 | 信用代码 | 开业 | 类别
        AB0001 | {FIRST}  | 2020/1/1 | 书店
    """, "again")  # fmt: skip
    house.take_in()
    return house


def test_what_is_kept_no_longer_goes_without_any_delivery(house_of_terms: House, capsys: pytest.CaptureFixture) -> None:
    house = house_of_terms
    house.on("2026-01-20")
    refuse(house, "unread", "AB0001")
    assert steps.end_terms(house.shop) == 1
    assert steps.end_terms(house.shop) == 0, "it is ordered once"
    house.take_in()
    assert numbers(house) == {SECOND: "AB0002", THIRD: "AB0003"}
    assert steps.purge(house.shop) == 2, "the row that only repeated it goes, too"
    stones = [(s["_delivery"], s["cause"], s["basis"], s["_row_no"]) for s in house.rows(names.TOMBSTONE)]
    assert "rows.csv" not in refused(house, "unread")
    assert sorted(stones) == [(delivery, erasing.TERM, LAW, 1) for delivery in ("again", "first")]
    assert "AB0001" not in everything(house)
    assert broken(house, capsys) == {}
    beside = rebuilding.rebuild(house.shop, lambda _: None)
    assert list(rebuilding.differences(house.shop, beside)) == []
