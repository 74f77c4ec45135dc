"""`onefile vault` and `onefile verify`, as an operator and a clerk run them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from onefile.cli.main import run
from tests.vault import permit

AT = "2026-11-23T08:00:00+08:00"


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("ONEFILE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ONEFILE_NOW", AT)
    monkeypatch.setenv("ONEFILE_LANG", "en")
    monkeypatch.setenv("ONEFILE_OPERATOR", "clerk-7")
    monkeypatch.setenv("ONEFILE_LOG_ORIGIN", "city.example/log")
    return tmp_path / "home"


def rows(path, *given):
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in given), encoding="utf-8")
    return str(path)


@pytest.fixture
def issued(home, tmp_path, capsys):
    """A home with two licences; the value is the identifier of the first."""
    file = rows(tmp_path / "rows.jsonl", permit(1), permit(2))
    assert run(["vault", "issue", "food_operation_permit", file]) == 0
    assert run(["vault", "publish"]) == 0
    capsys.readouterr()
    ids = said(capsys, "vault", "show", "--holder", "116901000005202685", "--purpose", "case 0")
    return sorted(ids, key=lambda view: view["versions"][0]["leaf_index"])[0]["id"]


def said(capsys, *arguments):
    """What a verb says with --json: an object a line."""
    capsys.readouterr()
    assert run([*arguments, "--json"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_issuing_tells_counts_and_reasons_and_the_same_file_again_does_nothing(home, tmp_path, capsys):
    file = rows(tmp_path / "rows.jsonl", permit(1), permit(2, state="gone"))
    assert run(["vault", "issue", "food_operation_permit", file]) == 0
    out = capsys.readouterr().out
    assert out.startswith("1 issued, 0 unchanged, 1 refused; log of 1\n")
    assert "2: state: a code that the list lacks (not_in_list)" in out
    (again,) = said(capsys, "vault", "issue", "food_operation_permit", file)
    assert (again["is_repeat"], again["issued"], again["log_size"]) == (True, 1, 1)
    assert run(["--lang", "zh", "vault", "issue", "food_operation_permit", file]) == 0
    assert "该批次此前已签发" in capsys.readouterr().out


def test_what_cannot_be_issued_is_told(home, tmp_path, capsys):
    assert run(["vault", "issue", "food_permit", rows(tmp_path / "r", permit(1))]) == 1
    assert "no licence type 'food_permit'" in capsys.readouterr().err
    (tmp_path / "bad").write_text("[1]\n")
    assert run(["vault", "issue", "food_operation_permit", str(tmp_path / "bad")]) == 2
    assert "line 1 of bad is no JSON object" in capsys.readouterr().err
    assert run(["vault", "issue", "food_operation_permit", str(tmp_path / "nowhere")]) == 2
    assert run(["vault", "audit", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["leaves"] == 0


def test_a_licence_is_exported_with_its_status_and_verified_offline(home, issued, tmp_path, capsys):
    out = tmp_path / "licence.json"
    assert run(["vault", "export", issued, "--purpose", "case 1", "--out", str(out)]) == 0
    assert run(["vault", "keys", "export", "--out", str(tmp_path / "trust.json")]) == 0
    assert run(["verify", str(out), "--trust", str(tmp_path / "trust.json")]) == 0
    assert capsys.readouterr().out.startswith("genuine, and in force on 2026-11-23")
    shutil.move(home, tmp_path / "gone")
    done = subprocess.run(
        [sys.executable, "-m", "onefile.verify", str(out), "--trust", str(tmp_path / "trust.json"), "--lang", "zh",
         "--on", "2026-11-23"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout[:4]) == (0, "真实有效")


def test_the_verdicts_leave_with_their_exit_codes(home, issued, tmp_path, capsys, monkeypatch):
    out, trust = tmp_path / "licence.json", str(home / "keys" / "trust.json")
    assert run(["vault", "export", issued, "--purpose", "case 1", "--out", str(out)]) == 0
    assert run(["verify", str(out), "--trust", trust, "--on", "2020-01-01"]) == 3
    (told,) = [json.loads(line) for line in _out(capsys, ["verify", str(out), "--trust", trust, "--json"], 0)]
    assert (told["verdict"], told["id"]) == ("in_force", issued)
    monkeypatch.setenv("ONEFILE_NOW", "2026-12-23T08:00:00+08:00")
    assert _out(capsys, ["verify", str(out), "--trust", trust], 3)[0].startswith("genuine, status unknown")
    list_file = str(home / "status" / "0.jwt")
    assert run(["vault", "publish"]) == 0
    assert run(["verify", str(out), "--trust", trust, "--status", list_file]) == 0
    out.write_bytes(out.read_bytes().replace(b'"leaf_index":0', b'"leaf_index":1'))
    capsys.readouterr()
    (told,) = [json.loads(line) for line in _out(capsys, ["verify", str(out), "--trust", trust, "--json"], 4)]
    assert told["verdict"] == "not_in_log"
    assert run(["verify", str(tmp_path / "nowhere"), "--trust", trust]) == 1
    assert run(["verify", str(out), "--trust", trust, "--on", "tomorrow"]) == 2


def _out(capsys, arguments, code):
    capsys.readouterr()
    assert run(arguments) == code
    return capsys.readouterr().out.splitlines()


def test_one_licence_one_file_with_both_times(home, issued, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("ONEFILE_NOW", "2026-11-25T08:00:00+08:00")
    file = rows(tmp_path / "more.jsonl", permit(1, state="revoked"))
    assert run(["vault", "issue", "food_operation_permit", file]) == 0
    capsys.readouterr()
    show = ("vault", "show", issued, "--purpose", "case 2")
    (now,) = said(capsys, *show)
    assert (now["state"], [v["event"] for v in now["versions"]]) == ("revoked", ["new", "revoked"])
    (then,) = said(capsys, *show, "--on", "2026-11-24")
    assert then["state"] == "valid"
    (known,) = said(capsys, *show, "--known-at", "2026-11-24T00:00:00+08:00")
    assert known["state"] == "valid"
    (before,) = said(capsys, *show, "--on", "2026-11-20")
    assert before["state"] is None
    lines = _out(capsys, list(show), 0)
    assert lines[1].strip() == "2026-11-25 state: revoked"
    assert "ZZMC: 食品经营许可证" in "\n".join(lines)


def test_a_licence_is_found_by_holder_and_by_the_number_on_its_face(home, issued, capsys, monkeypatch):
    by_holder = said(capsys, "vault", "show", "--holder", "116901000005202685", "--purpose", "case 3")
    assert len(by_holder) == 2
    printed = ("vault", "show", "--type", "food_operation_permit", "--number", "JY10000000000001", "--purpose", "c")
    (found,) = said(capsys, *printed)
    assert found["id"] == issued
    assert (
        run(["vault", "show", "--holder", "116901000005202685", "--type", "marriage_certificate", "--purpose", "c"])
        == 1
    )
    assert run(["vault", "show", "--number", "x", "--purpose", "c"]) == 2
    assert run(["vault", "show", "--purpose", "c"]) == 2
    assert run(["vault", "show", issued, "--purpose", " "]) == 2


def test_every_look_is_in_the_ledger_also_one_that_finds_nothing(home, issued, tmp_path, capsys):
    run(["vault", "show", issued, "--purpose", "case 7"])
    run(["vault", "export", issued, "--purpose", "case 8", "--out", str(tmp_path / "x")])
    run(["vault", "show", "--holder", "11690100000120264E", "--purpose", "case 9"])
    (told,) = said(capsys, "ledger", "show")
    last = told["entries"][-3:]
    assert [(e["purpose"], e["operator"], e["basis"]) for e in last] == [
        (f"case {n}", "clerk-7", "onefile vault") for n in (7, 8, 9)
    ]
    assert last[0]["subject"] == last[1]["subject"] != last[2]["subject"] is None
    assert "ZZMC" in last[0]["fields"]


def test_the_audit_says_whole_or_what_is_wrong(home, issued, tmp_path, capsys):
    kept = tmp_path / "checkpoint"
    shutil.copy(home / "log" / "checkpoint", kept)
    (told,) = said(capsys, "vault", "audit", "--since", str(kept))
    assert (told["whole"], told["leaves"], told["batches"]) == (True, 2, 1)
    bundle = home / "log" / "tile" / "entries" / "000.p" / "2"
    bundle.write_bytes(bundle.read_bytes().replace(b'"version":1', b'"version":2', 1))
    assert run(["vault", "audit"]) == 1
    assert "differ" in capsys.readouterr().err


def test_a_monitor_tells_what_came_and_finds_a_log_that_was_rewritten(home, issued, tmp_path, capsys):
    trust = str(home / "keys" / "trust.json")
    watch = ["vault", "monitor", str(home / "log"), "--trust", trust, "--state", str(tmp_path / "seen")]
    assert "only grew: 2 leaves, 2 new ones told" in _out(capsys, watch, 0)[-1]
    assert "2 leaves, 0 new ones told" in _out(capsys, watch, 0)[-1]
    run(["vault", "issue", "food_operation_permit", rows(tmp_path / "more", permit(3))])
    (new,) = said(capsys, *watch)[-1:]
    assert (new["leaf"], new["type"]) == (2, "116901000005202685002")
    other = [*watch, "--department", "police"]
    assert "0 new ones told" in _out(capsys, other, 0)[-1]
    shutil.rmtree(home / "log")
    (home / "serving.db").unlink()
    for name in ("serving.db-wal", "serving.db-shm"):
        (home / name).unlink(missing_ok=True)
    for number in (7, 8, 9, 10):
        run(["vault", "issue", "food_operation_permit", rows(tmp_path / f"r{number}", permit(number))])
    capsys.readouterr()
    assert run(watch) == 1
    assert "is not what it was, grown" in capsys.readouterr().err


def test_a_monitor_that_looks_again_tells_what_was_issued_since(home, issued, tmp_path):
    watch = ["vault", "monitor", str(home / "log"), "--state", str(tmp_path / "seen"), "--every", "1", "--json"]
    watching = subprocess.Popen([sys.executable, "-u", "-m", "onefile.cli", *watch], stdout=subprocess.PIPE, text=True)
    try:
        assert watching.stdout is not None
        assert [json.loads(watching.stdout.readline())["leaf"] for _ in range(2)] == [0, 1]
        assert run(["vault", "issue", "food_operation_permit", rows(tmp_path / "more", permit(3))]) == 0
        assert json.loads(watching.stdout.readline())["leaf"] == 2
    finally:
        watching.kill()
        watching.communicate()


def test_a_monitor_follows_a_log_by_its_address(home, issued, tmp_path, capsys):
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(home / "log")))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        place = f"http://127.0.0.1:{server.server_address[1]}"
        watch = ["vault", "monitor", place, "--state", str(tmp_path / "seen"), "--department", "market"]
        assert "2 new ones told" in _out(capsys, watch, 0)[-1]
    finally:
        server.shutdown()
        server.server_close()
    assert run(watch) == 1
    assert "cannot be read" in capsys.readouterr().err


def test_keys_are_made_listed_rotated_and_retired_and_old_proofs_stay_good(home, issued, tmp_path, capsys):
    out = tmp_path / "licence.json"
    assert run(["vault", "export", issued, "--purpose", "case 1", "--out", str(out)]) == 0
    (made,) = said(capsys, "vault", "keys", "rotate", "log", "--algorithm", "ECDSA-P256")
    assert (made["algorithm"], made["signs_as"], made["name"]) == ("ECDSA-P256", "city.example/log", "log-2")
    assert run(["vault", "issue", "food_operation_permit", rows(tmp_path / "more", permit(3))]) == 0
    assert run(["vault", "publish"]) == 0
    assert run(["verify", str(out), "--trust", str(home / "keys" / "trust.json")]) == 0
    (listed,) = said(capsys, "vault", "keys", "list")[-1:]
    assert [(k["name"], k["state"]) for k in listed if k["use"] == "log"] == [("log-1", "retired"), ("log-2", "active")]
    assert run(["vault", "keys", "create", "witness", "--as", "w.example"]) == 0
    assert run(["vault", "keys", "retire", "witness-1"]) == 0
    assert run(["vault", "keys", "retire", "witness-1"]) == 1
    assert run(["vault", "keys", "create", "witness"]) == 1
    assert "PRIVATE" not in "".join(capsys.readouterr())


def test_a_trust_file_takes_in_witnesses_and_how_many_are_needed(home, issued, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("ONEFILE_HOME", str(tmp_path / "witness"))
    assert run(["vault", "keys", "create", "witness", "--as", "w.example"]) == 0
    theirs = str(tmp_path / "witness" / "keys" / "trust.json")
    monkeypatch.setenv("ONEFILE_HOME", str(home))
    export = ["vault", "keys", "export", "--out", str(tmp_path / "trust"), "--witnesses-needed", "1"]
    assert run(export) == 1
    assert run([*export, "--witness", theirs]) == 0
    out = str(tmp_path / "licence.json")
    assert run(["vault", "export", issued, "--purpose", "case 1", "--out", out]) == 0
    capsys.readouterr()
    assert run(["verify", out, "--trust", str(tmp_path / "trust")]) == 4
    assert "0 trusted witnesses" in capsys.readouterr().err


def test_a_witness_cosigns_what_it_checked_and_a_verifier_that_demands_it_is_content(
    home, issued, tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("ONEFILE_HOME", str(tmp_path / "witness"))
    assert run(["vault", "keys", "create", "witness", "--as", "w.example"]) == 0
    theirs, ours = str(tmp_path / "witness" / "keys" / "trust.json"), str(home / "keys" / "trust.json")
    cosigned = str(tmp_path / "cosigned")
    watch = ["vault", "monitor", str(home / "log"), "--trust", ours, "--cosign", cosigned]
    assert run(watch) == 0
    monkeypatch.setenv("ONEFILE_HOME", str(home))
    trust, out = str(tmp_path / "trust"), str(tmp_path / "licence.json")
    assert run(["vault", "keys", "export", "--out", trust, "--witness", theirs, "--witnesses-needed", "1"]) == 0
    export = ["vault", "export", issued, "--purpose", "case 1", "--out", out, "--witnessed"]
    assert run(export) == 1
    assert run(["vault", "publish", "--cosigned", cosigned]) == 0
    assert run(["vault", "issue", "food_operation_permit", rows(tmp_path / "more", permit(3))]) == 0
    assert run(export) == 0
    (told,) = [json.loads(line) for line in _out(capsys, ["verify", out, "--trust", trust, "--json"], 0)]
    assert told["witnesses"] == ["w.example"]
    (tmp_path / "foreign").write_bytes((tmp_path / "cosigned").read_bytes().replace(b"\n2\n", b"\n1\n"))
    assert run(["vault", "publish", "--cosigned", str(tmp_path / "foreign")]) == 4


def test_a_witness_cosigns_nothing_of_a_log_that_was_rewritten(home, issued, tmp_path, capsys):
    assert run(["vault", "keys", "create", "witness", "--as", "w.example"]) == 0
    watch = ["vault", "monitor", str(home / "log"), "--cosign", str(tmp_path / "cosigned")]
    assert run(watch) == 0
    (tmp_path / "cosigned").unlink()
    for name in ("serving.db", "serving.db-wal", "serving.db-shm"):
        (home / name).unlink(missing_ok=True)
    shutil.rmtree(home / "log")
    assert run(["vault", "issue", "food_operation_permit", rows(tmp_path / "r", *map(permit, range(5, 9)))]) == 0
    assert run(watch) == 1
    assert not (tmp_path / "cosigned").exists()


def test_verifying_starts_without_anything_heavy():
    script = (
        "import sys; from onefile.cli.main import run; run(['verify', '--help']);"
        "sys.exit(sorted({m.split('.')[0] for m in sys.modules} & {'sqlalchemy', 'yaml', 'pyspark', 'cryptography'}))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stderr.strip() in ("", "[]")


def forked(home, tmp_path, capsys):
    """Two logs of one name and key that parted after their second leaf; returns their folders."""
    other = tmp_path / "other"
    shutil.copytree(home, other)
    for place, numbers in ((home, (3,)), (other, (4, 5))):
        arguments = ["vault", "issue", "food_operation_permit"]
        for number in numbers:
            file = rows(tmp_path / f"rows-{number}", permit(number))
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("ONEFILE_HOME", str(place))
                assert run([*arguments, file]) == 0
    capsys.readouterr()
    return home / "log", other / "log"


def test_two_logs_under_one_name_at_two_addresses_are_a_fork_for_whoever_looks_at_both(home, issued, tmp_path, capsys):
    one, other = forked(home, tmp_path, capsys)
    assert run(["vault", "monitor", str(one)]) == 0
    assert run(["vault", "monitor", str(other)]) == 1
    assert "is not what it was, grown" in capsys.readouterr().err
    assert run(["vault", "monitor", str(one), "--department", "market"]) == 0


def test_a_witness_cosigns_one_log_under_a_name_wherever_it_lies_and_never_an_older_one(
    home, issued, tmp_path, monkeypatch, capsys
):
    shutil.copytree(home / "log", tmp_path / "older")
    ours = str(home / "keys" / "trust.json")
    one, other = forked(home, tmp_path, capsys)
    monkeypatch.setenv("ONEFILE_HOME", str(tmp_path / "witness"))
    assert run(["vault", "keys", "create", "witness", "--as", "w.example"]) == 0
    for place, wanted in ((other, 0), (one, 1), (tmp_path / "older", 1), (other, 0)):
        out = tmp_path / "cosigned"
        out.unlink(missing_ok=True)
        assert run(["vault", "monitor", str(place), "--trust", ours, "--cosign", str(out)]) == wanted
        assert out.exists() is (wanted == 0)
    state = ["--state", str(tmp_path / "fresh"), "--department", "market"]
    assert run(["vault", "monitor", str(one), "--trust", ours, "--cosign", str(tmp_path / "again"), *state]) == 1
    assert not (tmp_path / "again").exists()
