"""`python -m onefile.verify` as an auditor runs it: a process of its own, and nothing but files."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import onefile.verify.errors
from licence_vault import receipts
from onefile.verify.__main__ import main
from tests.papers import ROWS, new_bureau, proof_of, receipt_over
from tests.yardstick import slowness


@pytest.fixture(scope="module")
def papers(tmp_path_factory):
    folder = tmp_path_factory.mktemp("papers")
    keystore = new_bureau(folder / "home")
    (folder / "trust.json").write_bytes(keystore.trust())
    (folder / "receipt.json").write_bytes(receipts.sign(receipt_over(), keystore.signer("receipts")))
    (folder / "row").write_bytes(ROWS[1] + b"\n")
    (folder / "proof.json").write_bytes(proof_of(2))
    return folder


def run(papers, *arguments: str, lang: str = "en") -> int:
    return main([str(papers / a) if a in FILES else a for a in arguments], {"ONEFILE_LANG": lang})


FILES = {"trust.json", "receipt.json", "row", "proof.json", "nowhere", "home"}
ALONE = ("receipt.json", "--trust", "trust.json")
WHOLE = (*ALONE, "--row", "row", "--proof", "proof.json")


def test_a_genuine_row_leaves_with_zero(papers, capsys):
    assert run(papers, *WHOLE) == 0
    assert "row 2 is in it" in capsys.readouterr().out


def test_a_receipt_alone_is_judged_by_signature_and_counts(papers, capsys):
    assert run(papers, *ALONE, lang="zh") == 0
    assert "行数：收到 11 ＝ 接收 9 ＋ 问题 1 ＋ 重复 1" in capsys.readouterr().out


def test_what_is_not_genuine_leaves_with_four(papers, capsys):
    assert run(papers, *ALONE, "--row", "row", "--proof", "trust.json") == 4
    assert capsys.readouterr().err.startswith("not genuine: malformed proof")
    assert run(papers, "row", "--trust", "trust.json", lang="zh") == 4
    assert capsys.readouterr().err.startswith("不真实：")


@pytest.mark.parametrize("path", ["nowhere", "home"])
def test_what_cannot_be_read_leaves_with_one(papers, capsys, path):
    assert run(papers, path, "--trust", "trust.json") == 1
    assert run(papers, "receipt.json", "--trust", path) == 1
    assert f"{path} cannot be read" in capsys.readouterr().err


def test_an_unusable_trust_file_leaves_with_one(papers):
    assert run(papers, "receipt.json", "--trust", "row") == 1


@pytest.mark.parametrize("arguments", [(), ("receipt.json",), (*ALONE, "--row", "row"), (*ALONE, "--proof", "row")])
def test_wrong_use_leaves_with_two(papers, arguments):
    with pytest.raises(SystemExit) as left:
        run(papers, *arguments)
    assert left.value.code == 2


def test_verdicts_are_given_as_json(papers, capsys):
    assert run(papers, *WHOLE, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told == {
        "verdict": "genuine", "delivery": "d-1", "status": "taken", "received_at": "2026-11-23T01:02:03Z",
        "received": 11, "accepted": 9, "quarantined": 1, "duplicates": 1, "held_by": [], "row": 2,
        "rejected": [],
    }  # fmt: skip
    assert run(papers, "row", "--trust", "trust.json", "--json") == 4
    assert json.loads(capsys.readouterr().out)["verdict"] == "not_genuine"


def test_it_runs_alone_and_starts_fast(papers):
    """In a process of its own: `import` of anything but standard library and cryptography would show."""
    script = (
        "import sys, time; began = time.process_time(); from onefile.verify.__main__ import main;"
        f"code = main({[str(papers / a) if a in FILES else a for a in WHOLE]!r}, {{}});"
        "took = time.process_time() - began;"
        "ours = {m.split('.')[0] for m in sys.modules if '.' not in m} & "
        "{'click', 'yaml', 'schemas', 'catalog', 'licence_vault', 'inbox', 'ledger', 'sqlalchemy', 'rfc8785'};"
        f"sys.stderr.write(repr((code, sorted(ours), took < {0.3 * slowness()})))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, env={**os.environ, "LANG": "C"}
    )
    assert done.stderr == "(0, [], True)"


def test_chinese_is_told_under_a_locale_that_lacks_it(papers):
    arguments = [str(papers / a) if a in FILES else a for a in ALONE]
    done = subprocess.run(
        [sys.executable, "-m", "onefile.verify", *arguments, "--lang", "zh"],
        capture_output=True, check=False, env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_its_few_files_copied_elsewhere_run_as_they_are(papers, tmp_path):
    code = Path(onefile.verify.errors.__file__).parent
    shutil.copytree(code, tmp_path / "onefile" / "verify")
    shutil.copy(code.parent / "errors.py", tmp_path / "onefile")
    arguments = [str(papers / a) if a in FILES else a for a in WHOLE]
    done = subprocess.run(
        [sys.executable, "-m", "onefile.verify", *arguments, "--lang", "en"],
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert (done.returncode, "row 2 is in it" in done.stdout) == (0, True), done.stderr
