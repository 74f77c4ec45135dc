"""A delivery that fails a critical expectation is held back, alone, and nothing of it is lost for the next one."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest
from pyspark.sql import SparkSession

from pipelines import names, steps
from pipelines.finished import Outcome
from schemas.serving.reading import find, reading
from tests.declared import SHOP, SHOP_FILE, SHOP_RESOURCE, lay
from tests.house import House, broken, shop_house

SHOPS, TAXED = "market.shops", "tax.shops"
FIRST, SECOND, THIRD = "91690101MA00000158", "91690101MA00000233", "91690101MA0000031X"
BROKEN = "91690101MA00000159"
ASSERTED = "assertions: {min_rows: 2, max_quarantined_share: 0.5}\n"
# Two departments fill one table; the market's deliveries may be bad by half.
DECLARED = SHOP | {
    "resources/market/shops.yml": SHOP_RESOURCE + ASSERTED,
    "resources/tax/shops.yml": SHOP_RESOURCE.replace("department: market", "department: tax"),
    "files/shops.yml": SHOP_FILE,
}
HEADER = "编号 | 信用代码 | 开业 | 类别"


@pytest.fixture(scope="module")
def house(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> House:
    """A house in which the market's second delivery is held: two of its three rows are bad."""
    folder = tmp_path_factory.mktemp("held")
    declarations = lay(folder / "declarations", DECLARED)
    house = shop_house(folder / "home", declarations)
    house.deliver(SHOPS, "2026-10-30", f"""
        {HEADER}
        AB0001 | {FIRST} | 2020/1/1  | 书店
        AB0002 | {THIRD} | 2020/13/1 | 书店
    """, "sound")  # fmt: skip
    house.deliver(TAXED, "2026-10-31", f"""
        {HEADER}
        CD0001 | {THIRD} | 2020/1/1 | 书店
    """, "taxed")  # fmt: skip
    house.deliver(SHOPS, "2026-10-31", f"""
        {HEADER}
        AB0002 | {SECOND} | 2020/2/2 | 茶馆
        AB0003 | {BROKEN} | 2020/3/3 | 茶馆
        AB0004 | {BROKEN} | 2020/4/4 | 茶馆
    """, "held")  # fmt: skip
    return house


def published(house: House) -> dict[str, str]:
    """Return for each published enterprise the number of its shop."""
    with reading(house.shop.settings.database_url) as snapshot:
        found = {n: find(snapshot, "enterprise", "credit_code", n) for n in (FIRST, SECOND, THIRD)}
    return {n: json.loads(files[0].document)["shop_no"]["value"] for n, files in found.items() if files}


def take_in(house: House) -> dict[str, Outcome]:
    found = house.settle()
    steps.assemble(house.shop, "enterprise")
    steps.check(house.shop, "enterprise")
    steps.publication(house.shop, ["enterprise"])
    return found


