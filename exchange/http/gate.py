"""What every request passes, before a route sees it and after it answered: bounds, a token, a signature on the answer.

No path is open but those listed here; any other, be there something at it or not, wants a token that holds. A failure
of the program is told by its class and place, never by its text, which may quote a row.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
import traceback
from base64 import b64decode
from binascii import Error as NoBase64
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import structlog
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from exchange.access.tokens import Token
from exchange.clients.keys import thumbprint
from exchange.errors import Fault, Refusal, TokenMissing, TooLarge, TooSlow
from exchange.http import bounds, problems
from exchange.http.counting import Figures
from exchange.http.signing import Asked
from onefile.errors import OneFileError

if TYPE_CHECKING:
    from exchange.counter import Counter

OPEN = {
    "/healthz", "/readyz", "/metrics", "/openapi.json", "/oauth/token", "/oauth/jwks.json", "/v1/verify",
    "/catalog.ttl", "/catalog.jsonld", "/data.json", "/v1/keys",
}  # fmt: skip
OPEN_BELOW = ("/.well-known/", "/log/", "/status/", "/open/", "/oidc/")
SIGNED_BELOW = ("/v1/", "/findUsage")
SHARES_BELOW = "/delta-sharing/"
"""Below it a share's own token opens, or a signed link; the routes there ask for it."""
FILES_BELOW = "/delta-sharing/files/"
_log = structlog.get_logger("exchange")


def is_open(path: str) -> bool:
    """Say whether a path needs no token."""
    return path in OPEN or path.startswith(OPEN_BELOW)


