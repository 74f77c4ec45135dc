"""`onefile catalog` as people call it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from onefile.cli import main
from tests.declared import SHOP, lay

AT = "2026-11-23T08:00:00+08:00"


@pytest.fixture(autouse=True)
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ONEFILE_HOME", str(tmp_path / "var"))
    return tmp_path


def run(*arguments: str, lang: str = "en") -> int:
    return main.run(["--lang", lang, "--at", AT, "catalog", *arguments])


def test_the_list_can_be_narrowed_and_is_in_both_languages(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("list", "--department", "tax") == 0
    shown = capsys.readouterr().out
    assert "tax.registrations" in shown
    assert "police.population" not in shown
    assert run("list", "--department", "tax", lang="zh") == 0
    assert "税务登记信息" in capsys.readouterr().out
    assert run("list", "--department", "nobody") == 0
    assert capsys.readouterr().out == "nothing is listed\n"


def test_an_entry_is_shown_by_id_and_by_code_with_its_items(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("show", "101001/000001", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["id"], found["grade"], found["published_on"]) == ("police.population", "sensitive", "2026-11-02")
    assert found["items"][0]["label"] == "公民身份号码"
    assert run("show", "police.population", lang="zh") == 0
    assert "共享类型: 有条件" in capsys.readouterr().out
    assert run("show", "police.populace") == 2
    assert "did you mean" in capsys.readouterr().err


def test_search_answers_with_facets_and_says_when_it_is_loose(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("search", "hydj") == 0
    assert "civil_affairs.marriages" in capsys.readouterr().out
    assert run("search", "婚姻", "xyzzy") == 0
    assert "none has every word" in capsys.readouterr().out
    assert run("search", "xyzzy") == 0
    assert capsys.readouterr().out == "nothing found\n"
    assert run("search", "户籍", "--subject", "person", "--json") == 0
    assert json.loads(capsys.readouterr().out)["hits"][0]["id"] == "police.population"


def test_a_changed_declaration_is_seen_in_the_diff_before_it_is_recorded(
    house: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ONEFILE_DECLARATIONS", str(lay(house / "shop", SHOP)))
    assert run("diff", "market.shops") == 1
    assert "has no version" in capsys.readouterr().err
    assert run("record") == 0
    assert re.match(r"[1-9]\d+ new, 0 changed, 0 unchanged", capsys.readouterr().out)
    assert run("diff", "market.shops") == 0
    assert capsys.readouterr().out == "nothing changed\n"
    text = (
        SHOP["resources/market/shops.yml"]
        .replace("monthly", "daily")
        .replace("  kind: {", "  closed_on: {from: x}\n  kind: {")
    )
    lay(house / "shop", {"resources/market/shops.yml": text})
    assert run("diff", "market.shops") == 0
    assert capsys.readouterr().out.splitlines() == ["~ update cycle: monthly → daily", "+ items.closed on: 停业日期"]
    assert run("record", "--json") == 0
    assert json.loads(capsys.readouterr().out)["changed"] == ["market.shops"]
    assert run("diff", "market.shops", "--from", "1", "--to", "2", "--json") == 0
    assert json.loads(capsys.readouterr().out)[0] == {"what": "update_cycle", "old": "monthly", "new": "daily"}


def test_statistics_count_and_name_attributes_without_a_lead(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("stats", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    by_department = found["by"]["department"].values()
    assert found["total"]["items"] == sum(count["items"] for count in by_department)
    assert "person.phone" in found["leadless"]
    assert run("stats", lang="zh") == 0
    assert "没有数源部门" in capsys.readouterr().out
