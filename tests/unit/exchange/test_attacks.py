"""Attacks on the counter: on its tokens, its grants, its form; each is refused."""

from __future__ import annotations

import base64
import hmac
import json
import logging
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import OKPKey

from catalog import grants
from catalog.grants import Limits
from exchange.access.quota import Quotas
from exchange.access.tokens import Tokens
from licence_vault.presentations.sd_jwt import signed as jws_of
from licence_vault.signers import Signer
from onefile.client import AnswerNotGenuine, Purpose, Refused
from onefile.client import counter as library
from onefile.client.credentials import Credentials
from schemas.serving.connection import writing
from schemas.serving.pool import Pool
from tests.counter import ANNA, AT, BELA, CATALOGUE, ENTRIES, NOBODY, Key, Open, Shop, purpose

POPULATION = "police.population"
URL = "http://127.0.0.1:8600"


@pytest.fixture
def cited(counter: Open) -> Purpose:
    counter.case()
    return purpose(counter.shop.grant(POPULATION, ("number", "name")))


def assertion(counter: Open, client_id: str = "market-app", **changes: Any) -> str:
    key = OKPKey.import_key(counter.shop.keys[client_id].pem)
    seconds = int(AT.timestamp())
    claims = {"iss": client_id, "sub": client_id, "aud": f"{URL}/oauth/token", "iat": seconds, "exp": seconds + 60,
              "jti": "jti-0000000001", **changes}  # fmt: skip
    return jws.serialize_compact({"alg": "EdDSA"}, json.dumps(claims), key, algorithms=["EdDSA"])


def token(counter: Open, signed: str) -> tuple[int, str]:
    form = {"grant_type": "client_credentials", "client_assertion": signed,
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}  # fmt: skip
    answer = counter.http.post("/oauth/token", data=form)
    return answer.status_code, answer.json().get("error", "")


def test_an_assertion_opens_the_door_once(counter: Open) -> None:
    signed = assertion(counter)
    assert token(counter, signed) == (200, "")
    assert token(counter, signed) == (400, "invalid_client")


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "https://somebody.else"},
        {"aud": f"{URL}/oauth/token2"},
        {"exp": int(AT.timestamp()) - 120},
        {"exp": int(AT.timestamp()) + 3600},
        {"exp": "soon"},
        {"nbf": int(AT.timestamp()) + 600},
        {"sub": "tax-app"},
        {"sub": "tax-app", "iss": "tax-app"},
        {"sub": "nobody", "iss": "nobody"},
        {"jti": "x"},
        {"jti": None},
        {"sub": 7},
    ],
)
def test_an_assertion_for_others_over_or_of_another_is_refused(counter: Open, changes: dict[str, Any]) -> None:
    assert token(counter, assertion(counter, **changes)) == (400, "invalid_client")


def _parts(header: dict[str, Any], claims: dict[str, Any]) -> str:
    plain = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (header, claims)]
    return ".".join((*plain, ""))


def test_none_a_shared_secret_and_what_is_no_jwt_prove_nothing(counter: Open) -> None:
    claims = {"iss": "market-app", "sub": "market-app", "aud": URL, "exp": int(AT.timestamp()) + 60, "jti": "j" * 9}
    public = counter.shop.keys["market-app"].public
    head, _, _ = _parts({"alg": "HS256"}, claims).rpartition(".")
    mac = base64.urlsafe_b64encode(hmac.digest(public, head.encode(), "sha256")).rstrip(b"=").decode()
    deep = base64.urlsafe_b64encode(b"[" * 100_000).decode()
    for signed in (_parts({"alg": "none"}, claims), f"{head}.{mac}", "", "a.b", "a.b.c", f"{deep}.{deep}.x", "é.é.é"):
        status, error = token(counter, signed)
        assert (status, error) in ((400, "invalid_client"), (400, "unsupported_grant_type")), signed[:40]


