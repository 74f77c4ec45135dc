"""Comparisons and yes-or-no questions: no value leaves, and guessing is slowed and listed."""

from __future__ import annotations

import pytest

from onefile.client import Purpose, Refused
from tests.counter import ANNA, BELA, FIRM, NOBODY, Open, purpose

POPULATION, INSURANCE = "police.population", "human_resources.social_insurance"


@pytest.fixture
def checking(counter: Open) -> Purpose:
    """A grant that allows no value."""
    counter.case()
    return purpose(counter.shop.grant(POPULATION, ("number", "name", "birth_on"), mode="check"))


def matched(counter: Open, cited: Purpose, *subjects: dict[str, object]) -> list[tuple[str, dict[str, str]]]:
    with counter.ask("market-app") as ask:
        found = ask.call("POST", "/v1/files/match", {"subjects": list(subjects)}, cited)["results"]
    return [(each["outcome"], each["fields"]) for each in found]


def test_what_is_given_agrees_differs_or_is_nobodys(counter: Open, checking: Purpose) -> None:
    right, wrong_day, wrong_name, nobody = matched(
        counter, checking, {"number": ANNA, "name": " 安娜", "fields": {"birth_on": "1990-01-01"}},
        {"number": BELA, "name": "贝拉", "fields": {"birth_on": "1990-01-02"}},
        {"number": BELA, "name": "安娜", "fields": {"birth_on": "1990-01-01"}}, {"number": NOBODY, "name": "安娜"},
    )  # fmt: skip
    assert right == ("agrees", {"name": "agrees", "birth_on": "agrees"})
    assert wrong_day == ("differs", {"name": "agrees", "birth_on": "differs"})
    assert wrong_name == ("differs", {"name": "differs", "birth_on": "not_compared"})
    assert nobody == ("no_such_subject", {})


def test_a_grant_for_checking_gives_no_value(counter: Open, checking: Purpose) -> None:
    with counter.ask("market-app") as ask:
        with pytest.raises(Refused, match="mode_not_granted"):
            ask.files(checking, [ANNA])
        with pytest.raises(Refused, match="field_not_granted"):
            ask.call("POST", "/v1/files/match",
                     {"subjects": [{"number": ANNA, "name": "安娜", "fields": {"sex": "1"}}]}, checking)  # fmt: skip
    assert counter.looks() == []


def test_who_guesses_waits_longer_and_longer_and_is_listed(counter: Open, checking: Purpose) -> None:
    for _ in range(5):
        assert matched(counter, checking, {"number": ANNA, "name": "猜"})[0][0] == "differs"
    with pytest.raises(Refused, match="slow_down") as refused, counter.ask("market-app") as ask:
        ask.call("POST", "/v1/files/match", {"subjects": [{"number": ANNA, "name": "安娜"}]}, checking)
    assert refused.value.retry_after == 61
    slowed, other = matched(counter, checking, {"number": ANNA, "name": "安娜"}, {"number": BELA, "name": "贝拉"})
    assert (slowed[0], other[0]) == ("slowed", "agrees")
    token = counter.official("auditor")
    found = counter.http.get("/v1/guesses?on=2026-11-30", headers={"Authorization": f"Bearer {token}"}).json()
    assert [(each["caller"], each["times"]) for each in found["guesses"]] == [("market-app", 5)]


def asked(counter: Open, cited: Purpose, number: str, **question: str) -> str:
    with counter.ask("market-app") as ask:
        body = {"subjects": [{"number": number}], "questions": [question]}
        (result,) = ask.call("POST", "/v1/files/predicates", body, cited)["results"]
    return str(result["answers"][0])


@pytest.mark.parametrize(("years", "said"), [("36", "yes"), ("37", "no")])
def test_age_is_told_without_the_day_of_birth(counter: Open, checking: Purpose, years: str, said: str) -> None:
    assert asked(counter, checking, ANNA, predicate="age_at_least", value=years) == said
    assert asked(counter, checking, NOBODY, predicate="age_at_least", value=years) == "unknown"


def test_earnings_and_lists_are_told_yes_or_no(counter: Open) -> None:
    counter.case()
    cited = purpose(counter.shop.grant(INSURANCE, ("person_number", "base_cents"), mode="check"))
    for value, said in (("800001", "yes"), ("800000", "no")):
        assert asked(counter, cited, ANNA, predicate="less_than", field="insurance_base_cents", value=value) == said
    assert asked(counter, cited, ANNA, predicate="is_listed", resource=INSURANCE) == "yes"
    with pytest.raises(Refused, match="field_not_granted"):
        asked(counter, cited, ANNA, predicate="is_listed", resource="market.penalties")
    with pytest.raises(Refused, match="body_invalid"):
        asked(counter, cited, FIRM, predicate="less_than", field="insurance_base_cents")
