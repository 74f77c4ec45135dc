"""The form of what is asked and answered: what must be cited, languages, whole batches, retries, examples."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any

import httpx2
import pytest
from jsonschema import Draft202012Validator

from licence_vault import receipts
from onefile.client import Counter, Refused, Unreachable
from onefile.verify.receipt import open_receipt
from onefile.verify.trust import read_trust
from pipelines import receiving
from pipelines.workshop import Workshop
from schemas.identifiers.persons import check_character
from schemas.subjects import subject_numbers
from tests.counter import ANNA, BELA, CATALOGUE, Open, person, purpose, said
from tests.papers import receipt_over

POPULATION, INSURANCE, MARRIAGES = "police.population", "human_resources.social_insurance", "civil_affairs.marriages"
QUERY = {"subjects": [{"number": ANNA}], "fields": ["name"]}


BODIES = {
    "/v1/files/query": QUERY,
    "/v1/files/match": {"subjects": [{"number": ANNA, "name": "安娜"}]},
    "/v1/records/query": {"subjects": [{"number": ANNA}], "resource": POPULATION},
    "/v1/licences/search": {"searches": [{"holder": ANNA}]},
}


def test_who_does_not_cite_grant_item_and_case_gets_nothing(counter: Open) -> None:
    counter.case()
    cited = purpose(counter.shop.grant(POPULATION, ("number", "name"))).headers()
    told = {"Onefile-Grant": "grant_missing", "Onefile-Item": "purpose_missing", "Onefile-Case": "purpose_missing"}
    for path, body in BODIES.items():
        for lacks, code in told.items():
            headers = counter.bearer("market-app", **{name: text for name, text in cited.items() if name != lacks})
            answer = counter.http.post(path, json=body, headers=headers)
            assert (path, lacks, answer.status_code, answer.json()["code"]) == (path, lacks, 400, code)
    assert counter.looks() == []


def test_a_refusal_is_told_in_the_language_that_was_asked_for_and_keeps_its_code(counter: Open) -> None:
    told = {
        lang: counter.http.get("/v1/cases", headers={"Accept-Language": lang})
        for lang in ("zh-CN,zh;q=0.9", "en-GB,en;q=0.9", "fr")
    }
    problems = [each.json() for each in told.values()]
    assert {problem["code"] for problem in problems} == {"token_missing"}
    assert {each.headers["content-type"] for each in told.values()} == {"application/problem+json"}
    chinese, english, other = (problem["detail"] for problem in problems)
    assert (chinese, english, other) == (problems[0]["detail_zh"], problems[0]["detail_en"], chinese)
    assert chinese != english


def test_what_others_say_otherwise_is_shown_where_both_resources_are_granted(counter: Open) -> None:
    lost = {"attribute": "name", **said("安纳", INSURANCE, reason="lower_rank", rank=2)}
    counter.shop.publish(person(ANNA, "安娜", contradictions=[lost]))
    counter.case()
    columns = {POPULATION: ("number", "name"), INSURANCE: ("person_number", "name")}
    names = [counter.shop.grant(resource, fields) for resource, fields in columns.items()]

    def shown(grants: str, **more: Any) -> Any:
        with counter.ask("market-app") as ask:
            (result,) = ask.files(purpose(grants), [ANNA], ["name"], **more)["results"]
        return result["files"][0]["attributes"]["name"]

    both = shown(",".join(names), contradictions=True)
    assert (both["value"], both["is_lead"]) == ("安娜", True)
    assert [(each["value"], each["reason"]) for each in both["contradictions"]] == [("安纳", "lower_rank")]
    assert both["contradictions"][0]["source"] == {"resource": INSURANCE, "department": "human_resources"}
    assert shown(",".join(names))["contradictions"] == []
    assert shown(names[0], contradictions=True)["contradictions"] == []
    alone = shown(names[1], contradictions=True)
    assert (alone["value"], alone["is_lead"], alone["contradictions"]) == ("安纳", False, [])


def test_a_resource_that_agrees_gives_the_file_s_value_as_its_own(counter: Open) -> None:
    won = said("安娜", POPULATION, reason="rank")
    agreeing = {**said("安娜", INSURANCE, observed_on="2025-05-05"), "attribute": "name"}
    del agreeing["value"], agreeing["reason"]
    counter.shop.publish({**person(ANNA, "安娜"), "name": won, "agreements": [agreeing]})
    counter.case()
    grant = counter.shop.grant(INSURANCE, ("person_number", "name"))
    population = counter.shop.grant(POPULATION, ("number", "name"))

    def shown(grants: str) -> Any:
        with counter.ask("market-app") as ask:
            (result,) = ask.files(purpose(grants), [ANNA], ["name"], contradictions=True)["results"]
        return result["files"][0]["attributes"]["name"]

    alone = shown(grant)
    assert (alone["value"], alone["is_lead"], alone["reason"], alone["observed_on"]) == (
        "安娜",
        True,
        "agrees",
        "2025-05-05",
    )
    assert alone["source"] == {"resource": INSURANCE, "department": "human_resources"}
    assert (shown(population)["reason"], shown(f"{population},{grant}")["reason"]) == ("only", "rank")
    assert shown(f"{population},{grant}")["contradictions"] == []
    with counter.ask("market-app") as ask:
        body = {"subjects": [{"number": ANNA, "name": "安娜", "fields": {}}]}
        assert ask.call("POST", "/v1/files/match", body, purpose(grant))["results"][0]["outcome"] == "agrees"


def test_whom_a_tie_names_finds_the_look_on_its_own_trail(counter: Open) -> None:
    tie = {"relation": "spouse", "other_kind": "person", "other_number": BELA, "other_name": "贝拉", "details": {},
           "since": "2020-02-02", "until": None, "resource": MARRIAGES, "department": "civil_affairs",
           "observed_on": "2026-11-01"}  # fmt: skip
    counter.shop.publish(person(ANNA, "安娜", relations=[tie]))
    counter.case()
    columns = ("man_number", "woman_number")
    for fields, seen in ((columns, ("number",)), ((*columns, "man_name", "woman_name"), ("number", "name"))):
        cited = purpose(counter.shop.grant(MARRIAGES, fields))
        with counter.ask("market-app") as ask:
            (result,) = ask.files(cited, [ANNA], ["relations.spouse"])["results"]
        assert result["files"][0]["relations"][0]["other_number"] == BELA
        anna, bela = counter.looks()[-2:]
        hashed = counter.counter.ledger.ledger.subject_hash
        assert [look.subject for look in (anna, bela)] == [
            hashed(known.subject_id) for number in (ANNA, BELA) for known in subject_numbers(number)
        ]
        assert (anna.kind, bela.kind, bela.fields) == ("files.query", "files.query.named", seen)
        assert (anna.answer, anna.answer_id) == (bela.answer, bela.answer_id)


def test_a_thousand_subjects_are_answered_in_their_order_each_with_its_look(counter: Open) -> None:
    counter.case()
    cited = purpose(counter.shop.grant(POPULATION, ("number", "name"), mode="batch", quota=5000))
    stems = [f"69010119770505{number:03}" for number in range(998)]
    numbers = [BELA, *(f"{stem}{check_character(stem)}" for stem in stems), ANNA]
    with counter.ask("market-app") as ask:
        results = ask.files(cited, numbers, ["name"])["results"]
    assert [each["index"] for each in results] == list(range(1000))
    assert [each["index"] for each in results if each["outcome"] == "found"] == [0, 999]
    assert results[999]["files"][0]["attributes"]["name"]["value"] == "安娜"
    every = [known.subject_id for number in numbers for known in subject_numbers(number)]
    assert len(counter.looks()) == len({look.subject for look in counter.looks()}) == len(every) >= 1000


class Bad(httpx2.BaseTransport):
    """A line to the counter on which the first requests for data are lost, or answered by somebody who is busy."""

    def __init__(self, counter: Open, faults: list[int]) -> None:
        self.line, self.faults, self.keys = counter.http._transport, faults, list[str]()

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        if request.url.path != "/oauth/token":
            self.keys.append(request.headers.get("idempotency-key", ""))
            if self.faults:
                status = self.faults.pop(0)
                if not status:
                    raise httpx2.ConnectError("the line is dead", request=request)
                return httpx2.Response(status, headers={"Retry-After": "1"}, json={"code": "busy"}, request=request)
        return self.line.handle_request(request)


def over(counter: Open, line: Bad, waits: list[float]) -> Counter:
    key, url = counter.shop.keys["intake"].pem, counter.counter.settings.counter_url
    return Counter(url, "intake", key, counter.trust, transport=line, now=lambda: counter.shop.at, pause=waits.append)


def test_the_library_tries_again_what_may_be_tried_again_under_one_key(counter: Open) -> None:
    line, waits = Bad(counter, [0, 503, 429]), list[float]()
    with over(counter, line, waits) as ask:
        made = ask.register_case("D-1", "0102", "market", [{"number": ANNA, "role": "applicant"}])
    assert made["draft_no"] == "D-1"
    assert len(line.keys) == 4
    assert len(set(line.keys)) == 1
    assert waits[1:] == [1, 1]


@pytest.mark.parametrize(("faults", "error"), [([0] * 4, Unreachable), ([503] * 4, Refused), ([403], Refused)])
def test_the_library_gives_up_and_says_so(counter: Open, faults: list[int], error: type[Exception]) -> None:
    line, tries = Bad(counter, list(faults)), len(faults)
    with over(counter, line, []) as ask, pytest.raises(error):
        ask.call("GET", "/v1/cases")
    assert len(line.keys) == tries


def test_every_body_that_is_described_has_an_example_that_is_one(counter: Open) -> None:
    described = counter.http.get("/openapi.json").json()
    bodies = {
        f"{method} {path}": content["application/json"]
        for path, calls in described["paths"].items()
        for method, call in calls.items()
        if "application/json" in (content := call.get("requestBody", {}).get("content", {}))
    }
    assert len(bodies) > 20
    assert [place for place, content in bodies.items() if "example" not in content] == []
    for place, content in bodies.items():
        schema = {**content["schema"], "components": described["components"]}
        Draft202012Validator(schema).validate(content["example"]), place
    headers = [each for calls in described["paths"].values() for call in calls.values()
               for each in call.get("parameters", []) if each["in"] == "header"]  # fmt: skip
    for each in headers:
        Draft202012Validator(each["schema"]).validate(each["example"])


def test_after_the_run_the_signed_receipt_is_where_the_delivery_was_handed_over(counter: Open) -> None:
    """Refused at the door, the run's first step answers; what was taken is answered under the delivery's id."""
    declared, headers = CATALOGUE.resources["market.enterprises"], counter.bearer("market-app")
    names = declared.headers
    content = f"{declared.delimiter.join(names)}\n{declared.delimiter * (len(names) - 1)}\n".encode(declared.encoding)
    for name, digest in (("good-1", hashlib.sha256(content).hexdigest()), ("bad-1", "0" * 64)):
        manifest = {"resource": "market.enterprises", "id": name, "period": "2026-11-01",
                    "files": [{"name": "a.csv", "rows": 1, "sha256": digest}]}  # fmt: skip
        sent = [("manifest", ("manifest.json", json.dumps(manifest))), ("file", ("a.csv", content))]
        assert counter.http.post("/v1/deliveries", files=sent, headers=headers).status_code == 202
    shop = Workshop(counter.shop.settings)
    receiving.receive(shop)
    seen = {name: counter.http.get(f"/v1/deliveries/{name}", headers=headers).json() for name in ("good-1", "bad-1")}
    assert {name: each["state"] for name, each in seen.items()} == {"good-1": "received", "bad-1": "answered"}
    trust = read_trust(counter.trust)
    refused = open_receipt(json.dumps(seen["bad-1"]["receipt"]).encode(), trust)
    assert (refused.status, refused.refusal.reason if refused.refusal else "") == ("refused", "hash_differs")
    receipts.save(
        shop.home, replace(receipt_over(delivery="good-1"), department="market"), shop.keys.signer("receipts")
    )
    taken = counter.http.get("/v1/deliveries/good-1", headers=headers).json()
    assert taken["state"] == "answered"
    assert open_receipt(json.dumps(taken["receipt"]).encode(), trust).delivery == "good-1"
