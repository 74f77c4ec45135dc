"""`onefile vault present`, `code`, `consent`, `bind`: a licence shown once, as a clerk and a holder do it."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

import catalog
from catalog.objections import Challenge, open_objection
from catalog.sharing_store import Actor
from onefile.cli.main import run
from schemas.serving.connection import writing
from schemas.subjects import subject_numbers
from tests.vault import permit

AT = "2026-11-23T08:00:00+08:00"
FOR = ("--item", "0102", "--case", "c-17", "--nonce", "n-1")
GRANT = "G20261123-0001"


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("ONEFILE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ONEFILE_NOW", AT)
    monkeypatch.setenv("ONEFILE_LANG", "en")
    monkeypatch.setenv("ONEFILE_OPERATOR", "clerk-7")
    monkeypatch.setenv("ONEFILE_LOG_ORIGIN", "city.example/log")
    return tmp_path / "home"


@pytest.fixture
def licence(home, tmp_path, capsys):
    rows = tmp_path / "rows.jsonl"
    rows.write_text(json.dumps(permit(1), ensure_ascii=False) + "\n", encoding="utf-8")
    assert run(["vault", "issue", "food_operation_permit", str(rows)]) == 0
    assert run(["vault", "show", "--holder", "116901000005202685", "--purpose", "case 0", "--json"]) == 0
    return json.loads(capsys.readouterr().out.splitlines()[-1])["id"]


def granted(fields, *more):
    """A grant for the health department, as it comes about."""
    wish = (*more, "--department", "health", "--fields", fields, "--items", "0102", "--basis", "b", "--scenario", "s",
            "--scope", "o", "--mode", "licence", "--from", "2026-11-23", "--until", "2026-12-31",
            "--quota", "3", "--assessment", "PIA 12")  # fmt: skip
    assert run(["request", "apply", "licence.food_operation_permit", *wish]) == 0
    one = "R20261123-0001"
    assert run(["request", "act", one, "approve", "--as", "office", "--department", "health"]) == 0
    by = ("--as", "provider", "--department", "market", "--reason", "r")
    assert run(["request", "act", one, "grant", *by]) == 0


def verified(capsys, home, file, *more):
    capsys.readouterr()
    trust = str(home / "keys" / "trust.json")
    code = run(["verify", str(file), "--trust", trust, "--audience", "health", "--nonce", "n-1", "--json", *more])
    return code, json.loads(capsys.readouterr().out)


def test_a_grant_s_fields_and_no_other_are_shown_and_every_use_is_counted(home, licence, tmp_path, capsys):
    granted("ZZMC,CZZT,KZ_JYXM")
    out = tmp_path / "shown"
    base = ["vault", "present", licence, "--grant", GRANT, *FOR, "--purpose", "case 17", "--out", str(out)]
    assert run(base) == 0
    code, told = verified(capsys, home, out)
    assert (code, told["verdict"], sorted(told["data"])) == (0, "presented", ["CZZT", "KZ_JYXM", "ZZMC"])
    assert run([*base, "--fields", "ZZMC"]) == 0
    assert list(verified(capsys, home, out)[1]["data"]) == ["ZZMC"]
    assert run([*base, "--fields", "ZZMC,CZZTDM"]) == 1
    assert "not all of these fields are granted" in capsys.readouterr().err
    assert run([*base[:5], "--item", "0999", *base[7:]]) == 1
    assert "not for that item" in capsys.readouterr().err
    assert run(base) == 0
    assert run(base) == 1
    assert "quota is used up" in capsys.readouterr().err


def test_a_field_that_is_printed_from_a_value_in_question_says_so(home, licence, tmp_path, capsys):
    granted("ZZMC,ZZBH")
    holder = subject_numbers("116901000005202685")[0].subject_id
    at = datetime.fromisoformat(AT).astimezone(UTC)
    with writing(f"sqlite:///{home}/serving.db") as connection:
        actor = Actor("subject", "", "tests", at, date(2026, 11, 23))
        challenge = Challenge(holder, "enterprise", "food_permit_no", "another's number")
        open_objection(connection, challenge, catalog.load(), actor, "salt")
    capsys.readouterr()
    assert run(["vault", "show", licence, "--purpose", "case 1"]) == 0
    assert "ZZBH: JY10000000000001  ⚠ objected to (O20261123-0001)" in capsys.readouterr().out
    out = tmp_path / "shown"
    assert run(["vault", "present", licence, "--grant", GRANT, *FOR, "--purpose", "case 17", "--out", str(out)]) == 0
    assert verified(capsys, home, out)[1]["disputed"] == ["ZZBH"]
    capsys.readouterr()
    assert run(["vault", "code", "make", licence, "--fields", "ZZBH", "--json"]) == 0
    code = json.loads(capsys.readouterr().out)["code"]
    use = ["vault", "code", "use", code, "--as", "health", *FOR, "--purpose", "case 18", "--out", str(out)]
    assert run(use) == 0
    assert verified(capsys, home, out)[1]["disputed"] == ["ZZBH"]


def test_the_look_is_in_the_ledger_with_the_presentation_s_number(home, licence, tmp_path, capsys):
    granted("ZZMC")
    out = tmp_path / "shown"
    assert run(["vault", "present", licence, "--grant", GRANT, *FOR, "--purpose", "case 17", "--out", str(out)]) == 0
    number = verified(capsys, home, out)[1]["id"]
    assert run(["ledger", "show", "--json"]) == 0
    last = [json.loads(line) for line in capsys.readouterr().out.splitlines()][-1]
    last = last[-1] if isinstance(last, list) else last
    assert f"presentation {number}" in json.dumps(last)


@pytest.mark.parametrize(("rows", "code"), [("area=690100", 0), ("area=69", 0), ("level=city", 0),
                                            ("area=690101", 1), ("level=county", 1)])  # fmt: skip
def test_a_grant_for_some_rows_shows_what_their_authorities_issued(home, licence, tmp_path, capsys, rows, code):
    granted("ZZMC", "--rows", rows)
    base = ["vault", "present", licence, "--grant", GRANT, *FOR, "--purpose", "case 17", "--out", str(tmp_path / "x")]
    assert run(base) == code
    assert ("not for what that authority issued" in capsys.readouterr().err) == (code == 1)


def test_a_look_is_counted_before_it_is_handed_out_and_its_grant_is_in_the_ledger(home, licence, tmp_path, capsys):
    granted("ZZMC")
    base = ["vault", "present", licence, "--grant", GRANT, *FOR, "--purpose", "case 17"]
    assert run([*base, "--out", str(tmp_path)]) == 1  # it is a folder
    capsys.readouterr()
    assert run(["catalog", "show", "licence.food_operation_permit", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["figures"]["used"]["looks"] == 1
    assert run(["ledger", "show", "--json"]) == 0
    assert f", grant {GRANT}" in capsys.readouterr().out


def test_a_grant_or_a_consent_is_needed(home, licence, tmp_path, capsys):
    base = ["vault", "present", licence, *FOR, "--purpose", "case 17"]
    assert run(base) == 2
    assert run([*base, "--to", "health", "--fields", "ZZMC"]) == 1
    assert "ask the holder" in capsys.readouterr().err
    give = ["vault", "consent", "give", licence, "--to", "health", "--fields", "ZZMC,CZZT", "--until", "2026-11-30",
            "--how", "at the counter"]  # fmt: skip
    assert run([*give, "--json"]) == 0
    number = json.loads(capsys.readouterr().out)["consent"]
    assert run([*base, "--to", "health", "--fields", "ZZMC"]) == 0
    whole = tmp_path / "whole"
    assert run([*base, "--to", "health", "--out", str(whole)]) == 0
    assert sorted(verified(capsys, home, whole)[1]["data"]) == ["CZZT", "ZZMC"]
    assert run(["vault", "consent", "withdraw", number]) == 0
    capsys.readouterr()
    assert run([*base, "--to", "health", "--fields", "ZZMC"]) == 1
    assert run(["vault", "consent", "withdraw", number]) == 1
    capsys.readouterr()
    assert run(["vault", "consent", "list", licence, "--json"]) == 0
    (row,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (row["audience"], row["until"], row["withdrawn_at"]) == ("health", "2026-11-30", "2026-11-23T00:00:00Z")


def test_a_code_is_made_with_its_picture_and_used_once(home, licence, tmp_path, capsys, monkeypatch):
    picture, out = tmp_path / "code.svg", tmp_path / "shown"
    make = ["vault", "code", "make", licence, "--fields", "ZZMC", "--qr", str(picture), "--json"]
    assert run(make) == 0
    made = json.loads(capsys.readouterr().out)
    assert made["until"] == "2026-11-23T00:05:00Z"
    assert "<svg" in picture.read_text()
    use = ["vault", "code", "use", made["code"], "--as", "health", *FOR, "--purpose", "case 17", "--out", str(out)]
    assert run(use) == 0
    assert verified(capsys, home, out)[1]["data"] == {"ZZMC": "食品经营许可证"}
    assert run(use) == 1
    assert "used before" in capsys.readouterr().err
    assert run(make) == 0
    late = json.loads(capsys.readouterr().out)["code"]
    monkeypatch.setenv("ONEFILE_NOW", "2026-11-23T08:05:00+08:00")
    assert run([*use[:3], late, *use[4:]]) == 1
    assert "life is over" in capsys.readouterr().err
    assert run(["vault", "code", "make", licence, "--fields", "ZZMC", "--qr", str(tmp_path / "code.doc")]) == 1


def test_the_holder_s_key_is_bound(home, licence, tmp_path, capsys):
    granted("ZZMC")
    key = Ed25519PrivateKey.generate()
    public, private, shown, bound = (tmp_path / name for name in ("pub.pem", "key.pem", "shown", "bound"))
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    assert run(["vault", "present", licence, "--grant", GRANT, *FOR, "--purpose", "case 17", "--out", str(shown),
                "--holder-key", str(public)]) == 0  # fmt: skip
    assert verified(capsys, home, shown)[0] == 4
    assert run(["vault", "bind", str(shown), "--key", str(private), "--audience", "health", "--nonce", "n-1",
                "--out", str(bound)]) == 0  # fmt: skip
    assert verified(capsys, home, bound)[1]["holder_bound"] is True
    assert run(["vault", "bind", str(shown), "--key", str(public), "--audience", "health", "--nonce", "n-1"]) == 1


def test_a_subject_s_number_is_no_case_and_no_item(home, licence):
    base = ["vault", "present", licence, "--grant", GRANT, "--nonce", "n", "--purpose", "case 17"]
    assert run([*base, "--item", "0102", "--case", "690102199001010014"]) == 2
    assert run([*base, "--item", "690102199001010014", "--case", "c"]) == 2
