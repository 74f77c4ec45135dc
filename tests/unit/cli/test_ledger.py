"""`onefile ledger`: audit and show, in words and as JSON."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest

from ledger.entry import Look
from ledger.record import Ledger
from onefile.cli.main import run
from tests.papers import AT, new_bureau

LOOK = Look(AT, "clerk-7", "item 12", "p-0123456789abcdef", ("name",), "onefile file")


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("ONEFILE_HOME", str(tmp_path))
    monkeypatch.setenv("ONEFILE_LANG", "en")
    return tmp_path


@pytest.fixture
def ledger(home):
    record = Ledger(home / "ledger", new_bureau(home))
    for number in range(1, 4):
        record.append(replace(LOOK, purpose=f"case {number}"))
    return record


def test_a_whole_ledger_leaves_with_zero(ledger, capsys):
    assert run(["ledger", "audit"]) == 0
    assert capsys.readouterr().out.startswith("whole: 3 entries (0 of them tell of repairs), root ")
    assert run(["--lang", "zh", "ledger", "audit"]) == 0
    assert capsys.readouterr().out.startswith("台账完整：3 条")
    assert run(["ledger", "audit", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["whole"], told["entries"], told["last_at"]) == (True, 3, "2026-11-23T01:02:03Z")


def test_an_altered_ledger_leaves_with_one_and_says_where(ledger, capsys):
    segment = ledger.folder / "0000000001.jsonl"
    segment.write_bytes(segment.read_bytes().replace(b"case 2", b"case 9"))
    assert run(["ledger", "audit"]) == 1
    assert "altered (altered) at 0000000001.jsonl:5, entry 2" in capsys.readouterr().err
    assert run(["--lang", "zh", "ledger", "audit", "--json"]) == 1
    streams = capsys.readouterr()
    assert "条目被改动" in streams.err
    told = json.loads(streams.out)
    assert (told["whole"], told["kind"], told["where"], told["entry"]) == (False, "altered", "0000000001.jsonl:5", 2)


def test_a_cut_end_leaves_with_one(ledger, capsys):
    segment = ledger.folder / "0000000001.jsonl"
    segment.write_bytes(segment.read_bytes()[:-30])
    assert run(["ledger", "audit", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["kind"], told["entry"]) == ("truncated", 3)
    assert run(["--lang", "zh", "ledger", "audit"]) == 1
    assert "末尾被截去" in capsys.readouterr().err


def test_an_end_that_was_never_signed_leaves_with_one(ledger, capsys):
    with (ledger.folder / "0000000001.jsonl").open("ab") as file:
        file.write(b"torn")
    assert run(["ledger", "audit", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["kind"] == "interrupted"
    assert run(["--lang", "zh", "ledger", "audit"]) == 1
    assert "末尾未经签名" in capsys.readouterr().err


def test_the_ledger_and_the_public_keys_are_all_that_an_audit_needs(ledger, tmp_path, capsys, monkeypatch):
    away = tmp_path / "away"
    shutil.copytree(ledger.folder, away / "copy")
    shutil.copy(tmp_path / "keys" / "trust.json", away)
    shutil.copy(ledger.folder / "head", away)
    monkeypatch.setenv("ONEFILE_HOME", str(tmp_path / "nowhere"))
    given = ["--folder", str(away / "copy"), "--trust", str(away / "trust.json"), "--head", str(away / "head")]
    assert run(["ledger", "audit", *given]) == 0
    assert capsys.readouterr().out.startswith("whole: 3 entries")
    (away / "copy" / "0000000001.jsonl").unlink()
    (away / "copy" / "head").unlink()
    assert run(["ledger", "audit", *given]) == 1
    assert run(["ledger", "audit", "--folder", str(away / "none"), "--head", str(away / "head")]) == 1


def test_a_clock_that_was_wrong_is_said_so_in_the_ledger(ledger, capsys):
    before = ["--at", "2026-11-22T00:00:00+08:00"]
    assert run(["ledger", "clock", "--reason", "set a day ahead by mistake", *before]) == 0
    assert capsys.readouterr().out == "entry 4: entries go on from now\n"
    assert run(["--lang", "zh", "ledger", "audit"]) == 0
    assert "时钟曾回拨：第 4 条" in capsys.readouterr().out


def test_nothing_is_removed_before_its_years_are_over(ledger, capsys):
    assert run(["ledger", "expire", "--at", "2029-11-22T00:00:00+08:00"]) == 0
    assert capsys.readouterr().out == "no segment is that old\n"
    assert run(["ledger", "expire", "--years", "2"]) == 2


def test_an_audit_may_use_a_trust_file_kept_elsewhere(ledger, tmp_path, capsys):
    new_bureau(tmp_path / "other")
    assert run(["ledger", "audit", "--trust", str(tmp_path / "other" / "keys" / "trust.json")]) == 1
    assert "no trusted key" in capsys.readouterr().err


def test_a_home_without_a_ledger_has_no_entries(home, capsys):
    assert run(["ledger", "audit"]) == 0
    assert "nobody has looked yet, or it was taken away" in capsys.readouterr().out
    assert run(["ledger", "show"]) == 0
    assert capsys.readouterr().out == "no entries\n"
    assert run(["ledger", "show", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"entries": []}


def test_the_last_entries_are_shown_without_naming_anybody(ledger, capsys):
    assert run(["ledger", "show", "--last", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    subject = next(iter(ledger.entries())).subject[:12]
    assert lines == [
        f"{n}  2026-11-23 09:02:03+08:00  clerk-7  {subject}  name  (case {n}; onefile file)" for n in (2, 3)
    ]
    assert run(["ledger", "show", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["entries"]
    assert [entry["seq"] for entry in told] == [1, 2, 3]
    assert told == [entry.as_json() for entry in ledger.entries()]


@pytest.mark.parametrize("verb", ["receipt", "ledger"])
def test_the_verbs_start_fast(home, verb):
    """Work, not waiting: the machine may be busy."""
    script = (
        f"import time; from onefile.cli.main import run; code = run([{verb!r}, '--help']);"
        "import sys; sys.stderr.write(repr((code, time.process_time() < 0.5)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stderr == "(0, True)"
