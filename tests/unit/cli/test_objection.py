"""`onefile objection`, `dispute`, `verification claim` and `ledger trail` as people call them."""

from __future__ import annotations

import json

import pytest

from onefile.cli.main import run
from tests.published import PERSON, PURPOSE, ZHANG, publish

OBJECTION = "O20261123-0001"


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("ONEFILE_HOME", str(tmp_path))
    monkeypatch.setenv("ONEFILE_LANG", "zh")
    monkeypatch.setenv("ONEFILE_NOW", "2026-11-23T09:00:00+08:00")
    publish(tmp_path, ZHANG)
    return tmp_path


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert run([*arguments]) == 0
    return capsys.readouterr().out


def test_an_objection_from_the_hotline_to_its_refusal(home, capsys):
    given = ("--reason", "住址早已变更", "--ticket", "T-1")
    (case,) = json.loads(told(capsys, "objection", "open", PERSON, "area", *given, *PURPOSE, "--json"))
    assert (case["id"], case["provider"], case["consumer"]) == (OBJECTION, "police", "12345")
    assert "住址早已变更" not in told(capsys, "objection", "list", "--json")
    assert OBJECTION in told(capsys, "objection", "list", "--department", "police")
    assert told(capsys, "objection", "list", "--overdue") == "没有\n"
    assert "住址早已变更" in told(capsys, "objection", "show", OBJECTION, *PURPOSE)
    assert json.loads(told(capsys, "objection", "show", OBJECTION, *PURPOSE, "--json"))["steps"] == []
    lead = ("--as", "provider", "--department", "police")
    assert run(["objection", "act", OBJECTION, "refuse", *lead]) == 1
    assert "不予" in told(capsys, "objection", "act", OBJECTION, "refuse", *lead, "--reason", "登记无误")
    assert run(["objection", "act", OBJECTION, "contest", "--as", "subject", "--reason", "不服"]) == 0
    assert "已消除 0，逾期上报 0" in told(capsys, "objection", "sweep")
    assert json.loads(told(capsys, "objection", "sweep", "--json")) == {"resolved": [], "escalated": []}


def test_an_objection_about_nobody_is_refused_and_recorded(home, capsys):
    assert run(["objection", "open", "690102199001010030", "area", "--reason", "x", *PURPOSE]) == 1
    assert "查无此主体" in capsys.readouterr().err
    entries = json.loads(told(capsys, "ledger", "show", "--json"))["entries"]
    assert [entry["basis"] for entry in entries] == ["onefile objection"]


def test_a_value_in_question_is_marked_where_it_is_shown(home, capsys):
    told(capsys, "objection", "open", PERSON, "area", "--reason", "x", *PURPOSE)
    shown = json.loads(told(capsys, "file", PERSON, *PURPOSE, "--json"))
    assert shown["attributes"]["area"]["disputed"] == [
        {"what": "objection", "id": OBJECTION, "state": "opened", "since": "2026-11-23"}
    ]
    assert shown["attributes"]["name"]["disputed"] == []
    assert f"异议中（{OBJECTION}）" in told(capsys, "file", PERSON, *PURPOSE)
    assert f"objected to ({OBJECTION})" in told(capsys, "--lang", "en", "file", PERSON, *PURPOSE)


def test_a_consumer_asks_the_lead(home, capsys):
    ask = ("verification", "claim", PERSON, "area", "--department", "market", "--reason", "与营业场所不符", *PURPOSE)
    (case,) = json.loads(told(capsys, *ask, "--json"))
    assert (case["id"], case["consumer"], case["provider"]) == ("V20261123-0001", "market", "police")
    assert "校核中（V20261123-0001）" in told(capsys, "file", PERSON, *PURPOSE)
    assert run(["verification", "claim", "690102199001010030", *ask[3:]]) == 1


def test_a_dispute_over_a_request(home, capsys):
    wish = ("--basis", "b", "--scenario", "s", "--scope", "o", "--mode", "query", "--from", "2026-11-23",
            "--until", "2026-12-31", "--quota", "5", "--assessment", "PIA", "--delay", "2026-12-01")  # fmt: skip
    told(capsys, "request", "apply", "police.population", "--department", "market", "--fields", "name", *wish)
    side = ("--as", "consumer", "--department", "market", "--reason", "迟迟不答")
    assert "协商中" in told(capsys, "dispute", "open", "R20261123-0001", *side)
    assert "D20261123-0001" in told(capsys, "dispute", "list", "--department", "police")
    assert told(capsys, "dispute", "list", "--overdue") == "没有\n"
    assert "主管部门处理中" in told(capsys, "dispute", "act", "D20261123-0001", "refer", *side)
    assert "迟迟不答" in told(capsys, "dispute", "show", "D20261123-0001")
    assert len(json.loads(told(capsys, "dispute", "show", "D20261123-0001", "--json"))["steps"]) == 1


def test_the_trail_tells_every_look_its_own_too(home, capsys):
    told(capsys, "file", PERSON, *PURPOSE)
    lines = told(capsys, "ledger", "trail", PERSON, "--purpose", "窗口查询").splitlines()
    assert len(lines) == 2
    assert "数据主管部门工作人员为“item 12, case 7”查看您的姓名" in lines[1]
    used = json.loads(told(capsys, "ledger", "trail", PERSON, "--purpose", "窗口查询", "--json").splitlines()[-1])
    assert used["department"] == {"id": "", "zh": "数据主管部门工作人员", "en": "the data bureau's staff"}
