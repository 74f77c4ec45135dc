"""`onefile notice`, `incident`, `ledger findings` and what goes with them, as people call them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from licence_vault.keystore import bureau
from onefile.cli.main import run
from tests.disclosed import GRANT, SEEN, Disclosed, disclosed
from tests.papers import AT

OLD = "2026-11-01"


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Disclosed:
    monkeypatch.setenv("ONEFILE_HOME", str(tmp_path))
    monkeypatch.setenv("ONEFILE_LANG", "en")
    monkeypatch.setenv("ONEFILE_NOW", "2026-11-23T10:00:00+08:00")
    return disclosed(tmp_path, bureau(tmp_path, tmp_path / "keys" / "passphrase", AT))


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert run([*arguments]) == 0
    return capsys.readouterr().out


def test_a_correction_is_recalled_sent_acknowledged_and_overdue(house, capsys):
    house.publish(1, AT, address=("路一号", OLD))
    house.look()
    house.publish(2, AT, address=("路二号", OLD))
    assert told(capsys, "notice", "list") == "none\n"
    assert told(capsys, "notice", "send") == "1 made, 0 taken, 0 not\n"
    assert json.loads(told(capsys, "notice", "send", "--json")) == {"made": 0, "delivered": 0, "failed": 0}
    (notice,) = json.loads(told(capsys, "notice", "list", "--json"))
    assert (notice["consumer"], notice["document"]["attribute"], notice["due_on"]) == (
        "market",
        "address",
        "2026-11-30",
    )
    assert "address" in told(capsys, "notice", "list", "--department", "market")
    assert "address" in told(capsys, "notice", "list", "--overdue", "--at", "2026-12-01T10:00:00+08:00")
    assert run(["notice", "acknowledge", "1", "--department", "tax"]) == 1
    assert "2026-11-23T02:00:00Z" in told(capsys, "notice", "acknowledge", "1", "--department", "market")
    assert told(capsys, "notice", "list", "--overdue", "--at", "2026-12-01T10:00:00+08:00") == "none\n"


def test_a_target_is_set_judged_and_taken_away(house, capsys, monkeypatch):
    assert run(["notice", "target", "market", "http://127.0.0.1/hook"]) == 1
    assert "private, local or reserved" in capsys.readouterr().err
    monkeypatch.setenv("ONEFILE_WEBHOOK_NETWORKS", "127.0.0.0/8")
    assert told(capsys, "notice", "target", "market", "http://127.0.0.1:9/hook") == "market  http://127.0.0.1:9/hook\n"
    house.publish(1, AT, address=("路一号", OLD))
    house.look()
    house.publish(2, AT, address=("路二号", OLD))
    assert told(capsys, "notice", "send") == "1 made, 0 taken, 1 not\n"
    assert json.loads(told(capsys, "notice", "target", "market", "--json")) == {}


def test_looks_are_reconciled_listed_shared_and_settled(house, capsys):
    house.look(case="C-none")
    at = ["--at", "2026-11-24T10:00:00+08:00"]
    assert told(capsys, "ledger", "reconcile", *at) == "1 found wanting, 0 unusual\n"
    assert json.loads(told(capsys, "ledger", "reconcile", "--json", *at)) == {"wanting": 0, "unusual": 0}
    assert "never registered #1" in told(capsys, "ledger", "findings", "--department", "market")
    assert "所引办件未登记" in told(capsys, "--lang", "zh", "ledger", "findings")
    assert told(capsys, "ledger", "findings", "--shares", "2", *at) == "market  1/1 (100.0%)  no_case 1\n"
    (share,) = json.loads(told(capsys, "ledger", "findings", "--shares", "2", "--json", *at))
    assert share["per_mille"] == 1000
    assert told(capsys, "ledger", "settle", "1", "--reason", "registered late") == "settled\n"
    assert told(capsys, "ledger", "findings") == "none\n"
    assert len(json.loads(told(capsys, "ledger", "findings", "--settled", "--json"))) == 1


def test_a_watched_subject_is_watched_until_told_otherwise(house, capsys):
    person = ("69010119900101123X", "--purpose", "item 1, case 2")
    assert told(capsys, "ledger", "watch", *person, "--reason", "known to many") == "noted\n"
    assert [entry.basis for entry in house.ledger.entries()] == ["onefile ledger watch"]
    assert told(capsys, "ledger", "watch", *person) == "noted\n"


def test_an_incident_from_its_declaration_to_its_report(house, capsys, tmp_path):
    wish = ("--basis", "b", "--scenario", "s", "--scope", "o", "--mode", "query", "--from", "2026-11-23",
            "--until", "2026-12-31", "--quota", "5", "--assessment", "PIA")  # fmt: skip
    told(capsys, "request", "apply", "police.population", "--department", "market", "--fields", "name", *wish)
    told(capsys, "request", "act", "R20261123-0001", "approve", "--as", "office", "--department", "market")
    told(capsys, "request", "act", "R20261123-0001", "grant", "--as", "provider", "--department", "police",
         "--reason", "x")  # fmt: skip
    house.looks(SEEN)
    declared = ("incident", "declare", GRANT, "--since", "2026-11-23T00:00:00+08:00", "--reason", "token leaked")
    assert "I20261123-0001" in told(capsys, *declared)
    assert "suspended" in told(capsys, "grant", "list", "--json")
    assert told(capsys, "incident", "report", "I20261123-0001", "--out", str(tmp_path / "r.json")) == (
        "1 looks, 1 subjects: r.json\n")  # fmt: skip
    assert json.loads((tmp_path / "r.json").read_bytes())["looks"][0]["case"] == "C-7"
    house.publish(1, AT, name=("张三", OLD))
    named = ("incident", "subjects", "I20261123-0001", "--purpose", "tell them")
    assert told(capsys, *named) == "69010119900101123X\n"
    assert [entry.basis for entry in house.ledger.entries()][-1] == "incident I20261123-0001"
    assert "token leaked → keys renewed" in told(
        capsys, "incident", "close", "I20261123-0001", "--done", "keys renewed"
    )
    assert json.loads(told(capsys, "incident", "list", "--json"))[0]["closing"] == "keys renewed"
    assert run(["incident", "close", "I20261123-0001", "--done", "again"]) == 1
