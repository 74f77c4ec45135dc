"""Attacks on prefill: the dead, the cancelled, children, strangers, other cases and items; each is refused."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from exchange.access import mandates
from exchange.access.callers import Mandate
from exchange.access.standing import File, Somebody
from licence_vault.attestations import LIFE
from onefile.client import Purpose, Refused
from schemas.serving.connection import writing
from schemas.subjects import subject_numbers
from tests.counter import ANNA, BELA, FIRM, NOBODY, Open, Shop, person, said
from tests.prefilled import ENTERPRISES, FIELDS, POPULATION, ask, cited, field, firm, grants, handed_in

ALLOWANCE, CHILD = "0213", "690101201605060139"
PEOPLE = ("number", "name", "birth_on", "state", "phone")


@pytest.fixture
def shop(shop: Shop) -> Shop:
    shop.publish(firm())
    return shop


@pytest.fixture
def cites(counter: Open) -> Purpose:
    counter.case(parties=(FIRM, ANNA))
    return cited(grants(counter.shop))


def of_person(counter: Open, fields: tuple[str, ...] = PEOPLE, **more: Any) -> Purpose:
    counter.case("D-P", ALLOWANCE, parties=(ANNA, BELA), department="civil_affairs")
    return cited({"p": counter.shop.grant(POPULATION, fields, consumer="data_bureau", **more)}, "D-P", ALLOWANCE)


def for_person(counter: Open, cites: Purpose, number: str = ANNA, **more: Any) -> Any:
    return ask(counter, cites, items=[ALLOWANCE], applicant={"number": number}, answers={}, **more)


def mandate(counter: Open, agent: str, principal: str, relation: str = "agent", scope: tuple[str, ...] = ("*",)) -> str:
    ids = [subject_numbers(number)[0].subject_id for number in (agent, principal)]
    wish = mandates.Wish(ids[0], ids[1], relation, "委托书 7", scope, "2026-11-01", "2027-06-30")
    with writing(counter.shop.url) as connection:
        return mandates.put(connection, wish, f"M-{len(scope)}-{relation}", "tests", counter.shop.at).mandate_id


def test_nothing_is_filled_for_the_dead_and_only_who_may_know_is_told(counter: Open) -> None:
    counter.shop.publish(person(ANNA, "安娜", died_on=said("2026-11-20")))
    knowing = of_person(counter, (*PEOPLE, "died_on"))
    with pytest.raises(Refused, match="subject_ended"):
        for_person(counter, knowing)
    blind = cited({"p": counter.shop.grant(POPULATION, PEOPLE, consumer="data_bureau")}, "D-P", ALLOWANCE)
    dead = for_person(counter, blind)
    assert {each["state"] for each in dead["form"]} == {"not_available"}
    assert {each["is_met"] for each in dead["conditions"]} == {None}
    assert dead["attestations"] is None


def test_nothing_is_filled_for_a_firm_that_was_cancelled(counter: Open, cites: Purpose) -> None:
    counter.shop.publish(firm(cancelled_on=said("2026-11-20", ENTERPRISES)))
    with pytest.raises(Refused, match="subject_ended"):
        ask(counter, cites)
    counter.shop.publish(firm(cancelled_on=said("2026-12-31", ENTERPRISES)))
    assert field(ask(counter, cites), "applicant.name")["state"] == "filled"


@pytest.mark.parametrize(("born", "is_child"), [("2012-12-01", True), ("2012-11-30", False)])
def test_for_a_child_its_guardian_comes_until_the_day_it_is_fourteen(counter: Open, born: str, is_child: bool) -> None:
    counter.shop.publish(person(ANNA, "安娜", birth_on=said(born)))
    cites = of_person(counter)
    if not is_child:
        assert field(for_person(counter, cites), "applicant.name")["value"] == "安娜"
        return
    with pytest.raises(Refused, match="guardian_needed"):
        for_person(counter, cites)
    with pytest.raises(Refused, match="mandate_not_good"):
        for_person(counter, cites, agent={"number": BELA})
    made = mandate(counter, BELA, ANNA, "guardian")
    answer = for_person(counter, cites, agent={"number": BELA, "mandate": made})
    assert answer["acting"] == f"guardian:{made}"
    assert counter.looks()[-1].acting == f"guardian:{made}"


def test_a_parent_in_the_child_s_own_file_is_its_guardian_and_not_a_grown_child_s(counter: Open) -> None:
    tie = {"relation": "mother", "other_kind": "person", "other_number_type": "citizen", "other_number": BELA,
           "until": None, **said(None)}  # fmt: skip
    cites = of_person(counter)
    for born, is_child in (("2016-01-01", True), ("1990-01-01", False)):
        counter.shop.publish(person(ANNA, "安娜", birth_on=said(born), relations=[tie]), version=20 + is_child)
        if is_child:
            assert for_person(counter, cites, agent={"number": BELA})["acting"] == "guardian:one_file"
        else:
            with pytest.raises(Refused, match="mandate_not_good"):
                for_person(counter, cites, agent={"number": BELA})


INSURANCE = "0512"
"""Medical insurance of a newborn: a parent applies, the child is another party."""


def of_child(counter: Open, tie: str = "mother", **more: Any) -> Purpose:
    """A case of Anna's about a child whose parent is Bela."""
    ties = [{"relation": tie, "other_kind": "person", "other_number_type": "citizen", "other_number": BELA,
             "until": None, **said(None)}]  # fmt: skip
    child = person(CHILD, "小安", birth_on=said("2016-05-06"), relations=ties, **more)
    counter.shop.publish(child, version=21)
    counter.case("D-C", INSURANCE, parties=(ANNA, BELA, CHILD), department="human_resources")
    return cited({"p": counter.shop.grant(POPULATION, PEOPLE, consumer="data_bureau")}, "D-C", INSURANCE)


