"""Rejected rows: exported, corrected and re-driven, or corrected by the department's next delivery."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

import catalog
from pipelines.finished import Outcome
from tests.declared import SHOP, lay
from tests.house import House

RESOURCE = "market.shops"
WANG, MILL = "91690101MA00000158", "91690101MA00000233"
BROKEN, RUNS = "91690101MA00000159", "=AB0006"


@pytest.fixture(scope="module")
def house(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> House:
    """A house that took in six shops, of which four wait: for a wrong code, day and number, and for a formula."""
    folder = tmp_path_factory.mktemp("corrections")
    declarations = lay(folder / "declarations", SHOP)
    house = House(folder / "home", catalog.load((declarations,)), declarations)
    house.deliver(RESOURCE, "2026-10", f"""
        编号   | 信用代码 | 开业       | 类别
        AB0001 | {WANG}   | 2020/1/1   | 书店
        AB0002 | {BROKEN} | 2020/2/2   | 书店
        AB0003 | {MILL}   | 2020/13/1  | 茶馆
        4号    | {MILL}   | 2020/4/4   | 茶馆
        AB0005 | {MILL}   | 2020/5/5   | 茶馆
        {RUNS} | {MILL}   | 2020/6/6   | 茶馆
    """, "first")  # fmt: skip
    assert house.settle() == {"first": Outcome("first", RESOURCE, "released", 6, 2, 4, 0)}
    return house


def waiting(house: House, capsys: pytest.CaptureFixture[str]) -> dict[tuple[str, str], int]:
    """Return what the command says is waiting: rows by column and reason."""
    capsys.readouterr()
    assert house.onefile("quarantine", "list", "--json") == 0
    return {(pile["column"], pile["reason"]): pile["rows"] for pile in json.loads(capsys.readouterr().out)}


def correct(path: Path, corrections: dict[str, dict[str, str]]) -> None:
    """Change cells of an exported file, in the rows whose shop number is named; the others stay as they are."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(row | corrections.get(row["编号"], {}) for row in rows)


