"""How a client proves itself: a JWT signed with its own key (RFC 7523), which opens the door once."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from authlib.oauth2.rfc6749 import InvalidClientError
from authlib.oauth2.rfc7523 import JWTBearerClientAssertion
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key
from sqlalchemy import Connection, delete, insert, select
from sqlalchemy.exc import IntegrityError

from exchange.clients import registry
from exchange.clients.keys import ALGORITHMS
from exchange.clients.registry import Client
from schemas.serving.pool import Pool
from schemas.serving.tables import counter_tables

USED = counter_tables.COUNTER_ASSERTION
METHOD = "private_key_jwt"
MOST_SECONDS = 300
"""How far off the end of an assertion may be: for so long its id is kept."""
SKEW_SECONDS = 60


class KnownClient:
    """A client as Authlib asks after it."""

    def __init__(self, client: Client, keys: Mapping[str, str]) -> None:
        self.client, self.keys = client, keys

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """Say whether it may prove itself so."""
        return method == METHOD and endpoint == "token"

    def check_grant_type(self, grant_type: str) -> bool:
        """Say whether it may ask for tokens in this way."""
        return grant_type == "client_credentials"

    def get_allowed_scope(self, scope: str | None) -> str:
        """Return the scopes it may have: there is one, what a client may do follows from its kind and its grants."""
        return scope or ""

    def get_client_id(self) -> str:
        """Return its id."""
        return self.client.client_id


class PrivateKeyJwt(JWTBearerClientAssertion):  # type: ignore[misc] # Authlib ships no types
    """Checks an assertion: signed by a key of its client, for this server, not over, never seen before."""

    CLIENT_AUTH_METHOD = METHOD

    def __init__(self, pool: Pool, audiences: tuple[str, ...], now: Callable[[], datetime]) -> None:
        super().__init__(validate_jti=True, leeway=SKEW_SECONDS)
        self._pool, self._audiences, self._now = pool, audiences, now

    def get_audiences(self) -> list[str]:
        """Return what an assertion may be meant for: the issuer, or its token endpoint."""
        return list(self._audiences)

    def resolve_client_public_key(self, client: KnownClient) -> tuple[Key, ...]:
        """Return a client's keys in force."""
        return tuple(JWKRegistry.import_key(json.loads(text)) for text in client.keys.values())

    def process_assertion_claims(self, assertion: str, keys: tuple[Key, ...]) -> Any:
        """Return the claims once one of the keys signed them; the key says in which algorithm, not the assertion."""
        named = self.extract_assertion(assertion)[0].get("kid")
        for key in [key for key in keys if key.kid == named] or keys:
            try:
                claims = jwt.decode(assertion, key, algorithms=list(ALGORITHMS[key.key_type])).claims
            except (JoseError, ValueError, TypeError):
                continue
            self.verify_claims(claims)
            return claims
        raise InvalidClientError(description="The assertion is signed by no key of the client.")

    def verify_claims(self, claims: Any) -> None:
        """Check the claims by the clock that is handed in; what is meant for longer than five minutes is refused."""
        now = int(self._now().timestamp())
        ends = claims.get("exp")
        if not _is_time(ends) or not now - SKEW_SECONDS < ends <= now + MOST_SECONDS + SKEW_SECONDS:
            raise InvalidClientError(description="The assertion is over, or ends later than in five minutes.")
        begins = [claims[name] for name in ("nbf", "iat") if name in claims]
        if not all(_is_time(each) and each <= now + SKEW_SECONDS for each in begins):
            raise InvalidClientError(description="The assertion has not begun.")
        jti, audience = claims.get("jti"), claims.get("aud")
        meant_for = audience if isinstance(audience, list) else [audience]
        if not set(map(str, meant_for)) & set(self._audiences):
            raise InvalidClientError(description="The assertion is meant for somebody else.")
        if claims.get("iss") != claims.get("sub") or not isinstance(jti, str) or not 8 <= len(jti) <= 200:
            raise InvalidClientError(description="The assertion needs iss = sub, and a jti of 8 to 200 characters.")
        if not self.validate_jti(claims, jti):
            raise InvalidClientError(description="The assertion was used before.")

    def validate_jti(self, claims: Mapping[str, Any], jti: str) -> bool:
        """Note an assertion as used; false where it was before, in whichever process."""
        now = int(self._now().timestamp())
        row = {"client_id": claims["sub"], "jti": jti, "ends_at": int(claims["exp"]) + SKEW_SECONDS}
        with self._pool.writing() as connection:
            connection.execute(delete(USED).where(USED.c.ends_at < now - SKEW_SECONDS))
            return _noted(connection, row)


def query(pool: Pool, now: Callable[[], datetime]) -> Callable[[str], KnownClient | None]:
    """Return what finds a client that may come."""

    def find(client_id: str) -> KnownClient | None:
        with pool.looking() as connection:
            client = registry.find(connection, client_id)
            if client is None or not client.is_active:
                return None
            return KnownClient(client, registry.keys_in_force(connection, client_id, now()))

    return find


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 2**53


def _noted(connection: Connection, row: Mapping[str, object]) -> bool:
    same = (USED.c.client_id == row["client_id"]) & (USED.c.jti == row["jti"])
    if connection.execute(select(USED.c.jti).where(same)).first() is not None:
        return False
    try:
        with connection.begin_nested():
            connection.execute(insert(USED).values(**row))
    except IntegrityError:  # PostgreSQL lets two come at once: the key lets one of them through
        return False
    return True
