"""The token endpoint: Authlib's authorization server, with our clients and our tokens."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from authlib.oauth2.rfc6749 import AuthorizationServer, InvalidClientError, OAuth2Request
from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload

from exchange.access.tokens import LIFE_SECONDS, Tokens
from exchange.oauth.assertions import METHOD, PrivateKeyJwt, query
from schemas.serving.pool import Pool

SCOPE = "onefile"


@dataclass(frozen=True)
class Asked:
    """A request for a token: its form, and the certificate (SHA-256, base64url) that the connection showed."""

    form: Mapping[str, str]
    certificate: str


@dataclass(frozen=True)
class Answered:
    """What to answer: a status, a JSON body, headers."""

    status: int
    body: bytes
    headers: Mapping[str, str]


class _Request(OAuth2Request):  # type: ignore[misc] # Authlib ships no types
    def __init__(self, asked: Asked) -> None:
        super().__init__("POST", "https://onefile.invalid/oauth/token", headers={})  # TLS ends at the front proxy
        self._form, self.certificate = dict(asked.form), asked.certificate
        self.payload = BasicOAuth2Payload(self._form)

    @property
    def form(self) -> dict[str, str]:
        return self._form


class _Credentials(ClientCredentialsGrant):  # type: ignore[misc]
    TOKEN_ENDPOINT_AUTH_METHODS = (METHOD,)

    def generate_token(self, scope: str | None = None, **_: object) -> dict[str, object]:
        """Return a token, bound to the certificate that the client is registered with or came with (RFC 8705)."""
        client, seen = self.request.client.client, self.request.certificate
        if self.request.form.get("client_id", client.client_id) != client.client_id:  # RFC 7521, section 4.2
            raise InvalidClientError(description="The assertion is of another client than client_id says.")
        if client.certificate not in ("", seen):
            raise InvalidClientError(description="The client is registered with another certificate.")
        made = self.server.token_of(client.client_id, seen)
        return {"token_type": "Bearer", "access_token": made, "expires_in": LIFE_SECONDS, "scope": scope or SCOPE}


class TokenEndpoint(AuthorizationServer):  # type: ignore[misc]
    """Gives tokens to clients that prove themselves."""

    def __init__(self, pool: Pool, tokens: Tokens, issuer: str, now: Callable[[], datetime]) -> None:
        super().__init__(scopes_supported=[SCOPE])
        self._tokens, self._now = tokens, now
        self.query_client = query(pool, now)
        self.register_client_auth_method(METHOD, PrivateKeyJwt(pool, (issuer, f"{issuer}/oauth/token"), now))
        self.register_grant(_Credentials)

    def token_of(self, client_id: str, certificate: str) -> str:
        """Return a token for a client that proved itself."""
        return self._tokens.make("client", client_id, self._now(), certificate)

    def answer(self, asked: Asked) -> Answered:
        """Answer a request for a token, as RFC 6749 has answers and errors."""
        try:
            found: Answered = self.create_token_response(asked)
        except (RecursionError, ValueError, TypeError, KeyError):  # an assertion that is no JWT at all
            return self.handle_response(*InvalidClientError(description="The assertion cannot be read.")())
        return found

    def create_oauth2_request(self, request: Asked | _Request) -> _Request:
        """Return a request as Authlib has it."""
        return request if isinstance(request, _Request) else _Request(request)

    def handle_response(self, status: int, body: Any, headers: Any) -> Answered:
        """Return Authlib's answer as ours."""
        return Answered(status, json.dumps(body).encode("utf-8"), dict(headers))

    def save_token(self, token: object, request: object) -> None:
        """Nothing is kept: a token proves itself, and its client is looked at on every request."""

    def send_signal(self, name: str, *args: object, **kwargs: object) -> None:
        """Nobody listens."""
