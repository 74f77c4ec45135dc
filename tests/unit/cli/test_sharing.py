"""`onefile request` and `onefile grant` as people call them, from the wish to the statement of disposal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from catalog import sharing_states
from onefile.cli import grant, main
from onefile.cli.sharing_words import CHINESE

WISH = ("--basis", "Order 809", "--scenario", "s", "--scope", "o", "--mode", "query", "--from", "2026-11-23",
        "--assessment", "PIA 12")  # fmt: skip
REQUEST, GRANT = "R20261123-0001", "G20261123-0001"


@pytest.fixture(autouse=True)
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ONEFILE_HOME", str(tmp_path / "var"))
    return tmp_path


def run(*arguments: str, lang: str = "en") -> int:
    return main.run(["--lang", lang, "--at", "2026-11-23T08:00:00+08:00", *arguments])


def test_from_the_wish_to_the_statement_of_disposal(house: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wish = ("--department", "market", "--fields", "number,name", *WISH, "--until", "2026-12-31", "--quota", "5")
    assert run("request", "apply", "police.population", *wish) == 0
    assert run("request", "act", REQUEST, "approve", "--as", "office", "--department", "market") == 0
    by = ("--as", "provider", "--department", "police")
    assert run("request", "act", REQUEST, "grant", *by) == 1
    assert "grant without a reason" in capsys.readouterr().err
    assert run("request", "act", REQUEST, "grant", *by, "--fields", "name", "--reason", "enough") == 0
    assert run("grant", "show", GRANT) == 0
    assert "gives today: name" in capsys.readouterr().out
    assert run("request", "show", REQUEST, "--json") == 0
    assert [step["action"] for step in json.loads(capsys.readouterr().out)["steps"]] == ["submit", "approve", "grant"]
    mine = ("--as", "consumer", "--department", "market", "--reason", "done")
    assert run("grant", "act", GRANT, "give_up", *mine) == 0
    assert run("grant", "show", GRANT, lang="zh") == 0
    assert "今日不可用: it is ended" in capsys.readouterr().out
    _sign(house, f"all copies of {GRANT} are deleted")
    files = ("--statement", str(house / "s.txt"), "--signature", str(house / "s.sig"))
    capsys.readouterr()
    for state, department, count in (("ended", "police", 1), ("ended", "tax", 0), ("active", "police", 0)):
        assert run("grant", "list", "--state", state, "--department", department, "--json") == 0
        assert len(json.loads(capsys.readouterr().out)) == count
    for department, count in (("market", 1), ("tax", 0)):
        assert run("request", "list", "--department", department, "--json") == 0
        assert len(json.loads(capsys.readouterr().out)) == count
    assert run("grant", "act", GRANT, "dispose", *mine, *files) == 1  # no key of the department is registered
    assert run("department", "keys", "add", "market", str(house / "key")) == 0
    assert run("grant", "act", GRANT, "dispose", *mine, *files) == 0
    capsys.readouterr()
    assert run("grant", "list", "--json") == 0
    assert json.loads(capsys.readouterr().out)[0]["state"] == "disposed"


def test_a_statement_that_names_another_grant_is_refused(house: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _sign(house, "of something else")
    assert run("department", "keys", "add", "market", str(house / "key")) == 0
    files = ("--statement", str(house / "s.txt"), "--signature", str(house / "s.sig"))
    assert run("grant", "act", GRANT, "dispose", "--as", "consumer", "--department", "market", *files) == 1
    assert "does not name" in capsys.readouterr().err


def test_daily_verbs_find_nothing_to_do_in_an_empty_house(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (("request", "escalate"), ("grant", "review"), ("request", "list", "--overdue"), ("grant", "list")):
        assert run(*words) == 0
        assert capsys.readouterr().out == "none\n"
    assert run("grant", "unused", "--json") == 0
    assert capsys.readouterr().out == "[]\n"


def test_a_need_is_said_and_ranked(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("request", "need", "power bills", "--department", "housing") == 0
    assert run("request", "need", "x", "--department", "nobody") == 2
    capsys.readouterr()
    assert run("request", "need", "--json") == 0
    assert json.loads(capsys.readouterr().out) == [{"need": "power bills", "times": 1, "departments": 1}]


@pytest.mark.parametrize("name", ["--reason", "--basis", "--scope", "--scenario", "--assessment"])
def test_numbers_of_people_are_not_kept_with_a_request(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    act = ("request", "act", REQUEST, "complete", "--as", "consumer", "--department", "market")
    assert run(*act, name, "of 690101199001011234, at once") == 2
    assert "leave numbers of people and enterprises out" in capsys.readouterr().err


def test_a_statement_that_names_a_longer_id_is_refused(house: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _sign(house, f"all copies of {GRANT}7 are deleted")
    assert run("department", "keys", "add", "market", str(house / "key")) == 0
    files = ("--statement", str(house / "s.txt"), "--signature", str(house / "s.sig"))
    assert run("grant", "act", GRANT, "dispose", "--as", "consumer", "--department", "market", *files) == 1
    assert "does not name" in capsys.readouterr().err


def test_a_request_is_told_in_chinese(capsys: pytest.CaptureFixture[str]) -> None:
    wish = ("--department", "market", "--fields", "name", *WISH, "--until", "2026-12-31", "--quota", "5")
    assert run("request", "apply", "police.population", *wish) == 0
    assert run("request", "show", REQUEST, lang="zh") == 0
    out = capsys.readouterr().out
    assert "  分级: name personal\n" in out
    assert "需求部门 market" in out
    assert "提交 → 本部门审核" in out


def test_every_state_action_and_role_has_a_word_in_chinese() -> None:
    for machine in (sharing_states.REQUEST, sharing_states.GRANT, sharing_states.VERIFICATION):
        assert not {*machine.states, *machine.actions, *sharing_states.ROLES} - set(CHINESE)


def test_the_verb_knows_every_state_of_a_grant() -> None:
    assert sharing_states.GRANT.states == grant.STATES


def _sign(house: Path, text: str) -> None:
    key = Ed25519PrivateKey.generate()
    (house / "key").write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    (house / "s.txt").write_text(text)
    (house / "s.sig").write_bytes(key.sign(text.encode()))
