"""Catalogue, requests, grants and clients over HTTP; deliveries pushed; what is open to all."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jwt
from joserfc.jwk import KeySet

from exchange.oauth.jwks import key_set
from inbox import departments
from onefile.client import Refused
from tests.counter import ANNA, CATALOGUE, FIRM, Key, Open, Shop, purpose
from tests.papers import AT as ISSUED
from tests.vault import issue_rows, permit, vault_of

WISH = {
    "entry": "police.population", "fields": ["number", "name"], "basis": "Order 809", "scenario": "permits",
    "scope": "cases", "mode": "query", "valid_from": "2026-11-01", "valid_until": "2026-12-31", "quota": 10,
    "assessment": "PIA 1",
}  # fmt: skip


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", "Accept-Language": "en"}


def test_a_department_applies_is_granted_and_asks(counter: Open) -> None:
    counter.case()
    with counter.ask("market-app") as ask:
        made = ask.call("POST", "/v1/requests", WISH)
        assert (made["state"], made["provider"]) == ("at_office", "police")
        request = f"/v1/requests/{made['id']}/steps"
        with pytest.raises(Refused, match="body_invalid"):
            ask.call("POST", request, {"action": "approve", "role": "office"})
        office = bearer(counter.official("office", department="market"))
        provider = bearer(counter.official("provider", department="police"))
        approve = {"action": "approve", "role": "office"}
        assert counter.http.post(request, json=approve, headers=provider).json()["code"] == "body_invalid"
        assert counter.http.post(request, json=approve, headers=office).json()["state"] == "with_provider"
        said = {"action": "grant", "role": "provider", "reason": "agreed", "fields": ["number", "name"]}
        assert counter.http.post(request, json=said, headers=provider).json()["state"] == "granted"
        (grant,) = ask.call("GET", "/v1/grants")["cases"]
        assert ask.files(purpose(grant["id"]), [ANNA])["results"][0]["outcome"] == "found"
    with counter.ask("tax-app") as ask:
        assert ask.call("GET", "/v1/grants")["cases"] == []
        with pytest.raises(Refused, match="not_found"):
            ask.call("GET", f"/v1/grants/{grant['id']}")


def test_nobodys_number_is_kept_with_a_request(counter: Open) -> None:
    with counter.ask("market-app") as ask, pytest.raises(Refused, match="body_invalid") as refused:
        ask.call("POST", "/v1/requests", {**WISH, "scenario": f"of {ANNA}"})
    assert ANNA not in str(refused.value.problem)


def test_the_catalogue_is_listed_by_facets_and_told_unchanged(counter: Open) -> None:
    with counter.ask("market-app") as ask:
        found = ask.call("GET", "/v1/catalog/entries?department=police")["entries"]
        ids = [entry["id"] for entry in found]
        assert ids == sorted(ids)
        assert {"licence.driving_licence", "licence.household_card", "material.id_photo", "police.population"} <= {*ids}
        assert not [each for each in ids if each.startswith(("market.", "tax."))]
        one = ask.fetch("GET", "/v1/catalog/entries/police.population")
        assert ask.fetch("GET", "/v1/catalog/entries/police.population", None, None,
                         {"If-None-Match": one.headers["etag"]}).status_code == 304  # fmt: skip


def test_clients_are_registered_re_keyed_and_revoked_over_http(counter: Open) -> None:
    engineer = bearer(counter.official("engineer"))
    first, second = Key(), Key()
    wish = {"client_id": "new-app", "name": "新系统", "department": "tax", "key": first.public.decode()}
    assert counter.http.post("/v1/clients", json=wish, headers=engineer).status_code == 201
    assert counter.http.post("/v1/clients", json=wish, headers=engineer).json()["code"] == "conflict"
    assert counter.http.post("/v1/clients", json={**wish, "client_id": "b-app", "key": first.pem.decode()},
                             headers=engineer).json()["code"] == "body_invalid"  # fmt: skip
    counter.shop.keys["new-app"] = first
    with counter.ask("new-app") as ask:
        ask.call("POST", "/v1/clients/new-app/keys", {"key": second.public.decode(), "overlap_days": 0})
        with pytest.raises(Refused, match="not_found"):
            ask.call("POST", "/v1/clients/intake/keys", {"key": Key().public.decode()})
    with counter.ask("new-app") as ask, pytest.raises(Refused, match="invalid_client"):
        ask.token()
    counter.shop.keys["new-app"] = second
    with counter.ask("new-app") as ask:
        ask.call("GET", "/v1/clients")
        counter.http.post("/v1/clients/new-app/revocation", json={"reason": "lost"}, headers=engineer)
        with pytest.raises(Refused) as refused:
            ask.call("GET", "/v1/clients")
    assert refused.value.code == "invalid_client"
    assert counter.http.get("/v1/clients", headers=bearer(counter.official("consumer"))).status_code == 403


def test_a_delivery_is_pushed_waits_and_is_not_anybody_elses(counter: Open, tmp_path: Path) -> None:
    content = "序号,x\n1,2\n".encode()
    manifest = {"resource": "market.enterprises", "id": "market-1", "period": "2026-11-01",
                "files": [{"name": "a.csv", "rows": 1, "sha256": hashlib.sha256(content).hexdigest()}]}  # fmt: skip
    signed = json.dumps(manifest).encode()
    key = Ed25519PrivateKey.generate()
    parts = {"manifest": ("manifest.json", signed), "signature": ("manifest.json.sig", key.sign(signed))}
    sent = [*parts.items(), ("file", ("a.csv", content))]
    answer = counter.http.post("/v1/deliveries", files=sent, headers=counter.bearer("market-app"))
    assert (answer.status_code, answer.json()["state"]) == (202, "waiting")
    folder = counter.shop.home / "inbox" / "market" / "market-1"
    assert sorted(path.name for path in folder.iterdir()) == ["a.csv", "manifest.json", "manifest.json.sig"]
    place = answer.headers["location"]
    assert counter.http.get(place, headers=counter.bearer("market-app")).json()["receipt"] is None
    assert counter.http.get(place, headers=counter.bearer("tax-app")).status_code == 404
    other = counter.http.post("/v1/deliveries", files=sent, headers=counter.bearer("tax-app"))
    assert (other.status_code, other.json()["code"]) == (422, "body_invalid")
    sneaky = [*parts.items(), ("file", ("../../x", content))]
    assert counter.http.post("/v1/deliveries", files=sneaky, headers=counter.bearer("market-app")).status_code == 422
    assert departments.keys(counter.shop.home, "market") == ()


def test_a_receipt_is_not_had_by_using_its_delivery_s_id(counter: Open) -> None:
    """Another department pushes a delivery of an id that was used: it waits, and gets nobody else's receipt."""
    told = {"delivery": "market-1", "department": "market", "rejected": [{"row": 1, "reason": "check"}]}
    payload = base64.b64encode(json.dumps(told).encode()).decode()
    folder = counter.shop.home / "receipts"
    folder.mkdir()
    (folder / "market-1.json").write_text(json.dumps({"payload": payload, "payloadType": "x", "signatures": []}))
    content = b"x\n1\n"
    manifest = {"resource": "tax.registrations", "id": "market-1", "period": "2026-11-01",
                "files": [{"name": "a.csv", "rows": 1, "sha256": hashlib.sha256(content).hexdigest()}]}  # fmt: skip
    sent = [("manifest", ("manifest.json", json.dumps(manifest).encode())), ("file", ("a.csv", content))]
    answer = counter.http.post("/v1/deliveries", files=sent, headers=counter.bearer("tax-app"))
    assert answer.status_code == 202
    read = counter.http.get(answer.headers["location"], headers=counter.bearer("tax-app")).json()
    assert (read["state"], read["receipt"]) == ("waiting", None)


