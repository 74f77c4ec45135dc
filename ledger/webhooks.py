"""Sends one notice: a POST to the address that was judged, signed (RFC 9421), with no redirect followed.

Covered by the signature are method, target and the digest of the body (RFC 9530); the key is the bureau's for
`notices`, which its trust file has. Whatever answers 2xx has taken it.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import socket
import ssl
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Protocol

from ledger.addresses import Network, Place, judged, look_up
from licence_vault.canonical import canonical
from licence_vault.signers import Signer, jws_signature
from onefile.verify.algorithms import ECDSA_P256, ED25519, SM2_SM3

USE = "notices"
LABEL = "onefile"
ALGORITHMS = {ED25519: "ed25519", ECDSA_P256: "ecdsa-p256-sha256", SM2_SM3: "sm2-sm3"}
SECONDS = 10.0
MOST_ANSWER_BYTES = 10_000


class Message(Protocol):
    """What is sent: a notice or an event. Its number goes along in a header of its kind."""

    @property
    def header(self) -> str: ...
    @property
    def number(self) -> int: ...
    def body(self) -> dict[str, Any]: ...


class Webhooks:
    """Sends notices and events, signed with one key, to places that may be sent to."""

    def __init__(
        self, signer: Signer, allowed: Sequence[Network], now: Callable[[], datetime],
        resolve: Callable[[str, int], list[str]] = look_up, context: ssl.SSLContext | None = None,
    ) -> None:  # fmt: skip
        self._signer, self._allowed, self._now, self._resolve = signer, allowed, now, resolve
        self._context = context or ssl.create_default_context()

    def send(self, message: Message, url: str) -> str:
        """Send a message; return what went wrong, nothing where it was taken.

        Raises:
            TargetRefused: it may not be sent there.
        """
        place = judged(url, self._allowed, self._resolve)
        body = canonical(message.body())
        try:
            number = {message.header: str(message.number)}
            status = self._post(place, body, self.headers(url, body) | number)
        except (OSError, http.client.HTTPException) as error:
            return f"it cannot be reached ({type(error).__name__})"
        return "" if 200 <= status < 300 else f"it answered {status}"

    def headers(self, url: str, body: bytes) -> dict[str, str]:
        """Return the headers of a signed request."""
        digest = f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode('ascii')}:"
        covered = {'"@method"': "POST", '"@target-uri"': url, '"content-digest"': digest}
        params = (
            f"({' '.join(covered)});created={int(self._now().timestamp())}"
            f';keyid="{self._signer.key_id}";alg="{ALGORITHMS[self._signer.algorithm]}"'
        )
        lines = "".join(f"{name}: {value}\n" for name, value in covered.items())
        signed = jws_signature(self._signer, f'{lines}"@signature-params": {params}'.encode())
        return {
            "Content-Type": "application/json",
            "Content-Digest": digest,
            "Signature-Input": f"{LABEL}={params}",
            "Signature": f"{LABEL}=:{base64.b64encode(signed).decode('ascii')}:",
            "User-Agent": "onefile",
        }

    def _post(self, place: Place, body: bytes, headers: dict[str, str]) -> int:
        connection = _Pinned(place, self._context)
        try:
            connection.request("POST", place.path, body, headers)
            answer = connection.getresponse()
            answer.read(MOST_ANSWER_BYTES)
            return answer.status
        finally:
            connection.close()


class _Pinned(http.client.HTTPConnection):
    """A connection to the address that was judged; the name is for TLS and the Host header only."""

    def __init__(self, place: Place, context: ssl.SSLContext) -> None:
        super().__init__(place.host, place.port, timeout=SECONDS)
        self._place, self._tls = place, context
        self.default_port = 443 if place.scheme == "https" else 80

    def connect(self) -> None:
        """Connect without looking the name up again."""
        self.sock = socket.create_connection((self._place.address, self._place.port), SECONDS)
        if self._place.scheme == "https":
            self.sock = self._tls.wrap_socket(self.sock, server_hostname=self._place.host)
