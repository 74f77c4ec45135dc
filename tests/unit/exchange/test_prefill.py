"""`/v1/prefill`: what is still missing, the form filled with proof, and the check of what was handed in."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from onefile.client import Purpose, Refused
from onefile.verify.form_verdict import judge_form
from tests.counter import ANNA, BELA, FIRM, Open, Shop, person, said
from tests.prefilled import ENTERPRISES, FIELDS, ask, cited, field, firm, grants, handed_in, licensed, states


@pytest.fixture
def shop(shop: Shop) -> Shop:
    shop.publish(firm())
    licensed(shop)
    return shop


@pytest.fixture
def cites(counter: Open) -> Purpose:
    counter.case(parties=(FIRM, ANNA))
    return cited(grants(counter.shop))


def test_a_case_is_told_what_it_still_needs_and_the_form_comes_filled(counter: Open, cites: Purpose) -> None:
    answer = ask(counter, cites)
    assert states(answer) == {
        "business_licence": "held", "premises_right": "not_needed", "lease_contract": "missing",
        "floor_plan": "missing", "raw_food_room": "not_needed", "safety_rules": "open_to_promise",
    }  # fmt: skip
    held = answer["materials"][0]["licence"]
    assert (held["type"], held["state"], held["presentation"]) == (
        "business_licence", "valid", f"/v1/licences/{held['id']}/presentation"
    )  # fmt: skip
    name = field(answer, "applicant.name")
    assert {key: name[key] for key in ("value", "source", "observed_on", "age_days", "doubts", "state", "items")} == {
        "value": "样例餐饮店", "source": {"resource": ENTERPRISES, "department": "market"}, "observed_on": "2026-11-01",
        "age_days": 29, "doubts": [], "state": "filled", "items": ["0102"],
    }  # fmt: skip
    assert field(answer, "applicant.number")["value"] == FIRM
    assert field(answer, "food_permit.area_m2")["state"] == "applicant"
    assert [(each["condition"], each["is_met"]) for each in answer["conditions"]] == [
        ("conditions.food_permit.in_being", True), ("conditions.food_permit.no_revocation", True),
    ]  # fmt: skip
    assert answer["conditions"][0]["proof"] == [
        {"test": "applicant.status = '1'", "resource": ENTERPRISES, "department": "market",
         "observed_on": "2026-11-01", "licence": None}
    ]  # fmt: skip
    lease = next(each for each in answer["materials"] if "lease_contract" in each["names"].values())
    assert [(each["how"], each["department"]) for each in lease["obtain"]] == [("applicant", "housing")]


def test_every_look_is_on_record_before_the_answer_with_what_was_looked_at(counter: Open, cites: Purpose) -> None:
    ask(counter, cites)
    (look,) = counter.looks()
    assert (look.kind, look.item, look.case, look.grant) == ("prefill.fill", "0102", "D-1", cites.grant)
    assert set(look.fields) == {
        "name", "legal_representative", "address", "judge.status", "judge.food_permit_state",
        "licences.business_licence",
    }  # fmt: skip
    assert look.lake_version == "enterprise_file@12"


def test_an_answered_form_is_untouched_at_the_counter_and_offline(counter: Open, cites: Purpose) -> None:
    form = handed_in(ask(counter, cites))
    checked = ask(counter, cites, "/check", **form)
    assert {each["state"] for each in checked["fields"]} == {"untouched"}
    assert {each["is_current"] for each in checked["fields"]} == {True}
    assert checked["counts"] == {"untouched": len(form["fields"])}
    whole = {"format": "onefile.form/1", "case": "D-1", "items": ["0102"], **form}
    verdict = judge_form(json.dumps(whole).encode(), counter.trust, counter.shop.at, "D-1", ("0102",))
    assert (verdict.code, {each.state for each in verdict.fields}) == ("genuine", {"untouched"})


def test_each_field_tampered_with_alone_is_found_and_no_other(counter: Open, cites: Purpose) -> None:
    form = handed_in(ask(counter, cites))
    for place, altered in enumerate(form["fields"]):
        fields = [{**each, "value": "X"} if n == place else each for n, each in enumerate(form["fields"])]
        checked = ask(counter, cites, "/check", batches=form["batches"], fields=fields)["fields"]
        assert [each["field"] for each in checked if each["state"] == "tampered"] == [altered["field"]]
        assert {each["state"] for each in checked if each["field"] != altered["field"]} == {"untouched"}


def test_what_the_applicant_amended_and_what_nobody_attested_is_told_apart(counter: Open, cites: Purpose) -> None:
    form = handed_in(ask(counter, cites))
    form["fields"][0] |= {"value": "新店名", "is_amended": True}
    form["fields"].append({"field": "food_permit.area_m2", "value": "80"})
    checked = ask(counter, cites, "/check", **form)["fields"]
    assert (checked[0]["state"], checked[-1]["state"]) == ("amended", "never_attested")


def test_a_value_whose_source_says_otherwise_by_now_is_stale_and_the_new_one_is_not_told(
    counter: Open, cites: Purpose
) -> None:
    form = handed_in(ask(counter, cites))
    counter.shop.publish(firm(name=said("改名餐饮店", ENTERPRISES), status=said("2", ENTERPRISES)), version=13)
    checked = ask(counter, cites, "/check", **form)
    found = {each["field"]: (each["state"], each["reason"], each["is_current"]) for each in checked["fields"]}
    assert found.pop("applicant.name") == found.pop("conditions.food_permit.in_being") == (
        "stale", "source_changed", False
    )  # fmt: skip
    assert set(found.values()) == {("untouched", None, True)}
    assert "改名餐饮店" not in json.dumps(checked, ensure_ascii=False)


def test_a_value_in_doubt_says_why(counter: Open, cites: Purpose) -> None:
    other = {"attribute": "name", **said("样例饭店", "market.food_permits", reason="lower_rank", rank=2)}
    old = said("样例路1号", ENTERPRISES, observed_on="2020-01-01")
    counter.shop.publish(firm(address=old, contradictions=[{**other, "resource": ENTERPRISES}]))
    answer = ask(counter, cites)
    assert field(answer, "applicant.address")["doubts"] == ["stale"]
    assert field(answer, "applicant.name")["doubts"] == ["contradicted"]


def test_what_half_a_grant_leaves_out_reads_as_not_available_whether_it_is_there_or_not(counter: Open) -> None:
    counter.case(parties=(FIRM,))
    half = {ENTERPRISES: counter.shop.grant(ENTERPRISES, ("code", "name"), consumer="data_bureau")}
    answers = []
    for document in (firm(), firm(address=None, status=None, legal_representative=None)):
        counter.shop.publish({name: value for name, value in document.items() if value is not None}, version=13)
        answers.append(ask(counter, cited(half)))
    there, gone = (_without_proofs(each) for each in answers)
    assert there == gone
    assert {each["field"]: each["state"] for each in there["form"]} == {
        "applicant.name": "filled", "applicant.number": "filled", "applicant.legal_representative": "not_available",
        "applicant.address": "not_available", "food_permit.area_m2": "applicant",
    }  # fmt: skip
    assert states(there)["business_licence"] == "not_available"
    assert {each["is_met"] for each in there["conditions"]} == {None}
    assert "address" not in {name for look in counter.looks() for name in look.fields}


def _without_proofs(answer: Any) -> Any:
    parts = {**answer, "attestations": None}
    for name in ("form", "conditions"):
        parts[name] = [{**each, "attestation": None} for each in answer[name]]
    return parts


def test_a_grant_to_check_lets_conditions_be_judged_and_no_value_be_shown(counter: Open) -> None:
    counter.case(parties=(FIRM,))
    given = {ENTERPRISES: counter.shop.grant(ENTERPRISES, FIELDS, consumer="data_bureau", mode="check")}
    answer = ask(counter, cited(given))
    assert {each["state"] for each in answer["form"]} == {"not_available", "applicant"}
    assert [each["is_met"] for each in answer["conditions"]] == [True, None]
    assert "样例餐饮店" not in json.dumps(answer, ensure_ascii=False)


def test_a_grant_for_some_items_fills_no_form_of_others(counter: Open) -> None:
    counter.case(parties=(FIRM,))
    given = {ENTERPRISES: counter.shop.grant(ENTERPRISES, FIELDS, consumer="data_bureau", items=("0102",))}
    answer = ask(counter, cited(given), items=["0102", "1012"], answers={"premises": "rented", "business": "sale"})
    name = field(answer, "applicant.name")
    assert (name["items"], name["filled_for"]) == (["0102", "1012"], ["0102"])
    assert json.loads(name["attestation"]["statement"])["items"] == ["0102"]
    form = handed_in(answer)
    checked = ask(counter, cited(given), "/check", **form, items=["1012"], answers={})
    assert {each["reason"] for each in checked["fields"] if each["field"] == "applicant.name"} == {"other_item"}


def test_a_grant_for_another_item_of_the_event_may_be_cited_and_fills_that_item_s_form_alone(counter: Open) -> None:
    counter.case(parties=(FIRM,))
    given = {ENTERPRISES: counter.shop.grant(ENTERPRISES, FIELDS, consumer="data_bureau", items=("1012",))}
    with pytest.raises(Refused, match="item_not_granted"):
        ask(counter, cited(given))
    answer = ask(counter, cited(given), items=["0102", "1012"], answers={"premises": "rented", "business": "sale"})
    assert field(answer, "applicant.name")["filled_for"] == ["1012"]
    assert field(answer, "applicant.legal_representative")["state"] == "not_available"
    assert [each["is_met"] for each in answer["conditions"]] == [None, None]


def test_a_life_event_is_one_form_under_one_signature(counter: Open) -> None:
    counter.case(item="0101", parties=(ANNA,))
    given = {"p": counter.shop.grant("police.population", ("number", "name"), consumer="data_bureau")}
    answer = ask(counter, cited(given, item="0101"), items=["restaurant"], applicant=None,
                 parties={"representative": {"number": ANNA}},
                 answers={"premises": "rented", "business": "sale"})  # fmt: skip
    assert len(answer["items"]) == 7
    fields = [each["field"] for each in answer["form"]]
    assert len(fields) == len(set(fields))
    assert field(answer, "representative.name")["value"] == "安娜"
    assert states(answer)["representative_number"] == "held"
    assert states(answer)["business_licence"] == "earlier"
    checked = ask(counter, cited(given, item="0101"), "/check", **handed_in(answer), items=["restaurant"],
                  applicant=None, parties={"representative": {"number": ANNA}}, answers={})  # fmt: skip
    assert checked["counts"] == {"untouched": len(checked["fields"])}


def test_what_an_earlier_stage_of_the_case_made_is_not_asked_for(counter: Open, cites: Purpose) -> None:
    counter.case("D-2", "0101", parties=(FIRM,), parent="D-1", stage="registration")
    nothing = {ENTERPRISES: cites.grant.split(",")[0]}
    assert states(ask(counter, cited(nothing)))["business_licence"] == "not_available"
    at = counter.shop.at
    with counter.ask("intake") as client:
        for minutes, step in enumerate(("receive", "accept", "grant")):
            client.report("D-2", step, at + timedelta(seconds=minutes))
            counter.shop.at = at + timedelta(minutes=minutes + 1)
    answer = ask(counter, cited(nothing))
    assert states(answer)["business_licence"] == "taken"
    assert answer["materials"][0]["taken"]["case"] == "D-2"


def test_a_table_s_rows_are_a_material_once_they_are_at_the_counter(counter: Open) -> None:
    name = "tax.registrations"
    given = {name: counter.shop.grant(name, ("code", "state"), consumer="data_bureau")}
    item = next(i for i in counter.counter.catalogue.declarations.items.values() if i.name == "tax_clearance")
    counter.case("D-T", item.code, parties=(FIRM,), department="tax")
    cites = cited(given, "D-T", item.code)
    assert states(ask(counter, cites, items=[item.code], answers={}))["returns"] == "not_available"
    counter.shop.supply(name, 3, ("r1", FIRM, {"code": FIRM, "state": "1"}), fields="code state")
    answer = ask(counter, cites, items=[item.code], answers={})
    assert states(answer)["returns"] == "held"


def test_the_answer_and_the_check_are_what_openapi_says(counter: Open, cites: Purpose) -> None:
    from exchange.routes.prefill_models import CheckAnswer, PrefillAnswer

    answer = ask(counter, cites)
    PrefillAnswer.model_validate(answer)
    assert set(answer) == set(PrefillAnswer.model_fields)
    checked = ask(counter, cites, "/check", **handed_in(answer))
    assert set(checked) == set(CheckAnswer.model_fields)
    CheckAnswer.model_validate(checked)


def test_somebody_not_there_and_somebody_not_granted_read_the_same(counter: Open) -> None:
    counter.shop.publish(person(ANNA, "安娜", area=said("690201")))
    counter.case(item="0213", parties=(ANNA, BELA, "690101197705050019"))
    narrow = {"p": counter.shop.grant("police.population", ("number", "name", "birth_on"), consumer="data_bureau",
                                      rows="area=690101")}  # fmt: skip
    seen = [
        ask(counter, cited(narrow, item="0213"), items=["0213"], applicant={"number": number}, answers={})
        for number in (ANNA, "690101197705050019")
    ]
    assert _without_times(seen[0]) == _without_times(seen[1])
    assert {each["state"] for each in seen[0]["form"]} == {"not_available"}


def _without_times(answer: Any) -> Any:
    return {name: value for name, value in answer.items() if name != "answered_at"}


def test_of_a_licence_under_a_grant_to_check_only_that_it_is_in_force_is_told() -> None:
    from catalog.prefill.view import Licence
    from exchange.prefill.answering import _licence

    told = _licence(Licence("", "business_licence", "valid", "2020-01-01", "2029-12-31"))
    assert {name for name, value in told.items() if value is not None} == {"type", "state"}
    whole = _licence(Licence("1.2.3", "business_licence", "valid", "2020-01-01", None))
    assert set(told) == set(whole)
