"""Keys in a security module (PKCS#11), tried against SoftHSM2: made there, used there, never out of it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from onefile.verify.licence import open_licence
from onefile.verify.trust import read_trust
from tests.vault import permit

MODULES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so")
MODULE = next((path for path in MODULES if Path(path).exists()), None)
pytestmark = pytest.mark.skipif(
    MODULE is None or shutil.which("softhsm2-util") is None, reason="SoftHSM2 (softhsm2) is missing"
)
PIN = "907351"


@pytest.fixture
def machine(tmp_path):
    """A token of its own, and a home. The value runs the command there."""
    (tmp_path / "tokens").mkdir()
    (tmp_path / "softhsm.conf").write_text(f"directories.tokendir = {tmp_path}/tokens\nobjectstore.backend = file\n")
    (tmp_path / "pin").write_text(PIN + "\n")
    env = {
        **os.environ, "SOFTHSM2_CONF": str(tmp_path / "softhsm.conf"), "ONEFILE_HOME": str(tmp_path / "home"),
        "ONEFILE_NOW": "2026-11-23T08:00:00+08:00", "ONEFILE_LANG": "en", "ONEFILE_LOG_ORIGIN": "city.example/log",
    }  # fmt: skip
    subprocess.run(
        ["softhsm2-util", "--init-token", "--free", "--label", "vault", "--pin", PIN, "--so-pin", "12345678"],
        env=env, check=True, capture_output=True,
    )  # fmt: skip

    def run(*words, code=0):
        done = subprocess.run(
            [sys.executable, "-m", "onefile.cli", *words], env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == code, done.stderr
        return done.stdout + done.stderr

    return run, tmp_path


def creating(folder, use, *more):
    return (
        "vault",
        "keys",
        "create",
        use,
        "--hsm",
        MODULE,
        "--token",
        "vault",
        "--pin-file",
        str(folder / "pin"),
        *more,
    )


def test_a_log_s_key_in_the_module_signs_checkpoints_that_verify_offline(machine):
    run, folder = machine
    told = json.loads(run(*creating(folder, "log"), "--json"))
    assert (told["algorithm"], told["signs_as"]) == ("ECDSA-P256", "city.example/log")
    rows = folder / "rows.jsonl"
    rows.write_text(json.dumps(permit(1), ensure_ascii=False) + "\n", encoding="utf-8")
    run("vault", "issue", "food_operation_permit", str(rows))
    shown = run("vault", "show", "--holder", "116901000005202685", "--purpose", "case 0", "--json")
    licence = json.loads(shown.splitlines()[-1])["id"]
    run("vault", "export", licence, "--purpose", "case 1", "--out", str(folder / "licence.json"))
    proved = open_licence(
        (folder / "licence.json").read_bytes(), read_trust((folder / "home/keys/trust.json").read_bytes())
    )
    assert proved.signed.key.id == told["id"]
    assert "is in a security module" in run("vault", "keys", "rotate", "log", code=1)
    run(*creating(folder, "log", "--name", "log-2"))
    run("vault", "keys", "retire", "log-1")
    rows.write_text(json.dumps(permit(2), ensure_ascii=False) + "\n", encoding="utf-8")
    run("vault", "issue", "food_operation_permit", str(rows))
    assert '"whole": true' in run("vault", "audit", "--json")


def test_neither_the_pin_nor_a_private_key_stands_in_the_home_in_clear(machine):
    run, folder = machine
    run(*creating(folder, "presentations"))
    for path in (folder / "home").rglob("*"):
        assert not path.is_file() or PIN.encode() not in path.read_bytes()
    script = (
        "import pkcs11, sys; from pkcs11 import Attribute, ObjectClass\n"
        "session = pkcs11.lib(sys.argv[1]).get_token(token_label='vault').open(user_pin=sys.argv[2])\n"
        "key = session.get_key(object_class=ObjectClass.PRIVATE_KEY)\n"
        "print(key[Attribute.SENSITIVE], key[Attribute.EXTRACTABLE])\n"
    )
    env = {**os.environ, "SOFTHSM2_CONF": str(folder / "softhsm.conf")}
    said = subprocess.run(
        [sys.executable, "-c", script, MODULE, PIN], env=env, capture_output=True, text=True, check=True
    )
    assert said.stdout.split() == ["True", "False"]


def test_what_is_wrong_with_a_module_is_told(machine):
    run, folder = machine
    run(*creating(folder, "log"))
    assert "is there already" in run(*creating(folder, "log", "--name", "log-1"), code=1)
    (folder / "pin").write_text("000000")
    assert "PinIncorrect" in run(*creating(folder, "status"), code=1)
    assert "needs --token" in run("vault", "keys", "create", "log", "--hsm", MODULE, code=2)
    wrong = ("vault", "keys", "create", "log", "--hsm", str(folder / "nothing.so"), "--token", "vault")
    assert "does not work" in run(*wrong, "--pin-file", str(folder / "pin"), code=1)
