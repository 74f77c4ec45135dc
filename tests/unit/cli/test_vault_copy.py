"""`onefile vault copy` and the certificates that it needs, as an operator makes them."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest

from onefile.cli.main import run
from tests.vault import permit

AT = "2026-11-23T08:00:00+08:00"


@pytest.fixture
def licence(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("ONEFILE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ONEFILE_NOW", AT)
    monkeypatch.setenv("ONEFILE_LANG", "en")
    monkeypatch.setenv("ONEFILE_LOG_ORIGIN", "city.example/log")
    rows = tmp_path / "rows.jsonl"
    rows.write_text(json.dumps(permit(1), ensure_ascii=False) + "\n", encoding="utf-8")
    assert run(["vault", "issue", "food_operation_permit", str(rows)]) == 0
    assert run(["vault", "show", "--holder", "116901000005202685", "--purpose", "case 0", "--json"]) == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])["id"]
    give = ("--to", "health", "--fields", "ZZMC,CZZT", "--until", "2026-12-30", "--how", "at the counter")
    assert run(["vault", "consent", "give", found, *give]) == 0
    return found


def copying(licence, out):
    return ["vault", "copy", licence, "--to", "health", "--fields", "ZZMC,CZZT", "--item", "0102", "--case", "c-17",
            "--purpose", "case 17", "--out", str(out)]  # fmt: skip


def test_from_the_trial_ca_to_a_verified_copy(licence, tmp_path, capsys):
    out, trust = tmp_path / "copy.pdf", tmp_path / "home" / "keys" / "trust.json"
    assert run(copying(licence, out)) == 1
    assert "no active key for 'copies'" in capsys.readouterr().err
    assert run(["vault", "keys", "create", "copies", "--algorithm", "ECDSA-P256"]) == 0
    assert run(copying(licence, out)) == 1
    assert "has no certificate" in capsys.readouterr().err
    assert run(["vault", "keys", "certify", "copies-1"]) == 1
    assert run(["vault", "keys", "ca"]) == 0
    assert run(["vault", "keys", "certify", "copies-1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["until"][:4] == "2028"
    assert run(copying(licence, out)) == 0
    assert run(["verify", str(out), "--trust", str(trust), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["verdict"], told["data"]) == ("copy", {"ZZMC": "食品经营许可证", "CZZT": "样例餐饮店1号"})
    out.write_bytes(out.read_bytes() + b"\n")
    assert run(["verify", str(out), "--trust", str(trust)]) == 4


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is missing")
def test_an_authority_elsewhere_certifies_a_key_by_its_request(licence, tmp_path, capsys):
    assert run(["vault", "keys", "create", "copies", "--algorithm", "ECDSA-P256"]) == 0
    assert run(["vault", "keys", "request", "copies-1", "--out", str(tmp_path / "csr")]) == 0
    for words in (
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -subj /CN=elsewhere",
        "x509 -req -in csr -CA ca.pem -CAkey ca.key -CAcreateserial -out made.pem -days 30",
    ):
        subprocess.run(["openssl", *words.split()], cwd=tmp_path, check=True, capture_output=True)
    assert run(["vault", "keys", "take", "copies-1", str(tmp_path / "ca.pem")]) == 1
    assert "of another key" in capsys.readouterr().err
    assert run(["vault", "keys", "take", "copies-1", str(tmp_path / "csr")]) == 1
    assert run(["vault", "keys", "take", "copies-1", str(tmp_path / "made.pem")]) == 0
    assert run(copying(licence, tmp_path / "copy.pdf")) == 0
