"""`/v1/cases`: registered before anything is asked, moved by the law's steps, and what may be cited of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from catalog.cases.rules import deem_accepted
from onefile.client import Refused
from schemas.serving.connection import writing
from tests.counter import ANNA, ITEM, Open, purpose

ZONE = ZoneInfo("Asia/Shanghai")
GRANTED = ("police.population", ("number", "name"))


def step(counter: Open, number: str, name: str, day: str = "2026-11-30T09:00", **more: str) -> dict[str, object]:
    counter.shop.at = max(counter.shop.at, datetime.fromisoformat(day).replace(tzinfo=ZONE))
    with counter.ask("intake") as ask:
        told: dict[str, object] = ask.report(number, name, datetime.fromisoformat(day).replace(tzinfo=ZONE), **more)
    return told


def test_a_case_goes_its_way_and_its_clock_stands_still_in_a_special_procedure(counter: Open) -> None:
    counter.shop.at = datetime(2026, 11, 2, 8, 0, tzinfo=ZONE)
    counter.case("D-1")
    step(counter, "D-1", "receive", "2026-11-02T09:00", case_no="SL-77", officer="王")
    accepted = step(counter, "SL-77", "accept", "2026-11-03T09:00")
    assert (accepted["promised_due_on"], accepted["legal_due_on"]) == ("2026-11-10", "2026-12-01")
    assert step(counter, "SL-77", "begin_special", "2026-11-05T09:00", reason="听证")["promised_due_on"] is None
    resumed = step(counter, "D-1", "end_special", "2026-11-09T09:00")
    assert (resumed["stopped_days"], resumed["promised_due_on"]) == (2, "2026-11-12")
    step(counter, "D-1", "grant", "2026-11-11T09:00")
    done = step(counter, "D-1", "deliver", "2026-11-12T09:00", result="许可证 1 件")
    assert (done["state"], done["officer"], len(list(done["steps"]))) == ("delivered", "王", 6)  # type: ignore[call-overload]


def test_what_nobody_was_told_in_time_to_lack_counts_as_accepted_since_it_came(counter: Open) -> None:
    counter.shop.at = datetime(2026, 11, 2, 8, 0, tzinfo=ZONE)
    for draft in ("D-1", "D-2", "D-3"):
        counter.case(draft)
        step(counter, draft, "receive", "2026-11-02T09:00")
    step(counter, "D-2", "tell_lacking", "2026-11-09T17:00", reason="缺营业场所证明")  # the last of five working days
    with pytest.raises(Refused, match="counts as accepted"):
        step(counter, "D-3", "tell_lacking", "2026-11-10T09:00", reason="缺营业场所证明")
    calendar = counter.counter.catalogue.sharing
    with writing(counter.shop.url) as db:
        assert deem_accepted(db, datetime(2026, 11, 9, 23, 0, tzinfo=ZONE), ZONE, calendar) == []
        counter.shop.at = datetime(2026, 11, 10, 9, 5, tzinfo=ZONE)
        assert deem_accepted(db, counter.shop.at, ZONE, calendar) == ["D-1", "D-3"]
        assert deem_accepted(db, counter.shop.at, ZONE, calendar) == []
    with counter.ask("intake") as ask:
        case = ask.call("GET", "/v1/cases/D-1")
    assert (case["state"], case["accepted_on"], case["promised_due_on"]) == ("accepted", "2026-11-02", "2026-11-09")
    assert (case["steps"][-1]["told_by"], "art. 32" in case["steps"][-1]["reason"]) == ("rule", True)
    assert step(counter, "D-2", "supplement", "2026-11-20T09:00")["state"] == "supplemented"


@pytest.mark.parametrize(
    ("name", "more", "code"),
    [
        ("accept", {}, "conflict"),
        ("withdraw", {}, "conflict"),
        ("receive", {"case_no": ANNA}, "body_invalid"),
        ("receive", {"day": "2026-11-29T09:00"}, "body_invalid"),
    ],
)
def test_a_step_that_cannot_be_is_refused(counter: Open, name: str, more: dict[str, str], code: str) -> None:
    counter.case("D-1")
    with pytest.raises(Refused) as refused:
        step(counter, "D-1", name, **more)
    assert refused.value.code == code


def test_a_draft_registered_again_is_the_same_and_a_number_of_another_is_taken(counter: Open) -> None:
    counter.case("D-1")
    counter.case("D-1")
    with pytest.raises(Refused, match="conflict"):
        counter.case("D-1", parties=("690101198502030020",))
    with pytest.raises(Refused, match="body_invalid"):
        counter.case("D-2", item="9999")
    with pytest.raises(Refused, match="body_invalid"):
        counter.case(ANNA)


def test_a_stage_belongs_to_its_case_and_may_be_cited_by_its_department(counter: Open) -> None:
    counter.case("D-1")
    counter.case("D-1-2", department="tax", parent="D-1", stage="核税")
    with counter.ask("intake") as ask:
        assert ask.call("GET", "/v1/cases/D-1")["stages"] == ["D-1-2"]
    grant = counter.shop.grant(*GRANTED, consumer="tax")
    with counter.ask("tax-app") as ask:
        assert ask.files(purpose(grant, "D-1-2"), [ANNA])["case"] == "D-1-2"
        with pytest.raises(Refused, match="case_unknown"):
            ask.files(purpose(grant, "D-1"), [ANNA])
        with pytest.raises(Refused, match="not_found"):
            ask.call("GET", "/v1/cases/D-1")


def test_a_system_registers_its_own_department_s_cases_and_stages_of_them_alone(counter: Open) -> None:
    counter.case("D-1")
    counter.case("D-2", department="tax")
    wish = {"draft": "T-1", "item": ITEM, "department": "tax", "parties": [{"number": ANNA, "role": "applicant"}]}
    with counter.ask("tax-app") as ask:
        for changes in ({"department": "market"}, {"parent": "D-1"}, {"parent": "D-9"}):
            with pytest.raises(Refused, match="body_invalid"):
                ask.call("POST", "/v1/cases", {**wish, **changes})
        assert ask.call("POST", "/v1/cases", {**wish, "parent": "D-2"})["parent_id"]


def test_a_case_that_is_not_registered_is_over_or_of_another_item_allows_nothing(counter: Open) -> None:
    counter.case("D-1")
    counter.case("D-2", item="0101")
    counter.case("D-3")
    step(counter, "D-3", "abandon", counter.shop.at.astimezone(ZONE).strftime("%Y-%m-%dT%H:%M"))
    grant = counter.shop.grant(*GRANTED)
    with counter.ask("market-app") as ask:
        for case, code in (("D-9", "case_unknown"), ("D-2", "case_of_other_item"), ("D-3", "case_closed")):
            with pytest.raises(Refused, match=code):
                ask.files(purpose(grant, case), [ANNA])
        assert ask.files(purpose(grant, "D-1", ITEM), [ANNA])["results"][0]["outcome"] == "found"
    assert len(counter.looks()) == 1


def test_the_same_request_under_one_key_is_done_once(counter: Open) -> None:
    counter.case("D-1")
    at = (counter.shop.at - timedelta(minutes=0)).isoformat()
    headers = counter.bearer("intake", **{"Idempotency-Key": "key-00000001"})
    body = {"step": "receive", "at": at}
    first = counter.http.post("/v1/cases/D-1/steps", json=body, headers=headers)
    again = counter.http.post("/v1/cases/D-1/steps", json=body, headers=headers)
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json()
    other = counter.http.post("/v1/cases/D-1/steps", json={**body, "officer": "李"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    with counter.ask("intake") as ask:
        assert len(ask.call("GET", "/v1/cases/D-1")["steps"]) == 1


def test_cases_are_listed_page_by_page_to_those_they_belong_to(counter: Open) -> None:
    for number in range(5):
        counter.shop.at += timedelta(seconds=1)
        counter.case(f"D-{number}")
    seen, cursor = [], ""
    with counter.ask("intake") as ask:
        while cursor is not None:
            page = ask.call("GET", f"/v1/cases?limit=2&cursor={cursor}")
            seen += [case["draft_no"] for case in page["cases"]]
            cursor = page["next"]
        assert seen == [f"D-{number}" for number in range(5)]
        with pytest.raises(Refused, match="bad_request"):
            ask.call("GET", "/v1/cases?cursor=%FF")
    with counter.ask("tax-app") as ask:
        assert ask.call("GET", "/v1/cases")["cases"] == []