def test_log_status_and_open_catalogue_are_open_to_all(shop: Shop, counter: Open) -> None:
    issue_rows(vault_of(shop.home, shop.url), [permit(1)], "b-1", ISSUED)
    for path in ("/log/checkpoint", "/log/tile/0/000.p/1", "/log/tile/entries/000.p/1", "/catalog.ttl",
                 "/catalog.jsonld", "/data.json", "/v1/keys", "/metrics", "/healthz", "/readyz", "/openapi.json",
                 "/.well-known/oauth-authorization-server"):  # fmt: skip
        assert counter.http.get(path).status_code == 200, path
    for path in ("/log/../keys/keystore.json", "/log/%2e%2e/serving.db", "/log/tile/0/..", "/status/0", "/log/"):
        assert counter.http.get(path).status_code in (401, 404), path


def test_anybody_may_have_a_paper_verified(shop: Shop, counter: Open) -> None:
    from licence_vault.exporting import export, find
    from tests.vault import ids_of

    vault = vault_of(shop.home, shop.url)
    issue_rows(vault, [permit(1)], "b-1", ISSUED)
    paper = export(vault, find(vault, ids_of(vault)[0]), None).decode()
    told = counter.http.post("/v1/verify", json={"paper": paper}).json()
    assert told["verdict"] in ("in_force", "not_in_force")
    forged = counter.http.post("/v1/verify", json={"paper": paper.replace('"leaf_index":0', '"leaf_index":1')}).json()
    assert forged["verdict"] == "not_genuine"
    assert counter.http.post("/v1/verify", json={"paper": "x"}).json()["verdict"] == "not_genuine"
    assert len(CATALOGUE.resources) > 0


