"""A file tried against a declaration: what passed, what was cleaned and how, what failed and why; nothing written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from onefile.cli.main import run
from tests.declared import SHOP, lay

FILE = """编号,信用代码,开业,类别,备注
ab0001,91110000600037341L,2020/1/2,书店,x
AB0002,91110000600037341X,2020/2/30,茶楼,
AB0003,,2020/1/2,酒馆,
AB0004,,2020/1/2,书局,
AB0004,,2020/1/2,书局,
"""


@pytest.fixture
def laid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ONEFILE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ONEFILE_DECLARATIONS", str(lay(tmp_path / "ours", SHOP)))
    monkeypatch.setenv("ONEFILE_NOW", "2026-11-23T08:00:00+08:00")
    file = tmp_path / "shops.csv"
    file.write_text(FILE, encoding="utf-8")
    return file


def test_each_column_is_told_with_reasons_and_shapes(
    spark: SparkSession, laid: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["resource", "try", "market.shops", str(laid), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert {name: told[name] for name in ("rows", "is_whole", "accepted", "quarantined", "duplicate")} == {
        "rows": 5, "is_whole": True, "accepted": 2, "quarantined": 2, "duplicate": 1,
    }  # fmt: skip
    columns = {column["header"]: column for column in told["columns"]}
    assert (columns["编号"]["as_written"], columns["编号"]["cleaned"]) == (4, 1)
    assert columns["编号"]["examples"] == [["ab0001", "AB0001"]]
    assert columns["信用代码"]["failed"] == {"check": 1}
    assert columns["开业"]["failed"] == {"not_a_date": 1}
    assert columns["类别"]["failed"] == {"not_in_list": 1}
    assert columns["类别"]["wrong"] == {"not_in_list": "酒馆"}
    assert not (laid.parent / "home" / "lake").exists()


def test_the_same_is_said_in_sentences_and_a_broken_file_is_refused(
    spark: SparkSession, laid: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["--lang", "zh", "resource", "try", "market.shops", str(laid)]) == 1
    said = capsys.readouterr().out
    assert "shops.csv：5 行，可入库 2，退回 2，重复 1" in said
    assert "不合格：类别：1 个，not_in_list（代码表中没有该代码；" in said
    laid.write_text(FILE.replace("备注", "面积"), encoding="utf-8")
    assert run(["--lang", "en", "resource", "try", "market.shops", str(laid)]) == 1
    assert "columns that are not declared" in capsys.readouterr().err
