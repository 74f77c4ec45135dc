"""A client's public key as it is handed over: PEM or JWK, on the curves and sizes of a list; never a private one."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, Key, OKPKey, RSAKey

from exchange.clients.errors import BadClient

ALGORITHMS = {"OKP": ("EdDSA", "Ed25519"), "EC": ("ES256",), "RSA": ("PS256", "RS256")}
"""By kind of key, the algorithms in which its assertions may be signed; the key says which, an assertion never."""
_WANTED = "a public key on Ed25519 or P-256, or RSA of 2048 to 8192 bits, in PEM or as a JWK"


@dataclass(frozen=True)
class PublicJwk:
    """A public key: its RFC 7638 thumbprint, and the JWK as JSON text."""

    key_id: str
    text: str


def read_key(data: bytes) -> PublicJwk:
    """Read a public key in PEM or as a JWK.

    Raises:
        BadClient: it is none that is wanted, or there is a private key in it.
    """
    if len(data) > 20_000:
        raise BadClient("a file that is no key", _WANTED)
    try:
        key = _of_pem(data) if data.lstrip().startswith(b"-----") else JWKRegistry.import_key(_object(data))
    except (ValueError, TypeError, KeyError, JoseError, UnsupportedAlgorithm, RecursionError):
        raise BadClient("a file that is no key", _WANTED) from None
    if not isinstance(key, OKPKey | ECKey | RSAKey) or key.is_private:
        raise BadClient("a private key, or none that signs", f"its public half: {_WANTED}")
    _check_size(key)
    plain = {name: value for name, value in key.as_dict(private=False).items() if name not in ("kid", "use", "alg")}
    return PublicJwk(key.thumbprint(), json.dumps({**plain, "kid": key.thumbprint()}, sort_keys=True))


def certificate_thumbprint(data: bytes) -> str:
    """Return the SHA-256 of a certificate (PEM or DER) as base64url, as RFC 8705 binds tokens; raise BadClient."""
    try:
        is_pem = data.lstrip().startswith(b"-----")
        found = x509.load_pem_x509_certificate(data) if is_pem else x509.load_der_x509_certificate(data)
    except ValueError:
        raise BadClient("a file that is no certificate", "the client's X.509 certificate in PEM or DER") from None
    return thumbprint(found.public_bytes(Encoding.DER))


def thumbprint(der: bytes) -> str:
    """Return the SHA-256 of bytes as base64url without padding."""
    return base64.urlsafe_b64encode(hashlib.sha256(der).digest()).rstrip(b"=").decode("ascii")


def _of_pem(data: bytes) -> Key:
    public = load_pem_public_key(data)  # a private key in PEM is refused here
    kinds = ((Ed25519PublicKey, "OKP"), (EllipticCurvePublicKey, "EC"), (RSAPublicKey, "RSA"))
    for kind, name in kinds:
        if isinstance(public, kind):
            return JWKRegistry.import_key(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), name)
    raise ValueError


def _object(data: bytes) -> dict[str, Any]:
    found = json.loads(data)
    if not isinstance(found, dict) or found.get("kty") not in ALGORITHMS:
        raise ValueError
    return found


def _check_size(key: OKPKey | ECKey | RSAKey) -> None:
    plain = key.as_dict(private=False)
    is_good = plain.get("crv") in ("Ed25519", "P-256")
    if isinstance(key, RSAKey):
        is_good = 2048 <= key.public_key.key_size <= 8192
    if not is_good:
        raise BadClient("a key of another curve or size", _WANTED)
