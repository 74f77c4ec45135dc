"""Access tokens: short-lived JWTs (RFC 9068) of our own, bound to their client, and to its certificate if it has one.

Signed with the bureau's key for `tokens`, and read by the reader that presentations are read with: it believes the
trusted key that a token names, and nothing else of its header. A token that held once is not computed anew while it
lives: its digest is kept, never the token.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from exchange.errors import TokenInvalid, TokenNotBound
from licence_vault.current import Current
from licence_vault.keystore import Keystore
from licence_vault.presentations.sd_jwt import signed
from onefile.verify.errors import Malformed, VerificationError
from onefile.verify.jws import open_jws
from onefile.verify.reading import Record
from onefile.verify.trust import read_trust

USE = "tokens"
TYPE = "at+jwt"
LIFE_SECONDS = 600
SKEW_SECONDS = 30
REMEMBERED = 4096


@dataclass(frozen=True)
class Token:
    """What a token says. `kind` as of callers; `certificate` is what it is bound to, or empty; times in POSIX seconds.

    `assurance` is the level at which an applicant was identified, 0 for others.
    """

    kind: str
    subject: str
    certificate: str
    begins: int
    ends: int
    assurance: int


class NoToken(Malformed):
    """A text is no access token; callers see `TokenInvalid`."""

    exit_code = 1
    paper = ("access token", "访问令牌")


class Tokens:
    """Makes the tokens of one issuer and reads them."""

    def __init__(self, keystore: Keystore, issuer: str, random: Callable[[int], bytes]) -> None:
        self._signer = Current(keystore, lambda keys: keys.signer(USE))
        self._trust = Current(keystore, lambda keys: read_trust(keys.trust()))
        self._known = Current(keystore, lambda _: OrderedDict[bytes, Token]())
        self._issuer, self._random = issuer, random
        self._lock = Lock()

    def make(self, kind: str, subject: str, at: datetime, certificate: str = "", assurance: int = 0) -> str:
        """Return a token for ten minutes."""
        seconds = int(at.timestamp())
        claims: dict[str, object] = {
            "iss": self._issuer, "aud": self._issuer, "sub": subject, "client_id": subject, "kind": kind,
            "iat": seconds, "nbf": seconds, "exp": seconds + LIFE_SECONDS, "jti": self._random(12).hex(),
        }  # fmt: skip
        if certificate:
            claims["cnf"] = {"x5t#S256": certificate}
        if assurance:
            claims["loa"] = assurance
        return signed(claims, TYPE, self._signer())

    def read(self, text: str, at: datetime, certificate: str) -> Token:
        """Return what a token says once it holds.

        Args:
            certificate: the SHA-256 (base64url) of the certificate that the connection showed; empty: none.

        Raises:
            TokenInvalid: it is not ours, not for us, not yet or no more in force.
            TokenNotBound: it is bound to another certificate.
        """
        digest = hashlib.sha256(text.encode("utf-8", "replace")).digest()
        token = self._known().get(digest) or self._remember(digest, self._read(text))
        if not token.begins - SKEW_SECONDS <= int(at.timestamp()) < token.ends:
            raise TokenInvalid
        if token.certificate and token.certificate != certificate:
            raise TokenNotBound
        return token

    def _read(self, text: str) -> Token:
        try:
            claims, key = open_jws(text, TYPE, self._trust(), USE, NoToken)
            claims.choice("iss", (self._issuer,))
            claims.choice("aud", (self._issuer,))
            token = _token(claims)
        except VerificationError:
            raise TokenInvalid from None
        if key.lost_at is not None or (key.retired_at is not None and token.begins > key.retired_at.timestamp()):
            raise TokenInvalid
        return token

    def _remember(self, digest: bytes, token: Token) -> Token:
        known = self._known()
        with self._lock:
            known[digest] = token
            while len(known) > REMEMBERED:
                known.popitem(last=False)
        return token


def _token(claims: Record) -> Token:
    bound = Record(claims.take("cnf"), "cnf", NoToken).text("x5t#S256") if claims.has("cnf") else ""
    return Token(
        claims.choice("kind", ("client", "official", "applicant")), claims.text("sub"), bound, claims.count("nbf"),
        claims.count("exp"), claims.count("loa") if claims.has("loa") else 0,
    )  # fmt: skip
