"""`onefile deliver` and `onefile department keys`: from a file on a disk to a delivery that the door takes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

import catalog
from inbox import deliveries, door
from onefile import settings as settings_module
from onefile.cli.main import run
from schemas.model import Resource
from tests.yardstick import slowness

NOW = "2026-03-02T12:00:00+08:00"
RESOURCE = "market.public_register"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "home"
    monkeypatch.setenv("ONEFILE_HOME", str(path))
    monkeypatch.setenv("ONEFILE_NOW", NOW)
    monkeypatch.setenv("ONEFILE_LANG", "en")
    monkeypatch.delenv("ONEFILE_DECLARATIONS", raising=False)
    return path


@pytest.fixture(scope="module")
def resource() -> Resource:
    return catalog.load().resource(RESOURCE)


@pytest.fixture
def file(tmp_path: Path, resource: Resource) -> Path:
    path = tmp_path / "register 2026.csv"
    lines = [resource.headers, ["x"] * len(resource.headers)]
    path.write_text("".join(resource.delimiter.join(line) + "\r\n" for line in lines), encoding=resource.encoding)
    return path


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, Path]:
    key = Ed25519PrivateKey.generate()
    private, public = tmp_path / "key.pem", tmp_path / "key.pub"
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return private, public


def receive(home: Path) -> list[str]:
    read = settings_module.read()
    arrivals = door.receive(home, catalog.load().resources, read.now(), read.timezone)
    return [a.status if a.refusal is None else a.refusal.reason for a in arrivals]


def test_a_delivery_is_made_told_of_and_taken(home, file, capsys):
    assert run(["deliver", RESOURCE, str(file)]) == 0
    said = capsys.readouterr().out
    assert "register 2026.csv: 1 rows" in said
    assert f"onefile run {RESOURCE}" in said
    assert receive(home) == ["taken"]
    assert deliveries.every(home)[0].manifest.period == "2026-03-02"


def test_the_same_command_twice_is_the_same_delivery(home, file, capsys):
    for state in ("new", "waiting"):
        assert run(["deliver", RESOURCE, str(file), "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["state"] == state
    receive(home)
    assert run(["deliver", RESOURCE, str(file), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["state"] == "taken"


def test_chinese_is_spoken_where_it_is_asked_for(home, file, capsys):
    assert run(["--lang", "zh", "deliver", RESOURCE, str(file)]) == 0
    assert "已放入收件箱" in capsys.readouterr().out
    assert run(["--lang", "zh", "deliver", RESOURCE, str(file), "--period", "2027"]) == 1
    assert "晚于收到之日" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "more", "reason"),
    [
        (b"a,b\n1,2\n", [], "no_header"),
        (None, ["--period", "2026-04-01"], "future_period"),
        (None, ["--period", "soon"], "manifest_malformed"),
        (None, ["--id", "../x"], "bad_id"),
        (b"", [], "no_header"),
        (b"\xff\xfe\n", [], "encoding"),
    ],
)
def test_what_the_door_would_refuse_is_refused_with_the_same_reason(home, file, capsys, content, more, reason):
    if content is not None:
        file.write_bytes(content)
    assert run(["deliver", RESOURCE, str(file), *more, "--json"]) == 1
    said = capsys.readouterr()
    assert json.loads(said.out)["refusal"]["reason"] == reason
    assert reason in said.err
    assert list((home / "inbox").glob("*/*")) == []


def test_a_wrong_resource_or_file_is_an_error_in_a_sentence(home, file, capsys):
    assert run(["deliver", "market.nothing", str(file)]) == 2
    assert run(["deliver", RESOURCE, str(file.with_name("none.csv"))]) == 1
    assert run(["deliver", RESOURCE, str(file), "--key", str(file.with_name("none.pem"))]) == 2
    said = capsys.readouterr().err
    assert "market.nothing" in said
    assert "fault of the program" not in said


def test_keys_are_added_listed_and_retired(home, keys, capsys):
    assert run(["department", "keys", "list", "market"]) == 0
    assert run(["department", "keys", "add", "market", str(keys[1])]) == 0
    capsys.readouterr()
    assert run(["department", "keys", "list", "market", "--json"]) == 0
    (key,) = json.loads(capsys.readouterr().out)
    assert (key["since"], key["until"], key["is_in_force"]) == ("2026-03-02T04:00:00+00:00", None, True)
    assert run(["department", "keys", "retire", "market", key["id"]]) == 0
    assert run(["department", "keys", "list", "market"]) == 0
    assert "2026-03-02T12:00:00+08:00" in capsys.readouterr().out
    assert run(["department", "keys", "add", "market", str(keys[0])]) == 1
    assert "private key" in capsys.readouterr().err
    assert run(["department", "keys", "add", "nobody", str(keys[1])]) == 2
    assert run(["department", "keys", "retire", "market", "0000"]) == 1
    assert run(["department", "keys", "add", "market", str(keys[1].with_name("none"))]) == 2


def test_a_signed_delivery_needs_a_key_that_is_registered(home, file, keys, capsys):
    signed = ["deliver", RESOURCE, str(file), "--key", str(keys[0]), "--json"]
    assert run(signed) == 1
    assert json.loads(capsys.readouterr().out)["refusal"]["reason"] == "key_unknown"
    assert run(["department", "keys", "add", "market", str(keys[1])]) == 0
    capsys.readouterr()
    assert run(signed) == 0
    assert receive(home) == ["taken"]
    assert deliveries.every(home)[0].signed_by is not None


@pytest.mark.parametrize("verb", [["deliver", "--help"], ["department", "keys", "list", "market"]])
def test_the_verb_starts_with_less_than_half_a_second_of_computing(home, verb):
    spent = []
    for _ in range(3):
        before = getrusage(RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-m", "onefile.cli", *verb], check=True, capture_output=True)
        after = getrusage(RUSAGE_CHILDREN)
        spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(spent) < 0.5 * slowness()
