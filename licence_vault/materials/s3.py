"""An S3-compatible store of sealed bytes, addressed by path; requests are signed (AWS Signature Version 4).

Four requests are all that it needs, so no client library is. A PUT is there whole or not at all: the store holds it
against the hash that is signed with it.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlsplit
from xml.etree import ElementTree as ET

from licence_vault.errors import VaultError
from licence_vault.materials.errors import StoreGone
from licence_vault.materials.folder import NAME

SECONDS = 30
TRIES = 3
AGAIN = (429, 500, 502, 503, 504)
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\Z")
_MOST_OF_A_LIST = 16 * 2**20


class BadStore(VaultError):
    """What names the store of materials, or the file with its key, cannot be used."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what}: ONEFILE_MATERIALS is s3://BUCKET[/PREFIX]?endpoint=https://HOST[:PORT][&region=NAME], and "
            "ONEFILE_MATERIALS_KEY a file with the access key's id and its secret, a line each"
        )


@dataclass(frozen=True)
class Place:
    """Where a bucket is, and with which key it opens."""

    endpoint: str
    bucket: str
    prefix: str
    region: str
    key_id: str
    secret: str = field(repr=False)


def read_place(url: str, key_file: Path | None) -> Place:
    """Return the place that an `s3://` URL names; BadStore where it names none, or the key file has no key."""
    parts = urlsplit(url)
    said = dict(parse_qsl(parts.query))
    endpoint = urlsplit(said.get("endpoint", ""))
    if parts.scheme != "s3" or not _BUCKET.match(parts.netloc) or not set(said) <= {"endpoint", "region"}:
        raise BadStore("the store of materials is named by no such address")
    if endpoint.scheme not in ("http", "https") or not endpoint.netloc or endpoint.path not in ("", "/"):
        raise BadStore("the endpoint of the store of materials is none")
    try:
        lines = key_file.read_text("utf-8").split() if key_file is not None else []
    except (OSError, UnicodeDecodeError):
        raise BadStore("the file with the store's key cannot be read") from None
    if len(lines) != 2:
        raise BadStore("the file with the store's key is missing, or has no two lines")
    prefix = parts.path.strip("/")
    return Place(f"{endpoint.scheme}://{endpoint.netloc}", parts.netloc, f"{prefix}/" if prefix else "",
                 said.get("region", "us-east-1"), lines[0], lines[1])  # fmt: skip


class Bucket:
    """A bucket as a store. Each method raises StoreGone where it does not answer, or says no."""

    def __init__(self, place: Place, clock: Callable[[], datetime]) -> None:
        self._place, self._clock = place, clock

    def put(self, name: str, sealed: bytes) -> None:
        """Keep bytes under a name, in one step."""
        self._ask("PUT", self._path(name), {}, sealed, (200,))

    def get(self, name: str) -> bytes:
        """Return what is kept under a name."""
        return self._ask("GET", self._path(name), {}, b"", (200,))

    def remove(self, name: str) -> None:
        """Remove a name where it is there."""
        self._ask("DELETE", self._path(name), {}, b"", (200, 204, 404))

    def names(self) -> Iterator[tuple[str, float]]:
        """Yield the names that are there, and since when, in seconds of the epoch."""
        token = ""
        while True:
            query = {"list-type": "2", "prefix": self._place.prefix, **({"continuation-token": token} if token else {})}
            listed = _read(self._ask("GET", f"/{self._place.bucket}", query, b"", (200,)))
            for each in listed.findall("Contents"):
                name = each.findtext("Key", "").removeprefix(self._place.prefix).rpartition("/")[2]
                if NAME.match(name):
                    yield name, datetime.fromisoformat(each.findtext("LastModified", "")).timestamp()
            token = listed.findtext("NextContinuationToken", "")
            if listed.findtext("IsTruncated") != "true" or not token:
                return

    def _path(self, name: str) -> str:
        if not NAME.match(name):
            raise StoreGone
        return f"/{self._place.bucket}/{self._place.prefix}{name[:2]}/{name}"

    def _ask(self, method: str, path: str, query: Mapping[str, str], body: bytes, wanted: tuple[int, ...]) -> bytes:
        """Send a request until it is answered; each of them may be sent twice."""
        for left in range(TRIES - 1, -1, -1):
            try:
                status, content = send(self._place, method, path, query, {}, body, self._clock())
            except (OSError, http.client.HTTPException):
                if not left:
                    raise StoreGone from None
                continue
            if status in wanted:
                return content
            if status not in AGAIN:
                break
        raise StoreGone


def send(
    place: Place, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes,
    at: datetime, seconds: float = SECONDS,
) -> tuple[int, bytes]:  # fmt: skip
    """Send one signed request; return the status of the answer and its content.

    Raises:
        OSError, http.client.HTTPException: there was no answer, or none that is one.
    """
    host = urlsplit(place.endpoint)
    made = http.client.HTTPSConnection if host.scheme == "https" else http.client.HTTPConnection
    link = made(host.netloc, timeout=seconds)
    try:
        told = signed(place, method, path, query, {**headers, "host": host.netloc}, body, at)
        asked = f"{quote(path, safe='/-_.~')}?{_query(query)}" if query else quote(path, safe="/-_.~")
        link.request(method, asked, body or None, told)
        answer = link.getresponse()
        return answer.status, answer.read()
    finally:
        link.close()


def signed(
    place: Place, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes,
    at: datetime,
) -> dict[str, str]:  # fmt: skip
    """Return the headers of a request with its signature.

    Args:
        headers: those to be sent and signed, `host` among them, names in lower case.

    Source: Amazon S3, Authenticating Requests (AWS Signature Version 4), in a single chunk.
    """
    digest, instant = hashlib.sha256(body).hexdigest(), at.strftime("%Y%m%dT%H%M%SZ")
    told = {**headers, "x-amz-content-sha256": digest, "x-amz-date": instant}
    names = ";".join(sorted(told))
    lines = "".join(f"{name}:{told[name].strip()}\n" for name in sorted(told))
    request = "\n".join((method, quote(path, safe="/-_.~"), _query(query), lines, names, digest))
    scope = f"{instant[:8]}/{place.region}/s3/aws4_request"
    to_sign = "\n".join(("AWS4-HMAC-SHA256", instant, scope, hashlib.sha256(request.encode()).hexdigest()))
    key = f"AWS4{place.secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    proof = hmac.digest(key, to_sign.encode(), "sha256").hex()
    authorization = f"AWS4-HMAC-SHA256 Credential={place.key_id}/{scope},SignedHeaders={names},Signature={proof}"
    return {**told, "authorization": authorization}


def _query(query: Mapping[str, str]) -> str:
    return "&".join(f"{quote(name, safe='-_.~')}={quote(query[name], safe='-_.~')}" for name in sorted(query))


def _read(data: bytes) -> ET.Element:
    """Return a list's XML without its namespace; StoreGone where it is none."""
    if len(data) > _MOST_OF_A_LIST or b"<!" in data:
        raise StoreGone
    try:
        found = ET.fromstring(data)
    except ET.ParseError:
        raise StoreGone from None
    for each in found.iter():
        each.tag = each.tag.rpartition("}")[2]
    return found
