"""Compact JWS (RFC 7515): believed by the key that it names, which must be trusted for the use at hand.

Headers choose nothing: the algorithm must be the trusted key's own, the type the one that is
wanted. `none`, HMAC and other curves are refused by name, and so is `crit`.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from datetime import UTC, datetime

from onefile.verify.algorithms import ECDSA_P256, ED25519, SM2_SM3, PublicKey
from onefile.verify.errors import BadSignature, LostKey, Malformed, UnsupportedAlgorithm
from onefile.verify.reading import Record, parse
from onefile.verify.trust import Trust, TrustedKey

JWS_NAMES = {ED25519: "EdDSA", ECDSA_P256: "ES256", SM2_SM3: "SM2-SM3"}
"""`alg` by algorithm. `SM2-SM3` is a name of our own: no registered one exists."""
LAST_SECOND = 253_402_300_799


@dataclass(frozen=True, slots=True)
class Jws:
    """A compact JWS taken apart, nothing of it believed yet."""

    header: Record
    payload: bytes = field(repr=False)
    signature: bytes = field(repr=False)
    signed: bytes = field(repr=False)


def take_apart(token: str, kind: str, error: type[Malformed]) -> Jws:
    """Return the parts of a compact JWS of type `kind`.

    Raises:
        error: it is none.
        UnsupportedAlgorithm: it demands extensions (`crit`).
    """
    parts = token.split(".")
    if len(parts) != 3 or not token.isascii():
        raise error("it is not three parts with dots between")
    header = Record(parse(from_base64url(parts[0], error), error), "the header", error)
    header.choice("typ", (kind,))
    if header.has("crit"):
        raise UnsupportedAlgorithm("crit")
    signed = f"{parts[0]}.{parts[1]}".encode("ascii")
    return Jws(header, from_base64url(parts[1], error), from_base64url(parts[2], error), signed)


def open_jws(token: str, kind: str, trust: Trust, use: str, error: type[Malformed]) -> tuple[Record, TrustedKey]:
    """Return the claims of a genuine compact JWS and the key that signed it.

    Raises:
        error: it is no such token.
        UnknownKey, WrongUse: the key that it names is not trusted, or not for `use`.
        UnsupportedAlgorithm: it names another algorithm than its key's.
        BadSignature: it was altered.
        LostKey: the key was lost.
    """
    found = take_apart(token, kind, error)
    algorithm, key = found.header.text("alg"), trust.key(found.header.text("kid"), use)
    check(found, algorithm, key.algorithm, key.public, key.id, error)
    if key.lost_at is not None:  # a token has no time stamp that could show that it is older
        raise LostKey(key.id)
    return Record(parse(found.payload, error), "the payload", error), key


def check(found: Jws, algorithm: str, wanted: str, public: PublicKey, key_id: str, error: type[Malformed]) -> None:
    """Return when the signature is the key's; raise UnsupportedAlgorithm or BadSignature otherwise."""
    if algorithm != JWS_NAMES[wanted]:
        raise UnsupportedAlgorithm(algorithm)
    signature = found.signature if wanted == ED25519 else _der(found.signature, error)
    if not public.holds(signature, found.signed):
        raise BadSignature(key_id)


def from_base64url(text: str, error: type[Malformed]) -> bytes:
    """Return the bytes of base64url without padding, in its one form."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise error("a part is not base64url") from None
    if base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii") != text:
        raise error("a part is not base64url in its one form")
    return data


def seconds(claims: Record, name: str) -> datetime:
    """Return a claim in whole POSIX seconds as an instant."""
    value = claims.count(name)
    if value > LAST_SECOND:
        raise claims.wrong(name, "a time before the year 10000")
    return datetime.fromtimestamp(value, UTC)


def _der(signature: bytes, error: type[Malformed]) -> bytes:
    """Return a signature of r and s, 32 bytes each, as DER."""
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    if len(signature) != 64:
        raise error("its signature is not 64 bytes")
    return encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
