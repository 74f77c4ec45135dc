"""Conditions: what can be written, what it comes to when not everything is known, and what can never hold."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.conditions import All, BadCondition, Condition, Constant, Not, Some, Subject, parse
from schemas.conditions import Test as ConditionTest
from schemas.logic import Facts, Found, Reason, can_hold, judge

DAY = date(2026, 11, 29)
FACTS = Facts(
    DAY,
    answers={"premises": "rented", "seats": 50, "is_new": True, "left": None},
    values={"applicant": {"birth_on": date(1966, 11, 29), "capital": 300, "nothing": None, "until": date(2026, 12, 9)}},
    licences={"applicant": {"permit": True, "gone": False}},
)


@pytest.mark.parametrize(
    ("text", "is_met"),
    [
        ("premises = rented", True),
        ("premises != rented", False),
        ("premises in (own, rented)", True),
        ("seats >= 50", True),
        ("seats > 50", False),
        ("seats > 49.5", True),
        ("is_new", True),
        ("not is_new", False),
        ("left", False),
        ("left is absent", True),
        ("premises = own or seats = 50", True),
        ("premises = own and seats = 50", False),
        ("premises = own or seats = 50 and not is_new", False),
        ("(premises = own or seats = 50) and is_new", True),
        ("years_since(applicant.birth_on) >= 60", True),
        ("years_since(applicant.birth_on) >= 61", False),
        ("days_until(applicant.until) = 10", True),
        ("days_since(applicant.birth_on) > 20000", True),
        ("applicant.birth_on < 1966-11-30", True),
        ("applicant.capital >= 300", True),
        ("applicant.nothing > 1", False),
        ("applicant.nothing != 'x'", True),
        ("applicant.nothing is present", False),
        ("years_since(applicant.nothing) < 200", False),
        ("holds(applicant, permit)", True),
        ("holds(applicant, gone)", False),
        ("holds(applicant, other)", None),
        ("spouse.name is present", None),
        ("unasked", None),
        ("unasked and premises = own", False),
        ("unasked or premises = rented", True),
        ("not unasked", None),
        ("unasked and is_new", None),
    ],
)
def test_a_condition_is_met_not_met_or_unknown(text: str, is_met: bool | None) -> None:
    assert judge(parse(text), FACTS).is_met is is_met


def test_only_the_tests_that_decided_are_the_reason_and_no_value_is_quoted() -> None:
    verdict = judge(parse("premises = own and seats >= 10 and applicant.capital < 1"), FACTS)
    assert verdict.reasons == (Reason("premises = own", False), Reason("applicant.capital < 1", False))
    assert judge(parse("unasked and is_new"), FACTS).reasons == (Reason("unasked", None),)
    assert judge(None, FACTS).is_met is True


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "found 'the end'"),
        ("premises =", "found 'the end'"),
        ("= rented", "found '='"),
        ("premises rented", "found 'rented'"),
        ("premises = rented and", "found 'the end'"),
        ("(premises = rented", "wanted '\\)'"),
        ("premises = rented)", "found '\\)'"),
        ("premises in ()", "found '\\)'"),
        ("premises is rented", "'present' or 'absent'"),
        ("premises = and", "found 'and'"),
        ("years_since(holds(a, b)) > 1", "a function of a function"),
        ("day = 2026-02-30", "the day '2026-02-30'"),
        ("__import__('os')", "found '_'"),
        ("a.b.c = 1", "found '.'"),
        ("a = 'never closed", "found"),
        ("x = 1; y = 2", "found ';'"),
        ("(" * 50 + "x" + ")" * 50, "nested without end"),
        ("not " * 50 + "x", "nested without end"),
        ("x or " * 400 + "x", "at most 1000"),
        ("Ａ = 1", "found"),
    ],
)
def test_what_is_no_condition_is_told_with_its_place(text: str, said: str) -> None:
    with pytest.raises(BadCondition, match=said) as raised:
        parse(text)
    assert "at character" in str(raised.value)


CHOICES = {"premises": ("own", "rented")}


@pytest.mark.parametrize(
    ("text", "can"),
    [
        ("premises = own", True),
        ("premises = own and premises = rented", False),
        ("premises != own and premises != rented", False),
        ("not (premises = own or premises = rented)", False),
        ("seats > 10 and seats < 5", False),
        ("seats > 10 and seats < 11", True),
        ("years_since(a.day) > 10 and years_since(a.day) < 11", False),
        ("a.name = 'x' and a.name = 'y'", False),
        ("a.name = 'x' and a.name is absent", False),
        ("a.day > 2026-01-01 and a.day < 2026-01-02", False),
        ("is_new and not is_new", False),
        ("holds(a, permit) and not holds(a, permit)", False),
        ("a.count > 1 and a.count < 2", False),
    ],
)
def test_what_can_never_hold_is_known(text: str, can: bool) -> None:
    assert can_hold(parse(text), CHOICES, frozenset({"a.count"})) is can


def test_a_condition_of_too_many_subjects_is_not_tried() -> None:
    assert can_hold(parse(" or ".join(f"a{n} = 1" for n in range(30))), {}, frozenset()) is None


SUBJECTS = [Subject("answer", "", "premises"), Subject("answer", "", "seats"), Subject("value", "a", "name"),
            Subject("licence", "a", "permit")]  # fmt: skip


def _tests() -> st.SearchStrategy[Condition]:
    words: dict[str, list[Constant]] = {"premises": ["own", "rented"], "name": ["x", "y z"]}

    def made(subject: Subject, pick: int, operator: str) -> ConditionTest:
        if subject.kind == "licence":
            return ConditionTest(subject, "is true", ())
        if subject.name == "seats":
            return ConditionTest(subject, operator, (Decimal(pick),))
        return ConditionTest(subject, "=" if pick % 2 else "!=", (words[subject.name][pick // 2 % 2],))

    return st.builds(made, st.sampled_from(SUBJECTS), st.integers(0, 6), st.sampled_from(["<", "<=", ">", ">=", "="]))


CONDITIONS: st.SearchStrategy[Condition] = st.recursive(
    _tests(),
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(All, st.tuples(inner, inner)),
        st.builds(Some, st.tuples(inner, inner)),
    ),
    max_leaves=8,
)
WHOLE = st.fixed_dictionaries(
    {
        "premises": st.sampled_from(["own", "rented"]),
        "seats": st.integers(-1, 8),
        "name": st.sampled_from([None, "x", "y z", "other"]),
        "permit": st.booleans(),
    }
)


def _facts(whole: dict[str, Found], hidden: frozenset[str] = frozenset()) -> Facts:
    there = {name: value for name, value in whole.items() if name not in hidden}
    return Facts(
        DAY,
        answers={name: there[name] for name in ("premises", "seats") if name in there},
        values={"a": {"name": there["name"]}} if "name" in there else {},
        licences={"a": {"permit": bool(there["permit"])}} if "permit" in there else {},
    )


@given(CONDITIONS)
def test_a_condition_is_read_back_as_it_was_written(condition: Condition) -> None:
    facts = _facts({"premises": "own", "seats": 3, "name": "x", "permit": True})
    assert judge(parse(str(condition)), facts).is_met is judge(condition, facts).is_met


@given(CONDITIONS, WHOLE, st.frozensets(st.sampled_from(["premises", "seats", "name", "permit"])))
def test_more_facts_never_turn_an_outcome_around(
    condition: Condition, whole: dict[str, Found], hidden: frozenset[str]
) -> None:
    before, after = judge(condition, _facts(whole, hidden)).is_met, judge(condition, _facts(whole)).is_met
    assert after is not None
    assert before in (None, after)


@given(CONDITIONS, WHOLE)
def test_what_holds_for_some_facts_can_hold(condition: Condition, whole: dict[str, Found]) -> None:
    if judge(condition, _facts(whole)).is_met:
        assert can_hold(condition, CHOICES, frozenset()) in (True, None)