def test_an_official_client_reads_the_keys_where_the_metadata_says(counter: Open) -> None:
    metadata = counter.http.get("/.well-known/oauth-authorization-server").json()
    keys = KeySet.import_key_set(counter.http.get(metadata["jwks_uri"]).json())
    token = jwt.decode(counter.ask("market-app").token(), keys, algorithms=["EdDSA"])
    assert (token.claims["sub"], token.claims["iss"]) == ("market-app", metadata["issuer"])
    lost = {
        "use": "tokens",
        "algorithm": "Ed25519",
        "public": "AAAA",
        "id": "0" * 32,
        "lost_at": "2026-11-30",
    }
    assert key_set(json.dumps({"keys": [lost, {**lost, "use": "receipts"}]}).encode()) == {"keys": []}


def test_what_a_method_or_body_cannot_be_is_told_as_a_problem_of_that_status(counter: Open) -> None:
    headers = counter.bearer("market-app", **{"Content-Type": "application/json"})
    refused = counter.http.put("/v1/cases", headers=headers)
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, POST")
    assert (refused.json()["status"], refused.json()["code"]) == (405, "method_not_allowed")
    for body in (gzip.compress(b"{}"), b'{"subjects": [{"number": ' + b"9" * 5000 + b"}]}", b"\xff\xfe{"):
        answer = counter.http.post("/v1/files/query", content=body, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")
        assert "body" in answer.json()["detail_en"]


def test_a_refusal_says_in_chinese_too_where_it_is_wrong(counter: Open) -> None:
    answer = counter.http.post("/v1/files/query", json={}, headers=counter.bearer("market-app"))
    assert "body.subjects (missing)" in answer.json()["detail_zh"]
    assert answer.json()["detail"] == answer.json()["detail_zh"] != answer.json()["detail_en"]


@pytest.mark.parametrize(
    ("path", "body", "place"),
    [
        ("/v1/files/query", {"subjects": [{"number": ANNA}], "contradictions": 0}, "contradictions"),
        ("/v1/licences/search", {"searches": [{"holder": ANNA}], "in_force": "no"}, "in_force"),
        ("/v1/requests", {**WISH, "quota": "500"}, "quota"),
    ],
)
def test_types_are_those_of_the_description(counter: Open, path: str, body: dict[str, Any], place: str) -> None:
    answer = counter.http.post(path, json=body, headers=counter.bearer("market-app"))
    assert (answer.status_code, place in answer.json()["detail_en"]) == (422, True)
    described = counter.http.get("/openapi.json").json()["paths"]["/v1/grants"]["get"]["parameters"]
    limit = next(each["schema"] for each in described if each["name"] == "limit")
    assert (limit["minimum"], limit["maximum"]) == (1, 500)


@pytest.mark.parametrize("path", ["/v1/mandates", "/v1/incidents"])
def test_what_is_made_once_under_a_key_is_made_once(counter: Open, path: str) -> None:
    grant = counter.shop.grant("police.population", ("number", "name"))
    body: dict[str, Any] = {"grants": [grant], "since": "2026-11-30T00:00:00Z", "reason": "leak"}
    if path == "/v1/mandates":
        body = {"agent": ANNA, "principal": FIRM, "relation": "representative", "source": "register", "scope": ["*"],
                "since": "2026-11-30", "until": "2027-06-30"}  # fmt: skip
    headers = {"Authorization": f"Bearer {counter.official('engineer')}", "Idempotency-Key": "key-00000001"}
    first, again = (counter.http.post(path, json=body, headers=headers) for _ in range(2))
    assert (first.status_code, again.status_code, first.json()) == (201, 201, again.json())


def test_a_token_is_for_the_client_that_is_named(counter: Open) -> None:
    ask = counter.ask("market-app")
    described = counter.http.get("/openapi.json").json()["paths"]["/oauth/token"]["post"]
    assert set(described["responses"]["400"]["content"]) == {"application/json", "application/problem+json"}
    assert set(described["requestBody"]["content"]) == {"application/x-www-form-urlencoded"}
    form = ask._credentials.form(f"{counter.counter.settings.counter_url}/oauth/token")
    refused = counter.http.post("/oauth/token", data={**form, "client_id": "tax-app"})
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_client")
    form = ask._credentials.form(f"{counter.counter.settings.counter_url}/oauth/token")
    assert counter.http.post("/oauth/token", data={**form, "client_id": "market-app"}).status_code == 200
