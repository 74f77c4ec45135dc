"""One request to a department's service, and its answer as JSON: bounded in bytes and time, and only ever that service.

A redirect, or the address of a next page, that leads to another host, port or scheme is refused: credentials go along
with every request, and nobody's answer decides where they go.
"""

from __future__ import annotations

import base64
import http.client
import json
import re
import socket
import ssl
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlencode, urljoin, urlsplit

from inbox.pulling.addresses import Address
from inbox.pulling.errors import SourceFailed, SourceOdd, SourceUnusable

ATTEMPTS = 3
MOST_BYTES = 64 * 2**20
"""Of an answer, as it is once unpacked."""
MOST_REDIRECTS = 5
MOST_SECONDS_TO_WAIT = 60
CA = "ca"
"""Option that names a file with the certificates (PEM) of a service's own authority; others are headers."""
PARAMETER = "?"
"""With what options begin that are parameters of every request: keys that a service wants in its address."""
PIECE = 2**16
_TOKEN = re.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]+")
WITHOUT_END = "an answer without end"
SLOWEST = 10
"""How many times the timeout an answer may take as a whole."""
PASSING = (429, 500, 502, 503, 504)
_HEADERS = {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "onefile"}
_PORTS = {"https": 443, "http": 80}


class _Broke(Exception):
    """A request broke off; the argument says how, in words of ours. Trying again may help."""


@dataclass(frozen=True)
class Answer:
    """What a service answered: the JSON, numbers as they were written, and the address in the header Link of `next`."""

    content: object
    link: str | None


