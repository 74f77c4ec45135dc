"""`onefile receipt`: a receipt is shown, a row proved from the files kept, and the proof verified offline."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from hashlib import sha256

import pytest

import catalog
from inbox.deliveries import Received, write_received
from inbox.manifest import FileEntry, write_manifest
from licence_vault import receipts
from onefile.cli.main import run
from tests.papers import AT, new_bureau, receipt_over

DELIVERY = "2026-10-first"


@pytest.fixture(scope="module")
def resource():
    return next(r for r in catalog.load().resources.values() if r.format == "csv" and r.encoding == "gb18030")


@pytest.fixture
def rows(resource):
    """Twelve records in two files; one has a quoted line end, one a Chinese word in the file's own encoding."""
    plain = [resource.delimiter.join(f"v{n}" for _ in resource.headers) for n in range(1, 13)]
    plain[4] = plain[4].replace("v5", '"v\n5"', 1)
    plain[5] = plain[5].replace("v6", "甲", 1)
    return [row.encode("gb18030") for row in plain]


@pytest.fixture
def home(tmp_path, monkeypatch, resource, rows):
    """A home that took one delivery, without Spark: row 5 was rejected, row 6 a duplicate."""
    monkeypatch.setenv("ONEFILE_HOME", str(tmp_path))
    monkeypatch.setenv("ONEFILE_LANG", "en")
    header = resource.delimiter.join(resource.headers).encode("gb18030")
    contents = {"a.csv": b"\r\n".join([header, *rows[:8], b""]), "b.csv": b"\n".join([header, *rows[8:]])}
    entries = [FileEntry("a.csv", 8, ""), FileEntry("b.csv", 4, "")]
    entries = [replace(entry, sha256=sha256(contents[entry.name]).hexdigest()) for entry in entries]
    folder = tmp_path / "deliveries" / resource.department / DELIVERY
    folder.mkdir(parents=True)
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    (folder / "manifest.json").write_bytes(write_manifest(resource.id, DELIVERY, "2026-10", entries))
    note = Received(DELIVERY, DELIVERY, resource.department, 1, AT, "taken", None, None)
    (folder / "received.json").write_bytes(write_received(note))
    column = resource.headers[0]
    receipt = replace(
        receipt_over(tuple(rows), DELIVERY),
        department=resource.department,
        resource=resource.id,
        rejected=(receipts.Rejection(5, column, "not_in_list"), receipts.Rejection(5, None, "shifted_by_moonlight")),
        files=tuple(receipts.ReceivedFile(entry.name, entry.rows, entry.sha256) for entry in entries),
    )
    receipts.save(tmp_path, receipt, new_bureau(tmp_path).signer("receipts"))
    return tmp_path


def test_a_receipt_is_shown_by_reason_with_what_to_do_and_no_value(home, resource, capsys):
    assert run(["receipt", "show", DELIVERY]) == 0
    shown = capsys.readouterr().out
    assert shown.splitlines() == [
        f"receipt of delivery {DELIVERY}",
        f"  {resource.id}, period 2026-10, received at 2026-11-23 09:02:03+08:00",
        "  rows: 12 received = 10 accepted + 1 quarantined + 1 duplicates",
        f"  1 × {resource.headers[0]}: a code that the list lacks (not_in_list)",
        "      rows 5",
        "      do: use a code of the list, or ask for it to be added",
        "  1 × the row: shifted_by_moonlight (shifted_by_moonlight)",
        "      rows 5",
    ]
    assert run(["--lang", "zh", "receipt", "show", DELIVERY]) == 0
    assert "代码表中没有该代码" in capsys.readouterr().out


