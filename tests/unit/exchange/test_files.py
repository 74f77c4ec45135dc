"""`/v1/files/query`: the granted fields, no other, and the look in the ledger first."""

from __future__ import annotations

import pytest

from onefile.client import Refused
from tests.counter import ANNA, BELA, NOBODY, Open, purpose

POPULATION = "police.population"


def test_a_department_gets_the_granted_fields_and_the_look_is_recorded(counter: Open) -> None:
    grant = counter.shop.grant(POPULATION, ("number", "name", "birth_on"))
    counter.case()
    with counter.ask("market-app") as ask:
        answer = ask.files(purpose(grant), [ANNA, NOBODY])
    found, missing = answer["results"]
    (file,) = found["files"]
    assert file["attributes"]["name"]["value"] == "安娜"
    assert file["attributes"]["name"]["source"] == {"resource": POPULATION, "department": "police"}
    assert file["attributes"]["name"]["age_days"] == 29
    assert set(file["attributes"]) == {"name", "birth_on"}
    assert missing == {"index": 1, "outcome": "not_found", "files": []}
    looks = counter.looks()
    assert [look.fields for look in looks] == [("name", "birth_on")] * 2
    assert {look.grant for look in looks} == {grant}
    assert looks[0].answer == looks[1].answer


def test_what_is_not_granted_is_refused_and_not_recorded(counter: Open) -> None:
    grant = counter.shop.grant(POPULATION, ("number", "name"))
    counter.case()
    with counter.ask("market-app") as ask, pytest.raises(Refused, match="field_not_granted"):
        ask.files(purpose(grant), [ANNA], ["name", "birth_on"])
    with counter.ask("tax-app") as ask, pytest.raises(Refused, match="grant_not_yours"):
        ask.files(purpose(grant), [BELA])
    assert counter.looks() == []
