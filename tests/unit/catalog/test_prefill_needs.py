"""What items need of one applicant: materials, questions, conditions and the one form, from views alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

import catalog
from catalog.errors import AnswerRefused, UnknownItem
from catalog.prefill.materials import Need, Obtain
from catalog.prefill.needs import Known, Needs, items_of, needs
from catalog.prefill.view import (
    Circumstances,
    Deposit,
    Licence,
    PartyView,
    RecordHeld,
    Standing,
    Stated,
    Taken,
    typed,
)
from schemas.logic import Found

KNOWN = catalog.load().declarations
DAY = date(2026, 11, 30)
LICENCE = Licence("x", "business_licence", "valid", "2020-01-01", None)
FLOOR_PLAN = ("material", "applicant", "floor_plan")


def stated(value: Found, resource: str = "market.enterprises") -> Stated:
    return Stated(value, None, resource, resource.partition(".")[0], "2026-11-01")


def firm(**more: Any) -> PartyView:
    """What is known of an enterprise: name, number, state; its business licence; no real estate."""
    values = {"name": stated("样例餐饮店"), "number": stated("91690101MA00000158"), "address": stated("样例路1号")}
    judged: dict[str, Found] = {"name": "样例餐饮店", "status": "1", "food_permit_state": None}
    licences: dict[str, tuple[Licence, ...]] = {"business_licence": (LICENCE,), "real_estate_certificate": ()}
    return replace(PartyView(values, judged, licences), **more)


def of(*names: str, view: PartyView | None = None, around: Circumstances | None = None, **answers: Found) -> Needs:
    items = items_of(KNOWN, names)
    views = {item.name: {"applicant": view or firm()} for item in items}
    return needs(KNOWN, items, Known(views, answers, around or Circumstances(), DAY))


def material(found: Needs, name: str) -> Need:
    (one,) = [each for each in found.materials if name in each.demand.names.values()]
    return one


def test_each_material_of_a_food_permit_stands_as_the_situation_and_the_vault_say() -> None:
    found = of("food_permit", premises="rented", business="catering", has_raw_food=False)
    assert {next(iter(each.demand.names.values())): each.state for each in found.materials} == {
        "business_licence": "held",
        "premises_right": "not_needed",
        "lease_contract": "missing",
        "floor_plan": "missing",
        "raw_food_room": "not_needed",
        "safety_rules": "open_to_promise",
    }
    assert material(found, "business_licence").proof.licence == LICENCE
    assert [(each.test, each.is_met) for each in material(found, "premises_right").demand.why["food_permit"]] == [
        ("premises = own", False)
    ]
    ((promise, items),) = material(found, "safety_rules").promises
    assert (promise.kind, promise.by_days, items) == ("later", 10, ("food_permit",))
    assert material(found, "lease_contract").obtain == (Obtain("applicant", "housing", "", None),)


@pytest.mark.parametrize(
    ("changes", "is_in_force"),
    [
        ({}, True),
        ({"valid_until": "2026-11-30"}, True),
        ({"valid_until": "2026-11-29"}, False),
        ({"valid_from": "2026-11-30"}, True),
        ({"valid_from": "2026-12-01"}, False),
        ({"state": "revoked"}, False),
        ({"state": "suspended"}, False),
    ],
)
def test_a_licence_counts_while_it_is_in_force_on_the_day(changes: dict[str, Any], is_in_force: bool) -> None:
    own = replace(LICENCE, **changes)
    found = material(of("seal_registration", view=firm(licences={"business_licence": (own,)})), "business_licence")
    assert (found.state == "held") == is_in_force
    assert found.not_in_force == (() if is_in_force else (own,))
    if not is_in_force:
        assert found.obtain[0] == Obtain("item", "market", "enterprise_registration", 1)


def test_what_may_not_be_asked_for_reads_the_same_whether_it_is_there_or_not() -> None:
    found = of("food_permit", view=firm(licences={}), premises="own", business="sale")
    assert {material(found, name).state for name in ("business_licence", "premises_right")} == {"not_available"}


def test_a_condition_is_met_not_met_or_unknown_with_its_proof() -> None:
    def told(view: PartyView) -> dict[str, bool | None]:
        return {each.label.en: each.is_met for each in of("food_permit", view=view).notice.conditions}

    being, free = "The enterprise is in being", "No food permit was revoked within five years"
    assert told(firm()) == {being: True, free: True}
    assert told(firm(judged={"status": "2", "food_permit_state": "revoked"})) == {being: False, free: False}
    assert told(firm(judged={})) == {being: None, free: None}
    why = of("food_permit").notice.conditions[0].why
    assert [(each.test, each.is_met) for each in why] == [("applicant.status = '1'", True)]


def test_questions_are_asked_only_while_they_matter_and_answered_from_the_file_where_it_knows() -> None:
    def states(found: Needs) -> dict[str, str]:
        return {each.question.name: each.state for each in found.notice.questions}

    assert states(of("food_permit", business="sale")) == {
        "premises": "to_ask", "business": "answered", "area_m2": "not_needed", "has_raw_food": "not_needed",
    }  # fmt: skip
    assert states(of("taxpayer_registration", view=firm(judged={"taxpayer_kind": "1"}))) == {"taxpayer_kind": "known"}
    with pytest.raises(AnswerRefused):
        of("food_permit", premises="stolen")
    with pytest.raises(AnswerRefused):
        of("food_permit", weather="fine")


def test_a_life_event_has_each_material_field_and_question_once() -> None:
    found = of("restaurant", premises="rented", business="catering")
    ids = [each.id for each in found.form]
    assert len(ids) == len(set(ids))
    assert len([each for each in found.form if each.id == "applicant.number"]) == 1
    assert material(found, "business_licence").state == "earlier"
    assert material(found, "business_licence").proof.earlier == "enterprise_registration"
    names = [each.question.name for each in found.notice.questions]
    assert len(names) == len(set(names))


def test_one_item_may_know_what_another_may_not_and_the_form_says_for_which() -> None:
    items = items_of(KNOWN, ("food_permit", "signboard_permit"))
    views = {"food_permit": {"applicant": firm()}, "signboard_permit": {"applicant": PartyView()}}
    found = needs(KNOWN, items, Known(views, {"premises": "rented", "business": "sale"}, Circumstances(), DAY))
    name = next(each for each in found.form if each.id == "applicant.name")
    assert (name.state, name.filled_for, name.entry.items) == (
        "filled", ("food_permit",), ("food_permit", "signboard_permit")
    )  # fmt: skip
    held = material(found, "business_licence")
    assert (held.state, held.by_item) == (
        "not_available", {"food_permit": "held", "signboard_permit": "not_available"}
    )  # fmt: skip


def test_what_an_earlier_stage_took_and_what_was_deposited_is_not_asked_again() -> None:
    taken = Taken("enterprise_registration", "SL-1", "2026-11-20")
    deposit = Deposit("m-1", "floor_plan", "market", "original", "2026-01-01", "2026-11-30")
    around = Circumstances(
        {("material", "applicant", "lease_contract"): taken}, {("food_permit", *FLOOR_PLAN): deposit}
    )
    found = of("food_permit", around=around, premises="rented", business="catering")
    assert (material(found, "lease_contract").state, material(found, "lease_contract").proof.taken) == ("taken", taken)
    assert (material(found, "floor_plan").state, material(found, "floor_plan").proof.deposit) == ("deposited", deposit)
    stale = Circumstances(deposits={("food_permit", *FLOOR_PLAN): replace(deposit, fresh_until="2026-11-29")})
    assert material(of("food_permit", around=stale, business="catering"), "floor_plan").state == "missing"


@pytest.mark.parametrize(
    ("state", "wanted"), [("open", "promised"), ("kept", "promised"), ("broken", "missing"), (None, "open_to_promise")]
)
def test_a_promise_stands_for_a_material_until_it_is_broken(state: str | None, wanted: str) -> None:
    made = {} if state is None else {("food_permit", "safety_rules"): Standing("P-1", "later", "2026-12-10", state)}
    found = material(of("food_permit", around=Circumstances(promises=made)), "safety_rules")
    assert found.state == wanted


def test_a_row_of_a_department_s_table_is_a_material_held() -> None:
    row = RecordHeld("tax_registration", "tax.registrations", "r", "2026-10-01")
    found = of("tax_clearance", view=firm(records={"tax_registration": (row,)}))
    assert (material(found, "returns").state, material(found, "returns").proof.record) == ("held", row)


def test_nothing_is_needed_more_for_more_that_is_known() -> None:
    """More views and answers never make a material that was held, or not needed, one that is missing."""
    done = {"held", "not_needed", "taken", "earlier", "deposited"}
    less = of("food_permit", view=firm(values={}), business="sale")
    more = of("food_permit", view=firm(), business="sale", premises="rented")
    before = {each.label.zh: each.state for each in less.materials if each.state in done}
    after = {each.label.zh: each.state for each in more.materials}
    assert {name: after[name] for name in before} == before


def test_values_are_compared_as_their_declared_type_says() -> None:
    assert typed("date", "2026-01-31") == date(2026, 1, 31)
    assert typed("long", 3000000) == 3000000
    assert typed("date", "soon") is None
    assert typed("string", "x") == "x"
    assert typed("boolean", True) is True


def test_items_are_named_by_name_code_or_event() -> None:
    assert [each.name for each in items_of(KNOWN, ("0102", "food_permit"))] == ["food_permit"]
    assert len(items_of(KNOWN, ("restaurant",))) == 7
    with pytest.raises(UnknownItem):
        items_of(KNOWN, ("nothing",))