def test_a_receipt_is_shown_as_json_with_its_groups(home, resource, capsys):
    assert run(["receipt", "show", DELIVERY, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["received"], told["rejected"][1]["row"]) == (12, 5)
    assert told["reasons"][0] == {
        "column": resource.headers[0],
        "reason": "not_in_list",
        "words": "a code that the list lacks",
        "fix": "use a code of the list, or ask for it to be added",
        "rows": 1,
        "examples": [5],
    }


def test_a_refusal_is_shown_with_what_was_found_wanted_and_is_to_do(home, capsys):
    refused = replace(
        receipt_over((), "bad"), status="refused", files=(), refusal=receipts.Refusal("quoting", "f", "w", "d")
    )
    receipts.save(home, refused, new_bureau(home).signer("receipts"))
    assert run(["receipt", "show", "bad"]) == 0
    assert capsys.readouterr().out.splitlines()[2:] == [
        "  refused as a whole: quoting", "  found: f", "  wanted: w", "  do: d",
    ]  # fmt: skip
    assert run(["receipt", "prove", "bad", "--row", "1"]) == 1
    assert "refused" in capsys.readouterr().err


@pytest.mark.parametrize("number", range(1, 13))
def test_every_row_is_proved_from_the_files_kept_and_verified_from_its_own_bytes(home, rows, capsys, number):
    assert run(["receipt", "prove", DELIVERY, "--row", str(number), "--out", str(home / "proof")]) == 0
    (home / "row").write_bytes(rows[number - 1] + b"\r\n")
    paper = str(receipts.path(home, DELIVERY))
    for receipt in (DELIVERY, paper):
        assert run(["receipt", "verify", receipt, "--row", str(home / "row"), "--proof", str(home / "proof")]) == 0
        assert f"row {number} is in it" in capsys.readouterr().out


def test_the_stand_alone_verifier_agrees(home, rows):
    assert run(["receipt", "prove", DELIVERY, "--row", "5", "--out", str(home / "proof")]) == 0
    (home / "row").write_bytes(rows[4])
    paper, trust = str(receipts.path(home, DELIVERY)), str(home / "keys" / "trust.json")
    arguments = [paper, "--trust", trust, "--row", str(home / "row"), "--proof", str(home / "proof"), "--lang", "en"]
    done = subprocess.run(
        [sys.executable, "-m", "onefile.verify", *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert "it was rejected" in done.stdout


def test_a_proof_goes_to_standard_output_and_holds_no_data(home, rows, capsysbinary):
    assert run(["receipt", "prove", DELIVERY, "--row", "6"]) == 0
    proof = capsysbinary.readouterr().out
    assert json.loads(proof)["row"] == 6
    assert rows[5] not in proof


def test_what_is_not_genuine_leaves_with_four(home, rows, capsys):
    run(["receipt", "prove", DELIVERY, "--row", "5", "--out", str(home / "proof")])
    (home / "row").write_bytes(rows[0])
    whole = ["receipt", "verify", DELIVERY, "--row", str(home / "row"), "--proof", str(home / "proof")]
    assert run(whole) == 4
    assert capsys.readouterr().err.startswith("onefile: not genuine: the proof does not lead")
    assert run([*whole, "--json"]) == 4
    assert json.loads(capsys.readouterr().out)["error"] == "ProofDoesNotFit"
    paper = receipts.path(home, DELIVERY)
    paper.write_bytes(paper.read_bytes().replace(b'"sig":"', b'"sig":"AAAA'))
    for verb in (["show", DELIVERY], ["prove", DELIVERY, "--row", "5"], ["verify", DELIVERY]):
        assert run(["--lang", "zh", "receipt", *verb]) == 4
        assert "不真实：" in capsys.readouterr().err


@pytest.mark.parametrize("verb", ["show", "prove", "verify"])
def test_help_says_the_exit_codes(home, capsys, verb):
    assert run(["receipt", verb, "--help"]) == 0
    assert "4  not genuine" in capsys.readouterr().out


def test_a_trust_file_of_another_bureau_finds_it_not_genuine(home, capsys):
    new_bureau(home / "other")
    assert run(["receipt", "verify", DELIVERY, "--trust", str(home / "other" / "keys" / "trust.json")]) == 4
    assert "no trusted key" in capsys.readouterr().err


@pytest.mark.parametrize("delivery", ["nobody", "../receipts/2026-10-first", "/etc/hostname", ".."])
def test_a_receipt_that_is_not_there_leaves_with_one(home, capsys, delivery):
    for verb in (["show", delivery], ["prove", delivery, "--row", "1"]):
        assert run(["receipt", *verb]) == 1
        assert "there is no receipt of a delivery of that id" in capsys.readouterr().err


def test_what_cannot_be_read_or_written_leaves_with_one(home, capsys):
    assert run(["receipt", "verify", str(home / "nowhere")]) == 1
    assert run(["receipt", "verify", DELIVERY, "--trust", str(home / "nowhere")]) == 1
    assert run(["receipt", "prove", DELIVERY, "--row", "1", "--out", str(home / "no" / "such")]) == 1
    assert "cannot be written" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [["verify", DELIVERY, "--row", "x"], ["verify", DELIVERY, "--proof", "x"], ["prove", DELIVERY],
     ["prove", DELIVERY, "--row", "0"], ["show"]],
)  # fmt: skip
def test_wrong_use_leaves_with_two(home, arguments):
    assert run(["receipt", *arguments]) == 2


def test_a_row_that_was_not_delivered_leaves_with_one(home, capsys):
    assert run(["receipt", "prove", DELIVERY, "--row", "13"]) == 1
    assert "rows 1 to 12" in capsys.readouterr().err


def test_nothing_is_proved_from_a_kept_file_that_changed(home, resource, capsys):
    kept = home / "deliveries" / resource.department / DELIVERY / "a.csv"
    kept.write_bytes(kept.read_bytes().replace(b"v1", b"v2", 1))
    assert run(["receipt", "prove", DELIVERY, "--row", "12"]) == 1
    assert "restore it" in capsys.readouterr().err