def test_an_access_token_holds_for_us_for_ten_minutes_and_as_it_was_made(counter: Open) -> None:
    good = counter.ask("market-app").token()
    header, claims, signature = good.split(".")
    changed = json.loads(base64.urlsafe_b64decode(claims + "=="))
    none = _parts({"alg": "none", "typ": "at+jwt", "kid": "x"}, changed)
    other = base64.urlsafe_b64encode(json.dumps({**changed, "sub": "tax-app"}).encode()).rstrip(b"=").decode()
    bad = [none, f"{header}.{other}.{signature}", good[:-4] + "AAAA", assertion(counter), "x", good + "." + signature]
    for each in bad:
        answer = counter.http.get("/v1/me", headers={"Authorization": f"Bearer {each}"})
        assert (answer.status_code, answer.json()["code"]) == (401, "token_invalid")
        assert "invalid_token" in answer.headers["www-authenticate"]
    mine = {"Authorization": f"Bearer {good}"}
    assert counter.http.get("/v1/me", headers=mine).status_code == 200
    counter.shop.at += timedelta(minutes=10)
    assert counter.http.get("/v1/me", headers=mine).status_code == 401


def test_a_token_of_another_bureau_for_another_audience_or_by_another_key_opens_nothing(
    counter: Open, tmp_path_factory: Any
) -> None:
    stranger, keystore = Shop(tmp_path_factory.mktemp("other") / "var"), counter.counter.keystore
    with stranger.open() as other:
        theirs = other.counter.tokens.make("client", "market-app", AT)
    elsewhere = Tokens(keystore, "https://elsewhere.example", counter.counter.random).make("client", "market-app", AT)
    seconds = int(AT.timestamp())
    claims = {"iss": URL, "aud": URL, "sub": "market-app", "kind": "client", "nbf": seconds, "exp": seconds + 600}
    ours = {kind: jws_of(claims, kind, keystore.signer(use)) for kind, use in (
        ("at+jwt", "answers"), ("dc+sd-jwt", "tokens"), ("at+jwt ", "tokens"))}  # fmt: skip
    for bad in (theirs, elsewhere, *ours.values(), jws_of({**claims, "kind": "bureau"}, "at+jwt", _tokens(counter)),
                jws_of({**claims, "exp": "never"}, "at+jwt", _tokens(counter))):  # fmt: skip
        answer = counter.http.get("/v1/me", headers={"Authorization": f"Bearer {bad}"})
        assert (answer.status_code, answer.json()["code"]) == (401, "token_invalid")
    good = {"Authorization": f"Bearer {jws_of(claims, 'at+jwt', _tokens(counter))}"}
    assert counter.http.get("/v1/me", headers=good).status_code == 200


def _tokens(counter: Open) -> Signer:
    return counter.counter.keystore.signer("tokens")


