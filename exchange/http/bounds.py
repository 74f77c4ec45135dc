"""What no request may overstep, whatever route it goes to: size, time to arrive, depth; and digests that must hold."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.types import Receive, Scope

from exchange.errors import BadRequest, DigestDiffers, TooLarge, TooSlow
from exchange.http.signing import digest_field

MOST_BYTES = 2 * 2**20
MOST_OF_A_DELIVERY = 512 * 2**20
MOST_OF_A_MATERIAL = 34 * 2**20
SECONDS_TO_ARRIVE = 30
SECONDS_OF_A_DELIVERY = 1800
SECONDS_OF_A_MATERIAL = 300
DELIVERIES = "/v1/deliveries"
MATERIALS = "/v1/materials"
MOST_DEPTH = 32
MOST_HEADERS = 100
ONCE = {"authorization", "content-type", "content-length", "content-digest", "host", "idempotency-key", "signature"}
ONCE_BEGIN = "onefile-"
"""Headers that decide something: of two of a name one reader takes the first and another the last."""
_MARKS = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)


@dataclass(frozen=True)
class Limits:
    """How large a body may be and how long it may take; `is_kept`: it is read whole before it is looked at."""

    most_bytes: int
    seconds: int
    is_kept: bool


def limits_of(scope: Scope) -> Limits:
    """Return the limits of a request."""
    if scope["path"] == DELIVERIES and scope["method"] == "POST":
        return Limits(MOST_OF_A_DELIVERY, SECONDS_OF_A_DELIVERY, is_kept=False)
    if scope["path"] == MATERIALS and scope["method"] == "POST":
        return Limits(MOST_OF_A_MATERIAL, SECONDS_OF_A_MATERIAL, is_kept=False)
    return Limits(MOST_BYTES, SECONDS_TO_ARRIVE, is_kept=True)


def check_headers(scope: Scope, headers: Mapping[str, str], certificate_header: str) -> None:
    """Raise BadRequest where a request has too many headers, twice one that decides something, or no Host."""
    if scope.get("http_version") == "1.1" and "host" not in headers:
        raise BadRequest("it has no Host (RFC 9112, section 3.2)")
    if len(scope["headers"]) > MOST_HEADERS:
        raise BadRequest(f"it has more than {MOST_HEADERS} headers")
    if len(scope["headers"]) == len(headers):
        return
    counts = Counter(name.decode("latin-1").lower() for name, _ in scope["headers"])
    once = {*ONCE, certificate_header}
    if any(count > 1 and (name in once or name.startswith(ONCE_BEGIN)) for name, count in counts.items()):
        raise BadRequest("a header that may stand there once stands there twice")


async def whole_body(receive: Receive, headers: Mapping[str, str], limits: Limits) -> bytes:
    """Return a request's body once it is there, whole, in time, and as its Content-Digest says.

    Raises:
        TooLarge, TooSlow, DigestDiffers, BadRequest: it is not.
        ConnectionError: the client went away.
    """
    check_length(headers, limits)
    try:
        async with asyncio.timeout(limits.seconds):
            body = await _read(receive, limits)
    except TimeoutError:
        raise TooSlow(limits.seconds) from None
    if "content-digest" in headers and "sha-256" in headers["content-digest"]:
        _check_digest(headers["content-digest"], body)
    if depth(body) > MOST_DEPTH:
        raise BadRequest(f"its JSON is nested deeper than {MOST_DEPTH}")
    return body


def check_length(headers: Mapping[str, str], limits: Limits) -> None:
    """Raise TooLarge where a request says that it is."""
    said = headers.get("content-length", "0")
    if not said.isdecimal() or int(said[:20]) > limits.most_bytes:
        raise TooLarge(limits.most_bytes)


def depth(body: bytes) -> int:
    """Return an upper bound of how deep a JSON text is nested, in one pass and without recursion."""
    if body.count(b"[") + body.count(b"{") <= MOST_DEPTH:
        return 0
    deepest = level = 0
    for found in _MARKS.finditer(body):
        mark = found.group()
        level += 1 if mark in b"[{" else -1 if mark in b"]}" else 0
        deepest = max(deepest, level)
    return deepest


async def _read(receive: Receive, limits: Limits) -> bytes:
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionError
        part: bytes = message.get("body", b"")
        size += len(part)
        if size > limits.most_bytes:
            raise TooLarge(limits.most_bytes)
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def _check_digest(said: str, body: bytes) -> None:
    if digest_field(hashlib.sha256(body).digest()) not in [part.strip() for part in said.split(",")]:
        raise DigestDiffers
