"""Presentations: what a licence says, shown once, to one audience, for one purpose (SD-JWT VC, RFC 9901).

`<JWS>~<disclosure>~…~` or, where the holder has a key, `…~<key binding JWS>`. The vault signs;
`iss`, `nbf`, `exp`, `vct`, `status` and `cnf` always stand in clear, and no disclosure may
bring them. A disclosure may be left out by whoever passes it on, none may be added.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256

from onefile.verify import jws
from onefile.verify.algorithms import ECDSA_P256, ED25519, PublicKey, ed25519_der, p256_der, public_key
from onefile.verify.errors import (
    BadSignature,
    HiddenDisclosure,
    Inconsistent,
    MalformedPresentation,
    NotBound,
    OtherAudience,
    OtherNonce,
    RetiredKey,
    UnsupportedAlgorithm,
)
from onefile.verify.leaf import Leaf, read_leaf
from onefile.verify.reading import Record, parse
from onefile.verify.status import subject
from onefile.verify.trust import Trust, TrustedKey

USE = "presentations"
TYPE, BINDING_TYPE = "dc+sd-jwt", "kb+jwt"
VCT = "urn:onefile:licence:"
CLEAR = (
    "iss", "iat", "nbf", "exp", "vct", "status", "cnf", "aud", "nonce", "jti", "purpose", "log",
    "disputed", "sub", "vct#integrity", "_sd", "_sd_alg", "...",
)  # fmt: skip
"""Names that no disclosure may bring: they stand in clear, or have a meaning of their own."""
MOST_DISCLOSURES = 200
LARGEST = 1_000_000
SKEW = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Question:
    """What whoever was shown a presentation expects: that it is for them, and answers what they asked."""

    audience: str
    nonce: str


@dataclass(frozen=True, slots=True)
class Presentation:
    """A presentation that is believed. `data` has the disclosed fields by their codes; `holder` says whether a key of
    the holder's is bound to it. `item` and `case` are the purpose. `disputed` names fields whose value was in question
    when it was made."""

    id: str
    type: str
    audience: str
    item: str
    case: str
    made_at: datetime
    begins_at: datetime
    ends_at: datetime
    origin: str
    leaf_index: int
    leaf: Leaf
    is_bound: bool
    key: TrustedKey
    data: dict[str, object] = field(repr=False)
    disputed: tuple[str, ...] = ()


def open_presentation(data: bytes, trust: Trust, question: Question) -> Presentation:
    """Verify a presentation and return it. Whether its time is now is the verdict's matter.

    1. It is an SD-JWT of the type. 2. A key trusted for presentations signed it, with its own
    algorithm, before it was retired. 3. The claims are whole. 4. Each disclosure is one of those
    that were signed for, once, brings a field and hides nothing. 5. It is for this audience, and
    answers this nonce. 6. Where a holder's key is named, that key signed all of it, for the same
    audience and nonce, while it lasts.

    Raises:
        MalformedPresentation, UnsupportedAlgorithm, MalformedLeaf: steps 1 to 3.
        UnknownKey, WrongUse, BadSignature, RetiredKey: step 2.
        Inconsistent: its type, status reference and log entry do not belong together.
        HiddenDisclosure: step 4.
        OtherAudience, OtherNonce: step 5.
        NotBound: step 6.
    """
    token, disclosures, binding = _parts(data)
    claims, key = jws.open_jws(token, TYPE, trust, USE, MalformedPresentation)
    found = _claims(claims, key)
    fields = _disclosed(claims, disclosures)
    for name, value, error in (("aud", question.audience, OtherAudience), ("nonce", question.nonce, OtherNonce)):
        if not _same(claims.text(name), value):
            raise error
    if claims.has("cnf"):
        _check_binding(claims, data, binding, question, found)
    elif binding:
        raise MalformedPresentation("it has a key binding, and names no key of the holder")
    found.data.update(fields)
    return found


def _parts(data: bytes) -> tuple[str, list[str], str]:
    """Return the signed token, the disclosures, and the key binding (or nothing)."""
    if len(data) > LARGEST or not data.isascii():
        raise MalformedPresentation("it is beyond a megabyte, or not ASCII")
    token, *rest = data.decode("ascii").strip().split("~")
    if not rest:
        raise MalformedPresentation("it has no ~ after its token")
    if len(rest) > MOST_DISCLOSURES:
        raise MalformedPresentation("it has too many disclosures")
    return token, rest[:-1], rest[-1]


def _claims(claims: Record, key: TrustedKey) -> Presentation:
    purpose = Record(claims.take("purpose"), "purpose", MalformedPresentation)
    log = Record(claims.take("log"), "log", MalformedPresentation)
    status = Record(claims.take("status"), "status", MalformedPresentation)
    listed = Record(status.take("status_list"), "status_list", MalformedPresentation)
    origin, leaf_index, leaf = log.text("origin"), log.count("leaf_index"), read_leaf(log.base64("entry"))
    made_at = jws.seconds(claims, "iat")
    if key.retired_at is not None and made_at > key.retired_at:
        raise RetiredKey(key.id)
    expected = {
        "iss": (claims.text("iss"), f"https://{origin}"),
        "vct": (claims.text("vct"), VCT + leaf.type),
        "status": (listed.text("uri"), subject(origin, leaf_index >> 20)),
        "idx": (listed.count("idx"), leaf_index & (1 << 20) - 1),
    }
    for name, (said, wanted) in expected.items():
        if said != wanted:
            raise Inconsistent(name)
    claims.choice("_sd_alg", ("sha-256",))
    begins_at, ends_at = jws.seconds(claims, "nbf"), jws.seconds(claims, "exp")
    if not made_at <= begins_at < ends_at:
        raise Inconsistent("exp")
    return Presentation(
        id=claims.text("jti"), type=leaf.type, audience=claims.text("aud"), item=purpose.text("item"),
        case=purpose.text("case"), made_at=made_at, begins_at=begins_at, ends_at=ends_at, origin=origin,
        leaf_index=leaf_index, leaf=leaf, is_bound=claims.has("cnf"), key=key, data={},
        disputed=tuple(map(str, claims.items("disputed"))) if claims.has("disputed") else (),
    )  # fmt: skip


def _disclosed(claims: Record, disclosures: list[str]) -> dict[str, object]:
    """Return the fields that the disclosures bring, each held against the digests that were signed."""
    signed = [str(item) for item in claims.items("_sd")]
    if len(set(signed)) != len(signed):
        raise HiddenDisclosure("a digest stands twice")
    _refuse_hidden({name: claims.take(name) for name in claims.names() if name not in ("_sd", "_sd_alg")})
    fields: dict[str, object] = {}
    for disclosure in disclosures:
        name, value = _disclosure(disclosure)
        digest = urlsafe_b64encode(sha256(disclosure.encode("ascii")).digest()).rstrip(b"=").decode("ascii")
        if digest not in signed:
            raise HiddenDisclosure("one was not signed for, or is there twice")
        signed.remove(digest)
        if name in fields or name in CLEAR or claims.has(name):
            raise HiddenDisclosure("one brings a name that is there already, or may not be hidden")
        _refuse_hidden(value)
        fields[name] = value
    return fields


def _disclosure(text: str) -> tuple[str, object]:
    value = parse(jws.from_base64url(text, MalformedPresentation), MalformedPresentation)
    if not isinstance(value, list) or len(value) != 3 or not all(isinstance(part, str) for part in value[:2]):
        raise HiddenDisclosure("one is not salt, name and value")
    return str(value[1]), value[2]


def _refuse_hidden(value: object) -> None:
    """Refuse digests further within: all that is disclosed here lies flat, so that nothing can hide."""
    waiting = [value]
    while waiting:
        found = waiting.pop()
        if isinstance(found, dict):
            if "_sd" in found or "..." in found:
                raise HiddenDisclosure("digests lie hidden within a value")
            waiting += found.values()
        elif isinstance(found, list):
            waiting += found


def _check_binding(claims: Record, data: bytes, binding: str, question: Question, found: Presentation) -> None:
    if not binding:
        raise NotBound("its signature is missing")
    shown = data.decode("ascii").strip()[: -len(binding)]
    try:
        signed = jws.take_apart(binding, BINDING_TYPE, MalformedPresentation)
        algorithm, public = _holder_key(Record(claims.take("cnf"), "cnf", MalformedPresentation))
        jws.check(signed, signed.header.text("alg"), algorithm, public, "cnf", MalformedPresentation)
    except (BadSignature, UnsupportedAlgorithm):
        raise NotBound("its signature does not hold, or is of another algorithm than its key") from None
    said = Record(parse(signed.payload, MalformedPresentation), "the key binding", MalformedPresentation)
    digest = urlsafe_b64encode(sha256(shown.encode("ascii")).digest()).rstrip(b"=").decode("ascii")
    if not _same(said.text("sd_hash"), digest):
        raise NotBound("it signed other disclosures")
    if not _same(said.text("aud"), question.audience):
        raise OtherAudience
    if not _same(said.text("nonce"), question.nonce):
        raise OtherNonce
    if not found.begins_at - SKEW <= jws.seconds(said, "iat") < found.ends_at:
        raise NotBound("it signed at another time than the presentation's own")


def _holder_key(cnf: Record) -> tuple[str, PublicKey]:
    """Return the holder's key in a `cnf` claim: a JWK on Ed25519 or P-256."""
    jwk = Record(cnf.take("jwk"), "jwk", MalformedPresentation)
    kind, curve = jwk.choice("kty", ("OKP", "EC")), jwk.choice("crv", ("Ed25519", "P-256"))
    x = jws.from_base64url(jwk.text("x"), MalformedPresentation)
    if jwk.has("d"):
        raise jwk.wrong("d", "left out: that is a private key")
    if (kind, curve) == ("OKP", "Ed25519"):
        algorithm, der = ED25519, ed25519_der(x)
    elif (kind, curve) == ("EC", "P-256"):
        algorithm, der = ECDSA_P256, p256_der(x + jws.from_base64url(jwk.text("y"), MalformedPresentation))
    else:
        raise jwk.wrong("crv", "of its kty")
    public = public_key(algorithm, der)
    if public is None:
        raise jwk.wrong("x", "a key on its curve")
    return algorithm, public


def _same(found: str, wanted: str) -> bool:
    return hmac.compare_digest(found.encode("utf-8"), wanted.encode("utf-8"))
