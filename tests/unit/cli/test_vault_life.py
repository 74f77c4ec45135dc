"""`onefile vault expiring`, `lapse`, `refused`, `erase`, `collect`, `original`, and what `show` says of them."""

from __future__ import annotations

import json

import pytest

from licence_vault.issuing import issue
from licence_vault.statements import stated_drafts
from licence_vault.vault import open_vault
from onefile.cli.main import run
from tests.originals import authority, ofd, pdf, plain_pdf, signer_of
from tests.papers import AT
from tests.statements import KIND, stated
from tests.vault import DECLARED

HOLDER = "116901000005202685"
PURPOSE = ("--purpose", "case 1")


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home in which two permits were issued from statements, and a third one waits; the first ends on 5 December."""
    home = tmp_path / "home"
    for name, value in {
        "HOME": str(home), "NOW": "2026-11-29T08:00:00+08:00", "LANG": "en", "OPERATOR": "clerk-7",
        "LOG_ORIGIN": "city.example/log",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"ONEFILE_{name}", value)
    url = f"sqlite:///{home / 'serving.db'}"
    vault = open_vault(home, url, home / "keys" / "passphrase", "city.example/log", AT)
    rows = [stated(1, 1, expires_on="2026-12-05"), stated(2, 1), stated(3, 1, state="cancelled"), stated(3, 2)]
    drafts = stated_drafts(KIND, DECLARED.tables["food_permit"], rows)
    issue(vault, drafts, batch_id="b-1", at=AT, day=AT.date().isoformat())
    return home


def said(capsys, *arguments, code=0):
    """What a verb says with --json."""
    capsys.readouterr()
    assert run([*arguments, "--json"]) == code
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()] if code == 0 else []


def shown(capsys, number):
    (found,) = said(capsys, "vault", "show", "--type", KIND.name, "--number", f"JY1{number:013d}", *PURPOSE)
    return found


def looks(capsys):
    capsys.readouterr()
    assert run(["ledger", "show", "--json"]) == 0
    return json.loads(capsys.readouterr().out)["entries"]


def test_what_ends_soon_is_listed_by_issuer_and_holder_and_the_look_is_in_the_ledger(home, capsys):
    (told,) = said(capsys, "vault", "expiring", *PURPOSE)
    (issuer,) = told["by_issuer"]
    assert issuer == {
        "type_name": "食品经营许可证", "issuer": "市市场监督管理局", "within_7": 1, "within_30": 1, "within_90": 1,
    }  # fmt: skip
    (holder,) = told["by_holder"]
    assert (holder["number"], [each["days_left"] for each in holder["licences"]]) == (HOLDER, [6])
    assert looks(capsys)[-1]["purpose"] == "case 1"
    (later,) = said(capsys, "vault", "expiring", "--on", "2026-09-15", *PURPOSE)
    assert later["by_issuer"][0] | {"within_7": 0, "within_30": 0} == later["by_issuer"][0]
    (nothing,) = said(capsys, "vault", "expiring", "--within", "5", "--holder", HOLDER, *PURPOSE)
    assert nothing["by_holder"] == []


def test_counts_are_nobodys_data_and_all_else_needs_a_purpose(home, capsys):
    (told,) = said(capsys, "vault", "expiring", "--counts", "--department", "market")
    assert (set(told), told["by_issuer"][0]["within_7"]) == ({"on", "within", "by_issuer"}, 1)
    assert (said(capsys, "vault", "expiring", "--counts", "--department", "tax")[0]["by_issuer"]) == []
    assert looks(capsys) == []
    assert run(["vault", "expiring"]) == 2
    assert run(["vault", "expiring", *PURPOSE]) == 0
    assert "食品经营许可证" in capsys.readouterr().out


def test_lapsing_by_hand_touches_what_ended_only(home, capsys, monkeypatch):
    assert said(capsys, "vault", "lapse") == [{"lapsed": 0}]
    monkeypatch.setenv("ONEFILE_NOW", "2026-12-06T00:30:00+08:00")
    assert said(capsys, "vault", "lapse") == [{"lapsed": 1}]
    assert [v["event"] for v in shown(capsys, 1)["versions"]] == ["new", "lapsed"]
    assert [v["event"] for v in shown(capsys, 2)["versions"]] == ["new"]


def test_what_waits_is_listed_with_reason_and_row_and_no_value(home, capsys):
    capsys.readouterr()
    assert run(["vault", "refused", "--department", "market", "--json"]) == 0
    (waits,) = json.loads(capsys.readouterr().out)
    assert (waits["delivery"], waits["row"], waits["reason"], waits["column"]) == ("d-2", 3, "transition", "state")
    assert run(["vault", "refused"]) == 0
    assert "a licence cannot go from its state to this one" in capsys.readouterr().out
    assert run(["vault", "refused", "--department", "tax"]) == 0
    assert capsys.readouterr().out == "nothing waits\n"


def test_show_tells_versions_with_their_source_and_proof(home, capsys):
    found = shown(capsys, 1)
    (version,) = found["versions"]
    assert version["source"] == {"resource": "market.food_permits", "delivery": "d-1", "row": 1}
    assert (version["nature"], len(version["proof"])) == ("licence_data", 2)
    assert (found["originals"], found["presentations"]) == ([], [])
    assert run(["--lang", "zh", "vault", "show", found["id"], *PURPOSE]) == 0
    out = capsys.readouterr().out
    assert "证照数据" in out
    assert "market.food_permits  d-1  #1" in out


def test_an_ofd_is_collected_shown_with_what_was_not_checked_and_given_out_byte_for_byte(home, tmp_path, capsys):
    file, out = tmp_path / "permit.ofd", tmp_path / "out.ofd"
    file.write_bytes(ofd(seals=2))
    wanted = ("--number", "JY10000000000001", "--identifier", "XK-2026-1")
    (told,) = said(capsys, "vault", "collect", KIND.name, str(file), *wanted, *PURPOSE)
    assert (told["format"], len(told["seals"]), told["is_new"]) == ("ofd", 2, True)
    assert ("seal_signature" in told["checked"], "certificate_chain" in told["unchecked"]) == (True, True)
    found = shown(capsys, 1)
    assert [v["event"] for v in found["versions"]] == ["new", "changed"]
    assert found["originals"][0]["identifier"] == "XK-2026-1"
    by_identifier = said(capsys, "vault", "show", "XK-2026-1", *PURPOSE)
    assert [each["id"] for each in by_identifier] == [found["id"]]
    arguments = ["vault", "original", found["id"], told["digest"], "--out", str(out), *PURPOSE]
    assert run(arguments) == 0
    assert out.read_bytes() == file.read_bytes()
    assert "not checked: the certificate's chain" in capsys.readouterr().out


def test_a_pdf_is_collected_when_its_signer_is_trusted(home, tmp_path, capsys):
    from cryptography.hazmat.primitives.serialization import Encoding

    ca, file = authority(), tmp_path / "permit.pdf"
    file.write_bytes(pdf([signer_of(ca)], ca[0]))
    (tmp_path / "ca.pem").write_bytes(ca[0].public_bytes(Encoding.PEM))
    (tmp_path / "other.pem").write_bytes(authority("x")[0].public_bytes(Encoding.PEM))
    wanted = (KIND.name, str(file), "--number", "JY10000000000001", "--identifier", "XK-2026-1", *PURPOSE)
    assert run(["vault", "collect", *wanted, "--ca", str(tmp_path / "other.pem")]) == 1
    assert "leads to none of the authorities" in capsys.readouterr().err
    assert run(["vault", "collect", *wanted, "--ca", str(tmp_path / "ca.pem")]) == 0
    assert "the certificate's chain" in capsys.readouterr().out.split("not checked")[0]


def test_what_cannot_be_collected_is_told(home, tmp_path, capsys):
    (tmp_path / "plain.pdf").write_bytes(plain_pdf())
    (tmp_path / "good.ofd").write_bytes(ofd())
    given = ("--identifier", "XK-1", *PURPOSE)
    assert run(["vault", "collect", KIND.name, str(tmp_path / "plain.pdf"), "--number", "x", *given]) == 1
    assert "no seal and no signature" in capsys.readouterr().err
    assert run(["vault", "collect", KIND.name, str(tmp_path / "good.ofd"), "--number", "x", *given]) == 1
    assert "no such licence" in capsys.readouterr().err
    wrong = ("--identifier", "1.2.156.3005.2.x", *PURPOSE)
    assert run(["vault", "collect", KIND.name, str(tmp_path / "good.ofd"), "--number", "x", *wrong]) == 1
    assert run(["vault", "original", shown(capsys, 1)["id"], "0" * 64, "--out", str(tmp_path / "o"), *PURPOSE]) == 1
    assert "no original of that digest" in capsys.readouterr().err


def test_erasing_wants_to_be_meant_is_recorded_and_is_for_good(home, capsys):
    licence = shown(capsys, 1)["id"]
    assert run(["vault", "erase", licence, "--reason", "PIPL art. 47"]) == 2
    assert said(capsys, "vault", "erase", licence, "--reason", "PIPL art. 47", "--yes") == [
        {"versions": 1, "originals": 0}
    ]
    assert looks(capsys)[-1]["purpose"] == "PIPL art. 47"
    assert run(["vault", "show", licence, *PURPOSE]) == 1
    assert "was erased" in capsys.readouterr().err
    assert run(["vault", "erase", licence, "--reason", "PIPL art. 47", "--yes"]) == 1
    assert said(capsys, "vault", "audit")[0]["erased"] == 1
