"""Every answer is signed (HTTP Message Signatures, RFC 9421), bound to its question.

Covered are the status, the content and its type, and of the request its method, path, query, the digest of its body
and what it cites, and its own signature where it has one: no answer can be altered, nor be passed off as one to
another question. The base is written here, in the one shape that we use; tests check it with another's library.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from licence_vault.signers import Signer, jws_signature
from onefile.verify.algorithms import ECDSA_P256, ED25519, SM2_SM3

USE = "answers"
LABEL = "onefile"
ALGORITHMS = {ED25519: "ed25519", ECDSA_P256: "ecdsa-p256-sha256", SM2_SM3: "sm2-sm3"}
REQUEST_DIGEST = "onefile-request-digest"
BOUND = ("onefile-grant", "onefile-item", "onefile-case", "onefile-for", "content-digest", "signature")
"""Headers of the request that are bound where it has them."""


@dataclass(frozen=True)
class Asked:
    """A request as it came: what of it an answer is bound to. `query` begins with `?`; header names in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body_digest: bytes


class AnswerSigner:
    """Signs answers with the bureau's key for `answers`."""

    def __init__(self, signer: Callable[[], Signer], now: Callable[[], datetime]) -> None:
        self._signer, self._now = signer, now

    def headers(self, asked: Asked, status: int, content_type: str, body: bytes) -> dict[str, str]:
        """Return the headers that make an answer signed."""
        digest = digest_field(hashlib.sha256(body).digest())
        request_digest = digest_field(asked.body_digest)
        covered = {
            '"@status"': str(status),
            '"content-digest"': digest,
            **({'"content-type"': content_type} if content_type else {}),
            f'"{REQUEST_DIGEST}"': request_digest,
            '"@method";req': asked.method,
            '"@path";req': asked.path,
            '"@query";req': asked.query,
            **{f'"{name}";req': asked.headers[name] for name in BOUND if name in asked.headers},
        }
        created, signer = int(self._now().timestamp()), self._signer()
        params = f'({" ".join(covered)});created={created};keyid="{signer.key_id}";alg="{ALGORITHMS[signer.algorithm]}"'
        lines = "\n".join(f"{name}: {value}" for name, value in covered.items())
        base = f'{lines}\n"@signature-params": {params}'
        signature = base64.b64encode(jws_signature(signer, base.encode("utf-8"))).decode("ascii")
        return {
            "Content-Digest": digest,
            "Onefile-Request-Digest": request_digest,
            "Signature-Input": f"{LABEL}={params}",
            "Signature": f"{LABEL}=:{signature}:",
        }


def digest_field(digest: bytes) -> str:
    """Return a SHA-256 as a Content-Digest (RFC 9530)."""
    return f"sha-256=:{base64.b64encode(digest).decode('ascii')}:"
