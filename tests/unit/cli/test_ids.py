"""`onefile ids` as people call it: exit codes, both languages, JSON, and no person's number in any of it."""

from __future__ import annotations

import io
import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from onefile.cli import main

GOOD = "11010519491231002X"
BAD = "110105194912310021"
LICENCE = "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U"


def run(*arguments: str) -> int:
    return main.run(["--lang", "en", "--at", "2026-11-23T08:00:00+08:00", "ids", *arguments])


def test_good_numbers_of_every_kind_give_exit_code_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", GOOD, "91110000600037341L", "360426", LICENCE) == 0
    assert capsys.readouterr().out.splitlines() == [
        "1: person number good",
        "2: credit code good",
        "3: area code good",
        "4: licence identifier good",
    ]


def test_a_bad_number_gives_exit_code_1_and_its_reason_but_is_not_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", GOOD, BAD) == 1
    shown = capsys.readouterr()
    assert "2: person number bad; check: the check character does not fit" in shown.out
    assert BAD not in shown.out + shown.err


def test_numbers_are_read_from_standard_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(f"\ufeff{GOOD}\r\n{BAD}\n".encode())))
    assert run("check", "-") == 1
    assert [line.split(";")[0] for line in capsys.readouterr().out.splitlines()] == [
        "1: person number good",
        "2: person number bad",
    ]


def test_json_tells_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", "--json", BAD, LICENCE.replace("3005", "3003")) == 1
    first, second = json.loads(capsys.readouterr().out)
    assert (first["kind"], first["good"], first["reason"]) == ("person_number", False, "check")
    assert (second["faults"], second["repaired"]) == (["wrong_root"], LICENCE)


def test_a_kind_may_be_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", "--kind", "credit_code", GOOD) == 1
    assert "credit code bad" in capsys.readouterr().out


def test_lint_counts_by_reason_and_tells_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "numbers.txt"
    file.write_text("\n".join([GOOD, BAD, "", "110105194902290025", LICENCE[:-1] + "V", GOOD]), encoding="utf-8")
    assert run("lint", str(file)) == 1
    out = capsys.readouterr().out
    assert "person number       4      2" in out
    assert "2: person number bad; check" in out
    assert "4: person number bad; date" in out
    assert f"proposal: {LICENCE}" in out
    assert BAD not in out
    assert GOOD not in out


def test_lint_as_json_has_every_bad_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "numbers.txt"
    file.write_bytes(f"{GOOD}\r\n".encode() + b"\xff\xfe\r\n" * 150)
    assert run("lint", "--json", "--limit", "1", str(file)) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["checked"], told["bad"], len(told["lines"])) == (151, 150, 150)


def test_lint_of_good_lines_gives_exit_code_0_and_of_no_file_2(tmp_path: Path) -> None:
    file = tmp_path / "numbers.txt"
    file.write_text(GOOD, encoding="utf-8")
    assert run("lint", str(file)) == 0
    assert run("lint", str(tmp_path / "absent")) == 2


def test_more_bad_lines_than_the_limit_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "numbers.txt"
    file.write_text(f"{BAD}\n" * 5, encoding="utf-8")
    assert run("lint", "--limit", "2", str(file)) == 1
    assert "… and 3 more lines" in capsys.readouterr().out


def test_it_speaks_chinese(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["--lang", "zh", "ids", "check", BAD]) == 1
    assert "1: 个人号码 不合格; check: 校验码不符" in capsys.readouterr().out
