"""One provider as its relying party: discovery, the authorization code flow with PKCE, and the ID token, by Authlib."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any

import httpx
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import BadSignatureError, InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from exchange.oidc.errors import LoginFailed, ProviderGone
from exchange.oidc.providers import Provider

ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA", "Ed25519"]
"""In which an ID token may be signed: never `none`, never with a shared secret."""
KEPT_SECONDS, LEEWAY_SECONDS, TIMEOUT_SECONDS = 3600, 60, 10


@dataclass(frozen=True)
class Begun:
    """A login that was begun: where the browser goes, and what has to come back with it."""

    address: str
    state: str


class RelyingParty:
    """Logs people in by one provider. Its metadata and keys are kept for an hour."""

    def __init__(self, provider: Provider, redirect_uri: str, now: Callable[[], datetime]) -> None:
        self.provider, self._redirect_uri, self._now = provider, redirect_uri, now
        self._metadata: dict[str, Any] = {}
        self._keys: KeySet | None = None
        self._ends = 0.0
        self._lock = Lock()

    def begin(self, nonce: str, verifier: str) -> Begun:
        """Return where the browser is sent; raise ProviderGone."""
        with self._client() as client:
            address, state = client.create_authorization_url(
                self._known()["authorization_endpoint"], nonce=nonce, code_verifier=verifier
            )
        return Begun(str(address), str(state))

    def finish(self, code: str, nonce: str, verifier: str) -> Mapping[str, Any]:
        """Return the claims of the ID token that a code is good for.

        Raises:
            LoginFailed: the code is none, or the ID token is not the provider's, for us, for this login, in force.
            ProviderGone: the provider does not answer.
        """
        try:
            with self._client() as client:
                token = client.fetch_token(self._known()["token_endpoint"], code=code, code_verifier=verifier)
        except (AuthlibBaseError, ValueError):
            raise LoginFailed from None
        except httpx.HTTPError:
            raise ProviderGone from None
        return self._claims(token, nonce)

    def _claims(self, token: Mapping[str, Any], nonce: str) -> Mapping[str, Any]:
        try:
            parsed = self._decoded(str(token.get("id_token", "")))
            options = {"iss": {"essential": True, "values": [self._known()["issuer"]]}, "sub": {"essential": True}}
            params = {"nonce": nonce, "client_id": self.provider.client_id, "access_token": token.get("access_token")}
            claims = CodeIDToken(parsed.claims, parsed.header, options, params)
            claims.validate(now=int(self._now().timestamp()), leeway=LEEWAY_SECONDS)
        except (JoseError, AuthlibBaseError, ValueError, TypeError, KeyError, RecursionError):
            raise LoginFailed from None
        return dict(parsed.claims)

    def _decoded(self, text: str) -> jwt.Token:
        try:
            return jwt.decode(text, self._key_set(), algorithms=ALGORITHMS)
        except (InvalidKeyIdError, BadSignatureError):  # the provider has a new key, be it under an old name
            self._ends = 0.0
            return jwt.decode(text, self._key_set(), algorithms=ALGORITHMS)

    def _known(self) -> dict[str, Any]:
        """Return the provider's metadata, fetched anew each hour; ProviderGone where it is not as it should be."""
        with self._lock:
            now = self._now().timestamp()
            if self._ends <= now:
                found = _fetched(f"{self.provider.issuer}/.well-known/openid-configuration")
                if str(found.get("issuer", "")).rstrip("/") != self.provider.issuer or not found.get("jwks_uri"):
                    raise ProviderGone
                self._metadata, self._ends = found, now + KEPT_SECONDS
                self._keys = KeySet.import_key_set(_fetched(str(found["jwks_uri"])))  # type: ignore[arg-type]
            return self._metadata

    def _key_set(self) -> KeySet:
        self._known()
        if self._keys is None:
            raise ProviderGone
        return self._keys

    def _client(self) -> OAuth2Client:
        return OAuth2Client(
            self.provider.client_id, self.provider.secret or None, scope=self.provider.scope,
            redirect_uri=self._redirect_uri, code_challenge_method="S256", timeout=TIMEOUT_SECONDS,
            token_endpoint_auth_method="client_secret_basic" if self.provider.secret else "none",
        )  # fmt: skip


def _fetched(address: str) -> dict[str, Any]:
    try:
        answer = httpx.get(address, timeout=TIMEOUT_SECONDS, follow_redirects=False)
        answer.raise_for_status()
        found = answer.json()
    except (httpx.HTTPError, ValueError):
        raise ProviderGone from None
    if not isinstance(found, dict):
        raise ProviderGone
    return found
