"""`onefile explain`, `onefile client`, `onefile official` as people call them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from onefile.cli import main
from tests.counter import ITEM, Key, Shop


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    made = Shop(tmp_path / "var")
    monkeypatch.setenv("ONEFILE_HOME", str(made.home))
    monkeypatch.setenv("ONEFILE_NOW", "2026-11-30T10:00:00+08:00")
    made.client("intake", "data_bureau", "intake")
    made.client("market-app", "market")
    return made


def run(*arguments: str) -> int:
    return main.run(["--lang", "en", *arguments])


def steps(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, str]]:
    capsys.readouterr()
    code = run("explain", *arguments, "--json")
    return code, {step["check"]: step["code"] for step in json.loads(capsys.readouterr().out)}


def test_every_check_is_told_up_to_the_first_that_fails(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    grant = shop.grant("police.population", ("number", "name"))
    with shop.open() as opened:
        opened.case()
    who = ("files.query", "--who", "market-app", "--grant", grant, "--item", ITEM)
    assert steps(capsys, *who, "--case", "D-1", "--fields", "name") == (
        0, {"caller": "", "role": "", "relation": "", "grant": "", "fields": "", "quota": ""})  # fmt: skip
    assert steps(capsys, *who, "--case", "D-1", "--fields", "sex")[1]["fields"] == "field_not_granted"
    assert steps(capsys, *who, "--case", "D-2")[1]["grant"] == "case_unknown"
    assert steps(capsys, "files.query", "--who", "nobody")[1] == {"caller": "token_invalid"}
    assert steps(capsys, "guesses.read", "--who", "market-app")[1] == {"caller": "", "role": "role_not_allowed"}
    assert run("explain", "files.query", "--who", "market-app", "--relation", "party") == 1
    assert "relation_not_allowed" in capsys.readouterr().out
    assert run("explain", "files.query") == 0
    assert "intake platform" in capsys.readouterr().out


def test_a_client_is_registered_re_keyed_and_revoked(
    shop: Shop, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.pem").write_bytes(Key().public)
    (tmp_path / "b.pem").write_bytes(Key().public)
    (tmp_path / "private.pem").write_bytes(Key().pem)
    add = ("client", "add", "tax-app", "--department", "tax", "--name", "Tax")
    assert run(*add, "--key", str(tmp_path / "private.pem")) == 2
    assert run(*add, "--key", str(tmp_path / "a.pem")) == 0
    assert run(*add, "--key", str(tmp_path / "a.pem")) == 1
    assert run("client", "rotate", "tax-app", "--key", str(tmp_path / "b.pem"), "--overlap", "1") == 0
    capsys.readouterr()
    assert run("client", "list", "--department", "tax", "--json") == 0
    (client,) = json.loads(capsys.readouterr().out)
    assert [key["until"] for key in client["keys"]].count(None) == 1
    assert run("client", "revoke", "tax-app", "--reason", "lost") == 0
    assert run("client", "revoke", "tax-app", "--reason", "lost") == 2
    assert run("client", "rotate", "tax-app", "--key", str(tmp_path / "a.pem")) == 2


def test_an_official_is_let_in_and_taken_out(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    who = ("--issuer", "https://id.example/", "--subject", "7")
    add = ("official", "add", *who, "--name", "Wang", "--department", "market", "--until", "2027-12-31", "--roles")
    assert run(*add, "king") == 2
    assert run(*add, "consumer,auditor") == 0
    assert steps(capsys, "guesses.read", "--who", "https://id.example#7", "--relation", "any") == (
        0, {"caller": "", "role": "", "relation": ""})  # fmt: skip
    assert run("official", "remove", *who) == 0
    capsys.readouterr()
    assert run("official", "list") == 0
    assert capsys.readouterr().out == "none\n"
    assert run("official", "remove", *who) == 2
