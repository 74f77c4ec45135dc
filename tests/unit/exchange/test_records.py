"""`/v1/records/query`: rows of a granted resource, with the granted columns."""

from __future__ import annotations

import pytest

from onefile.client import Refused
from tests.counter import ANNA, BELA, NOBODY, Open, person, purpose, said

POPULATION = "police.population"


def test_rows_come_with_the_granted_columns_of_that_resource_alone(counter: Open) -> None:
    other = said("13912345678", record="s" * 16, observed_on="2026-10-01", attribute="phone")
    father = {**said(None), "relation": "father", "other_kind": "person", "other_number": BELA, "other_name": None,
              "since": "1990-01-01", "until": None, "details": {}}  # fmt: skip
    counter.shop.publish(person(ANNA, "安娜", contradictions=[other], relations=[father]))
    counter.case()
    cited = purpose(counter.shop.grant(POPULATION, ("number", "name", "phone", "father_number", "household_no")))
    with counter.ask("market-app") as ask:
        body = {"subjects": [{"number": ANNA}, {"number": NOBODY}], "resource": POPULATION}
        found, nobody = ask.call("POST", "/v1/records/query", body, cited)["results"]
        with pytest.raises(Refused, match="field_not_granted"):
            ask.call("POST", "/v1/records/query", {**body, "fields": ["sex"]}, cited)
        with pytest.raises(Refused, match="field_not_granted"):
            ask.call("POST", "/v1/records/query", {**body, "resource": "civil_affairs.marriages"}, cited)
    newer, older = found["records"]
    assert newer["values"] == {"number": ANNA, "name": "安娜", "phone": None, "father_number": BELA,
                               "household_no": None}  # fmt: skip
    assert (older["record"], older["values"]["phone"], older["age_days"]) == ("s" * 16, "13912345678", 60)
    assert newer["source"] == {"resource": POPULATION, "department": "police"}
    assert nobody == {"index": 1, "outcome": "not_found", "records": []}
    assert [look.resource for look in counter.looks()] == [POPULATION, POPULATION]


def test_rows_outside_the_grant_are_as_if_they_were_not(counter: Open) -> None:
    counter.case()
    cited = purpose(counter.shop.grant(POPULATION, ("number", "name"), rows="area=6902"))
    with counter.ask("market-app") as ask:
        body = {"subjects": [{"number": ANNA}], "resource": POPULATION}
        assert ask.call("POST", "/v1/records/query", body, cited)["results"][0]["outcome"] == "not_found"
