"""What applicants see of themselves: file, trail, cases, export; nobody else's, and on the record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from onefile.client import Refused
from schemas.subjects import subject_numbers
from tests.counter import ANNA, BELA, NOBODY, Open, purpose

GRANTED = ("police.population", ("number", "name", "address"))


def applicant(counter: Open, number: str = ANNA, assurance: int = 2) -> Mapping[str, str]:
    (known,) = subject_numbers(number)
    token = counter.counter.tokens.make("applicant", known.subject_id, counter.shop.at, assurance=assurance)
    return {"Authorization": f"Bearer {token}", "Accept-Language": "en"}


def get(counter: Open, path: str, who: Mapping[str, str] | None = None, **query: object) -> object:
    answer = counter.http.get(path, headers=applicant(counter) if who is None else who, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
def asked(counter: Open) -> Open:
    """The market's system asked for Anna's name and address, for a case of hers."""
    grant = counter.shop.grant(*GRANTED)
    counter.case("D-1", parties=(ANNA,))
    with counter.ask("market-app") as ask:
        ask.files(purpose(grant), [ANNA], fields=["name", "address"])
    return counter


def test_one_s_own_file_is_shown_whole_and_the_look_is_recorded(counter: Open) -> None:
    file = get(counter, "/v1/me/file")
    assert isinstance(file, dict)
    assert (file["number"], file["attributes"]["name"]["value"]) == (ANNA, "安娜")
    assert file["attributes"]["phone"]["department"] == "human_resources"
    (look,) = counter.looks()
    assert (look.kind, look.department, look.grant) == ("own.file", "", "")
    assert {"name", "phone", "insurance_base_cents"} <= set(look.fields)


def test_the_trail_tells_who_looked_and_why_an_instant_later(asked: Open) -> None:
    trail = get(asked, "/v1/me/trail")
    assert isinstance(trail, dict)
    (look,) = trail["looks"]
    assert (look["department"]["id"], look["case"], look["item"]["code"]) == ("market", "D-1", "0102")
    assert [field["zh"] for field in look["fields"]] == ["姓名", "户籍地址"]
    assert look["sentence"]["zh"].startswith("2026年11月30日 10:00，市市场监督管理局为")
    get(asked, "/v1/me/file")
    newest = get(asked, "/v1/me/trail", limit=1)
    assert isinstance(newest, dict)
    assert newest["looks"][0]["sentence"]["zh"].startswith("2026年11月30日 10:00，您本人为")
    older = get(asked, "/v1/me/trail", cursor=newest["next"])
    assert isinstance(older, dict)
    assert [each["case"] for each in older["looks"]] == ["D-1"]


def test_find_usage_has_the_tracker_s_names_and_the_subject_from_the_token(asked: Open) -> None:
    (used,) = get(asked, "/findUsage")  # type: ignore[misc]
    assert (used["receiverCode"], used["receiverSystem"]) == ("market", "market-app")
    assert used["receiverName"] == "Market Regulation Bureau"
    assert used["logtime"] == "2026-11-30T02:00:00Z"
    later = (asked.shop.at + timedelta(seconds=1)).isoformat()
    assert get(asked, "/findUsage", periodStart=later) == []
    assert get(asked, "/findUsage", periodEnd=later, offset=1) == []
    assert get(asked, "/findUsage", applicant(asked, BELA)) == []
    assert get(asked, "/findUsage", userCode=ANNA, limit=5) == [used]


def test_one_s_cases_say_step_deadline_officer_and_result(counter: Open) -> None:
    counter.case("D-1", parties=(ANNA,))
    counter.case("D-2", parties=(BELA,))
    with counter.ask("intake") as ask:
        ask.report("D-1", "receive", counter.shop.at, case_no="SL-1", officer="王")
        ask.report("D-1", "accept", counter.shop.at)
    cases = get(counter, "/v1/me/cases")
    assert isinstance(cases, dict)
    (case,) = cases["cases"]
    assert (case["number"], case["state_name"]["zh"], case["officer"]) == ("SL-1", "已受理", "王")
    assert case["promised_due_on"] == "2026-12-07"
    assert case["days_left"] == 5  # working days: a weekend lies between
    assert [step["step"] for step in case["steps"]] == ["receive", "accept"]


def test_days_that_cannot_be_counted_are_not_guessed(counter: Open) -> None:
    counter.case("D-1", parties=(ANNA,))
    with counter.ask("intake") as ask:
        ask.report("D-1", "receive", counter.shop.at, case_no="SL-1")
        ask.report("D-1", "accept", counter.shop.at)
        left = []
        for day in ("2026-12-05", "2026-12-07", "2026-12-14", "2027-01-04"):
            counter.shop.at = datetime.fromisoformat(f"{day}T09:00:00+08:00")
            (case,) = get(counter, "/v1/me/cases")["cases"]  # type: ignore[call-overload]
            left.append(case["days_left"])
        assert left == [1, 0, -5, None]
        counter.case("D-2", parties=(BELA,))
        ask.report("D-2", "receive", counter.shop.at)
        with pytest.raises(Refused, match="calendar_missing"):
            ask.report("D-2", "accept", counter.shop.at)


def test_all_of_it_is_taken_away_in_one(asked: Open) -> None:
    export = get(asked, "/v1/me/export")
    assert isinstance(export, dict)
    assert export["file"]["number"] == ANNA
    assert [look["case"] for look in export["trail"]] == ["D-1"]
    assert [case["number"] for case in export["cases"]] == ["D-1"]
    assert export["objections"] == []
    assert asked.looks()[-1].kind == "own.export"


@pytest.mark.parametrize("path", ["/v1/me/file", "/v1/me/trail", "/v1/me/cases", "/v1/me/export", "/findUsage"])
def test_only_an_applicant_of_enough_assurance_sees_its_own(counter: Open, path: str) -> None:
    weak = counter.http.get(path, headers=applicant(counter, assurance=1))
    assert (weak.status_code, weak.json()["code"]) == (403, "assurance_too_low")
    assert counter.http.get(path).status_code == 401
    assert counter.http.get(path, headers=counter.bearer("market-app")).status_code == 403
    assert counter.looks() == []


def test_of_whom_there_is_no_file_there_is_nothing_to_see(counter: Open) -> None:
    assert counter.http.get("/v1/me/file", headers=applicant(counter, NOBODY)).status_code == 404
    assert counter.looks() == []


@pytest.mark.parametrize(
    "query",
    [{"cursor": "eA=="}, {"limit": 0}, {"since": "2026-01-01T00:00:00"}, {"until": "0001-01-01T00:00:00+08:00"}],
)
def test_what_cannot_be_asked_is_refused(counter: Open, query: dict[str, object]) -> None:
    answer = counter.http.get("/v1/me/trail", headers=applicant(counter), params=query)  # type: ignore[arg-type]
    assert answer.status_code in (400, 422)


def test_notice_of_an_investigation_waits_until_its_grant_s_day(counter: Open) -> None:
    grant = counter.shop.grant(*GRANTED, notice_after="2026-12-02")
    counter.case("D-1", parties=(ANNA,))
    with counter.ask("market-app") as ask:
        ask.files(purpose(grant), [ANNA], fields=["name"])
    assert counter.looks()[0].notice_after == "2026-12-02"
    assert get(counter, "/findUsage") == []
    counter.shop.at += timedelta(days=3)
    assert len(get(counter, "/findUsage")) == 1  # type: ignore[arg-type]


def test_an_ordinary_grant_s_looks_are_told_at_once_whatever_is_cited_beside_it(counter: Open) -> None:
    investigation = counter.shop.grant(
        "human_resources.social_insurance", ("person_number", "base_cents"), notice_after="2026-12-02"
    )
    ordinary = counter.shop.grant(*GRANTED)
    counter.case("D-1", parties=(ANNA,))
    with counter.ask("market-app") as ask:
        ask.files(purpose(f"{ordinary},{investigation}"), [ANNA], fields=["name"])
    (told,) = get(counter, "/findUsage")
    assert told["grant"] == f"{ordinary},{investigation}"  # type: ignore[index]


def test_whoever_acts_for_another_sees_that_one_s_and_the_trail_says_so(counter: Open) -> None:
    days = {"since": "2026-11-30", "until": "2026-12-31"}
    wish = {"agent": BELA, "relation": "agent", "source": "委托书", "scope": ["*"], **days}
    made = counter.http.post("/v1/mandates", headers=applicant(counter), json=wish)
    assert made.status_code == 201, made.text
    agent = {**applicant(counter, BELA), "Onefile-For": made.json()["mandate"]}
    file = get(counter, "/v1/me/file", agent)
    assert isinstance(file, dict)
    assert file["number"] == ANNA
    (used,) = _acted(get(counter, "/findUsage"))
    assert used["acting"] == f"agent:{made.json()['mandate']}"
    assert "through an agent" in used["action"]
    assert _acted(get(counter, "/findUsage", applicant(counter, BELA))) == []


def _acted(entries: Any) -> list[dict[str, Any]]:
    """Return the looks of whoever acted for another; that the mandate began stands on the trails of both, too."""
    return [entry for entry in entries if entry.get("acting")]
