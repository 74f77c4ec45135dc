"""What every verb has: `--at` and `--lang` before it or behind it, the exit codes in its help, wrong use told."""

from __future__ import annotations

import json
from importlib import metadata
from pathlib import Path

import click
import pytest

from onefile import settings
from onefile.cli import main
from onefile.settings import SettingsError
from tools.reference.commands import commands

LEAVES = {name: command for name, command in commands() if not isinstance(command, click.Group)}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ONEFILE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ONEFILE_LANG", "en")
    return tmp_path / "home"


def test_the_language_may_stand_behind_the_verb(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["--lang", "en", "ids", "check", "--lang", "zh", "360426"]) == 0
    assert capsys.readouterr().out == "1: 行政区划代码 合格\n"


def test_the_instant_may_stand_behind_the_verb(capsys: pytest.CaptureFixture[str]) -> None:
    instant = "2031-02-03T08:00:00+08:00"
    created = ["vault", "keys", "create", "receipts", "--name", "trial", "--at", instant]
    assert main.run(created) == 0
    capsys.readouterr()
    assert main.run(["vault", "keys", "list", "--json"]) == 0
    keys = {key["name"]: key for key in json.loads(capsys.readouterr().out)}
    assert keys["trial"]["created_at"] == "2031-02-03T00:00:00Z"


@pytest.mark.parametrize("address", ["foo", "http://x", "spark://", "local[0]"])
def test_an_engine_that_is_none_is_told_at_once(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONEFILE_SPARK", address)
    with pytest.raises(SettingsError, match=r"write local\[\*\], spark://HOST:PORT or sc://HOST:PORT"):
        settings.read()


def test_an_instant_without_offset_is_refused_behind_the_verb_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["ids", "check", "360426", "--at", "2031-02-03T08:00:00"]) == 2
    assert main.run(["--at", "2031", "ids", "check", "360426"]) == 2
    assert "has no offset" in capsys.readouterr().err


@pytest.mark.parametrize("name", LEAVES)
def test_every_verbs_help_has_the_exit_codes_and_what_every_verb_takes(name: str) -> None:
    shown = LEAVES[name].get_help(click.Context(LEAVES[name], info_name=name))
    assert "Exit codes:" in shown
    assert {"--at", "--lang"} <= {word for option in LEAVES[name].params for word in option.opts}


def test_the_version_is_the_one_that_is_installed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["--version"]) == 0
    assert capsys.readouterr().out == f"onefile {metadata.version('onefile')}\n"


@pytest.mark.parametrize("arguments", [("run", "nope.nope"), ("deliver", "nope.x", "rows.csv")])
def test_a_resource_that_is_not_declared_is_wrong_use(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.run(list(arguments)) == 2
    assert "a resource is <department>.<name>" in capsys.readouterr().err