def test_a_token_bound_to_a_certificate_is_nothing_without_it(shop: Shop) -> None:
    shop.environ["ONEFILE_CERTIFICATE_HEADER"] = "Client-Cert"
    made = Shop(shop.home, **shop.environ)
    made.keys = shop.keys
    with made.open() as counter:
        mine, others = (f":{base64.b64encode(text).decode()}:" for text in (b"certificate one", b"certificate two"))
        form = Credentials("market-app", counter.shop.keys["market-app"].pem, lambda: AT).form(f"{URL}/oauth/token")
        bound = counter.http.post("/oauth/token", data=form, headers={"Client-Cert": mine}).json()["access_token"]
        bearer = {"Authorization": f"Bearer {bound}"}
        assert counter.http.get("/v1/me", headers={**bearer, "Client-Cert": mine}).status_code == 200
        for headers in (bearer, {**bearer, "Client-Cert": others}, {**bearer, "Client-Cert": ":x:"}):
            answer = counter.http.get("/v1/me", headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (401, "token_not_bound")


def test_a_grant_that_is_over_suspended_revoked_or_narrowed_gives_that_much_at_once(counter: Open) -> None:
    counter.case()
    shop = counter.shop
    over = shop.grant(POPULATION, ("number", "name"), valid_from="2026-11-01", valid_until="2026-11-30")
    yet = shop.grant(POPULATION, ("number", "name"), valid_from="2026-12-05")
    held = {name: shop.grant(POPULATION, ("number", "name", "sex")) for name in ("suspend", "revoke", "narrow")}
    other_item = shop.grant(POPULATION, ("number", "name"), items=("0101",))
    authority = shop.actor("authority", CATALOGUE.sharing.authority)
    with counter.ask("market-app") as ask:
        for grant in held.values():
            assert ask.files(purpose(grant), [ANNA], ["sex"])["results"][0]["outcome"] == "found"
        with writing(shop.url) as connection:
            for action, grant in held.items():
                limits = Limits(("number", "name")) if action == "narrow" else None
                grants.act(connection, grant, action, authority, "why", CATALOGUE.sharing, limits=limits)
        for grant, code in ((yet, "grant_not_in_force"), (held["suspend"], "grant_not_in_force"),
                            (held["revoke"], "grant_not_in_force"), (held["narrow"], "field_not_granted"),
                            (other_item, "item_not_granted"), ("G20261130-9999", "grant_not_yours")):  # fmt: skip
            with pytest.raises(Refused) as refused:
                ask.files(purpose(grant), [ANNA], ["sex"] if grant != other_item else [])
            assert refused.value.code == code
        shop.at += timedelta(days=1)
        with pytest.raises(Refused, match="grant_not_in_force"):
            ask.files(purpose(over), [ANNA])
    assert len(counter.looks()) == 3


def test_rows_outside_the_grant_are_as_if_they_were_not(counter: Open) -> None:
    counter.case()
    here = purpose(counter.shop.grant(POPULATION, ("number", "name"), rows="area=690101"))
    there = purpose(counter.shop.grant(POPULATION, ("number", "name"), rows="area=690102"))
    with counter.ask("market-app") as ask:
        assert ask.files(here, [ANNA])["results"][0]["outcome"] == "found"
        outside, nobody = (ask.files(there, [number])["results"][0] for number in (ANNA, NOBODY))
    assert outside == nobody == {"index": 0, "outcome": "not_found", "files": []}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/files/query", {"subjects": [{"number": "?"}], "fields": ["name"]}),
        ("/v1/records/query", {"subjects": [{"number": "?"}], "resource": POPULATION}),
        ("/v1/files/match", {"subjects": [{"number": "?", "name": "安娜"}]}),
        ("/v1/files/predicates", {"subjects": [{"number": "?"}],
                                  "questions": [{"predicate": "age_at_least", "value": "18"},
                                                {"predicate": "is_listed", "resource": POPULATION}]}),
        ("/v1/licences/search", {"searches": [{"holder": "?"}]}),
    ],
)  # fmt: skip
def test_who_is_there_is_not_found_out_by_any_route(counter: Open, path: str, body: dict[str, Any]) -> None:
    counter.case()
    cited = purpose(counter.shop.grant(POPULATION, ("number", "name", "birth_on"), rows="area=690102"))
    counter.shop.supply(POPULATION, 5, ("r1", ANNA, {"number": ANNA, "name": "安娜", "birth_on": "1990-01-01"}))
    told = []
    with counter.ask("market-app") as ask:
        for number in (ANNA, NOBODY):
            asked = json.loads(json.dumps(body).replace("?", number))
            answer = ask.fetch("POST", path, asked, cited)
            told.append((answer.status_code, answer.json()["results"], len(answer.content)))
    assert told[0] == told[1]


def test_nobody_and_somebody_who_is_not_granted_take_the_same_time(counter: Open) -> None:
    counter.case()
    cited = purpose(counter.shop.grant(POPULATION, ("number", "name"), rows="area=690102", quota=100_000))
    times: dict[str, list[float]] = {ANNA: [], NOBODY: []}
    with counter.ask("market-app") as ask:
        for _ in range(60):
            for number, took in times.items():
                began = time.process_time()
                ask.files(cited, [number])
                took.append(time.process_time() - began)
    outside, nobody = (statistics.median(took) for took in times.values())
    assert 0.8 < outside / nobody < 1.25


