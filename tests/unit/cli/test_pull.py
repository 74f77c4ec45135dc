"""`onefile pull`: one that fails holds up no other, and the exit code says so."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from onefile.cli import main
from tests.declared import SHOP, lay

RESOURCE = str(SHOP["resources/market/shops.yml"])


def pulled(name: str, setting: str) -> str:
    """Return the resource of the shops under a name, pulled from a database."""
    source = f"format: jsonl\nsource: {{from: {setting}, database: {{table: shops, watermark: changed}}}}"
    return RESOURCE.replace("name: shops", f"name: {name}").replace("format: csv", source)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with one resource that can be pulled, one whose setting is missing, and one that is delivered."""
    ours = lay(tmp_path / "ours", {**SHOP, "resources/market/a_missing.yml": pulled("a_missing", "NOWHERE"),
                                   "resources/market/pulled.yml": pulled("pulled", "SHOPS")})  # fmt: skip
    with sqlite3.connect(tmp_path / "theirs.db") as connection:
        connection.execute('CREATE TABLE shops ("编号" TEXT, "信用代码" TEXT, "开业" TEXT, "类别" TEXT, changed TEXT)')
        connection.execute("INSERT INTO shops VALUES ('AB0001', '', '', '', '2026-11-29')")
    monkeypatch.setenv("ONEFILE_HOME", str(tmp_path / "var"))
    monkeypatch.setenv("ONEFILE_DECLARATIONS", str(ours))
    monkeypatch.setenv("ONEFILE_NOW", "2026-11-30T09:00:00+08:00")
    monkeypatch.setenv("ONEFILE_SOURCE_SHOPS", f"sqlite:///{tmp_path}/theirs.db")
    return tmp_path / "var"


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    capsys.readouterr()
    code = main.run(["pull", *arguments])
    told = capsys.readouterr()
    return code, told.out, told.err


def test_all_that_can_be_pulled_is_and_what_cannot_is_told(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "--all", "--json")
    done, failed = json.loads(out)
    assert (code, done["resource"], done["state"], done["rows"]) == (1, "market.pulled", "new", 1)
    assert (failed["resource"], failed["state"]) == ("market.a_missing", "failed")
    assert "market.a_missing: ONEFILE_SOURCE_NOWHERE cannot be pulled from: it is not set" in err
    assert (home / "inbox" / "market" / done["delivery"] / "manifest.json").exists()
    code, out, _ = run(capsys, "market.pulled", "--lang", "zh")
    assert (code, out) == (0, "market.pulled：没有新数据\n")
    code, out, _ = run(capsys, "market.pulled", "--full", "--lang", "en")
    assert (code, out.splitlines()[1:]) == (0, ["next: onefile run"])
    assert out.startswith("market.pulled: waits in the inbox already")


def test_wrong_use_is_told_as_such(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys)[0] == 2
    assert run(capsys, "--all", "market.pulled")[0] == 2
    code, _, err = run(capsys, "market.shops")
    assert (code, "has no 'source'" in err) == (2, True)
    assert run(capsys, "market.nothing")[0] == 2
