"""Objections, verifications, disputes, notices, findings and incidents at the counter."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from ledger import index, outbox, reconciliation
from ledger.recall import Recalling, recall
from schemas.serving.connection import writing
from schemas.serving.writing import Batch, File
from schemas.subjects import subject_numbers
from tests.counter import ANNA, BELA, NOBODY, Open, person, purpose, said
from tests.unit.exchange.test_own import applicant

GRANTED = ("police.population", ("number", "name", "address"))
WRONG = {"attribute": "address", "reason": "我已迁出"}


def call(counter: Open, method: str, path: str, who: Mapping[str, str], body: object = None, status: int = 200) -> Any:
    answer = counter.http.request(method, path, headers=who, json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


def official(counter: Open, role: str, department: str) -> Mapping[str, str]:
    return {"Authorization": f"Bearer {counter.official(role, department=department)}"}


@pytest.fixture
def officials(counter: Open) -> dict[str, Mapping[str, str]]:
    """Headers of officials, by what they are."""
    return {
        "lead": official(counter, "provider", "police"),
        "office": official(counter, "office", "data_bureau"),
        "engineer": official(counter, "engineer", "data_bureau"),
        "auditor": official(counter, "auditor", "data_bureau"),
        "market": official(counter, "consumer", "market"),
    }


def seen(counter: Open, fields: list[str]) -> str:
    """Have the market's system ask for Anna's fields; return the grant."""
    grant = counter.shop.grant(*GRANTED)
    counter.case("D-1", parties=(ANNA,))
    with counter.ask("market-app") as ask:
        ask.files(purpose(grant), [ANNA], fields=fields)
    return grant


def test_an_applicant_objects_the_lead_answers_and_the_value_is_marked_meanwhile(counter, officials) -> None:
    made = call(counter, "POST", "/v1/objections", applicant(counter), WRONG, 201)
    assert call(counter, "POST", "/v1/objections", applicant(counter), WRONG, 409)["code"] == "conflict"
    assert (made["about"], made["provider"], made["state"]) == ("person.address", "police", "opened")
    assert "salt" not in str(made)
    file = call(counter, "GET", "/v1/me/file", applicant(counter))
    assert file["attributes"]["address"]["disputed"][0]["id"] == made["id"]
    step = {"action": "correct", "role": "provider", "reason": "核实后更正", "delivery": "d-9"}
    place = f"/v1/objections/{made['id']}"
    assert call(counter, "POST", f"{place}/steps", officials["lead"], step)["state"] == "correcting"
    assert call(counter, "GET", place, applicant(counter))["steps"][0]["detail"] == "d-9"
    assert [case["id"] for case in call(counter, "GET", "/v1/objections", officials["auditor"])["cases"]] == [
        made["id"]
    ]


def test_a_marked_value_is_marked_in_what_consumers_get(counter) -> None:
    grant = seen(counter, ["address"])
    call(counter, "POST", "/v1/objections", applicant(counter), WRONG, 201)
    with counter.ask("market-app") as ask:
        answer = ask.files(purpose(grant), [ANNA], fields=["address"])
    (mark,) = answer["results"][0]["files"][0]["attributes"]["address"]["disputed"]
    assert (mark["what"], mark["state"]) == ("objection", "opened")


def test_a_row_that_states_a_value_in_question_is_marked_by_its_column(counter) -> None:
    grant = counter.shop.grant("police.population", ("number", "name", "address"))
    counter.shop.supply("police.population", 3, ("r1", ANNA, {"name": "安娜", "address": "样例路1号"}))
    counter.case("D-1", parties=(ANNA,))
    call(counter, "POST", "/v1/objections", applicant(counter), WRONG, 201)
    headers = {**counter.bearer("market-app"), "Onefile-Grant": grant, "Onefile-Item": "0102", "Onefile-Case": "D-1"}
    body = {"subjects": [{"number": ANNA}], "resource": "police.population", "fields": ["name", "address"]}
    (row,) = call(counter, "POST", "/v1/records/query", headers, body)["results"][0]["records"]
    assert row["values"] == {"name": "安娜", "address": "样例路1号"}
    assert [mark["what"] for mark in row["disputed"]["address"]] == ["objection"]
    assert "name" not in row["disputed"]


def test_a_comparison_with_a_value_in_question_says_so(counter) -> None:
    grant = counter.shop.grant(*GRANTED, mode="check")
    counter.case("D-1", parties=(ANNA,))
    call(counter, "POST", "/v1/objections", applicant(counter), WRONG, 201)
    headers = {**counter.bearer("market-app"), "Onefile-Grant": grant, "Onefile-Item": "0102", "Onefile-Case": "D-1"}
    told = {"number": ANNA, "name": "安娜", "fields": {"address": "样例路1号"}}
    wrong = {**told, "name": "贝拉"}
    first, second = call(counter, "POST", "/v1/files/match", headers, {"subjects": [told, wrong]})["results"]
    assert (first["outcome"], first["disputed"]) == ("agrees", ["address"])
    assert (second["outcome"], second["disputed"]) == ("differs", [])


def test_an_answer_made_from_a_value_in_question_says_so(counter) -> None:
    grant = counter.shop.grant("police.population", ("number", "name", "birth_on"), mode="check")
    counter.case("D-1", parties=(ANNA,))
    call(counter, "POST", "/v1/objections", applicant(counter), {**WRONG, "attribute": "birth_on"}, 201)
    headers = {**counter.bearer("market-app"), "Onefile-Grant": grant, "Onefile-Item": "0102", "Onefile-Case": "D-1"}
    questions = [
        {"predicate": "age_at_least", "value": "36"}, {"predicate": "equals", "field": "name", "value": "安娜"},
        {"predicate": "is_listed", "resource": "police.population"},
    ]  # fmt: skip
    body = {"subjects": [{"number": ANNA}, {"number": NOBODY}], "questions": questions}
    anna, nobody = call(counter, "POST", "/v1/files/predicates", headers, body)["results"]
    assert (anna["answers"], anna["disputed"]) == (["yes", "yes", "yes"], [True, False, False])
    assert (nobody["answers"], nobody["disputed"]) == (["unknown"] * 3, [False] * 3)


def test_the_hotline_s_staff_object_with_the_ticket(counter, officials) -> None:
    wish = {**WRONG, "subject": {"number": ANNA}, "ticket": "12345-1"}
    made = call(counter, "POST", "/v1/objections", officials["engineer"], wish, 201)
    assert (made["consumer"], made["ticket"]) == ("12345", "12345-1")
    call(counter, "POST", "/v1/objections", officials["engineer"], {**WRONG, "subject": {"number": ANNA}}, 422)
    call(counter, "POST", "/v1/objections", officials["engineer"], {**wish, "subject": {"number": NOBODY}}, 404)
    call(counter, "POST", "/v1/objections", applicant(counter), wish, 422)


def test_nobody_sees_or_moves_another_s_objection(counter, officials) -> None:
    made = call(counter, "POST", "/v1/objections", applicant(counter), WRONG, 201)
    place, withdraw = f"/v1/objections/{made['id']}", {"action": "withdraw", "role": "subject"}
    for stranger in (applicant(counter, BELA), officials["market"], counter.bearer("tax-app")):
        call(counter, "GET", place, stranger, status=404)
        call(counter, "POST", f"{place}/steps", stranger, withdraw, 404 if stranger != officials["market"] else 403)
    assert call(counter, "GET", "/v1/objections", applicant(counter, BELA))["cases"] == []
    call(counter, "POST", f"{place}/steps", applicant(counter), {**withdraw, "role": "provider"}, 422)
    call(counter, "GET", "/v1/verifications/" + made["id"], officials["auditor"], status=404)
    assert call(counter, "POST", f"{place}/steps", applicant(counter), withdraw)["state"] == "withdrawn"


def test_a_consumer_asks_the_lead_about_what_it_got_and_nothing_else(counter, officials) -> None:
    seen(counter, ["address"])
    claim = {"subject": {"number": ANNA}, "attribute": "address", "reason": "与证件不符"}
    made = call(counter, "POST", "/v1/verifications", counter.bearer("market-app"), claim, 201)
    assert (made["consumer"], made["provider"]) == ("market", "police")
    for wrong in ({"attribute": "sex"}, {"subject": {"number": BELA}}, {"subject": {"number": NOBODY}}):
        call(counter, "POST", "/v1/verifications", counter.bearer("market-app"), {**claim, **wrong}, 404)
    call(counter, "POST", "/v1/verifications", counter.bearer("tax-app"), claim, 404)
    step = {"action": "confirm", "role": "provider", "reason": "登记无误"}
    place = f"/v1/verifications/{made['id']}"
    assert call(counter, "POST", f"{place}/steps", officials["lead"], step)["state"] == "confirmed"
    assert call(counter, "GET", place, counter.bearer("market-app"))["state"] == "confirmed"
    assert len(call(counter, "GET", "/v1/verifications", officials["lead"])["cases"]) == 1


def test_departments_dispute_over_a_grant_up_to_the_authority(counter, officials) -> None:
    grant = counter.shop.grant(*GRANTED)
    wish = {"about": grant, "role": "provider", "reason": "超范围使用"}
    made = call(counter, "POST", "/v1/disputes", officials["lead"], wish, 201)
    place = f"/v1/disputes/{made['id']}"
    refer = {"action": "refer", "role": "consumer", "reason": "协商不成"}
    assert call(counter, "POST", f"{place}/steps", officials["market"], refer)["state"] == "with_authority"
    decide = {"action": "decide", "role": "authority", "reason": "继续共享，缩小范围"}
    assert call(counter, "POST", f"{place}/steps", officials["office"], decide)["state"] == "decided"
    call(counter, "GET", place, counter.bearer("tax-app"), status=404)
    assert call(counter, "GET", "/v1/disputes", officials["market"])["cases"][0]["id"] == made["id"]


def test_who_got_a_wrong_value_finds_the_notice_in_its_feed_and_acknowledges(counter, officials) -> None:
    seen(counter, ["address"])
    with writing(counter.shop.url) as db:
        (known,) = subject_numbers(ANNA)
        text = json.dumps({"subject_id": known.subject_id, **person(ANNA, "安娜", address=said("样例路2号"))})
        made = File(known.subject_id, known.number_type, known.number, "2", text, ((known.number_type, ANNA),))
        Batch(db, "person", 13, "2026-11-30T02:00:00Z").put([made])
        index.caught_up(db, counter.counter.ledger.ledger.folder)
        hashed = counter.counter.ledger.ledger.subject_hash
        today = counter.shop.at.date()
        recall(db, Recalling(hashed, counter.counter.catalogue, counter.shop.at, today))
        assert len(outbox.all_notices(db)) == 1
    market = counter.bearer("market-app")
    feed = call(counter, "GET", "/v1/notices", market)
    assert (feed["notices"][0]["attribute"], feed["notices"][0]["cases"], feed["next"]) == ("address", ["D-1"], None)
    assert ANNA not in str(feed)
    assert call(counter, "GET", "/v1/notices", counter.bearer("tax-app"))["notices"] == []
    counter.shop.at += timedelta(days=10)
    (late,) = call(counter, "GET", "/v1/overdue-notices", official(counter, "auditor", "data_bureau"))["overdue"]
    assert late["consumer"] == "market"
    market = counter.bearer("market-app")
    call(counter, "POST", "/v1/notices/1/acknowledgement", counter.bearer("tax-app"), status=404)
    assert call(counter, "POST", "/v1/notices/1/acknowledgement", market)["acknowledged_at"]
    assert call(counter, "GET", "/v1/overdue-notices", official(counter, "auditor", "data_bureau"))["overdue"] == []


@pytest.mark.parametrize("url", ["http://127.0.0.1/", "https://127.0.0.1/", "https://169.254.169.254/latest", "ftp://x/",
                                 "https://localhost/"])  # fmt: skip
def test_no_webhook_is_set_to_a_private_address(counter, url: str) -> None:
    call(counter, "PUT", "/v1/notices/target", counter.bearer("market-app"), {"url": url}, 422)


def test_a_webhook_is_taken_away(counter) -> None:
    assert call(counter, "PUT", "/v1/notices/target", counter.bearer("market-app"), {"url": ""}) == {"url": ""}
    call(counter, "PUT", "/v1/notices/target", official(counter, "auditor", "data_bureau"), {"url": ""}, 403)


def test_the_auditor_reads_and_settles_findings_and_nobody_else(counter, officials) -> None:
    grant = counter.shop.grant(*GRANTED)
    counter.case("D-1", parties=(BELA,))
    with counter.ask("market-app") as ask:
        ask.files(purpose(grant), [ANNA], fields=["name"])
    with writing(counter.shop.url) as db:
        index.caught_up(db, counter.counter.ledger.ledger.folder)
        zone = counter.counter.settings.timezone
        reconciliation.reconcile(db, counter.shop.at.astimezone(zone).date(), zone, counter.shop.at, 30)
    (found,) = call(counter, "GET", "/v1/findings", officials["auditor"])["findings"]
    assert (found["kind"], found["department"]) == ("not_party", "market")
    days = "since=2026-11-30&until=2026-11-30"
    (share,) = call(counter, "GET", f"/v1/finding-shares?{days}", officials["auditor"])["shares"]
    assert share["per_mille"] == 1000
    call(counter, "GET", "/v1/finding-shares?since=2026-11-30&until=2020-01-01", officials["auditor"], status=400)
    call(counter, "GET", "/v1/findings", officials["engineer"], status=403)
    why = {"reason": "补登当事人"}
    assert call(counter, "POST", "/v1/findings/1/settlement", officials["auditor"], why)["settled_why"] == "补登当事人"
    call(counter, "POST", "/v1/findings/1/settlement", officials["auditor"], why, 404)


@pytest.mark.parametrize(
    ("path", "status"),
    [("/v1/objections/O%00", 404), ("/v1/disputes/D1", 404), ("/v1/incidents/I%00/report", 404),
     ("/v1/findings?department=%00", 422), ("/v1/finding-shares?since=9999-01-01&until=9999-12-31", 400),
     ("/v1/findings?after=99999999999", 422)],
)  # fmt: skip
def test_what_names_nothing_is_told_so_and_never_fails(counter, officials, path: str, status: int) -> None:
    call(counter, "GET", path, officials["auditor"], status=status)


@pytest.mark.parametrize("number", [0, -1, 2**70])
def test_a_number_that_is_none_names_nothing(counter, officials, number: int) -> None:
    call(counter, "POST", f"/v1/findings/{number}/settlement", officials["auditor"], {"reason": "x"}, 404)
    call(counter, "POST", f"/v1/notices/{number}/acknowledgement", counter.bearer("market-app"), status=404)


def test_a_dispute_is_had_over_what_is_one_s_own_and_others_are_as_none(counter, officials) -> None:
    grant = counter.shop.grant("police.population", ("number", "name"))
    for about in (grant, "G20261130-0999"):
        wish = {"about": about, "role": "consumer", "reason": "x"}
        told = call(counter, "POST", "/v1/disputes", counter.bearer("tax-app"), wish, 404)
        assert told["code"] == "not_found"


def test_under_one_key_an_objection_is_made_for_each_who_is_acted_for(counter, officials) -> None:
    mandates = []
    for principal in (ANNA, NOBODY):
        wish = {"agent": BELA, "principal": principal, "relation": "agent", "source": "x", "scope": ["*"],
                "since": "2026-11-30", "until": "2027-06-30"}  # fmt: skip
        token = {"Authorization": f"Bearer {counter.official('engineer')}"}
        mandates.append(call(counter, "POST", "/v1/mandates", token, wish, 201)["mandate"])
    counter.shop.publish(person(NOBODY, "某"), version=13)
    agent = applicant(counter, BELA)
    made = [
        counter.http.post("/v1/objections", json={"attribute": "address", "reason": "x"},
                          headers={**agent, "Onefile-For": mandate, "Idempotency-Key": "key-00000001"})
        for mandate in mandates
    ]  # fmt: skip
    assert [answer.status_code for answer in made] == [201, 422]
    assert made[1].json()["code"] == "idempotency_key_reused"


def test_an_incident_freezes_grants_at_once(counter, officials) -> None:
    grant = seen(counter, ["address"])
    wish = {"grants": [grant], "since": "2026-11-30T00:00:00+08:00", "reason": "令牌外泄"}
    call(counter, "POST", "/v1/incidents", counter.bearer("market-app"), wish, 403)
    made = call(counter, "POST", "/v1/incidents", officials["auditor"], wish, 201)
    refused = counter.http.post(
        "/v1/files/query", json={"subjects": [{"number": ANNA}]},
        headers={**counter.bearer("market-app"), "Onefile-Grant": grant, "Onefile-Item": "0102", "Onefile-Case": "D-1"},
    )  # fmt: skip
    assert refused.status_code == 403
    report = call(counter, "GET", f"/v1/incidents/{made['id']}/report", officials["auditor"])
    assert (len(report["looks"]), len(report["subjects"])) == (1, 1)
    call(counter, "GET", "/v1/incidents/I1/report", officials["auditor"], status=404)
    resume = {"action": "resume", "role": "provider", "reason": "x"}
    call(counter, "POST", f"/v1/grants/{grant}/steps", officials["lead"], resume, 409)
    closing = {"reason": "已换密钥"}
    assert call(counter, "POST", f"/v1/incidents/{made['id']}/closing", officials["auditor"], closing)["closed_at"]
    assert len(call(counter, "GET", "/v1/incidents", officials["auditor"])["incidents"]) == 1
    call(counter, "POST", "/v1/incidents", officials["auditor"], {**wish, "since": "2026-11-30T00:00:00"}, 422)
    call(counter, "POST", "/v1/incidents", officials["auditor"], {**wish, "since": "2027-11-30T00:00:00Z"}, 422)