def test_a_quota_is_never_passed_by_bursts_from_two_processes(shop: Shop) -> None:
    """Two `Quotas` share nothing but the database, as two processes do."""
    grant = shop.grant(POPULATION, ("number", "name"), quota=500)
    pools = [Pool(shop.url), Pool(shop.url)]
    with pools[0].looking() as connection:
        given = grants.given(connection, grant, ENTRIES[POPULATION], AT.date())
    both = [Quotas(pool) for pool in pools]
    with ThreadPoolExecutor(16) as threads:
        taken = list(threads.map(lambda n: both[n % 2].take(given, 1, AT.date()), range(900)))
    for quotas in both:
        quotas.give_back()
    assert sum(taken) == 500
    with pools[0].looking() as connection:
        assert grants.looks(connection, grant, AT.date()) == 500
    assert both[0].take(given, 1, AT.date()) is False


def test_a_quota_that_is_used_up_says_when_to_come_again(counter: Open) -> None:
    counter.case()
    cited = purpose(counter.shop.grant(POPULATION, ("number", "name"), quota=2))
    with counter.ask("market-app") as ask:
        ask.files(cited, [ANNA, BELA])
        with pytest.raises(Refused, match="quota_used_up") as refused:
            ask.files(cited, [ANNA])
        assert refused.value.retry_after == 14 * 3600  # ten o'clock in Shanghai
        counter.shop.at += timedelta(days=1)
        ask.files(cited, [ANNA])
    assert len(counter.looks()) == 3


INJECTIONS = ("' OR '1'='1", "1; DROP TABLE subject --", "{{7*7}}", "${jndi:ldap://x}", "=cmd|' /C calc'!A0",
              "../../keys/keystore.json", "%00", "a\u202eb", "\u0000", "x" * 5000)  # fmt: skip


@pytest.mark.parametrize("text", INJECTIONS)
def test_what_is_injected_is_data_or_refused_and_stands_in_no_answer(counter: Open, cited: Purpose, text: str) -> None:
    bearer = counter.bearer("market-app", **cited.headers())
    bodies: list[tuple[str, dict[str, Any]]] = [
        ("/v1/files/query", {"subjects": [{"number": text}]}),
        ("/v1/files/query", {"subjects": [{"number": ANNA}], "fields": [text]}),
        ("/v1/licences/search", {"searches": [{"id": text}]}),
        ("/v1/licences/search", {"searches": [{"type": "business_licence", "printed": text}]}),
        ("/v1/files/match", {"subjects": [{"number": text, "name": text}]}),
        ("/v1/records/query", {"subjects": [{"number": ANNA}], "resource": text}),
        ("/v1/cases", {"draft": text, "item": text, "department": text, "parties": [{"number": text}]}),
    ]
    for path, body in bodies:
        answer = counter.http.post(path, json=body, headers=bearer)
        assert answer.status_code in (200, 400, 403, 413, 422), (path, answer.status_code)
        assert text not in answer.text
    for name in ("Onefile-Grant", "Onefile-Item", "Onefile-Case", "Idempotency-Key", "Onefile-For"):
        headers = {**bearer, name: text.encode("utf-8")}
        answer = counter.http.post("/v1/files/query", json={"subjects": [{"number": ANNA}]}, headers=headers)
        assert answer.status_code in (200, 400, 403), name
    quoted = text.encode().hex()
    assert counter.http.get(f"/v1/cases/{quoted}", headers=bearer).status_code == 404


def test_a_header_cannot_be_split_and_no_log_holds_a_number(
    counter: Open, cited: Purpose, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "httpx")  # the test's own client tells what it asks, where others let it
    bearer = counter.bearer("market-app", **cited.headers())
    for path in (f"/v1/cases/{ANNA}", f"/v1/cases?cursor={ANNA}", f"/v1/licences/{ANNA}", f"/{ANNA}"):
        answer = counter.http.get(path, headers=bearer)
        assert answer.status_code in (400, 404, 422)
        assert ANNA not in answer.text
    counter.http.post("/v1/files/query", json={"subjects": [{"number": ANNA}], "x": ANNA}, headers=bearer)
    counter.http.post("/v1/files/query", json={"subjects": [{"number": ANNA}]}, headers=bearer)
    shown = capfd.readouterr()
    assert ANNA not in shown.out + shown.err