def about_child(counter: Open, cites: Purpose, applicant: str, **more: Any) -> Any:
    return ask(counter, cites, items=[INSURANCE], applicant={"number": applicant}, answers={},
               parties={"child": {"number": CHILD}}, **more)  # fmt: skip


def test_a_child_that_is_another_party_is_told_of_to_its_guardian_alone(counter: Open) -> None:
    cites = of_child(counter)
    looks = len(counter.looks())
    with pytest.raises(Refused, match="guardian_needed"):
        about_child(counter, cites, ANNA)
    assert len(counter.looks()) == looks
    assert field(about_child(counter, cites, BELA), "child.name")["value"] == "小安"
    other = mandate(counter, ANNA, CHILD, "guardian", scope=("0999", "0998"))
    with pytest.raises(Refused, match="guardian_needed"):
        about_child(counter, cites, ANNA)
    assert mandate(counter, ANNA, CHILD, "guardian") != other
    assert field(about_child(counter, cites, ANNA), "child.name")["value"] == "小安"


def test_of_a_child_that_has_turned_fourteen_nobody_has_to_be_the_guardian(counter: Open) -> None:
    cites = of_child(counter)
    counter.shop.publish(person(CHILD, "小安", birth_on=said("2012-11-30")), version=22)
    assert field(about_child(counter, cites, ANNA), "child.name")["value"] == "小安"


def test_of_whom_there_is_no_file_the_number_says_that_it_is_a_child(counter: Open) -> None:
    counter.case("D-C", INSURANCE, parties=(ANNA, BELA, CHILD), department="human_resources")
    counter.case("D-P", ALLOWANCE, parties=(CHILD,), department="civil_affairs")
    given = {"p": counter.shop.grant(POPULATION, PEOPLE, consumer="data_bureau")}
    insured, for_child = cited(given, "D-C", INSURANCE), cited(given, "D-P", ALLOWANCE)
    letter = mandate(counter, BELA, CHILD)  # by whoever did not say the number, so that nobody could tell
    for refused in (
        lambda: about_child(counter, insured, ANNA), lambda: for_person(counter, for_child, CHILD),
        lambda: for_person(counter, for_child, CHILD, agent={"number": BELA, "mandate": letter}),
    ):  # fmt: skip
        with pytest.raises(Refused, match="guardian_needed"):
            refused()
    assert counter.looks() == []
    made = mandate(counter, ANNA, CHILD, "guardian")
    assert about_child(counter, insured, ANNA)["acting"] == ""
    answer = for_person(counter, for_child, CHILD, agent={"number": ANNA, "mandate": made})
    assert answer["acting"] == f"guardian:{made}"