def unmet(house: House, capsys: pytest.CaptureFixture[str]) -> list[tuple[str, str, str]]:
    """Return what `onefile quality` says is not met and critical: resource, delivery, column."""
    capsys.readouterr()
    assert house.onefile("quality", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    failed = [row for row in told if row["severity"] == "critical" and not row["is_met"]]
    return [(row["subject"], row["delivery"], row["column"]) for row in failed]


def held_by(house: House, delivery: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Return what the signed receipt names as holding the delivery back."""
    capsys.readouterr()
    assert house.onefile("receipt", "verify", delivery, "--json") == 0
    return list(json.loads(capsys.readouterr().out)["held_by"])


def waiting(house: House, capsys: pytest.CaptureFixture[str]) -> int:
    capsys.readouterr()
    assert house.onefile("quarantine", "list", "--json") == 0
    return sum(pile["rows"] for pile in json.loads(capsys.readouterr().out))


def test_what_is_held_is_in_no_file_and_not_published_and_the_others_are(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    outcomes = take_in(house)
    assert {delivery: outcome.status for delivery, outcome in outcomes.items()} == {
        "sound": "released",
        "held": "held",
        "taxed": "released",
    }
    assert outcomes["held"].accepted == 1
    assert outcomes["held"].held_by == ("column_values_to_be_between(quarantined_share)",)
    assert held_by(house, "held", capsys) == ["column_values_to_be_between(quarantined_share)"]
    assert held_by(house, "sound", capsys) == []
    assert set(house.files("enterprise")) == {FIRST, THIRD}
    assert house.files("enterprise") == house.rebuilt("enterprise")
    assert published(house) == {FIRST: "AB0001", THIRD: "CD0001"}
    assert unmet(house, capsys) == [(SHOPS, "held", "quarantined_share")]
    assert waiting(house, capsys) == 3, "a row of a held delivery settles nothing"


def test_the_next_good_delivery_is_accepted_and_published_though_it_says_the_same(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    take_in(house)
    house.on("2026-11-02")
    house.deliver(SHOPS, "2026-10-31", f"""
        {HEADER}
        AB0002 | {SECOND} | 2020/2/2 | 茶馆
        AB0003 | {SECOND} | 2020/3/3 | 茶馆
        AB0004 | {SECOND} | 2020/4/4 | 茶馆
    """, "good")  # fmt: skip
    assert take_in(house) == {"good": Outcome("good", SHOPS, "released", 3, 3, 0, 0)}
    assert published(house) == {FIRST: "AB0001", SECOND: "AB0004", THIRD: "CD0001"}
    assert house.files("enterprise") == house.rebuilt("enterprise")
    assert unmet(house, capsys) == []
    assert waiting(house, capsys) == 0
    assert {row["_delivery"] for row in house.rows(names.RELEASE)} == {"sound", "taxed", "good"}


def test_an_empty_delivery_is_held_where_rows_are_asserted_and_changes_nothing_elsewhere(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    before = published(house)
    house.on("2026-11-03")
    for resource in (SHOPS, TAXED):
        house.deliver(resource, "2026-11-02", HEADER, f"empty-{resource[:3]}")
    assert take_in(house) == {
        "empty-mar": Outcome("empty-mar", SHOPS, "held", 0, 0, 0, 0, ("column_values_to_be_between(received)",)),
        "empty-tax": Outcome("empty-tax", TAXED, "released", 0, 0, 0, 0),
    }
    assert published(house) == before
    assert unmet(house, capsys) == [(SHOPS, "empty-mar", "received")]


def rebuilt(house: House, capsys: pytest.CaptureFixture[str], *options: str) -> set[str]:
    """Rebuild, and return the tables and receipts that came out otherwise."""
    capsys.readouterr()
    code = house.onefile("rebuild", "--json", *options)
    told = {each["table"] for each in json.loads(capsys.readouterr().out)["differences"]}
    assert code == (1 if told and not options else 0)
    return told


def test_what_is_made_anew_from_what_was_delivered_is_what_is_there(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    assert rebuilt(house, capsys) == set()


def test_a_published_file_and_a_receipt_that_are_not_what_they_were_are_found(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    assert broken(house, capsys) == {}
    with sqlite3.connect(house.home / "serving.db") as database:
        ((kept,),) = database.execute("SELECT digest FROM subject WHERE number = ?", (FIRST,))
        database.execute("UPDATE subject SET digest = ? WHERE number = ?", ("0" * 64, FIRST))
    receipt = house.home / "receipts" / "sound.json"
    receipt.rename(receipt.with_suffix(".gone"))
    found = broken(house, capsys)
    receipt.with_suffix(".gone").rename(receipt)
    with sqlite3.connect(house.home / "serving.db") as database:
        database.execute("UPDATE subject SET digest = ? WHERE number = ?", (kept, FIRST))
    assert found == {"published_otherwise": 1, "receipt_missing": 1}


@pytest.mark.parametrize(
    "altered",
    [
        "UPDATE subject SET document = replace(document, '{first}', '91690101MA00000999') WHERE number = '{first}'",
        "UPDATE subject SET number_type = 'registration_number' WHERE number = '{first}'",
        "DELETE FROM identifier WHERE number = '{first}'",
        "UPDATE identifier SET number = '91690101MA00000999' WHERE number = '{first}'",
        "DELETE FROM subject WHERE number = '{first}'",
    ],
)
def test_whatever_is_served_otherwise_than_gold_has_it_is_found(
    house: House, capsys: pytest.CaptureFixture[str], altered: str
) -> None:
    database = house.home / "serving.db"
    with closing(sqlite3.connect(database)) as served, served:
        assert served.execute(altered.format(first=FIRST)).rowcount == 1
    assert broken(house, capsys) == {"published_otherwise": 1}
    with closing(sqlite3.connect(database)) as served, served:
        for table in ("identifier", "subject", "publication"):
            served.execute(f"DELETE FROM {table}")
    assert house.onefile("run") == 0
    assert published(house) == {FIRST: "AB0001", SECOND: "AB0004", THIRD: "CD0001"}
    assert broken(house, capsys) == {}


@pytest.mark.parametrize(
    ("altered", "found"),
    [
        ("UPDATE {gold} SET shop_no.value = 'AB9999' WHERE number = '{first}'", {"file_altered": 1}),
        ("DELETE FROM {gold} WHERE number = '{first}'", {"made_otherwise": 1}),
    ],
)
def test_gold_that_is_not_what_silver_gives_is_found_and_made_anew(
    house: House, capsys: pytest.CaptureFixture[str], altered: str, found: dict[str, int]
) -> None:
    gold = f"delta.`{house.home}/lake/{names.gold('enterprise')}`"
    house.shop.spark.sql(altered.format(gold=gold, first=FIRST))
    assert broken(house, capsys) == found
    assert rebuilt(house, capsys, "--swap") == {"gold/enterprise_file"}
    assert house.onefile("run") == 0
    assert published(house) == {FIRST: "AB0001", SECOND: "AB0004", THIRD: "CD0001"}
    assert broken(house, capsys) == {}
