"""Comparisons and yes-or-no questions: no value leaves, and guessing is slowed and listed."""

from __future__ import annotations

import pytest

from onefile.client import Purpose, Refused
from schemas.identifiers.persons import check_character
from tests.counter import ANNA, BELA, FIRM, NOBODY, Open, person, purpose, said

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


@pytest.mark.parametrize(("years", "told"), [("36", "yes"), ("37", "no")])
def test_age_is_told_without_the_day_of_birth(counter: Open, checking: Purpose, years: str, told: str) -> None:
    assert asked(counter, checking, ANNA, predicate="age_at_least", value=years) == told
    assert asked(counter, checking, NOBODY, predicate="age_at_least", value=years) == "unknown"


def test_earnings_and_lists_are_told_yes_or_no(counter: Open) -> None:
    counter.case()
    cited = purpose(counter.shop.grant(INSURANCE, ("person_number", "base_cents"), mode="check"))
    for value, told in (("800001", "yes"), ("800000", "no")):
        assert asked(counter, cited, ANNA, predicate="less_than", field="insurance_base_cents", value=value) == told
    assert asked(counter, cited, ANNA, predicate="is_listed", resource=INSURANCE) == "yes"
    with pytest.raises(Refused, match="field_not_granted"):
        asked(counter, cited, ANNA, predicate="is_listed", resource="market.penalties")
    with pytest.raises(Refused, match="body_invalid"):
        asked(counter, cited, FIRM, predicate="less_than", field="insurance_base_cents")


def test_where_nobody_states_the_name_nothing_was_compared(counter: Open, checking: Purpose) -> None:
    counter.shop.publish({**person(BELA, ""), "name": said("贝拉", "civil_affairs.marriages")}, version=13)
    subject = {"number": BELA, "name": "谁", "fields": {"birth_on": "1999-09-09"}}
    for _ in range(6):  # no guess: nothing is found out by it
        assert matched(counter, checking, subject) == [("not_held", {"name": "not_held", "birth_on": "not_compared"})]


def citizen(serial: int) -> str:
    """The number of nobody."""
    body = f"69010119770505{serial:03d}"
    return body + check_character(body)


def test_a_department_with_two_clients_has_no_more_guesses(counter: Open, checking: Purpose) -> None:
    counter.shop.client("market-two", "market")
    clients, wrong = ("market-app", "market-two"), {"subjects": [{"number": ANNA, "name": "猜"}]}
    for number in range(5):
        with counter.ask(clients[number % 2]) as ask:
            (found,) = ask.call("POST", "/v1/files/match", wrong, checking)["results"]
            assert found["outcome"] == "differs"
    for client in clients:
        with pytest.raises(Refused, match="slow_down"), counter.ask(client) as ask:
            ask.call("POST", "/v1/files/match", wrong, checking)


def test_many_at_once_are_no_more_guesses_than_one_by_one(counter: Open, checking: Purpose) -> None:
    numbers = [citizen(serial) for serial in range(300)]
    found = matched(counter, checking, *({"number": number, "name": "猜"} for number in numbers))
    outcomes = [outcome for outcome, _ in found]
    assert outcomes == ["no_such_subject"] * 200 + ["slowed"] * 100
    with pytest.raises(Refused, match="slow_down"):
        matched(counter, checking, {"number": ANNA, "name": "猜"})


def test_questions_about_one_value_are_as_many_guesses(counter: Open) -> None:
    counter.case()
    cited = purpose(counter.shop.grant(INSURANCE, ("person_number", "base_cents"), mode="check"))

    def ask(count: int) -> list[str]:
        questions = [{"predicate": "less_than", "field": "insurance_base_cents", "value": str(100_000 * (n + 1))}
                     for n in range(count)]  # fmt: skip
        with counter.ask("market-app") as client:
            body = {"subjects": [{"number": ANNA}], "questions": questions}
            answers: list[str] = client.call("POST", "/v1/files/predicates", body, cited)["results"][0]["answers"]
            return answers

    with pytest.raises(Refused, match="body_invalid"):
        ask(6)
    assert ask(3) == ["no"] * 3
    with pytest.raises(Refused, match="slow_down"):
        ask(3)
    assert ask(2) == ["no"] * 2
    with pytest.raises(Refused, match="slow_down"):
        ask(1)


def test_who_is_on_a_list_that_no_file_takes_up_is_told_by_its_rows(counter: Open) -> None:
    """Penalties name persons; no attribute of a person's file comes from them."""
    counter.case()
    penalties = "market.penalties"
    counter.case("D-2", department="tax")
    cited = purpose(counter.shop.grant(penalties, ("decision_no", "party_number"), consumer="tax"), case="D-2")

    def is_listed(number: str) -> str:
        with counter.ask("tax-app") as client:
            body = {"subjects": [{"number": number}], "questions": [{"predicate": "is_listed", "resource": penalties}]}
            return str(client.call("POST", "/v1/files/predicates", body, cited)["results"][0]["answers"][0])

    assert (is_listed(ANNA), is_listed(NOBODY)) == ("unknown", "unknown")  # nothing is at the counter yet
    counter.shop.supply(penalties, 1, ("r-1", ANNA, {"decision_no": "1"}), ("r-2", NOBODY, {"decision_no": "2"}))
    assert (is_listed(ANNA), is_listed(BELA), is_listed(NOBODY)) == ("yes", "no", "yes")


def test_a_register_lists_whom_it_states_anything_of_also_where_it_agrees(counter: Open) -> None:
    counter.case(parties=(FIRM,), department="tax")
    register = "market.public_register"
    cited = purpose(counter.shop.grant(register, ("code", "name"), consumer="tax", mode="query"))
    firm = {"number_type": "credit_code", "number": FIRM, "contradictions": [], "relations": [], "identifiers": []}

    def is_listed(version: int, **more: object) -> str:
        counter.shop.publish({**firm, **more}, version=version)
        with counter.ask("tax-app") as client:
            body = {"subjects": [{"number": FIRM}], "questions": [{"predicate": "is_listed", "resource": register}]}
            return str(client.call("POST", "/v1/files/predicates", body, cited)["results"][0]["answers"][0])

    name = said("公司", "market.enterprises")
    assert is_listed(1, name=name) == "unknown"  # a file of an older release does not say who agrees
    assert is_listed(2, name=name, agreements=[]) == "no"  # it would have stated a name
    assert is_listed(3, name=said("公司", register), agreements=[]) == "yes"
    assert is_listed(4, name=name, agreements=[{"attribute": "name", "resource": register}]) == "yes"