def test_the_dead_are_nobody_s_guardians_and_nobody_s_agents(counter: Open) -> None:
    cites = of_child(counter)
    assert field(about_child(counter, cites, BELA), "child.name")["value"] == "小安"
    made = mandate(counter, ANNA, CHILD, "guardian")
    assert field(about_child(counter, cites, ANNA), "child.name")["value"] == "小安"
    looks = len(counter.looks())
    gone = [person(each, "某", died_on=said("2026-11-20")) for each in (ANNA, BELA)]
    counter.shop.publish(*gone, version=23)
    for applicant in (ANNA, BELA):
        with pytest.raises(Refused, match="guardian_needed"):
            about_child(counter, cites, applicant)
    assert len(counter.looks()) == looks
    tokens = counter.counter.tokens
    own = tokens.make("applicant", subject_numbers(ANNA)[0].subject_id, counter.shop.at, assurance=2)
    headers = {"Authorization": f"Bearer {own}", "Onefile-For": made}
    assert counter.http.get("/v1/me", headers=headers).json()["code"] == "mandate_not_good"
    counter.shop.publish(person(ANNA, "安娜", died_on=said("2026-12-31")), version=24)
    assert counter.http.get("/v1/me", headers=headers).json()["acting_for"]["mandate"] == made


@pytest.mark.parametrize(
    ("changed", "is_good"),
    [
        ({}, True),
        ({"items": ("0999", "0101")}, False),
        ({"day": date(2026, 10, 31)}, False),
        ({"day": date(2027, 7, 1)}, False),
        ({"agent": ANNA}, False),
        ({"principal": ANNA}, False),
        ({"relation": "agent"}, False),
        ({"agent_born": "2014-01-01"}, False),
        ({"agent_died": "2026-11-30"}, False),
        ({"agent_died": "2026-12-01"}, True),
        ({"ended_at": "2026-11-15T00:00:00Z"}, False),
        ({"day": date(2034, 5, 6), "until": "2040-01-01"}, False),
        ({"day": date(2034, 5, 5), "until": "2040-01-01"}, True),
        ({"day": date(2034, 5, 6), "until": "2040-01-01", "source": "法院判决 7"}, True),
    ],
)
def test_a_mandate_holds_for_these_two_now(counter: Open, changed: dict[str, Any], is_good: bool) -> None:
    wish = {"items": ("0999",), "day": date(2026, 11, 30), "agent": BELA, "principal": CHILD, "relation": "guardian",
            "agent_born": "1985-02-03", "agent_died": "", "ended_at": None, "until": "2027-06-30",
            "source": "户口簿", **changed}  # fmt: skip
    ids = {number: subject_numbers(number)[0].subject_id for number in (ANNA, BELA, CHILD)}
    right = Mandate("M-1", ids[BELA], ids[CHILD], wish["relation"], wish["source"], ("0999",), "2026-11-01",
                    wish["until"])  # fmt: skip
    kept = mandates.Kept(right, "2026-11-01T00:00:00Z", "tests", wish["ended_at"])
    told = {"birth_on": {"value": wish["agent_born"]}, "died_on": {"value": wish["agent_died"]}}
    agent = Somebody((ids[wish["agent"]],), (), (File(ids[wish["agent"]], "person", told),))
    principal = Somebody((ids[wish["principal"]],), subject_numbers(wish["principal"]), ())
    use = mandates.Use(agent, principal, wish["items"], wish["day"])
    assert mandates.holds(kept, use, counter.counter.catalogue.declarations) == is_good