@dataclass
class _Answer:
    """An answer as the application gives it, held back until it is whole."""

    start: Message = field(default_factory=dict)
    parts: list[bytes] = field(default_factory=list)
    is_sent: bool = False

    async def take(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.start = message
        elif message["type"] == "http.response.body":
            self.parts.append(message.get("body", b""))


class _Streamed(_Answer):
    """A file, which leaves as it is read; what is no file is held back like any answer."""

    def __init__(self, send: Send) -> None:
        super().__init__()
        self._send = send

    async def take(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            if self.is_sent:
                raise ConnectionError  # it failed on its way: the connection ends, for half a file is none
            self.start, self.is_sent = message, message["status"] in (200, 206)
        if self.is_sent:
            await self._send(message)
        else:
            await super().take(message)


class Gate:
    """The outermost layer of the application."""

    def __init__(self, app: ASGIApp, counter: Counter) -> None:
        self._app, self._counter, self.figures = app, counter, Figures()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, and its answer out."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        body, began = _Body(receive, headers), time.perf_counter()
        answer = _Streamed(send) if scope["path"].startswith(FILES_BELOW) else _Answer()
        try:
            await self._pass(scope, headers, body, answer)
        except ConnectionError:
            return  # the client is gone: there is nobody to answer
        if not answer.is_sent:
            await self._send(scope, headers, body, answer, send)
        self.figures.count(answer.start["status"], time.perf_counter() - began)

    async def _pass(self, scope: Scope, headers: dict[str, str], body: _Body, answer: _Answer) -> None:
        """Have the application answer, or say why it is not asked."""
        lang = problems.language(headers)
        try:
            scope.setdefault("state", {})
            self._counter.keystore.refresh()  # keys that were rotated, or lost, count from the next request on
            bounds.check_headers(scope, headers, self._counter.settings.certificate_header)
            scope["state"]["token"] = self._admit(scope["path"], headers)
            limits = bounds.limits_of(scope)
            receive = await body.kept(limits) if limits.is_kept else body.streamed(limits)
            scope["state"]["content_digest"] = body.digest
            if not limits.is_kept or isinstance(answer, _Streamed):  # bodies and files that come and go take their time
                await self._app(scope, receive, answer.take)
                return
            with self._counter.ledger.expected() as expected:
                scope["state"]["expected"] = expected
                await self._app(scope, receive, answer.take)
        except OneFileError as error:
            await problems.response(problems.refusal_of(error), lang)(scope, _nothing, answer.take)
        except (ConnectionError, ClientDisconnect):
            raise ConnectionError from None
        except Exception as error:  # noqa: BLE001 # the outermost door: what it is about must reach neither answer nor log
            _tell(error)
            answer.parts.clear()
            await problems.response(Fault(), lang)(scope, _nothing, answer.take)

    def _admit(self, path: str, headers: dict[str, str]) -> Token | None:
        """Return what the token says; None where the path is open and there is none."""
        if path.startswith(SHARES_BELOW):
            return None
        scheme, _, text = headers.get("authorization", "").partition(" ")
        if is_open(path) and not text:
            return None
        if scheme.lower() != "bearer" or not text:
            if is_open(path):
                return None
            raise TokenMissing
        return self._counter.tokens.read(text.strip(), self._counter.now(), self.certificate(headers))

    def certificate(self, headers: dict[str, str]) -> str:
        """Return the SHA-256 of the certificate that the front proxy hands on; empty where it does not."""
        name = self._counter.settings.certificate_header
        said = headers.get(name, "") if name else ""
        try:
            return thumbprint(b64decode(said.strip(":"), validate=True)) if said else ""
        except (NoBase64, ValueError):
            return ""

    async def _send(
        self, scope: Scope, headers: dict[str, str], body: _Body, answer: _Answer, send: Send
    ) -> None:  # fmt: skip
        content = b"".join(answer.parts)
        start = answer.start
        told = MutableHeaders(raw=list(start["headers"]))
        told["X-Content-Type-Options"] = "nosniff"
        if scope["path"].startswith(SIGNED_BELOW):
            told.setdefault("Cache-Control", "no-store")
            asked = _asked(scope, headers, body.digest)
            for name, value in self._counter.signer.headers(
                asked, start["status"], told.get("content-type", ""), content
            ).items():
                told[name] = value
        await send({"type": "http.response.start", "status": start["status"], "headers": told.raw})
        await send({"type": "http.response.body", "body": content if scope["method"] != "HEAD" else b""})


class _Body:
    """A request's body, and the digest of what of it arrived."""

    def __init__(self, receive: Receive, headers: dict[str, str]) -> None:
        self._receive, self._headers = receive, headers
        self._hash = hashlib.sha256()

    @property
    def digest(self) -> bytes:
        return self._hash.digest()

    async def kept(self, limits: bounds.Limits) -> Receive:
        """Return the body read whole, as something to receive."""
        content = await bounds.whole_body(self._receive, self._headers, limits)
        self._hash.update(content)
        is_told = False

        async def replay() -> Message:
            nonlocal is_told
            if is_told:
                return await self._receive()
            is_told = True
            return {"type": "http.request", "body": content, "more_body": False}

        return replay

    def streamed(self, limits: bounds.Limits) -> Receive:
        """Return the body as it comes, bounded on the way."""
        bounds.check_length(self._headers, limits)
        size, ends = 0, asyncio.get_running_loop().time() + limits.seconds

        async def counted() -> Message:
            nonlocal size
            try:
                async with asyncio.timeout_at(ends):
                    message = await self._receive()
            except TimeoutError:
                raise TooSlow(limits.seconds) from None
            part = message.get("body", b"")
            size += len(part)
            if size > limits.most_bytes:
                raise TooLarge(limits.most_bytes)
            self._hash.update(part)
            return message

        return counted


def _asked(scope: Scope, headers: dict[str, str], digest: bytes) -> Asked:
    path = scope.get("raw_path", scope["path"].encode()).decode("latin-1").partition("?")[0]
    return Asked(scope["method"], path, "?" + scope["query_string"].decode("latin-1"), headers, digest)


def _tell(error: Exception) -> None:
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{frames[-1].filename.rsplit('/', 2)[-1]}:{frames[-1].lineno}" if frames else "?"
    _log.error("fault", kind=type(error).__name__, where=where)


async def _nothing() -> Message:
    return {"type": "http.disconnect"}


__all__ = ["Gate", "Refusal", "is_open"]
