"""What signs. Algorithms are named in the data and allow-listed here; keys never leave a signer.

A signer for an HSM is another class with these three members (`licence_vault.hsm`).
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Protocol

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from licence_vault.errors import UnknownAlgorithm
from licence_vault.hsm import TokenKey, TokenSigner
from onefile.verify import extras
from onefile.verify.algorithms import ECDSA_P256, ED25519, SM2_SM3, sm2_der
from onefile.verify.trust import key_id


@dataclass(frozen=True)
class Sm2PrivateKey:
    """An SM2 private key: its 32 bytes, and the 64 bytes of its point. Needs the extra `[sm2]`."""

    secret: bytes = field(repr=False)
    point: bytes


PrivateKey = Ed25519PrivateKey | ec.EllipticCurvePrivateKey | Sm2PrivateKey | TokenKey


class Signer(Protocol):
    """Signs bytes with one key; `key_id` is what verifiers find its public half by."""

    @property
    def key_id(self) -> str: ...

    @property
    def algorithm(self) -> str: ...

    def sign(self, message: bytes) -> bytes: ...


class Ed25519Signer:
    """Ed25519 (RFC 8032): the same message gives the same 64 bytes."""

    algorithm = ED25519

    def __init__(self, key_id: str, private: Ed25519PrivateKey) -> None:
        self.key_id = key_id
        self._private = private

    def sign(self, message: bytes) -> bytes:
        """Return the signature, 64 bytes."""
        return self._private.sign(message)

    def __repr__(self) -> str:
        return f"Ed25519Signer(key_id={self.key_id!r})"


class EcdsaSigner:
    """ECDSA on P-256 with SHA-256: every signature differs, and all of them hold."""

    algorithm = ECDSA_P256

    def __init__(self, key_id: str, private: ec.EllipticCurvePrivateKey) -> None:
        self.key_id = key_id
        self._private = private

    def sign(self, message: bytes) -> bytes:
        """Return the signature, DER (RFC 3279)."""
        return self._private.sign(message, ec.ECDSA(SHA256()))

    def __repr__(self) -> str:
        return f"EcdsaSigner(key_id={self.key_id!r})"


class Sm2Signer:
    """SM2 with SM3 and the default signer id (GB/T 32918.2): every signature differs, all of them hold."""

    algorithm = SM2_SM3

    def __init__(self, key_id: str, private: Sm2PrivateKey) -> None:
        self.key_id = key_id
        self._private = private

    def sign(self, message: bytes) -> bytes:
        """Return the signature, DER of r and s."""
        made: bytes = extras.sm2().sm2_sign(self._private.secret, self._private.point, message)
        return made

    def __repr__(self) -> str:
        return f"Sm2Signer(key_id={self.key_id!r})"


def jws_signature(signer: Signer, message: bytes) -> bytes:
    """Return a signature as JWS has it (RFC 7518): r and s in 32 bytes each where the signer's own form is DER."""
    signature = signer.sign(message)
    if signer.algorithm == ED25519:
        return signature
    r, s = decode_dss_signature(signature)
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def signer(key_id: str, private: PrivateKey) -> Signer:
    """Return the signer for a private key."""
    if isinstance(private, Ed25519PrivateKey):
        return Ed25519Signer(key_id, private)
    if isinstance(private, Sm2PrivateKey):
        return Sm2Signer(key_id, private)
    if isinstance(private, TokenKey):
        return TokenSigner(key_id, private)
    return EcdsaSigner(key_id, private)


def generate(algorithm: str) -> PrivateKey:
    """Return a fresh private key of an algorithm on the list."""
    if algorithm == SM2_SM3:
        point, secret = extras.sm2().sm2_key_generate()
        return Sm2PrivateKey(secret, point)
    return private_key(algorithm, os.urandom(32)) if algorithm == ED25519 else ec.generate_private_key(ec.SECP256R1())


def private_key(algorithm: str, secret: bytes) -> PrivateKey:
    """Return the private key in 32 bytes (SM2: 96, with its point); ValueError when they are none."""
    if algorithm == SM2_SM3:
        return Sm2PrivateKey(secret[:32], secret[32:])
    if algorithm == ED25519:
        return Ed25519PrivateKey.from_private_bytes(secret)
    return ec.derive_private_key(int.from_bytes(secret, "big"), ec.SECP256R1())


def secret_bytes(private: PrivateKey) -> bytes:
    """Return a private key as 32 bytes; an SM2 key as 96, with its point."""
    if isinstance(private, Sm2PrivateKey):
        return private.secret + private.point
    if isinstance(private, TokenKey):
        raise UnknownAlgorithm("a key in a security module has no bytes to keep")
    if isinstance(private, Ed25519PrivateKey):
        return private.private_bytes_raw()
    return private.private_numbers().private_value.to_bytes(32, "big")


def public_der(private: PrivateKey) -> bytes:
    """Return the public half as SubjectPublicKeyInfo."""
    if isinstance(private, Sm2PrivateKey):
        return sm2_der(private.point)
    if isinstance(private, TokenKey):
        return private.public
    return private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def signer_of_pem(pem: bytes) -> Signer:
    """Return the signer for a private key in PEM without a passphrase; UnknownAlgorithm when it is none on the list."""
    try:
        private = load_pem_private_key(pem, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise UnknownAlgorithm("no private key in PEM, without a passphrase, is in that file") from None
    is_p256 = isinstance(private, ec.EllipticCurvePrivateKey) and isinstance(private.curve, ec.SECP256R1)
    if not isinstance(private, Ed25519PrivateKey | ec.EllipticCurvePrivateKey) or not (
        is_p256 or isinstance(private, Ed25519PrivateKey)
    ):
        raise UnknownAlgorithm(f"that key is none of {ED25519} or {ECDSA_P256}")
    return signer(key_id(public_der(private)), private)
