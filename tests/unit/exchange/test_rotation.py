"""Keys that are changed while the counter runs count from the next request on, without a new start."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from exchange.clients import registry
from exchange.clients.keys import read_key
from exchange.oidc.errors import LoginFailed
from exchange.oidc.providers import Provider
from exchange.oidc.relying import RelyingParty
from ledger.audit import audit
from ledger.errors import LedgerAltered
from licence_vault.keystore import Keystore, passphrase
from onefile.client import AnswerNotGenuine, Refused
from onefile.verify.trust import read_trust
from schemas.serving.connection import writing
from tests.counter import ANNA, Key, Open, purpose

AT = datetime(2026, 11, 30, 2, 0, tzinfo=UTC)


def keystore(counter: Open) -> Keystore:
    """The keystore as another process has it: `onefile vault keys`."""
    folder = counter.shop.home / "keys"
    return Keystore.open(folder / "keystore.json", passphrase(folder / "passphrase"))


def signed_by(token: str) -> str:
    header = token.split(".")[0]
    return str(json.loads(base64.urlsafe_b64decode(header + "=="))["kid"])


def status(counter: Open, token: str) -> int:
    return counter.http.get("/v1/me", headers={"Authorization": f"Bearer {token}"}).status_code


def test_new_keys_sign_tokens_answers_and_the_ledger_from_the_next_request_on(counter: Open) -> None:
    counter.case()
    cited = purpose(counter.shop.grant("police.population", ("number", "name")))
    old, trusted_before = counter.ask("market-app").token(), counter.trust
    keys = keystore(counter)
    new = {use: keys.rotate_key(use, counter.shop.at).id for use in ("tokens", "answers", "ledger")}
    assert status(counter, old) == 200
    with counter.ask("market-app") as ask:
        assert signed_by(ask.token()) == new["tokens"]
        answer = ask.fetch("POST", "/v1/files/query", {"subjects": [{"number": ANNA}]}, cited)
    assert f'keyid="{new["answers"]}"' in answer.headers["signature-input"]
    assert new["answers"] in counter.http.get("/v1/keys").text
    with counter.ask("market-app") as behind:
        behind._trust = read_trust(trusted_before)
        with pytest.raises(AnswerNotGenuine):
            behind.files(cited, [ANNA])
    found = audit(counter.shop.home / "ledger", read_trust(counter.trust))
    assert found.entries == 2
    with pytest.raises(LedgerAltered, match="no trusted key"):
        audit(counter.shop.home / "ledger", read_trust(trusted_before))


def test_a_token_of_a_key_that_was_lost_is_none_at_once_and_one_made_with_a_retired_key_neither(counter: Open) -> None:
    first, kept = counter.ask("market-app").token(), counter.counter.tokens
    assert status(counter, first) == 200
    stolen = keystore(counter)
    keys = keystore(counter)
    keys.rotate_key("tokens", counter.shop.at)
    assert status(counter, first) == 200
    counter.shop.at += timedelta(minutes=2)
    thief = type(kept)(stolen, counter.counter.settings.counter_url, counter.counter.random)
    assert status(counter, thief.make("client", "market-app", counter.shop.at)) == 401
    second = counter.ask("market-app").token()
    name = keystore(counter).active_key("tokens").name
    keystore(counter).retire_key(name, counter.shop.at, counter.shop.at)
    keystore(counter).create_key("tokens-9", use="tokens", at=counter.shop.at)
    assert status(counter, second) == 401
    assert status(counter, counter.ask("market-app").token()) == 200


def test_a_client_s_new_key_opens_the_door_and_its_old_one_no_more(counter: Open) -> None:
    with counter.ask("market-app") as ask:
        ask.token()
    old, counter.shop.keys["market-app"] = counter.shop.keys["market-app"], Key()
    with writing(counter.shop.url) as connection:
        made = read_key(counter.shop.keys["market-app"].public)
        registry.rotate(connection, "market-app", made, counter.shop.at, timedelta())
    assert status(counter, counter.ask("market-app").token()) == 200
    counter.shop.keys["market-app"] = old
    with counter.ask("market-app") as ask, pytest.raises(Refused, match="invalid_client"):
        ask.token()


class LoopbackProvider:
    """An OpenID provider on loopback whose keys can be changed: metadata, keys, and a token for any code."""

    def __init__(self) -> None:
        self.published = self.key = ECKey.generate_key("P-256", {"kid": "k1"})
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer = provider.issuer
                documents = {
                    "/.well-known/openid-configuration": {
                        "issuer": issuer, "authorization_endpoint": f"{issuer}/authorize",
                        "token_endpoint": f"{issuer}/token", "jwks_uri": f"{issuer}/jwks",
                    },
                    "/jwks": KeySet([provider.published]).as_dict(private=False),
                }  # fmt: skip
                self._answer(documents[self.path])

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                seconds = int(AT.timestamp())
                claims = {"iss": provider.issuer, "aud": "onefile", "sub": "7", "nonce": "n", "iat": seconds,
                          "exp": seconds + 60}  # fmt: skip
                header = {"alg": "ES256", "kid": provider.key.kid}
                made = jwt.encode(header, claims, provider.key)
                self._answer({"access_token": "a", "token_type": "Bearer", "id_token": made})

            def _answer(self, document: object) -> None:
                content = json.dumps(document).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def provider() -> Iterator[LoopbackProvider]:
    made = LoopbackProvider()
    thread = Thread(target=made.server.serve_forever, daemon=True)
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join(10)


@pytest.mark.parametrize("kid", ["k2", "k1"])
def test_an_identity_provider_s_new_key_is_fetched_when_it_is_met(provider: LoopbackProvider, kid: str) -> None:
    named = Provider("bureau", provider.issuer, "onefile", "s", "officials", "", "acr", {}, "openid")
    party = RelyingParty(named, "http://127.0.0.1/callback", lambda: AT)
    assert party.finish("code", "n", "v")["sub"] == "7"
    provider.published = provider.key = ECKey.generate_key("P-256", {"kid": kid})
    assert party.finish("code", "n", "v")["sub"] == "7"
    provider.key = ECKey.generate_key("P-256", {"kid": kid})
    with pytest.raises(LoginFailed):
        party.finish("code", "n", "v")