def test_large_deep_false_and_broken_bodies_are_refused(counter: Open, cited: Purpose) -> None:
    bearer = {**counter.bearer("market-app", **cited.headers()), "Content-Type": "application/json"}
    cases: list[tuple[bytes, int, str]] = [
        (b"x" * 10_000_000, 413, "too_large"),
        (b"[" * 100_000 + b"]" * 100_000, 400, "bad_request"),
        (b'{"subjects": ' + b'{"a":' * 5000 + b"1" + b"}" * 5001, 400, "bad_request"),
        (b"{", 400, "bad_request"),
        (b"\xff\xfe", 400, "bad_request"),
        (b'{"subjects": []}', 422, "body_invalid"),
        (json.dumps({"subjects": [{"number": ANNA}] * 1001}).encode(), 422, "body_invalid"),
        (b'{"subjects": [{"number": 1e999}]}', 422, "body_invalid"),
    ]
    for body, status, code in cases:
        answer = counter.http.post("/v1/files/query", content=body, headers=bearer)
        assert (answer.status_code, answer.json()["code"]) == (status, code), body[:30]
    wrong = {**bearer, "Content-Digest": "sha-256=:AAAA:"}
    answer = counter.http.post("/v1/files/query", json={"subjects": [{"number": ANNA}]}, headers=wrong)
    assert (answer.status_code, answer.json()["code"]) == (400, "digest_differs")
    assert counter.looks() == []


def test_neither_answer_nor_question_can_be_swapped(
    counter: Open, cited: Purpose, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody between the two may alter the answer or its status, or hand over the answer to another question."""
    asked: list[Any] = []
    with counter.ask("market-app") as ask:
        monkeypatch.setattr(library, "check", lambda response, *_: asked.append(response))
        ask.files(cited, [ANNA])
        ask.files(cited, [BELA])
        first, second = asked
        monkeypatch.undo()
        trust, now = ask._trust, ask._now
        library.check(first, trust, now)
        swaps: list[tuple[str, Any]] = [
            ("_content", first.content.replace(b"found", b"fOund")), ("status_code", 201),
            ("_content", second.content), ("_request", second.request)]  # fmt: skip
        for name, value in swaps:
            kept = getattr(first, name)
            setattr(first, name, value)
            with pytest.raises(AnswerNotGenuine):
                library.check(first, trust, now)
            setattr(first, name, kept)
        first.request.headers["onefile-case"] = "D-2"
        with pytest.raises(AnswerNotGenuine):
            library.check(first, trust, now)
        counter.shop.at += timedelta(minutes=10)
        first.request.headers["onefile-case"] = "D-1"
        with pytest.raises(AnswerNotGenuine):
            library.check(first, trust, now)


def test_a_strangers_signature_is_not_the_bureaus(counter: Open, cited: Purpose, tmp_path_factory: Any) -> None:
    stranger = Shop(tmp_path_factory.mktemp("other") / "var")
    with stranger.open() as other:
        trust = other.trust
    ask = library.Counter(URL, "market-app", counter.shop.keys["market-app"].pem, trust,
                          transport=counter.http._transport, now=lambda: counter.shop.at)  # fmt: skip
    with ask, pytest.raises(AnswerNotGenuine):
        ask.files(cited, [ANNA])


def test_an_unknown_key_and_a_revoked_client_are_out_at_once(counter: Open) -> None:
    headers = {"Authorization": f"Bearer {counter.ask('market-app').token()}"}
    assert counter.http.get("/v1/cases", headers=headers).status_code == 200
    from exchange.clients import registry

    with writing(counter.shop.url) as connection:
        registry.revoke(connection, "market-app", "lost", counter.shop.at)
    assert counter.http.get("/v1/cases", headers=headers).status_code == 401
    counter.shop.keys["tax-app"] = Key()
    with counter.ask("tax-app") as ask, pytest.raises(Refused, match="invalid_client"):
        ask.token()
