"""Checks an answer: signed by the bureau, whole, and the answer to this very question (RFC 9421, RFC 9530)."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import httpx2
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from http_message_signatures import HTTPMessageVerifier, HTTPSignatureAlgorithm, HTTPSignatureKeyResolver
from http_message_signatures.exceptions import HTTPMessageSignaturesException, InvalidSignature
from http_message_signatures.httpx2 import adapt_message

from onefile.client.errors import AnswerNotGenuine
from onefile.verify.algorithms import ECDSA_P256, ED25519, SM2_SM3
from onefile.verify.errors import VerificationError
from onefile.verify.trust import Trust, TrustedKey

USE = "answers"
SKEW = timedelta(minutes=2)
ALWAYS = (
    "@status", "content-digest", "onefile-request-digest", '"@method";req', '"@path";req', '"@query";req',
)  # fmt: skip
CITED = ("onefile-grant", "onefile-item", "onefile-case", "onefile-for", "content-digest", "signature")


class _Keys(HTTPSignatureKeyResolver):
    """The bureau's keys for answers, out of the trust file."""

    def __init__(self, trust: Trust) -> None:
        self._trust = trust

    def resolve_public_key(self, key_id: str) -> TrustedKey:
        """Return the key of that id; InvalidSignature when it is not trusted for answers."""
        return trusted(self._trust, key_id)


class _OfTheBureau(HTTPSignatureAlgorithm):
    """A trusted key, asked whether a signature is its own."""

    def __init__(self, public_key: TrustedKey | None = None, private_key: object = None) -> None:  # noqa: ARG002
        self._key = public_key

    def verify(self, signature: bytes, message: bytes) -> None:
        """Return when the signature is the key's; raise InvalidSignature otherwise."""
        key = self._key
        if key is None:
            raise InvalidSignature("it has no key")
        given = signature if key.algorithm == ED25519 else _der(signature)
        if not key.public.holds(given, message):
            raise InvalidSignature("it was altered, or is an answer to another question")


def trusted(trust: Trust, key_id: str) -> TrustedKey:
    """Return the key that is trusted for answers; raise InvalidSignature when there is none, or it was lost."""
    try:
        key = trust.key(key_id, USE)
    except VerificationError as error:
        raise InvalidSignature(str(error)) from None
    if key.lost_at is not None:
        raise InvalidSignature("its key was lost")
    return key


def check(response: httpx2.Response, trust: Trust, now: Callable[[], datetime]) -> None:
    """Return when an answer is the bureau's, whole, and to its request; raise AnswerNotGenuine otherwise."""
    request = response.request
    said = hashlib.sha256(request.content).digest()
    if response.headers.get("onefile-request-digest") != f"sha-256=:{b64encode(said).decode('ascii')}:":
        raise AnswerNotGenuine("it is an answer to another question")
    present = [f'"{name}";req' for name in CITED if name in request.headers]
    kind = ["content-type"] if "content-type" in response.headers else []
    try:
        _verifier(response, trust, now).verify(
            adapt_message(response), max_age=None, expect_label=None, body=response.content,
            require_components=(*ALWAYS, *kind, *present),
        )  # fmt: skip
    except (HTTPMessageSignaturesException, VerificationError) as error:
        raise AnswerNotGenuine(str(error) or type(error).__name__) from None


class _Ed25519(_OfTheBureau):
    algorithm_id = "ed25519"


class _EcdsaP256(_OfTheBureau):
    algorithm_id = "ecdsa-p256-sha256"


class _Sm2(_OfTheBureau):
    algorithm_id = "sm2-sm3"


_ALGORITHMS: Mapping[str, type[_OfTheBureau]] = {ED25519: _Ed25519, ECDSA_P256: _EcdsaP256, SM2_SM3: _Sm2}


def _verifier(response: httpx2.Response, trust: Trust, now: Callable[[], datetime]) -> HTTPMessageVerifier:
    """Return what verifies with the algorithm of the trusted key that the answer names."""
    named = re.search(';keyid="([0-9a-f]{32})"', response.headers.get("signature-input", ""))
    key = trusted(trust, named.group(1) if named else "")
    verifier = _Verifier(signature_algorithm=_ALGORITHMS[key.algorithm], key_resolver=_Keys(trust))
    verifier.now = now
    return verifier


class _Verifier(HTTPMessageVerifier):
    """Takes the present instant from whoever asks."""

    now: Callable[[], datetime]

    def validate_created_and_expires(self, sig_input: Any, max_age: Any = None) -> None:  # noqa: ARG002
        """Raise InvalidSignature where the answer was signed some minutes before or after now."""
        created = sig_input.params.get("created")
        if type(created) is not int or abs(created - self.now().timestamp()) > SKEW.total_seconds():
            raise InvalidSignature("it was signed at another time")


def _der(signature: bytes) -> bytes:
    """Return a signature of r and s, 32 bytes each, as DER."""
    if len(signature) != 64:
        raise InvalidSignature("its signature has another length")
    return encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
