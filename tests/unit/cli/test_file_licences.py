"""A subject's licences hang on its one file: as they stand on a day, each kind in the ledger before it is shown."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update

from licence_vault.issuing import issue
from licence_vault.statements import stated_drafts
from licence_vault.vault import open_vault
from onefile.cli.main import run
from schemas.serving.connection import writing
from schemas.serving.tables import LICENCE_HOLDER, LICENCE_VERSION
from schemas.serving.writing import Batch, File
from tests.papers import AT
from tests.statements import KIND, stated
from tests.vault import DECLARED, issue_rows, permit

HOLDER = "116901000005202685"
PURPOSE = ("--purpose", "item 12, case 7")


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home with the published file of an enterprise that holds two permits, one of them suspended since."""
    home = tmp_path / "home"
    values = {"HOME": str(home), "NOW": "2026-11-29T08:00:00+08:00", "LANG": "en", "LOG_ORIGIN": "city.example/log"}
    for name, value in values.items():
        monkeypatch.setenv(f"ONEFILE_{name}", value)
    url = f"sqlite:///{home / 'serving.db'}"
    vault = open_vault(home, url, home / "keys" / "passphrase", "city.example/log", AT)
    changed = stated(2, 2, AT.date() + timedelta(days=2), state="suspended")
    rows = [stated(1, 1, expires_on="2026-11-30"), stated(2, 1), changed]
    drafts = stated_drafts(KIND, DECLARED.tables["food_permit"], rows)
    issue(vault, drafts, batch_id="b-1", at=AT, day=AT.date().isoformat())
    document = {"number_type": "credit_code", "number": HOLDER, "identifiers": []}
    with writing(url) as connection:
        file = File("e-1", "credit_code", HOLDER, "0" * 64, json.dumps(document), (("credit_code", HOLDER),))
        Batch(connection, "enterprise", 1, "2026-11-23T00:00:00Z").put([file])
    return home


def licences(capsys, *arguments):
    capsys.readouterr()
    assert run(["file", HOLDER, *PURPOSE, "--json", *arguments]) == 0
    found = json.loads(capsys.readouterr().out)["licences"]
    return [(each["state"], each["version"], each["valid_until"]) for each in found]


def test_the_licences_of_a_subject_stand_on_its_file_as_they_are_on_the_day(home, capsys):
    assert sorted(licences(capsys)) == [("suspended", 2, "2029-12-31"), ("valid", 1, "2026-11-30")]
    assert sorted(licences(capsys, "--on", "2026-12-01")) == [
        ("lapsed", 1, "2026-11-30"),
        ("suspended", 2, "2029-12-31"),
    ]


def test_they_are_told_in_words_and_stand_in_the_ledger_by_their_type(home, capsys):
    assert run(["file", HOLDER, *PURPOSE]) == 0
    out = capsys.readouterr().out
    assert "Licences" in out
    assert (
        "Food operation permit · in force · 2025-01-01 – 2026-11-30 · Market Regulation Bureau · 1.2.156.3005.2." in out
    )
    assert run(["--lang", "zh", "file", HOLDER, *PURPOSE]) == 0
    assert "食品经营许可证 · 暂扣" in capsys.readouterr().out
    assert run(["ledger", "show", "--json"]) == 0
    entries = json.loads(capsys.readouterr().out)["entries"]
    assert [entry["fields"] for entry in entries] == [["licences.food_operation_permit"]] * 2


INSURED = "690101199001010018"


@pytest.fixture
def insured(home):
    """The same home, with a person who is insured twice with one employer, since the same day."""
    vault = open_vault(home, f"sqlite:///{home / 'serving.db'}", home / "keys" / "passphrase", "city.example/log", AT)
    row = {"person_number": INSURED, "name": "安娜", "employer_code": "91690101MA00000158", "employer_name": "样例",
           "state": "1", "base_cents": 500000, "began_on": "2026-08-02", "updated_on": "2026-08-02"}  # fmt: skip
    issue_rows(vault, [{**row, "kind": kind} for kind in "12"], "b-insured", AT, "insurance_certificate")
    document = {"number_type": "citizen", "number": INSURED, "identifiers": []}
    with writing(f"sqlite:///{home / 'serving.db'}") as connection:
        file = File("p-1", "citizen", INSURED, "1" * 64, json.dumps(document), (("citizen", INSURED),))
        Batch(connection, "person", 1, "2026-11-23T00:00:00Z").put([file])
    return vault


def test_several_of_one_type_are_told_apart_by_what_their_records_say(insured, capsys):
    assert run(["--lang", "zh", "file", INSURED, *PURPOSE]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("社会保险参保凭证")]
    told = sorted(line.partition(" · 1.2.156.3005.2.")[2].partition(" · ")[2] for line in lines)
    assert told == [f"险种 {kind} · 单位统一社会信用代码 91690101MA00000158"
                    for kind in ("基本养老保险 (1)", "基本医疗保险 (2)")]  # fmt: skip
    assert not any("5,000.00" in line or "500000" in line for line in lines), "what is not to be disclosed stays inside"


def test_permits_are_told_apart_by_the_numbers_on_their_faces_and_one_alone_needs_nothing(home, capsys):
    assert run(["file", HOLDER, *PURPOSE, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["licences"]
    assert {each["details"]["permit_no"]["value"] for each in found} == {permit(1)["permit_no"], permit(2)["permit_no"]}
    with writing(f"sqlite:///{home / 'serving.db'}") as connection:
        key = connection.execute(select(LICENCE_HOLDER.c.licence_key).limit(1)).scalar_one()
        connection.execute(delete(LICENCE_HOLDER).where(LICENCE_HOLDER.c.licence_key == key))
    assert run(["file", HOLDER, *PURPOSE, "--json"]) == 0
    assert [each["details"] for each in json.loads(capsys.readouterr().out)["licences"]] == [{}]


def test_of_one_that_was_erased_only_its_type_state_and_days_are_told(insured, home, capsys):
    with writing(f"sqlite:///{home / 'serving.db'}") as connection:
        connection.execute(update(LICENCE_VERSION).values(wrapped_key=None, sealed=b""))
    assert run(["file", INSURED, *PURPOSE, "--json"]) == 0
    assert [each["details"] for each in json.loads(capsys.readouterr().out)["licences"]] == [{}, {}]
