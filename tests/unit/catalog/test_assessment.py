"""What an item demands in a situation: which questions are asked, what applies, and why."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import catalog
from catalog.assessment import Assessment, assess, read_answer
from catalog.errors import AnswerRefused
from schemas.logic import Facts, Found

KNOWN = catalog.load().declarations
FOOD, MOVE, TAX = KNOWN.items["food_permit"], KNOWN.items["household_move"], KNOWN.items["taxpayer_registration"]
DAY = date(2026, 11, 29)


def facts(**answers: Found) -> Facts:
    return Facts(DAY, answers=answers)


def asked(found: Assessment) -> dict[str, str]:
    return {each.question.name: each.state for each in found.questions}


def materials(found: Assessment) -> dict[str, bool | None]:
    return {each.material.name: each.verdict.is_met for each in found.materials}


def test_without_facts_everything_that_turns_on_something_is_open_and_asked() -> None:
    found = assess(FOOD, facts())
    assert asked(found) == {
        "premises": "to_ask", "business": "to_ask", "area_m2": "not_needed", "has_raw_food": "to_ask",
    }  # fmt: skip
    assert materials(found) == {
        "business_licence": True, "premises_right": None, "lease_contract": None, "floor_plan": None,
        "raw_food_room": None, "safety_rules": True,
    }  # fmt: skip
    assert found.is_met is None


def test_an_answer_closes_what_turns_on_it_and_says_why() -> None:
    found = assess(FOOD, facts(premises="own", business="sale"))
    assert asked(found)["has_raw_food"] == "not_needed"
    assert materials(found) == {
        "business_licence": True, "premises_right": True, "lease_contract": False, "floor_plan": False,
        "raw_food_room": False, "safety_rules": True,
    }  # fmt: skip
    lease = next(each for each in found.materials if each.material.name == "lease_contract")
    assert [(reason.test, reason.is_met) for reason in lease.verdict.reasons] == [("premises = rented", False)]
    assert [each.field.name for each in found.form if each.verdict.is_met is False] == ["area_m2"]


def test_an_answer_to_a_question_that_does_not_matter_counts_for_nothing() -> None:
    found = assess(FOOD, facts(premises="own", business="sale", has_raw_food=True))
    assert materials(found)["raw_food_room"] is False
    early = assess(FOOD, facts(has_raw_food=True))
    assert materials(early)["raw_food_room"] is None


def test_the_one_file_answers_what_it_knows_and_the_applicant_s_word_is_taken() -> None:
    known = Facts(DAY, values={"applicant": {"taxpayer_kind": "1"}})
    (question,) = assess(TAX, known).questions
    assert (question.state, question.answer) == ("known", "general")
    (question,) = assess(TAX, replace(known, answers={"taxpayer_kind": "small"})).questions
    assert (question.state, question.answer) == ("answered", "small")


def test_a_question_is_not_asked_where_the_one_file_says_that_it_does_not_matter() -> None:
    single = Facts(DAY, values={"applicant": {"marital_status": "10"}})
    assert asked(assess(MOVE, single))["with_spouse"] == "not_needed"
    assert materials(assess(MOVE, single))["marriage_certificate"] is False


@pytest.mark.parametrize(
    ("values", "is_met"),
    [
        ({"status": "1", "food_permit_state": None}, True),
        ({"status": "1", "food_permit_state": "revoked"}, False),
        ({"food_permit_state": "revoked"}, False),
        ({"status": "1"}, None),
        ({}, None),
    ],
)
def test_conditions_are_met_not_met_or_unknown(values: dict[str, Found], is_met: bool | None) -> None:
    assert assess(FOOD, Facts(DAY, values={"applicant": values})).is_met is is_met


def test_a_condition_that_only_an_official_judges_stays_unknown() -> None:
    found = assess(KNOWN.items["enterprise_registration"], facts(premises="own"))
    assert found.conditions[0].verdict.is_met is None
    assert found.conditions[0].verdict.reasons == ()


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"colour": "red"}, "'colour', which food_permit does not ask"),
        ({"premises": "hired"}, "one of own, rented"),
        ({"premises": True}, "one of own, rented"),
        ({"area_m2": "large"}, "a number"),
        ({"area_m2": True}, "a number"),
        ({"has_raw_food": "yes"}, "yes or no"),
        ({"has_raw_food": None}, "yes or no"),
    ],
)
def test_an_answer_that_is_none_is_refused_and_not_repeated(answers: dict[str, Found], said: str) -> None:
    with pytest.raises(AnswerRefused, match=said) as raised:
        assess(FOOD, facts(**answers))
    assert "hired" not in str(raised.value)


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("premises", "own", "own"),
        ("has_raw_food", "yes", True),
        ("has_raw_food", "否", False),
        ("area_m2", "50.5", 50.5),
    ],
)
def test_answers_are_read_as_people_write_them(name: str, text: str, found: object) -> None:
    assert read_answer(FOOD, name, text) == found


@pytest.mark.parametrize(("name", "text"), [("premises", "x"), ("has_raw_food", "perhaps"), ("area_m2", "NaN"),
                                            ("area_m2", ""), ("colour", "red")])  # fmt: skip
def test_what_is_no_answer_is_refused(name: str, text: str) -> None:
    with pytest.raises(AnswerRefused):
        read_answer(FOOD, name, text)


WHOLE = st.fixed_dictionaries(
    {
        "premises": st.sampled_from(["own", "rented"]),
        "business": st.sampled_from(["sale", "catering"]),
        "area_m2": st.integers(1, 500),
        "has_raw_food": st.booleans(),
    }
)


@settings(max_examples=60)
@given(WHOLE, st.frozensets(st.sampled_from(["premises", "business", "area_m2", "has_raw_food"])))
def test_more_answers_never_turn_an_outcome_around(whole: dict[str, Found], hidden: frozenset[str]) -> None:
    part = {name: each for name, each in whole.items() if name not in hidden}
    before, after = assess(FOOD, facts(**part)), assess(FOOD, facts(**whole))
    for one, two in zip(before.materials, after.materials, strict=True):
        assert one.verdict.is_met in (None, two.verdict.is_met)
    assert all(each.verdict.is_met is not None for each in after.materials)
    assert "to_ask" not in asked(after).values()


@pytest.mark.parametrize("name", KNOWN.items)
def test_every_item_can_be_answered_to_the_end_by_asking_what_it_asks(name: str) -> None:
    item = KNOWN.items[name]
    values: dict[str, dict[str, Found]] = {party: {} for party in item.parties}
    given_so_far: dict[str, Found] = {}
    for _ in range(20):
        found = assess(item, Facts(DAY, given_so_far, values))
        open_ones = [each.question for each in found.questions if each.state == "to_ask"]
        if not open_ones:
            break
        first = open_ones[0]
        kinds: dict[str, Found] = {"yes_no": True, "number": 400, "day": DAY}
        given_so_far[first.name] = first.answers[0].name if first.kind == "choice" else kinds[first.kind]
    unknown = [each for each in found.materials if each.verdict.is_met is None]
    by_answers = [each for each in unknown if not any("." in reason.test for reason in each.verdict.reasons)]
    assert by_answers == []