def test_the_dead_come_for_nobody(counter: Open, cites: Purpose) -> None:
    made = mandate(counter, BELA, FIRM)
    assert ask(counter, cites, agent={"number": BELA, "mandate": made})["acting"] == f"agent:{made}"
    counter.shop.publish(*(person(each, "某", died_on=said("2026-11-20")) for each in (ANNA, BELA)))
    for agent in ({"number": ANNA}, {"number": BELA, "mandate": made}):
        with pytest.raises(Refused, match="mandate_not_good"):
            ask(counter, cites, agent=agent)


def test_what_is_filled_of_another_party_that_is_dead_says_so_to_whoever_may_know(counter: Open) -> None:
    counter.case("D-R", "0101", parties=(FIRM, ANNA))
    counter.shop.publish(person(ANNA, "安娜", died_on=said("2026-11-20")))
    wish: dict[str, Any] = {"items": ["0101"], "applicant": None, "parties": {"representative": {"number": ANNA}},
                            "answers": {}}  # fmt: skip
    for fields, doubts in (((*PEOPLE, "died_on"), ["ended"]), (PEOPLE, [])):
        given = {"p": counter.shop.grant(POPULATION, fields, consumer="data_bureau")}
        answer = ask(counter, cited(given, "D-R", "0101"), **wish)
        assert field(answer, "representative.name")["doubts"] == doubts


def test_who_comes_for_another_without_authority_gets_nothing(counter: Open, cites: Purpose) -> None:
    assert ask(counter, cites, agent={"number": ANNA})["acting"] == "representative:one_file"
    looks = len(counter.looks())
    with pytest.raises(Refused, match="mandate_not_good"):
        ask(counter, cites, agent={"number": BELA})
    with pytest.raises(Refused, match="mandate_not_good"):
        ask(counter, cites, agent={"number": BELA, "mandate": "M-nobody"})
    theirs = mandate(counter, ANNA, FIRM)
    with pytest.raises(Refused, match="mandate_not_good"):
        ask(counter, cites, agent={"number": BELA, "mandate": theirs})
    narrow = mandate(counter, BELA, FIRM, scope=("0999", "0998"))
    with pytest.raises(Refused, match="mandate_not_good"):
        ask(counter, cites, agent={"number": BELA, "mandate": narrow})
    other = mandate(counter, BELA, ANNA, scope=("0102", "0103", "0104"))
    with pytest.raises(Refused, match="mandate_not_good"):
        ask(counter, cites, agent={"number": BELA, "mandate": other})
    assert len(counter.looks()) == looks


def test_an_ended_representative_may_not_come(counter: Open, cites: Purpose) -> None:
    over = {**firm()["relations"][0], "until": "2026-11-29"}
    counter.shop.publish(firm(relations=[over]))
    with pytest.raises(Refused, match="mandate_not_good"):
        ask(counter, cites, agent={"number": ANNA})


def test_nobody_is_asked_about_whom_the_case_was_not_registered_for(counter: Open) -> None:
    counter.case("D-P", ALLOWANCE, parties=(ANNA,), department="civil_affairs")
    cites = cited({"p": counter.shop.grant(POPULATION, PEOPLE, consumer="data_bureau")}, "D-P", ALLOWANCE)
    for number in (BELA, NOBODY):
        with pytest.raises(Refused, match="not_a_party"):
            for_person(counter, cites, number)
    assert counter.looks() == []


def test_an_item_beyond_the_case_its_stages_and_its_life_event_is_refused(counter: Open, cites: Purpose) -> None:
    item = next(i for i in counter.counter.catalogue.declarations.items.values() if i.name == "tax_clearance")
    with pytest.raises(Refused, match="item_of_no_case"):
        ask(counter, cites, items=["0102", item.code])
    counter.case("D-S", item.code, parties=(FIRM,), department="tax", parent="D-1", stage="tax")
    assert len(ask(counter, cites, items=["0102", item.code])["items"]) == 2


