"""Materials at the counter: deposited once, recognised by rules, taken back by their holder, used on record."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from licence_vault.materials.scanning import TEST_STRING
from onefile.cli.main import run
from tests import scans
from tests.counter import ANNA, FIRM, Open, Shop
from tests.deposited import SCAN, deposit, get, granted, me
from tests.papers import AT as ISSUED
from tests.prefilled import ask, cited, firm, grants, licensed, states
from tests.vault import issue_rows, permit, vault_of


@pytest.fixture
def shop(shop: Shop) -> Shop:
    shop.publish(firm())
    licensed(shop)
    return shop


@pytest.fixture(autouse=True)
def _case(counter: Open) -> None:
    counter.case(parties=(FIRM,))


def test_a_material_is_deposited_once_and_used_again_in_another_case_each_use_on_record(counter: Open) -> None:
    first = deposit(counter)
    assert first.status_code == 201, first.text
    told = first.json()
    assert (told["media_type"], told["pages"], told["counts"], told["fresh_until"]) == (
        "application/pdf", 2, True, "2027-10-01",
    )  # fmt: skip
    again = deposit(counter)
    assert (again.status_code, again.json()["material_id"]) == (200, told["material_id"])
    counter.case("D-2", parties=(FIRM,))
    grant = granted(counter)
    assert get(counter, grant, told["material_id"], "D-2").json()["verified_by"] == "王"
    file = get(counter, grant, f"{told['material_id']}/file", "D-2")
    assert (file.status_code, file.content, file.headers["content-type"]) == (200, SCAN, "application/pdf")
    looks = [(look.kind, look.fields, look.case) for look in counter.looks() if look.kind.startswith("materials")]
    assert looks[-2:] == [
        ("materials.read", ("material.lease_contract",), "D-2"),
        ("materials.read", ("material.lease_contract.file",), "D-2"),
    ]
    assert [look[0] for look in looks[:2]] == ["materials.deposit", "materials.deposit"]


@pytest.mark.parametrize(("data", "name", "reason"), [
    (b"MZ" + bytes(99), "a.pdf", "PDF"), (b"", "a.pdf", "empty"), (SCAN[:-40], "a.pdf", "cut short"),
    (scans.pdf() + scans.package(a=b"x"), "a.pdf", "another format"),
    (scans.pdf(root=b"/OpenAction << /S /JavaScript >>"), "a.pdf", "scripts"),
    (scans.docx(word__vbaProject_dot_bin=b"x"), "a.docx", "scripts"),
    (SCAN, "C:a.pdf", "path"), (SCAN, "..\\..\\a.pdf", "path"), (SCAN, "../../keys/trust.json", "path"),
    (scans.pdf(stream=bytes(300 * 2**20)), "a.pdf", "unpacks"), (scans.png(99_999, 99_999), "a.png", "unpacks"),
    (scans.docx(word__media__a_dot_png=bytes(300 * 2**20)), "a.docx", "unpacks"),
    (scans.pdf(stream=TEST_STRING), "a.pdf", "harmful"), (TEST_STRING, "a.pdf", "harmful"),
])  # fmt: skip
def test_a_file_that_harms_is_refused_in_both_languages_and_leaves_nothing(
    counter: Open, data: bytes, name: str, reason: str
) -> None:
    refused = deposit(counter, data, name=name)
    assert (refused.status_code, refused.json()["code"]) == (422, "material_refused")
    assert reason in refused.json()["detail_en"]
    assert refused.json()["detail_zh"]
    assert list((counter.shop.home / "materials").rglob("*")) == []
    assert me(counter).json() == {"materials": []}


def test_two_uploads_of_one_file_at_once_are_one_material_and_one_file(counter: Open) -> None:
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: deposit(counter), range(4)))
    assert sorted(each.status_code for each in found) == [200, 200, 200, 201]
    assert len({each.json()["material_id"] for each in found}) == 1
    assert len(list((counter.shop.home / "materials").glob("*/*"))) == 1
    assert len(me(counter).json()["materials"]) == 1


def test_the_materials_of_a_case_s_parties_are_listed_as_far_as_granted(counter: Open) -> None:
    lease, account = deposit(counter).json(), deposit(counter, kind="bank_account").json()
    listed = get(counter, granted(counter), "").json()["materials"]
    assert [each["material_id"] for each in listed] == [lease["material_id"]]
    both = ",".join((granted(counter), granted(counter, "bank_account")))
    assert {each["material_id"] for each in get(counter, both, "").json()["materials"]} == {
        lease["material_id"], account["material_id"],
    }  # fmt: skip
    assert counter.looks()[-1].kind == "materials.read"
    counter.case("D-9", parties=(ANNA,))
    assert get(counter, both, "", "D-9").json()["materials"] == []


def test_only_the_case_s_own_departments_deposit_and_only_for_its_parties(counter: Open) -> None:
    assert deposit(counter, kind="bank_account", holder=ANNA).json()["code"] == "not_a_party"
    assert deposit(counter, kind="no_such_kind").json()["code"] == "body_invalid"
    assert deposit(counter, case="D-404").json()["code"] == "case_unknown"
    assert deposit(counter, client="tax-app").json()["code"] == "case_unknown"
    assert deposit(counter, verified_on="2026-12-01").json()["code"] == "body_invalid"
    assert deposit(counter, verified_against="issued").json()["code"] == "body_invalid"
    assert me(counter).json() == {"materials": []}


def test_a_material_is_not_found_without_a_grant_of_its_kind_or_for_another_s_case(counter: Open) -> None:
    material_id = deposit(counter).json()["material_id"]
    other = granted(counter, "bank_account")
    assert get(counter, other, material_id).status_code == 404
    counter.case("D-3", parties=(ANNA,))
    grant = granted(counter)
    assert get(counter, grant, material_id, "D-3").status_code == 404
    assert get(counter, grant, "M" + "0" * 24).status_code == 404
    blind = granted(counter, fields=("verified_on",))
    told = get(counter, blind, material_id).json()
    assert (told["verified_on"], told["verified_by"], told["department"], told["deposited_at"]) == (
        "2026-11-30", None, None, None,
    )  # fmt: skip
    assert get(counter, blind, f"{material_id}/file").json()["code"] == "field_not_granted"


def test_what_does_not_count_by_its_rules_is_told_with_why_and_not_given(counter: Open) -> None:
    told = deposit(counter, verified_against="none").json()
    assert (told["counts"], told["why_not"]["en"]) == (False, "not verified against what the rules want")
    grant = granted(counter)
    refused = get(counter, grant, f"{told['material_id']}/file")
    assert (refused.status_code, refused.json()["code"]) == (409, "material_not_recognised")


def test_its_holder_sees_a_material_and_takes_it_back_and_then_nobody_gets_it(counter: Open) -> None:
    material_id = deposit(counter).json()["material_id"]
    (shown,) = me(counter).json()["materials"]
    assert (shown["may_withdraw"], shown["events"][0]["event"]) == (True, "deposited")
    assert me(counter, "POST", f"/{material_id}/withdrawal", number=ANNA).status_code == 404
    for _ in range(2):
        back = me(counter, "POST", f"/{material_id}/withdrawal")
        assert (back.status_code, back.json()["state"]) == (200, "withdrawn")
    assert get(counter, granted(counter), f"{material_id}/file").json()["code"] == "material_not_recognised"
    kept = deposit(counter, kind="articles_of_association").json()["material_id"]
    refused = me(counter, "POST", f"/{kept}/withdrawal")
    assert (refused.status_code, refused.json()["code"]) == (409, "material_kept_by_law")


def test_a_licence_that_covers_a_scan_wins_and_the_scan_is_retired_with_a_note(counter: Open) -> None:
    told = deposit(counter, kind="floor_plan").json()
    assert (told["state"], told["counts"]) == ("held", True)
    issue_rows(vault_of(counter.shop.home, counter.shop.url), [permit(1, holder_code=FIRM)], "b-1", ISSUED)
    found = get(counter, granted(counter, "floor_plan"), told["material_id"]).json()
    assert (found["state"], found["counts"]) == ("retired", False)
    assert found["why_not"]["en"] == "taken back by its holder, or retired"
    (shown,) = me(counter).json()["materials"]
    assert [each["event"] for each in shown["events"]] == ["deposited", "retired"]
    assert shown["note"]


def test_by_the_command_materials_are_counted_swept_and_retired_by_what_it_issues(
    counter: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in {**counter.shop.environ, "ONEFILE_NOW": counter.shop.at.isoformat()}.items():
        monkeypatch.setenv(name, value)
    deposit(counter, kind="floor_plan")
    rows = tmp_path / "permits.jsonl"
    rows.write_text(json.dumps(permit(1, holder_code=FIRM)), "utf-8")
    assert run(["vault", "issue", "food_operation_permit", str(rows)]) == 0
    assert me(counter).json()["materials"][0]["state"] == "retired"
    back = deposit(counter, scans.pdf(3)).json()
    assert me(counter, "POST", f"/{back['material_id']}/withdrawal").status_code == 200
    left = list((counter.shop.home / "materials").glob("*/*"))
    for path in left:
        os.utime(path, (0, 0))
    capsys.readouterr()
    for removed in (1, 0):
        assert run(["material", "sweep", "--json"]) == 0
        assert json.loads(capsys.readouterr().out) == {"removed": removed}
    assert len(left) == 2
    assert run(["material", "count", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [
        {"kind": "floor_plan", "state": "retired", "count": 1},
        {"kind": "lease_contract", "state": "withdrawn", "count": 1},
    ]


def test_the_store_lost_at_the_counter_is_told_and_nothing_is_deposited(counter: Open) -> None:
    (counter.shop.home / "materials").write_text("no folder")
    refused = deposit(counter)
    assert (refused.status_code, refused.json()["code"]) == (503, "material_store_unavailable")
    assert me(counter).json() == {"materials": []}


def test_what_a_case_issued_is_a_material_of_the_next_one(counter: Open) -> None:
    counter.shop.client("market-own", "market")
    with counter.ask("intake") as client:
        for step in ("receive", "accept", "grant"):
            client.call("POST", "/v1/cases/D-1/steps", {"step": step, "at": counter.shop.at.isoformat()})
    made = deposit(counter, kind="floor_plan", client="market-own", verified_against="issued", dated_on=None)
    assert (made.status_code, made.json()["origin"]) == (201, "result"), made.text
    counter.case("D-2", parties=(FIRM,))
    assert get(counter, granted(counter, "floor_plan"), made.json()["material_id"], "D-2").json()["counts"] is True


def test_prefill_says_what_was_deposited_earlier_as_long_as_it_is_fresh_and_granted(counter: Open) -> None:
    given = grants(counter.shop)
    cites = cited(given)
    assert states(ask(counter, cites))["lease_contract"] == "missing"
    material_id = deposit(counter).json()["material_id"]
    answer = ask(counter, cites)
    (lease,) = [each for each in answer["materials"] if "lease_contract" in each["names"].values()]
    assert (lease["state"], lease["deposit"]["id"]) == ("deposited", material_id)
    assert (lease["deposit"]["verified_against"], lease["deposit"]["fresh_until"]) == ("original", "2027-10-01")
    assert any("material.lease_contract" in look.fields for look in counter.looks())
    me(counter, "POST", f"/{material_id}/withdrawal")
    assert states(ask(counter, cites))["lease_contract"] == "missing"
    deposit(counter, scans.pdf(3), verified_on="2025-01-01", dated_on="2025-01-01")
    assert states(ask(counter, cites))["lease_contract"] == "missing"


def test_what_another_department_deposited_is_told_under_a_grant_and_reads_as_missing_without(
    counter: Open,
) -> None:
    counter.shop.client("market-own", "market")
    material_id = deposit(counter, client="market-own").json()["material_id"]
    given = grants(counter.shop)
    assert states(ask(counter, cited(given)))["lease_contract"] == "missing"
    given["material.lease_contract"] = granted(counter)
    answer = ask(counter, cited(given))
    assert states(answer)["lease_contract"] == "deposited"
    assert material_id in json.dumps(answer)


def test_prefill_takes_the_licence_that_covers_a_scan_and_asks_for_neither(counter: Open) -> None:
    given = grants(counter.shop)
    deposit(counter, kind="floor_plan")
    assert states(ask(counter, cited(given)))["floor_plan"] == "deposited"
    issue_rows(vault_of(counter.shop.home, counter.shop.url), [permit(1, holder_code=FIRM)], "b-1", ISSUED)
    assert states(ask(counter, cited(given)))["floor_plan"] == "missing", (
        "the scan counts no more, the licence is hidden"
    )
    given["licence.food_operation_permit"] = counter.shop.grant(
        "licence.food_operation_permit", ("ZZBS",), consumer="data_bureau", mode="licence"
    )
    answer = ask(counter, cited(given))
    (plan,) = [each for each in answer["materials"] if "floor_plan" in each["names"].values()]
    assert (plan["state"], plan["licence"]["type"]) == ("held", "food_operation_permit")
