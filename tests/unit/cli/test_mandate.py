"""`onefile mandate` as a window's clerk calls it, and `onefile case`."""

from __future__ import annotations

import io
import json
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ledger import files
from onefile.cli import main
from tests.counter import ANNA, BELA, Shop

ZONE = ZoneInfo("Asia/Shanghai")
DAYS = ("--scope", "0102", "--since", "2026-11-30", "--until", "2027-06-30")


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    made = Shop(tmp_path / "var")
    monkeypatch.setenv("ONEFILE_HOME", str(made.home))
    monkeypatch.setenv("ONEFILE_NOW", "2026-11-30T10:00:00+08:00")
    monkeypatch.setenv("ONEFILE_LANG", "en")
    return made


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    capsys.readouterr()
    assert main.run(list(arguments)) == 0
    return capsys.readouterr().out


def test_a_mandate_is_registered_listed_and_ended_and_both_see_it(
    shop: Shop, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{ANNA}\n{BELA}\n"))
    add = ("mandate", "add", "-", "-", "--relation", "agent", "--source", "power of attorney 7", *DAYS, "--json")
    (made,) = json.loads(told(capsys, *add))
    assert (made["relation"], made["scope"], made["ended_at"]) == ("agent", ["0102"], None)
    assert ANNA not in str(made)
    of_bela = ("mandate", "list", BELA, "--purpose", "window 3", "--json")
    assert [each["mandate"] for each in json.loads(told(capsys, *of_bela))] == [made["mandate"]]
    assert made["mandate"] in told(capsys, "mandate", "list")
    assert main.run(["mandate", "list", BELA]) == 2
    (ended,) = json.loads(told(capsys, "mandate", "end", made["mandate"], "--purpose", "as asked", "--json"))
    assert ended["ended_at"] == "2026-11-30T02:00:00Z"
    assert main.run(["mandate", "end", made["mandate"], "--purpose", "again"]) == 2
    trail = told(capsys, "ledger", "trail", ANNA, "--purpose", "window 3")
    assert "registered your mandate to act" in trail
    assert "ended your mandate to act" in trail
    kinds = [entry.kind for entry in files.entries(shop.home / "ledger")]
    assert (kinds.count("mandates.register"), kinds.count("mandates.end")) == (2, 2)


def test_what_cannot_be_is_refused_and_kept_nowhere(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    rest = ("--source", "household register", *DAYS)
    assert main.run(["mandate", "add", ANNA, ANNA, "--relation", "agent", *rest]) == 2
    assert main.run(["mandate", "add", ANNA, BELA, "--relation", "representative", *rest]) == 2
    assert main.run(["mandate", "add", ANNA, BELA, "--relation", "king", *rest]) == 2
    assert told(capsys, "mandate", "list") == "none\n"


def test_cases_that_nobody_answered_in_time_are_listed_and_accepted(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.client("intake", "data_bureau", "intake")
    shop.at = datetime(2026, 11, 2, 9, 0, tzinfo=ZONE)
    with shop.open() as opened:
        opened.case("D-1")
        opened.ask("intake").report("D-1", "receive", shop.at)
    assert "received" in told(capsys, "case", "list")
    assert told(capsys, "case", "list", "--overdue") == "none\n"
    assert json.loads(told(capsys, "case", "sweep", "--json")) == {
        "accepted": ["D-1"], "promises": {"broken": 0, "overdue": 0},
    }  # fmt: skip
    assert told(capsys, "case", "sweep") == "0 count as accepted; promises broken 0, overdue 0\n"
    (late,) = json.loads(told(capsys, "case", "list", "--overdue", "--json"))
    assert (late["state"], late["promised_due_on"]) == ("accepted", "2026-11-09")
