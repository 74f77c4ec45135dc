"""Acting for another: each with source, scope and end; a child under 14 by its guardian alone."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from ledger import locking
from onefile.files import lock
from schemas.subjects import subject_numbers
from tests.counter import ANNA, BELA, FIRM, ITEM, NOBODY, Open, person, said

CHILD = "690101201505050013"


def applicant(counter: Open, number: str, **headers: str) -> dict[str, str]:
    subject = subject_numbers(number)[0].subject_id
    token = counter.counter.tokens.make("applicant", subject, counter.shop.at, assurance=2)
    return {"Authorization": f"Bearer {token}", **headers}


def wish(agent: str, relation: str, principal: str | None = None, **changes: object) -> dict[str, object]:
    body = {"agent": agent, "relation": relation, "source": "power of attorney 7", "scope": [ITEM],
            "since": "2026-11-30", "until": "2027-06-30", **changes}  # fmt: skip
    return body if principal is None else {**body, "principal": principal}


@pytest.fixture
def official(counter: Open) -> dict[str, str]:
    counter.shop.publish(person(CHILD, "小孩", birth_on=said("2015-05-05")))
    return {"Authorization": f"Bearer {counter.official('consumer', department='market')}"}


def test_a_child_acts_by_its_guardian_alone(counter: Open, official: dict[str, str]) -> None:
    assert counter.http.get("/v1/me", headers=applicant(counter, CHILD)).json()["code"] == "guardian_needed"
    for relation, status in (("agent", 422), ("guardian", 201)):
        body = wish(ANNA, relation, CHILD, source="household register")
        made = counter.http.post("/v1/mandates", json=body, headers=official)
        assert made.status_code == status
    me = counter.http.get("/v1/me", headers=applicant(counter, ANNA, **{"Onefile-For": made.json()["mandate"]})).json()
    assert (me["acting_for"]["relation"], me["acting_for"]["until"]) == ("guardian", "2027-06-30")


def test_a_mandate_holds_for_its_agent_its_items_and_its_time(counter: Open) -> None:
    made = counter.http.post("/v1/mandates", json=wish(BELA, "agent"), headers=applicant(counter, ANNA))
    assert (made.status_code, made.json()["source"]) == (201, "power of attorney 7")
    mandate = made.json()["mandate"]

    def me(number: str, **more: str) -> int:
        headers = applicant(counter, number, **{"Onefile-For": mandate, **more})
        return counter.http.get("/v1/me", headers=headers).status_code

    assert (me(BELA), me(BELA, **{"Onefile-Item": ITEM}), me(BELA, **{"Onefile-Item": "0101"})) == (200, 200, 403)
    assert (me(ANNA), me(NOBODY)) == (403, 403)
    assert counter.http.delete(f"/v1/mandates/{mandate}", headers=applicant(counter, NOBODY)).status_code == 404
    counter.shop.at += timedelta(days=300)
    assert me(BELA) == 403
    counter.shop.at -= timedelta(days=300)
    assert counter.http.delete(f"/v1/mandates/{mandate}", headers=applicant(counter, ANNA)).status_code == 204
    assert me(BELA) == 403
    (listed,) = counter.http.get("/v1/mandates", headers=applicant(counter, ANNA)).json()["mandates"]
    assert (listed["side"], listed["ended_at"] is not None) == ("gave", True)


@pytest.mark.parametrize(
    ("relation", "principal", "changes"),
    [
        ("representative", BELA, {}),
        ("helper", BELA, {"scope": ["*"]}),
        ("agent", BELA, {"until": "2028-06-30"}),
        ("agent", BELA, {"until": "2026-11-29"}),
        ("agent", ANNA, {}),
        ("guardian", BELA, {}),
        ("guardian", FIRM, {}),
        ("agent", BELA, {"source": f"said by {ANNA}"}),
    ],
)
def test_what_nobody_may_be_for_another_is_refused(
    counter: Open, official: dict[str, str], relation: str, principal: str, changes: dict[str, object]
) -> None:
    answer = counter.http.post("/v1/mandates", json=wish(ANNA, relation, principal, **changes), headers=official)
    assert (answer.status_code, answer.json()["code"]) == (422, "body_invalid")


def test_that_a_mandate_began_and_ended_stands_on_both_trails(counter: Open, official: dict[str, str]) -> None:
    made = counter.http.post("/v1/mandates", json=wish(ANNA, "agent", BELA), headers=official).json()
    assert counter.http.delete(f"/v1/mandates/{made['mandate']}", headers=official).status_code == 204
    assert counter.http.delete(f"/v1/mandates/{made['mandate']}", headers=official).status_code == 404
    for number in (ANNA, BELA):
        looks = counter.http.get("/v1/me/trail", headers=applicant(counter, number)).json()["looks"]
        assert [look["action"]["en"] for look in looks] == ["ended", "registered"]
        assert "市市场监督管理局为“代办授权”登记您的代办授权" in looks[1]["sentence"]["zh"]
        assert made["mandate"] in looks[1]["basis"]


def test_a_mandate_is_ended_by_whose_it_is_by_who_registered_it_and_by_the_bureau(
    counter: Open, official: dict[str, str]
) -> None:
    made = counter.http.post("/v1/mandates", json=wish(ANNA, "agent", BELA), headers=official).json()["mandate"]
    others = {"Authorization": f"Bearer {counter.official('consumer', department='tax')}"}
    assert counter.http.delete(f"/v1/mandates/{made}", headers=others).status_code == 404
    engineer = {"Authorization": f"Bearer {counter.official('engineer')}"}
    (listed,) = counter.http.get("/v1/mandates", headers=engineer).json()["mandates"]
    assert (listed["mandate"], listed["side"]) == (made, "neither")
    assert ANNA not in str(listed)
    assert counter.http.delete(f"/v1/mandates/{made}", headers=engineer).status_code == 204


def test_a_mandate_that_cannot_be_recorded_is_none(counter: Open, official: dict[str, str], monkeypatch: Any) -> None:
    monkeypatch.setattr(locking, "SECONDS_TO_WAIT", 0.05)
    with lock(counter.shop.home / "locks" / "ledger.lock"):
        made = counter.http.post("/v1/mandates", json=wish(ANNA, "agent", BELA), headers=official)
    assert (made.status_code, made.json()["code"]) == (503, "ledger_unavailable")
    engineer = {"Authorization": f"Bearer {counter.official('engineer')}"}
    assert counter.http.get("/v1/mandates", headers=engineer).json()["mandates"] == []


def test_of_whom_there_is_no_file_the_number_says_how_old_it_is(counter: Open) -> None:
    official = {"Authorization": f"Bearer {counter.official('consumer', department='market')}"}
    for agent, relation, principal, status in (
        (ANNA, "agent", CHILD, 422), (ANNA, "guardian", CHILD, 201), (CHILD, "agent", ANNA, 422),
        (ANNA, "guardian", NOBODY, 422),
    ):  # fmt: skip
        made = counter.http.post("/v1/mandates", json=wish(agent, relation, principal), headers=official)
        assert made.status_code == status, (relation, principal == CHILD)


def test_an_applicant_makes_nobody_a_guardian(counter: Open) -> None:
    answer = counter.http.post("/v1/mandates", json=wish(BELA, "guardian", CHILD), headers=applicant(counter, ANNA))
    assert answer.status_code == 422


def test_a_child_under_14_acts_for_nobody(counter: Open, official: dict[str, str]) -> None:
    refused = counter.http.post("/v1/mandates", json=wish(CHILD, "agent"), headers=applicant(counter, ANNA))
    assert (refused.status_code, "under 14" in refused.json()["detail_en"]) == (422, True)
    counter.shop.publish(person(CHILD, "小孩", birth_on=said("2000-05-05")), version=13)
    made = counter.http.post("/v1/mandates", json=wish(CHILD, "agent"), headers=applicant(counter, ANNA)).json()
    counter.shop.publish(person(CHILD, "小孩", birth_on=said("2015-05-05")), version=14)  # corrected since
    acting = applicant(counter, CHILD, **{"Onefile-For": made["mandate"]})
    assert counter.http.get("/v1/me", headers=acting).json()["code"] == "guardian_needed"


@pytest.mark.parametrize(("source", "status"), [("household register", 403), ("ruling 7 of the district court", 200)])
def test_a_guardian_s_mandate_ends_when_the_ward_is_18_unless_a_court_made_it_one(
    counter: Open, official: dict[str, str], source: str, status: int
) -> None:
    body = wish(ANNA, "guardian", CHILD, source=source, scope=["*"], until="2040-01-01")
    mandate = counter.http.post("/v1/mandates", json=body, headers=official).json()["mandate"]

    def seen(on: str) -> list[int]:
        counter.shop.at = datetime.fromisoformat(f"{on}T12:00:00+08:00")
        headers = applicant(counter, ANNA, **{"Onefile-For": mandate})
        return [counter.http.get(path, headers=headers).status_code for path in ("/v1/me", "/v1/me/cases")]

    assert seen("2029-05-04") == seen("2029-05-05") == seen("2033-05-04") == [200, 200]
    assert seen("2033-05-05") == [status, status]


def test_a_mandate_for_an_item_opens_that_item_s_cases_and_nothing_else(counter: Open) -> None:
    counter.case("D-1", parties=(ANNA,))
    counter.case("D-2", item="0101", parties=(ANNA,))
    made = counter.http.post("/v1/mandates", json=wish(BELA, "agent"), headers=applicant(counter, ANNA)).json()
    objection = counter.http.post(
        "/v1/objections", json={"attribute": "address", "reason": "old"}, headers=applicant(counter, ANNA)
    ).json()["id"]
    for item in ("", ITEM):
        acting = applicant(
            counter, BELA, **{"Onefile-For": made["mandate"], **({"Onefile-Item": item} if item else {})}
        )
        for path in ("/v1/me/file", "/v1/me/export", "/v1/me/trail", "/findUsage", "/v1/objections",
                     f"/v1/objections/{objection}"):  # fmt: skip
            answer = counter.http.get(path, headers=acting)
            assert (answer.status_code, answer.json()["code"]) == (403, "mandate_not_good"), path
        step = {"action": "withdraw", "role": "subject"}
        for path, body in (("/v1/objections", {"attribute": "sex", "reason": "x"}),
                           (f"/v1/objections/{objection}/steps", step)):  # fmt: skip
            assert counter.http.post(path, json=body, headers=acting).json()["code"] == "mandate_not_good", path
        cases = counter.http.get("/v1/me/cases", headers=acting).json()["cases"]
        assert [case["number"] for case in cases] == ["D-1"]


@pytest.mark.parametrize("path", ["/v1/objections", "/v1/mandates"])
def test_who_is_hardly_known_sees_and_says_nothing(counter: Open, path: str) -> None:
    subject = subject_numbers(ANNA)[0].subject_id
    token = counter.counter.tokens.make("applicant", subject, counter.shop.at, assurance=1)
    headers = {"Authorization": f"Bearer {token}"}
    body = {"attribute": "sex", "reason": "x"} if path == "/v1/objections" else wish(BELA, "agent")
    for answer in (counter.http.get(path, headers=headers), counter.http.post(path, json=body, headers=headers)):
        assert (answer.status_code, answer.json()["code"]) == (403, "assurance_too_low")
    assert counter.http.get("/v1/me", headers=headers).status_code == 200
