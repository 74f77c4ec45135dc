"""`onefile city make` as somebody types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from onefile.cli.main import run

SMALL = ("--people", "60", "--enterprises", "10", "--days", "1")


@pytest.fixture(autouse=True)
def _home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ONEFILE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ONEFILE_NOW", "2026-11-23T08:00:00+08:00")


def test_a_city_ends_yesterday_when_no_day_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--lang", "en", "city", "make", *SMALL, "--out", str(tmp_path / "city")]) == 0
    about = json.loads((tmp_path / "city" / "truth" / "city.json").read_text())
    assert (about["first_day"], about["days"], about["people"]) == ("2026-11-21", 1, 60)
    said = capsys.readouterr().out
    assert f"the truth is in {tmp_path / 'city' / 'truth'}" in said
    assert "deliveries" in said


def test_only_what_is_asked_for_is_delivered(tmp_path: Path) -> None:
    out = str(tmp_path / "city")
    assert run(["city", "make", *SMALL, "--only", "tax.registrations", "--first-day", "2026-01-31", "--out", out]) == 0
    assert {path.name for path in (tmp_path / "city").iterdir()} == {"tax", "truth"}


def test_a_taken_folder_and_a_wrong_size_are_refused_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "full" / "x").mkdir(parents=True)
    assert run(["city", "make", *SMALL, "--out", str(tmp_path / "full")]) == 1
    assert run(["city", "make", "--people", "5", "--out", str(tmp_path / "tiny")]) == 1
    assert run(["city", "make", *SMALL, "--only", "tax.nothing", "--out", str(tmp_path / "none")]) == 2
    said = capsys.readouterr().err.splitlines()
    assert [line.startswith("onefile: ") for line in said] == [True, True, True]
    assert "is not empty" in said[0]
    assert "5 people: wanted 20 to" in said[1]
    assert "tax.nothing" in said[2]
