"""How a client proves itself: assertions signed with its private key (RFC 7523), tokens kept while they live."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import datetime

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key

from onefile.client.errors import BadKey

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_SECONDS = 60
EARLY_SECONDS = 30
"""A token is renewed so long before its end: it must not run out on the way."""
_ALGORITHMS = {"OKP": "EdDSA", "EC": "ES256", "RSA": "PS256"}
_KINDS = ((Ed25519PrivateKey, "OKP"), (EllipticCurvePrivateKey, "EC"), (RSAPrivateKey, "RSA"))


class Credentials:
    """A client's id and key, and the token it has."""

    def __init__(self, client_id: str, key: bytes, now: Callable[[], datetime]) -> None:
        self.client_id, self._key, self._now = client_id, read_private_key(key), now
        self._token, self._ends = "", 0

    def form(self, audience: str) -> dict[str, str]:
        """Return what is posted to the token endpoint: an assertion of a minute, meant for it alone."""
        seconds = int(self._now().timestamp())
        claims = {
            "iss": self.client_id, "sub": self.client_id, "aud": audience, "iat": seconds,
            "exp": seconds + ASSERTION_SECONDS, "jti": os.urandom(16).hex(),
        }  # fmt: skip
        algorithm = _ALGORITHMS[self._key.key_type]
        header = {"alg": algorithm, "kid": self._key.thumbprint(), "typ": "JWT"}
        assertion = jws.serialize_compact(header, json.dumps(claims), self._key, algorithms=[algorithm])
        return {
            "grant_type": "client_credentials",
            "scope": "onefile",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion,
        }

    def keep(self, token: str, seconds: int) -> str:
        """Keep a token that was got, for so long as it lives; return it."""
        self._token, self._ends = token, int(self._now().timestamp()) + seconds
        return token

    def forget(self) -> None:
        """Let the token go: it does not hold any more."""
        self._token, self._ends = "", 0

    @property
    def token(self) -> str | None:
        """The token, as long as it lives a while yet."""
        is_good = self._ends - EARLY_SECONDS > int(self._now().timestamp())
        return self._token if is_good else None


def read_private_key(data: bytes) -> Key:
    """Return the private key in PEM or JWK; raise BadKey."""
    try:
        found = _of_pem(data) if data.lstrip().startswith(b"-----") else JWKRegistry.import_key(json.loads(data))
    except (ValueError, TypeError, KeyError, JoseError, UnsupportedAlgorithm):
        raise BadKey from None
    if found.key_type not in _ALGORITHMS or not getattr(found, "is_private", False):
        raise BadKey
    return found


def _of_pem(data: bytes) -> Key:
    private = load_pem_private_key(data, None)
    for kind, name in _KINDS:
        if isinstance(private, kind):
            plain = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            return JWKRegistry.import_key(plain, name)
    raise ValueError