def test_an_attestation_replayed_in_another_case_field_or_item_or_too_late_is_found(
    counter: Open, cites: Purpose
) -> None:
    form = handed_in(ask(counter, cites))
    counter.case("D-2", parties=(FIRM, ANNA))
    other = Purpose(cites.grant, "0102", "D-2")
    assert {each["reason"] for each in ask(counter, other, "/check", **form)["fields"]} == {"other_case"}
    moved = [{**each, "field": f"{each['field']}2"} for each in form["fields"]]
    checked = ask(counter, cites, "/check", batches=form["batches"], fields=moved)
    assert {each["reason"] for each in checked["fields"]} == {"other_field"}
    elsewhere = ask(counter, cites, "/check", **form, items=["1012"], answers={})
    assert {each["reason"] for each in elsewhere["fields"]} == {"other_item"}
    counter.shop.at += LIFE + timedelta(seconds=1)
    late = ask(counter, cites, "/check", **form)
    assert {(each["state"], each["reason"]) for each in late["fields"]} == {("stale", "expired")}


def test_values_swapped_between_fields_are_found(counter: Open, cites: Purpose) -> None:
    form = handed_in(ask(counter, cites))
    first, second = form["fields"][0], form["fields"][2]
    first["value"], second["value"] = second["value"], first["value"]
    checked = ask(counter, cites, "/check", **form)["fields"]
    assert [each["reason"] for each in (checked[0], checked[2])] == ["value_differs"] * 2
    first["attestation"], second["attestation"] = second["attestation"], first["attestation"]
    checked = ask(counter, cites, "/check", **form)["fields"]
    assert [each["reason"] for each in (checked[0], checked[2])] == ["other_field"] * 2


def test_values_of_one_firm_do_not_pass_for_another_s_in_the_same_case(counter: Open) -> None:
    other = "91690101MA0000162R"
    counter.shop.publish(firm(other, name=said("另一家", ENTERPRISES)))
    counter.case(parties=(FIRM, other))
    cites = cited({ENTERPRISES: counter.shop.grant(ENTERPRISES, FIELDS, consumer="data_bureau")})
    form = handed_in(ask(counter, cites))
    checked = ask(counter, cites, "/check", **form, applicant={"number": other})
    reasons = {each["field"]: each["reason"] for each in checked["fields"]}
    assert {reason for name, reason in reasons.items() if name.startswith("applicant.")} == {"other_subject"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"items": []},
        {"items": ["nothing"]},
        {"items": ["0102' OR 1=1"]},
        {"applicant": {"number": "12345"}},
        {"applicant": {"number": ANNA}},
        {"applicant": None},
        {"parties": {"stranger": {"number": ANNA}}},
        {"answers": {"premises": "stolen"}},
        {"answers": {"weather": "fine"}},
        {"answers": {"area_m2": "many"}},
        {"agent": {"number": "12345"}},
        {"items": ["0102", "0213"]},
        {"surplus": 1},
    ],
)
def test_what_is_no_wish_is_refused_and_nobody_is_looked_at(
    counter: Open, cites: Purpose, wrong: dict[str, Any]
) -> None:
    with pytest.raises(Refused, match=r"body_invalid|item_of_no_case") as raised:
        ask(counter, cites, **wrong)
    assert ANNA not in str(raised.value)
    assert counter.looks() == []


def test_without_the_ledger_there_is_no_answer(counter: Open, cites: Purpose) -> None:
    ledger = counter.shop.home / "ledger"
    ask(counter, cites)
    ledger.rename(ledger.with_name("gone"))
    ledger.write_text("no folder")
    with pytest.raises(Refused, match="ledger_unavailable"):
        ask(counter, cites)


def test_a_quota_is_spent_for_each_subject_that_is_looked_at(counter: Open) -> None:
    counter.case(parties=(FIRM, ANNA))
    cites = cited({ENTERPRISES: counter.shop.grant(ENTERPRISES, FIELDS, consumer="data_bureau", quota=2)})
    ask(counter, cites)
    ask(counter, cites)
    with pytest.raises(Refused, match="quota_used_up"):
        ask(counter, cites)