class Service:
    """A department's service. One object serves one pull."""

    def __init__(self, address: Address, timeout: float, wait: Callable[[float], None]) -> None:
        self._address, self._timeout, self._wait = address, timeout, wait
        self._headers = {key: text for key, text in address.options.items() if not key.startswith(PARAMETER)}
        self._parameters = {key[1:].strip(): text for key, text in address.options.items() if key.startswith(PARAMETER)}
        if not all(_TOKEN.fullmatch(key) and text.isascii() for key, text in self._headers.items()):
            raise SourceUnusable(address.setting, "a line below the address is no header", "write each as 'NAME: VALUE'"
                                 " in ASCII, or a parameter as '?NAME: VALUE'")  # fmt: skip
        try:
            self._context = ssl.create_default_context(cafile=self._headers.pop(CA, None))
        except OSError:
            raise SourceUnusable(address.setting, "its 'ca' holds no certificates", "name a file in PEM") from None
        try:
            parts = urlsplit(address.url)
            self._origin = _origin(address.url)
        except ValueError:
            raise SourceUnusable(address.setting, "it is no address", "write https://HOST[:PORT][/PATH]") from None
        if parts.scheme not in _PORTS or not parts.hostname or parts.query or parts.fragment:
            raise SourceUnusable(address.setting, "it is no address of a service", "write https://HOST[:PORT][/PATH]")
        self.base = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path.rstrip('/')}"
        if parts.username is not None:
            pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            self._headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode('ascii')}"

    def get(self, url: str) -> Answer:
        """Ask for an address of the service; what breaks off is tried again, three times in all.

        Raises:
            SourceFailed: it broke off each time, or refused.
            SourceOdd: it answered otherwise than with JSON of bounded size, or sent us elsewhere.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._followed(url)
            except _Broke as error:
                kind, after = error.args
                if attempt == ATTEMPTS:
                    raise SourceFailed(self._address.setting, kind, attempt) from None
                self._wait(after if after is not None else 4.0 ** (attempt - 1))
            except ssl.SSLCertVerificationError:
                raise SourceFailed(self._address.setting, "a certificate that does not hold", attempt) from None
            except (OSError, http.client.HTTPException) as error:
                if attempt == ATTEMPTS:
                    raise SourceFailed(self._address.setting, _said(error), attempt) from None
                self._wait(4.0 ** (attempt - 1))
        raise SourceFailed(self._address.setting, "nothing", ATTEMPTS)

    def inside(self, url: str, base: str, what: str) -> str:
        """Return an address that the service told, once it is one of its own; SourceOdd where it leads away."""
        try:
            found = urljoin(base, url)
            is_inside = _origin(found) == self._origin
        except ValueError:
            is_inside = False
        if not is_inside or any(ord(sign) <= 32 or ord(sign) > 126 for sign in found):
            raise SourceOdd(
                self._address.setting, f"{what} that leads to another host", "one on the same host and port"
            )
        return found

    def _followed(self, url: str) -> Answer:
        for _ in range(MOST_REDIRECTS):
            answer = self._once(url)
            if isinstance(answer, Answer):
                return answer
            url = self.inside(answer, url, "a redirect")
        raise SourceOdd(self._address.setting, f"more than {MOST_REDIRECTS} redirects", "the list itself")

    def _once(self, url: str) -> Answer | str:
        """Ask once; return the answer, or the address that it redirects to."""
        parts = urlsplit(url)
        connection, late = self._connection(), threading.Event()
        connection.connect()
        watch = threading.Timer(SLOWEST * self._timeout, _hang_up, (connection.sock, late))
        watch.daemon = True
        watch.start()
        closed = ExitStack()
        try:
            asked = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] not in self._parameters]
            query = urlencode([*asked, *self._parameters.items()]) if self._parameters else parts.query
            target = (parts.path or "/") + (f"?{query}" if query else "")
            connection.request("GET", target, headers={**_HEADERS, **self._headers})
            answer = closed.enter_context(connection.getresponse())
            where = answer.headers.get("Location")
            if answer.status in (301, 302, 303, 307, 308) and where:
                return where
            self._check_status(answer)
            content = b"".join(self._pieces(answer))
            if late.is_set():
                raise _Broke(WITHOUT_END, None)
            return Answer(self._read(answer, content), _next_link(answer.headers.get_all("Link") or []))
        except (OSError, http.client.HTTPException):
            if late.is_set():
                raise _Broke(WITHOUT_END, None) from None
            raise
        finally:
            watch.cancel()
            closed.close()
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        scheme, host, port = self._origin
        if scheme == "https":
            return http.client.HTTPSConnection(host, port, timeout=self._timeout, context=self._context)
        return http.client.HTTPConnection(host, port, timeout=self._timeout)

    def _check_status(self, answer: http.client.HTTPResponse) -> None:
        if answer.status == 200:
            return
        if answer.status in PASSING:
            after = answer.headers.get("Retry-After", "")
            raise _Broke(
                f"status {answer.status}", min(float(after), MOST_SECONDS_TO_WAIT) if after.isdecimal() else None
            )
        raise SourceFailed(self._address.setting, f"status {answer.status}", 1)

    def _read(self, answer: http.client.HTTPResponse, content: bytes) -> object:
        kind = answer.headers.get_content_type()
        if kind == "text/html" or content.lstrip()[:1] == b"<":
            raise SourceOdd(self._address.setting, "a page (HTML or XML)", "JSON: look whether it wants a login")
        try:
            return json.loads(content.decode("utf-8-sig"), object_pairs_hook=_once_each, parse_int=str, parse_float=str,
                              parse_constant=_no_constant)  # fmt: skip
        except RecursionError:
            raise SourceOdd(
                self._address.setting, "JSON that is nested without end", "a list of flat objects"
            ) from None
        except ValueError:
            raise SourceOdd(self._address.setting, "what is no JSON in UTF-8", "a list of objects in JSON") from None

    def _pieces(self, answer: http.client.HTTPResponse) -> Iterator[bytes]:
        """Yield the answer unpacked, as long as it keeps within its bounds."""
        packing = answer.headers.get("Content-Encoding", "identity").lower()
        if packing not in ("identity", "gzip"):
            raise SourceOdd(self._address.setting, "an answer packed in a way that was not asked for", "gzip, or none")
        unpacked = zlib.decompressobj(31) if packing == "gzip" else None
        size = 0
        while raw := answer.read1(PIECE):
            for piece in [raw] if unpacked is None else _unpack(unpacked, raw):
                size += len(piece)
                if size > MOST_BYTES:
                    raise SourceOdd(self._address.setting, f"more than {MOST_BYTES} bytes a page", "smaller pages")
                yield piece
        if unpacked is not None and not unpacked.eof:
            raise _Broke("a packed answer that was cut off", None)
        if answer.length:
            raise _Broke("an answer that was cut off", None)


def _hang_up(there: socket.socket, late: threading.Event) -> None:
    """End a connection that takes too long, whatever it waits for."""
    late.set()
    with suppress(OSError):
        there.shutdown(socket.SHUT_RDWR)


def _unpack(unpacked: zlib._Decompress, raw: bytes) -> Iterator[bytes]:
    """Yield what bytes unpack to, never much at once."""
    try:
        while raw:
            yield unpacked.decompress(raw, PIECE)
            raw = unpacked.unconsumed_tail
    except zlib.error:
        raise _Broke("a packed answer that is broken", None) from None


def _said(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, http.client.IncompleteRead):
        return "an answer that was cut off"
    return type(error).__name__


def _origin(url: str) -> tuple[str, str, int]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)


def _next_link(headers: list[str]) -> str | None:
    """Return the address of the next page from the header Link (RFC 8288)."""
    for part in ",".join(headers).split(","):
        address, _, parameters = part.partition(";")
        if 'rel="next"' in parameters.replace(" ", "") or "rel=next" in parameters.replace(" ", ""):
            return address.strip().removeprefix("<").removesuffix(">")
    return None


def _once_each(pairs: list[tuple[str, object]]) -> Mapping[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a key twice")
    return members


def _no_constant(text: str) -> object:
    raise ValueError(text)