def test_rows_that_are_corrected_and_re_driven_are_accepted_once_and_settled(
    house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    formula = {("编号", "formula"): 1}
    assert waiting(house, capsys) == formula | {
        ("信用代码", "check"): 1,
        ("开业", "not_a_date"): 1,
        ("编号", "pattern"): 1,
    }
    assert house.onefile("quarantine", "export", "--department", "market", "--out", tmp_path) == 0
    exported = tmp_path / f"{RESOURCE}.csv"
    assert f",'{RUNS}," in exported.read_text(encoding="utf-8"), "no spreadsheet runs it"
    correct(exported, {"AB0002": {"信用代码": WANG}, "4号": {"编号": "AB0004"}})
    assert [house.onefile("redrive", exported) for _ in range(2)] == [0, 0]
    (outcome,) = house.settle().values()
    assert (outcome.status, outcome.received, outcome.accepted) == ("released", 2, 2)
    assert waiting(house, capsys) == formula | {("开业", "not_a_date"): 1}
    known = {row["shop_no"]: row["holder_code"] for row in house.rows("silver/shop")}
    assert known == {"AB0001": WANG, "AB0002": WANG, "AB0004": MILL, "AB0005": MILL}

    before, receipts = house.versions(), sorted((house.home / "receipts").iterdir())
    assert house.onefile("redrive", exported) == 0
    assert "nothing to re-drive" in capsys.readouterr().out
    assert house.settle() == {}
    assert house.versions() == before
    assert sorted((house.home / "receipts").iterdir()) == receipts


def test_the_next_ordinary_delivery_settles_what_it_corrects(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    house.deliver(RESOURCE, "2026-10-31", f"""
        编号   | 信用代码 | 开业      | 类别
        AB0003 | {MILL}   | 2020/12/1 | 茶馆
        AB0005 | {MILL}   | 2020/5/5  | 茶馆
    """, "second")  # fmt: skip
    assert house.settle() == {"second": Outcome("second", RESOURCE, "released", 2, 1, 0, 1)}
    assert waiting(house, capsys) == {("编号", "formula"): 1}, "nothing tells which record it is"
    settled = {(row["_delivery"], row["_row_no"]): row["by_delivery"] for row in house.rows("quarantine/resolution")}
    assert set(settled) == {("first", 2), ("first", 3), ("first", 4)}
    assert settled["first", 3] == "second"


def test_a_re_driven_row_that_is_still_wrong_waits_once_and_holds_no_right_one_back(
    house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    house.deliver(RESOURCE, "2026-10-30", f"""
        编号   | 信用代码 | 开业      | 类别
        AB0007 | {BROKEN} | 2020/7/7  | 书店
        AB0008 | {BROKEN} | 2020/8/8  | 书店
        AB0009 | {BROKEN} | 2020/9/9  | 书店
        AB0010 | {WANG}   | 2020/10/1 | 书店
        AB0011 | {WANG}   | 2020/10/1 | 书店
        AB0012 | {WANG}   | 2020/10/1 | 书店
    """, "third")  # fmt: skip
    assert house.settle()["third"].status == "released"
    before = waiting(house, capsys)["信用代码", "check"]
    assert house.onefile("quarantine", "export", "--department", "market", "--out", tmp_path) == 0
    exported = tmp_path / f"{RESOURCE}.csv"
    wrong = {name: {"信用代码": "91690101MA00000999"} for name in ("AB0008", "AB0009")}
    correct(exported, {"AB0007": {"信用代码": WANG}, **wrong})
    assert house.onefile("redrive", exported) == 0
    (outcome,) = house.settle().values()
    assert (outcome.status, outcome.accepted, outcome.quarantined) == ("released", 1, 2)
    assert waiting(house, capsys)["信用代码", "check"] == before - 1
    assert house.onefile("redrive", exported) == 0
    assert "nothing to re-drive" in capsys.readouterr().out
    assert house.settle() == {}


def test_of_two_rows_that_contradict_each_other_the_one_that_is_kept_is_re_driven_as_it_is(
    house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    house.deliver(RESOURCE, "2026-10-29", f"""
        编号   | 信用代码 | 开业      | 类别
        AB0020 | {WANG}   | 2020/7/7  | 书店
        AB0020 | {MILL}   | 2020/7/7  | 书店
    """, "fourth")  # fmt: skip
    assert house.settle() == {"fourth": Outcome("fourth", RESOURCE, "released", 2, 0, 2, 0)}
    assert house.onefile("quarantine", "export", "--department", "market", "--out", tmp_path) == 0
    exported = tmp_path / f"{RESOURCE}.csv"
    lines = exported.read_text(encoding="utf-8-sig").splitlines(keepends=True)
    exported.write_text(lines[0] + next(line for line in lines if "AB0020" in line and MILL in line), "utf-8-sig")
    assert house.onefile("redrive", exported) == 0
    assert "add --unchanged" in capsys.readouterr().out
    assert [house.onefile("redrive", exported, "--unchanged") for _ in range(2)] == [0, 0]
    (outcome,) = house.settle().values()
    assert (outcome.status, outcome.received, outcome.accepted) == ("released", 1, 1)
    assert ("编号", "key_conflict") not in waiting(house, capsys)
    assert {row["holder_code"] for row in house.rows("silver/shop") if row["shop_no"] == "AB0020"} == {MILL}


def test_a_row_that_was_never_rejected_is_named_and_nothing_is_re_driven(
    house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert house.onefile("quarantine", "export", "--department", "market", "--out", tmp_path) == 0
    exported = tmp_path / f"{RESOURCE}.csv"
    lines = exported.read_text(encoding="utf-8-sig").splitlines(keepends=True)
    exported.write_text("".join([lines[0], lines[1].replace(lines[1].split(",")[1], "9999", 1)]), encoding="utf-8-sig")
    assert house.onefile("redrive", exported) == 1
    assert "rows 1 of the file name no row that was rejected" in capsys.readouterr().err
    assert house.settle() == {}
