"""The signature algorithms that are believed: a closed list, each key bound to its one algorithm.

`Ed25519` (RFC 8032, 64 bytes), `ECDSA-P256` (SHA-256, DER as in RFC 3279) and `SM2-SM3` (GB/T 32918.2
with SM3 and the default signer id `1234567812345678`, DER of r and s as in GB/T 35276). A key's
algorithm follows from the key; what a paper says about it can only be refused.
"""

from __future__ import annotations

from typing import Protocol

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from onefile.verify import extras

ED25519, ECDSA_P256, SM2_SM3 = "Ed25519", "ECDSA-P256", "SM2-SM3"
ALGORITHMS = (ED25519, ECDSA_P256, SM2_SM3)

_ED25519_DER = bytes.fromhex("302a300506032b6570032100")  # all of the SubjectPublicKeyInfo but the key (RFC 8410)
_P256_DER = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200")  # likewise, point uncompressed
_SM2_DER = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d034200")  # likewise (GB/T 33560)


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


class Sm2Sm3:
    """An SM2 public key, from its DER; the extra `[sm2]` is needed once a signature is to be checked."""

    def __init__(self, der: bytes) -> None:
        self._raw, self._point = der, der[len(_SM2_DER) + 1 :]

    def holds(self, signature: bytes, message: bytes) -> bool:
        if not _is_sm2_der(signature):
            return False
        library = extras.sm2()
        try:
            return bool(library.sm2_verify(self._point, message, signature))
        except library.GmsslInnerError:
            return False

    def raw(self) -> bytes:
        return self._raw


def _is_sm2_der(signature: bytes) -> bool:
    """Say whether a signature is r and s as DER in its one form, each in its range of bytes."""
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

    try:
        r, s = decode_dss_signature(signature)
    except ValueError:
        return False
    return 0 < r < 1 << 256 and 0 < s < 1 << 256 and encode_dss_signature(r, s) == signature


_KINDS = {ED25519: (_ED25519_DER, 32), ECDSA_P256: (_P256_DER, 65), SM2_SM3: (_SM2_DER, 65)}


def public_key(algorithm: str, der: bytes) -> PublicKey | None:
    """Return the key in a SubjectPublicKeyInfo, None when it is none of that algorithm."""
    prefix, size = _KINDS.get(algorithm, (b"", 0))
    if algorithm not in ALGORITHMS or not der.startswith(prefix) or len(der) != len(prefix) + size:
        return None
    try:
        if algorithm == ED25519:
            return Ed25519(der[len(prefix) :])
        return EcdsaP256(der) if algorithm == ECDSA_P256 else Sm2Sm3(der)
    except (ValueError, UnsupportedAlgorithm):
        return None


def algorithm_of(der: bytes) -> str | None:
    """Return the algorithm of a SubjectPublicKeyInfo; None when it is none on the list."""
    return next((name for name in ALGORITHMS if public_key_fits(name, der)), None)


def public_key_fits(algorithm: str, der: bytes) -> bool:
    """Say whether a SubjectPublicKeyInfo has the form of an algorithm's keys."""
    prefix, size = _KINDS[algorithm]
    return der.startswith(prefix) and len(der) == len(prefix) + size


def p256_der(point: bytes) -> bytes:
    """Return the SubjectPublicKeyInfo of a key on P-256, from the 64 bytes of its point."""
    return _P256_DER + b"\x04" + point


def sm2_der(point: bytes) -> bytes:
    """Return the SubjectPublicKeyInfo of an SM2 key, from the 64 bytes of its point."""
    return _SM2_DER + b"\x04" + point


def ed25519_der(public: bytes) -> bytes:
    """Return the SubjectPublicKeyInfo of an Ed25519 key of 32 bytes."""
    return _ED25519_DER + public
