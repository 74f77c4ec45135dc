"""`/v1/records/query`: rows of a granted resource, with the granted columns, as they came to the counter."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from catalog.cases import store
from exchange.queries.indexed import indexed
from ledger import index, outbox, reconciliation
from ledger.recall import Recalling, recall
from onefile.client import Purpose, Refused
from schemas.serving.connection import writing
from schemas.subjects import subject_numbers
from tests.counter import ANNA, BELA, NOBODY, Open, purpose
from tests.unit.exchange.test_own import applicant

POPULATION, MARRIAGES, FINES = "police.population", "civil_affairs.marriages", "market.penalties"
STRANGER, FIRM = "690101196501010010", "91690101MA0000031X"
ROW = {"number": ANNA, "name": "安娜", "phone": "13912345678", "household_no": "6901-7"}


def asked(counter: Open, cited: Purpose, *numbers: str, resource: str = POPULATION, **more: Any) -> list[Any]:
    body = {"subjects": [{"number": number} for number in numbers], "resource": resource, **more}
    with counter.ask("market-app") as ask:
        found: list[Any] = ask.call("POST", "/v1/records/query", body, cited)["results"]
    return found


@pytest.fixture
def cited(counter: Open) -> Purpose:
    counter.case()
    return purpose(counter.shop.grant(POPULATION, ("number", "name", "phone", "household_no")))


def test_rows_come_with_the_granted_columns_of_that_resource_alone(counter: Open, cited: Purpose) -> None:
    older = {**ROW, "phone": None, "observed_on": "2026-10-01", "father_number": BELA}
    counter.shop.supply(POPULATION, 5, ("r1", ANNA, ROW), ("r2", ANNA, older), ("r3", BELA, {"number": BELA}))
    found, nobody = asked(counter, cited, ANNA, NOBODY)
    newer, before = found["records"]
    assert newer["values"] == ROW
    assert (before["record"], before["values"]["phone"], before["age_days"]) == ("r2", None, 60)
    assert "father_number" not in before["values"]
    assert newer["source"] == {"resource": POPULATION, "department": "police"}
    assert nobody == {"index": 1, "outcome": "not_found", "records": []}
    assert [(look.resource, look.lake_version) for look in counter.looks()] == [(POPULATION, "release@5")] * 2


def test_what_is_not_granted_is_refused_and_not_recorded(counter: Open, cited: Purpose) -> None:
    counter.shop.supply(POPULATION, 5, ("r1", ANNA, ROW))
    for more in ({"fields": ["sex"]}, {"resource": MARRIAGES}):
        with pytest.raises(Refused, match="field_not_granted"):
            asked(counter, cited, ANNA, **more)
    assert counter.looks() == []


def test_what_was_granted_and_has_not_come_yet_is_never_told_as_if_it_were_not_there(
    counter: Open, cited: Purpose
) -> None:
    with pytest.raises(Refused, match="rows_not_supplied"):
        asked(counter, cited, ANNA)
    counter.shop.supply(POPULATION, 5, ("r1", ANNA, ROW), fields="number name")
    with pytest.raises(Refused, match="rows_not_supplied"):
        asked(counter, cited, ANNA)
    assert counter.looks() == []
    assert asked(counter, cited, ANNA, fields=["name"])[0]["outcome"] == "found"


def test_a_record_is_found_by_each_subject_that_it_names_though_there_be_no_file_of_one(counter: Open) -> None:
    counter.case()
    cited = purpose(counter.shop.grant(MARRIAGES, ("man_number", "woman_number")))
    row = {"man_number": STRANGER, "woman_number": ANNA}
    counter.shop.supply(MARRIAGES, 5, ("m1", f"{STRANGER} {ANNA}", row))
    for number in (STRANGER, ANNA):
        (result,) = asked(counter, cited, number, resource=MARRIAGES)
        assert [each["values"] for each in result["records"]] == [row]
    assert asked(counter, cited, BELA, resource=MARRIAGES)[0]["outcome"] == "not_found"


def test_who_is_named_in_another_s_row_finds_the_look_on_its_own_trail(counter: Open) -> None:
    counter.case()
    cited = purpose(counter.shop.grant(MARRIAGES, ("man_number", "woman_number")))
    row = {"man_number": STRANGER, "woman_number": ANNA}
    counter.shop.supply(MARRIAGES, 5, ("m1", f"{STRANGER} {ANNA}", row))
    asked(counter, cited, ANNA, ANNA, resource=MARRIAGES)
    anna, again, other = counter.looks()
    hashed = counter.counter.ledger.ledger.subject_hash
    assert {anna.subject, again.subject} == {hashed(subject_numbers(ANNA)[0].subject_id)}
    assert (other.subject, other.kind) == (hashed(subject_numbers(STRANGER)[0].subject_id), "records.query.named")
    assert (other.fields, other.answer, other.grant) == (anna.fields, anna.answer, cited.grant)
    (told,) = counter.http.get("/v1/me/trail", headers=applicant(counter, STRANGER)).json()["looks"]
    assert (told["case"], told["department"]["id"]) == ("D-1", "market")
    with indexed(counter.counter) as connection:
        looks = list(index.of_subject(connection, other.subject or ""))
        case = store.find(connection, "D-1")
        assert case is not None
        assert list(reconciliation._faults(looks[0], case, {str(anna.subject)}, counter.shop.at.date())) == []


def test_rows_outside_the_grant_are_as_if_they_were_not(counter: Open) -> None:
    counter.case()
    counter.shop.supply(POPULATION, 5, ("r1", ANNA, ROW), ("r2", STRANGER, {"name": "生人"}))
    here, there = (purpose(counter.shop.grant(POPULATION, ("number", "name"), rows=f"area={area}"))
                   for area in ("6901", "6902"))  # fmt: skip
    assert [each["outcome"] for each in asked(counter, here, ANNA, STRANGER)] == ["found", "not_found"]
    assert asked(counter, there, ANNA, NOBODY) == [
        {"index": 0, "outcome": "not_found", "records": []}, {"index": 1, "outcome": "not_found", "records": []},
    ]  # fmt: skip


def test_a_child_s_row_outside_the_granted_area_is_not_shown_where_its_father_lives_inside(counter: Open) -> None:
    counter.case()
    cited = purpose(counter.shop.grant(POPULATION, ("number", "name"), rows="area=6901"))
    child = {"number": NOBODY, "name": "小孩", "father_number": ANNA}

    def shown(version: int, **area: str) -> list[str]:
        rows = (("r1", ANNA, ROW), ("r2", f"{NOBODY} {ANNA}", {**child, **area}))
        counter.shop.supply(POPULATION, version, *rows)
        (result,) = asked(counter, cited, ANNA)
        return sorted(each["values"]["name"] for each in result["records"])

    assert shown(5, area="690201") == shown(6) == ["安娜"]
    assert shown(7, area="690101") == ["安娜", "小孩"]


def test_up_to_a_thousand_subjects_are_asked_about_at_once(counter: Open) -> None:
    counter.case()
    cited = purpose(counter.shop.grant(POPULATION, ("number", "name")))
    counter.shop.supply(POPULATION, 5, ("r1", ANNA, ROW))
    results = asked(counter, cited, *[NOBODY] * 999, ANNA)
    assert [each["outcome"] for each in results] == ["not_found"] * 999 + ["found"]
    assert len(counter.looks()) == 1000


def test_who_saw_rows_is_told_when_a_column_that_it_saw_is_corrected(counter: Open, cited: Purpose) -> None:
    counter.shop.supply(POPULATION, 5, ("r1", ANNA, ROW))
    asked(counter, cited, ANNA, fields=["name", "household_no"])
    counter.shop.supply(POPULATION, 6, ("r1", ANNA, {**ROW, "household_no": "6901-8", "phone": "13900000001"}))
    asked(counter, cited, ANNA, fields=["name", "household_no"])
    with writing(counter.shop.url) as db:
        index.caught_up(db, counter.counter.ledger.ledger.folder)
        hashed, at = counter.counter.ledger.ledger.subject_hash, counter.shop.at + timedelta(hours=1)
        assert recall(db, Recalling(hashed, counter.counter.catalogue, at, at.date())) == 1
        (notice,) = outbox.all_notices(db)
    told = notice.body()
    assert (told["attribute"], told["how"], told["kind"]) == ("police.population.household_no", "corrected", "record")
    assert told["answers"] == [counter.looks()[0].answer_id]
    assert ANNA not in str(told)


def test_who_was_told_that_a_register_lists_somebody_is_told_when_it_does_no_more(counter: Open) -> None:
    counter.shop.at -= timedelta(days=2)  # before the publications
    counter.case("D-T", department="tax")
    cited = purpose(counter.shop.grant(FINES, ("decision_no", "party_number"), consumer="tax"), case="D-T")
    rows = [(name, ANNA, {"decision_no": name, "party_number": ANNA}) for name in ("f1", "f2")]
    body = {"subjects": [{"number": ANNA}], "questions": [{"predicate": "is_listed", "resource": FINES}]}

    def recalled() -> list[Any]:
        with writing(counter.shop.url) as db:
            index.caught_up(db, counter.counter.ledger.ledger.folder)
            hashed, at = counter.counter.ledger.ledger.subject_hash, counter.shop.at + timedelta(hours=1)
            recall(db, Recalling(hashed, counter.counter.catalogue, at, at.date()))
            return [notice.body() for notice in outbox.all_notices(db)]

    counter.shop.supply(FINES, 5, *rows)
    with counter.ask("tax-app") as ask:
        assert ask.call("POST", "/v1/files/predicates", body, cited)["results"][0]["answers"] == ["yes"]
    counter.shop.supply(FINES, 6, rows[0])
    assert recalled() == []  # it is listed still
    counter.shop.supply(FINES, 7)
    (told,) = recalled()
    assert (told["attribute"], told["how"], told["consumer"]) == (FINES, "withdrawn", "tax")
    assert told["cases"] == ["D-T"]
    assert recalled() == [told]
