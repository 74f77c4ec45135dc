"""`onefile event`: subscriptions are made, listed and ended; the feed is shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from onefile.cli import main
from tests.counter import FIRM, Shop


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    made = Shop(tmp_path / "var")
    for name, value in {**made.environ, "ONEFILE_NOW": "2026-11-30T10:00:00+08:00"}.items():
        monkeypatch.setenv(name, value)
    return made


def event(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    capsys.readouterr()
    code = main.run(["event", *arguments])
    told = capsys.readouterr()
    return json.loads(told.out) if code == 0 and "--json" in arguments else (code, told.out + told.err)


def test_a_department_s_events_are_made_shown_and_end(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    grant = shop.grant("market.enterprises", ("name",), "tax", mode="batch")
    shop.supply("market.enterprises", 1, ("r1", FIRM, {"name": "甲"}), fields="name")
    assert event(capsys, "subscribe", grant, "--department", "police")[0] == 1
    (made,) = event(capsys, "subscribe", grant, "--department", "tax", "--json")
    assert (made["number"], made["grant_id"]) == (1, grant)
    assert grant in event(capsys, "list")[1]
    assert event(capsys, "feed", "--department", "tax") == (0, "none\n")
    shop.supply("market.enterprises", 2, ("r1", FIRM, {"name": "乙"}), fields="name")
    assert event(capsys, "send", "--json") == {"made": 1, "delivered": 0, "failed": 0}
    (told,) = event(capsys, "feed", "--department", "tax", "--json")
    assert (told["field"], told["how"], told["delivered_at"]) == ("name", "corrected", None)
    assert "market.enterprises.name" in event(capsys, "feed", "--department", "tax")[1]
    assert event(capsys, "end", "1", "--department", "tax", "--json")[0]["ended_at"] is not None
    assert event(capsys, "list") == (0, "none\n")
