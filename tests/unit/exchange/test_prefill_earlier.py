"""Earlier cases feed new ones; promises are kept, broken, and followed up."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from catalog.prefill import promises
from catalog.prefill.retention import drop_forms
from onefile.client import Purpose, Refused
from schemas.serving.connection import looking, writing
from schemas.serving.prefill_tables import CASE_FORM
from tests.counter import ANNA, BELA, FIRM, Open, Shop
from tests.deposited import deposit, me
from tests.prefilled import ANSWERS, ask, cited, field, firm, grants, handed_in, licensed, states

LEASE = {"item": "0102", "material": "lease_contract", "how": "handed_in", "ref": "scan-77", "dated_on": "2026-01-01"}
RULES = {"item": "0102", "material": "safety_rules", "how": "handed_in", "ref": "scan-78"}


@pytest.fixture
def shop(shop: Shop) -> Shop:
    shop.publish(firm())
    licensed(shop)
    return shop


@pytest.fixture
def cites(counter: Open) -> Purpose:
    counter.case(parties=(FIRM, ANNA))
    return cited(grants(counter.shop))


def finish(counter: Open, cites: Purpose, **more: Any) -> Any:
    """Hand a case's form in for good: area and a new address are the applicant's own words."""
    form = handed_in(ask(counter, cites))
    form["fields"].append({"field": "food_permit.area_m2", "value": "80"})
    address = next(each for each in form["fields"] if each["field"] == "applicant.address")
    address |= {"value": "样例路2号", "is_amended": True}
    given: dict[str, Any] = {"materials": [LEASE, RULES], "is_final": True, **more}
    return ask(counter, cites, "/check", **form, **given)


def again(counter: Open, cites: Purpose, draft: str = "D-2", item: str = "0102", **more: Any) -> Any:
    counter.case(draft, item, parties=(FIRM, ANNA), **more.pop("case", {}))
    return ask(counter, Purpose(cites.grant, item, draft), items=[item], **more)


def test_the_same_item_again_copies_the_case_with_its_attachments_each_checked_for_freshness(
    counter: Open, cites: Purpose
) -> None:
    assert finish(counter, cites)["is_kept"] is True
    answer = again(counter, cites)
    area = field(answer, "food_permit.area_m2")
    assert [(each["how"], each["case"], each["value"]) for each in area["offered"]] == [("copy", "D-1", "80")]
    assert area["attestation"] is None, "the applicant's own word is not attested"
    assert {(each["material"], each["ref"], each["is_fresh"]) for each in answer["earlier"]["attachments"]} == {
        ("lease_contract", "scan-77", True), ("safety_rules", "scan-78", None),
    }  # fmt: skip
    counter.shop.at = datetime(2026, 12, 30, 2, tzinfo=UTC)
    lease = next(e for e in again(counter, cites, "D-3")["earlier"]["attachments"] if e["material"] == "lease_contract")
    assert lease["is_fresh"] is True
    old = finish(counter, cites, materials=[{**LEASE, "dated_on": "2025-01-01"}])
    assert old["is_kept"] is True
    lease = next(e for e in again(counter, cites, "D-4")["earlier"]["attachments"] if e["material"] == "lease_contract")
    assert lease["is_fresh"] is False


def test_a_copied_attachment_that_was_deposited_is_fresh_as_long_as_it_counts(counter: Open, cites: Purpose) -> None:
    material = deposit(counter).json()["material_id"]
    finish(counter, cites, materials=[{**LEASE, "how": "deposited", "ref": material, "dated_on": "2026-10-01"}])

    def is_fresh(draft: str) -> Any:
        (found,) = again(counter, cites, draft)["earlier"]["attachments"]
        assert (found["ref"], found["how"]) == (material, "deposited")
        return found["is_fresh"]

    assert is_fresh("D-2") is True
    assert me(counter, "POST", f"/{material}/withdrawal").status_code == 200
    assert is_fresh("D-3") is False


def test_a_copied_deposit_counts_whosever_of_the_case_s_parties_it_is_and_nobody_else_s(
    counter: Open, cites: Purpose
) -> None:
    material = deposit(counter, holder=ANNA).json()["material_id"]
    finish(counter, cites, materials=[{**LEASE, "how": "deposited", "ref": material, "dated_on": "2026-10-01"}])

    def is_fresh(draft: str, *parties: str) -> Any:
        counter.case(draft, parties=parties)
        (found,) = ask(counter, Purpose(cites.grant, "0102", draft))["earlier"]["attachments"]
        return found["is_fresh"]

    assert is_fresh("D-2", FIRM, ANNA) is True
    assert [is_fresh("D-3", FIRM), is_fresh("D-4", FIRM, BELA)] == [False, False]
    assert me(counter, "POST", f"/{material}/withdrawal", ANNA).status_code == 200
    assert is_fresh("D-5", FIRM, ANNA) is False


def test_what_a_source_said_is_asked_anew_and_not_copied(counter: Open, cites: Purpose) -> None:
    finish(counter, cites)
    name = field(again(counter, cites), "applicant.name")
    assert (name["state"], name["offered"]) == ("filled", [])
    blind = Purpose(cites.grant.split(",")[2], "0102", "D-2")
    hidden = field(ask(counter, blind), "applicant.name")
    assert (hidden["state"], hidden["value"], hidden["offered"]) == ("not_available", None, [])
    address = field(ask(counter, blind), "applicant.address")
    assert [each["value"] for each in address["offered"]] == ["样例路2号"]


def test_another_item_is_offered_what_it_has_in_common_as_the_applicant_s_own_word(
    counter: Open, cites: Purpose
) -> None:
    finish(counter, cites)
    answers = {"area_m2": 400, "by_promise": False}
    answer = again(counter, cites, item="1112", case={"department": "emergency"}, answers=answers)
    area = field(answer, "fire_safety_check.area_m2")
    assert [(each["how"], each["value"]) for each in area["offered"]] == [("own_word", "80")]
    assert answer["earlier"]["attachments"] == []
    assert "earlier.food_permit.area_m2" in counter.looks()[-1].fields


def test_an_earlier_case_is_its_own_department_s_and_nobody_else_s(counter: Open, cites: Purpose) -> None:
    finish(counter, cites)
    counter.shop.client("health-app", "health")
    given = grants(counter.shop, consumer="health")
    with counter.ask("health-app") as client:
        client.register_case("H-1", "0102", "health", [{"number": FIRM, "role": "applicant"}])
        answer = client.prefill(cited(given, "H-1"), ["0102"], FIRM, answers=ANSWERS)
    assert answer["earlier"]["cases"] == []
    assert field(answer, "food_permit.area_m2")["offered"] == []


def test_a_form_is_kept_sealed_and_goes_when_its_time_is_over(counter: Open, cites: Purpose) -> None:
    finish(counter, cites)
    with looking(counter.shop.url) as connection:
        (row,) = connection.execute(select(CASE_FORM)).all()
    assert "样例路2号".encode() not in row.sealed
    assert row.kept_until == "2029-11-29"
    with writing(counter.shop.url) as connection:
        assert drop_forms(connection, date(2029, 11, 29)) == 0
        assert drop_forms(connection, date(2029, 11, 30)) == 1
    assert again(counter, cites)["earlier"]["cases"] == []


def test_what_is_not_final_is_not_kept_and_a_material_of_no_item_is_refused(counter: Open, cites: Purpose) -> None:
    assert finish(counter, cites, is_final=False)["is_kept"] is False
    assert again(counter, cites)["earlier"]["cases"] == []
    with pytest.raises(Refused, match="body_invalid"):
        finish(counter, cites, materials=[{**LEASE, "material": "passport"}])


def test_a_material_that_a_stage_of_the_case_took_is_not_asked_for_by_the_next(counter: Open, cites: Purpose) -> None:
    finish(counter, cites)
    stage = {"parent": "D-1", "stage": "signboard", "department": "housing"}
    answer = again(counter, cites, item="1012", case=stage, answers={"premises": "rented", "is_large": False})
    assert states(answer)["lease_contract"] == "taken"
    (lease,) = [each for each in answer["materials"] if each["state"] == "taken"]
    assert lease["taken"] == {"item": "0102", "case": "D-1", "on": "2026-11-30"}


def promise(counter: Open, material: str = "safety_rules", case: str = "D-1") -> Any:
    with counter.ask("intake") as client:
        return client.call("POST", f"/v1/cases/{case}/promises", {"item": "0102", "material": material})


def test_a_promise_stands_for_a_material_until_its_day_in_working_days(counter: Open, cites: Purpose) -> None:
    made = promise(counter)
    assert (made["due_on"], made["state"], made["kind"]) == ("2026-12-14", "open", "later")
    assert promise(counter)["promise_id"] == made["promise_id"], "one a material"
    answer = ask(counter, cites)
    assert states(answer)["safety_rules"] == "promised"
    told = next(each for each in answer["materials"] if each["state"] == "promised")["promised"]
    assert told == {"promise_id": made["promise_id"], "kind": "later", "due_on": "2026-12-14", "state": "open"}
    with pytest.raises(Refused, match="body_invalid"):
        promise(counter, "floor_plan")


def follow(counter: Open, on: date) -> dict[str, int]:
    with writing(counter.shop.url) as connection:
        return promises.follow_up(connection, on, counter.shop.at)


def test_a_promise_to_bring_later_is_broken_when_its_day_is_over_and_the_material_is_missing(
    counter: Open, cites: Purpose
) -> None:
    promise(counter)
    assert follow(counter, date(2026, 12, 14)) == {"broken": 0, "overdue": 0}
    assert follow(counter, date(2026, 12, 15)) == {"broken": 1, "overdue": 0}
    assert follow(counter, date(2026, 12, 15)) == {"broken": 0, "overdue": 0}
    answer = ask(counter, cites)
    assert states(answer)["safety_rules"] == "missing"
    broken = next(each for each in answer["materials"] if "safety_rules" in each["names"].values())
    assert broken["promised"]["state"] == "broken"


def test_a_promise_instead_of_a_material_waits_for_the_department_s_verification(counter: Open) -> None:
    counter.case("D-9", "1112", parties=(FIRM,), department="emergency")
    with counter.ask("intake") as client:
        made = client.call("POST", "/v1/cases/D-9/promises", {"item": "1112", "material": "fire_drawings"})
    assert (made["kind"], made["due_on"]) == ("promise", "2026-12-28")
    assert follow(counter, date(2026, 12, 29)) == {"broken": 0, "overdue": 1}
    counter.shop.client("fire-app", "emergency")
    with counter.ask("fire-app") as client:
        (listed,) = client.call("GET", "/v1/cases/D-9/promises")["promises"]
        assert listed["state"] == "overdue"
        place = f"/v1/cases/D-9/promises/{made['promise_id']}/settlement"
        with pytest.raises(Refused, match="body_invalid"):
            client.call("POST", place, {"outcome": "broken"})
        settled = client.call("POST", place, {"outcome": "broken", "reason": "现场与图纸不符"})
        assert (settled["state"], settled["settled_by"]) == ("broken", "client fire-app")
        with pytest.raises(Refused, match="conflict"):
            client.call("POST", place, {"outcome": "kept"})


def test_a_promise_is_made_and_settled_by_the_case_s_own_departments_alone(counter: Open, cites: Purpose) -> None:
    made = promise(counter)
    with counter.ask("tax-app") as client:
        for method, path, body in (
            ("GET", "/v1/cases/D-1/promises", None),
            ("POST", "/v1/cases/D-1/promises", {"item": "0102", "material": "safety_rules"}),
            ("POST", f"/v1/cases/D-1/promises/{made['promise_id']}/settlement", {"outcome": "kept"}),
        ):
            with pytest.raises(Refused, match="not_found"):
                client.call(method, path, body)
    with counter.ask("market-app") as client:
        place = f"/v1/cases/D-1/promises/{made['promise_id']}/settlement"
        assert client.call("POST", place, {"outcome": "kept"})["state"] == "kept"
    assert states(ask(counter, cites))["safety_rules"] == "promised"


def test_nothing_is_promised_in_a_case_that_is_over_or_for_another_s_item(counter: Open, cites: Purpose) -> None:
    with counter.ask("intake") as client:
        with pytest.raises(Refused, match="item_of_no_case"):
            client.call("POST", "/v1/cases/D-1/promises", {"item": "0213", "material": "bank_account"})
        client.report("D-1", "abandon", counter.shop.at + timedelta(0))
        with pytest.raises(Refused, match="body_invalid"):
            promise(counter)


def test_no_value_stands_in_what_is_kept_for_the_meter(counter: Open, cites: Purpose) -> None:
    finish(counter, cites)
    with looking(counter.shop.url) as connection:
        kept = [
            list(connection.exec_driver_sql(f"SELECT document FROM {table}")) for table in ("case_need", "case_check")
        ]
    text = json.dumps([[row[0] for row in rows] for rows in kept], ensure_ascii=False)
    assert "样例" not in text
    assert FIRM not in text
    assert '\\"lease_contract\\":\\"handed_in\\"' in text
