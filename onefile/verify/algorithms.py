"""The signature algorithms that are believed: a closed list, each key bound to its one algorithm.

`Ed25519` (RFC 8032, 64 bytes) and `ECDSA-P256` (SHA-256, DER as in RFC 3279). A key's
algorithm follows from the key; what a paper says about it can only be refused.
"""

from __future__ import annotations

from typing import Protocol

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

ED25519, ECDSA_P256 = "Ed25519", "ECDSA-P256"
ALGORITHMS = (ED25519, ECDSA_P256)

_ED25519_DER = bytes.fromhex("302a300506032b6570032100")  # all of the SubjectPublicKeyInfo but the key (RFC 8410)
_P256_DER = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200")  # likewise, point uncompressed


class PublicKey(Protocol):
    """A public key of one algorithm."""

    def holds(self, signature: bytes, message: bytes) -> bool:
        """Say whether the signature is this key's over the message."""

    def raw(self) -> bytes:
        """Return the key's bytes as its own standard writes them (Ed25519: 32; ECDSA: the DER)."""


class Ed25519:
    """An Ed25519 public key, from its 32 bytes."""

    def __init__(self, public: bytes) -> None:
        self._raw, self._key = public, Ed25519PublicKey.from_public_bytes(public)

    def holds(self, signature: bytes, message: bytes) -> bool:
        try:
            self._key.verify(signature, message)
        except InvalidSignature:
            return False
        return True

    def raw(self) -> bytes:
        return self._raw


class EcdsaP256:
    """An ECDSA public key on P-256, from its DER; imported when there is one, to start sooner."""

    def __init__(self, der: bytes) -> None:
        from cryptography.hazmat.primitives.asymmetric import ec

        point = der[len(_P256_DER) :]
        self._raw, self._key = der, ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)

    def holds(self, signature: bytes, message: bytes) -> bool:
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.hazmat.primitives.hashes import SHA256

        try:
            self._key.verify(signature, message, ec.ECDSA(SHA256()))
        except InvalidSignature:
            return False
        return True

    def raw(self) -> bytes:
        return self._raw


def public_key(algorithm: str, der: bytes) -> PublicKey | None:
    """Return the key in a SubjectPublicKeyInfo, None when it is none of that algorithm."""
    prefix, size = (_ED25519_DER, 32) if algorithm == ED25519 else (_P256_DER, 65)
    if algorithm not in ALGORITHMS or not der.startswith(prefix) or len(der) != len(prefix) + size:
        return None
    try:
        return Ed25519(der[len(prefix) :]) if algorithm == ED25519 else EcdsaP256(der)
    except (ValueError, UnsupportedAlgorithm):
        return None


def ed25519_der(public: bytes) -> bytes:
    """Return the SubjectPublicKeyInfo of an Ed25519 key of 32 bytes."""
    return _ED25519_DER + public
