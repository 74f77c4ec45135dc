"""A lake in a bucket of an S3-compatible store: looked at by signed requests of our own, read by Arrow and `deltalake`.

Delta needs a store that keeps two writers from making the same commit. This one has to refuse a PUT under a name that
is taken (`If-None-Match: *`); whether it does is tried before the first table is made (`take`), with the mark by which
the bucket knows its home.
"""

from __future__ import annotations

import http.client
import json
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit
from xml.etree import ElementTree as ET

from licence_vault.materials import s3
from onefile.files import lock, write_whole
from onefile.settings import machine_clock
from pipelines.errors import BadLake, LakeElsewhere, LakeStoreGone, LakeStoreUnfit
from pipelines.places import LOG, NOTE, Folder, note

if TYPE_CHECKING:
    from deltalake import DeltaTable

MARK = "_onefile.json"
FORMAT = "onefile.lake/1"
SECONDS, TRIES = 30, 3
AGAIN = (429, 500, 502, 503, 504)
TAKEN = (409, 412)
"""What a store answers where a name is taken, or is being taken."""
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\Z")
_PREFIX = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.=-]*(?:/[A-Za-z0-9][A-Za-z0-9_.=-]*)*\Z")


def read_store(url: str, key_file: Path | None) -> Store:
    """Return the store that an `s3a://` URL names.

    Raises:
        BadLake: it names none; a key stands in it; the file with the key has none.
    """
    parts, said = urlsplit(url), dict(parse_qsl(urlsplit(url).query))
    endpoint, prefix = urlsplit(said.get("endpoint", "")), parts.path.strip("/")
    if parts.scheme != "s3a" or not _BUCKET.match(parts.netloc) or not set(said) <= {"endpoint", "region"}:
        raise BadLake("the store of the lake is named by no such address")
    if not _PREFIX.match(prefix):
        raise BadLake("the lake has no folder of its own in the bucket")
    if endpoint.scheme not in ("http", "https") or not endpoint.netloc or endpoint.path not in ("", "/"):
        raise BadLake("the endpoint of the lake's store is none")
    if "@" in endpoint.netloc:
        raise BadLake("a key stands in the endpoint, where everybody may read it")
    if key_file is None:
        raise BadLake("the file with the key of the lake's store is not named")
    place = f"{endpoint.scheme}://{endpoint.netloc}"
    return Store(place, parts.netloc, prefix, said.get("region", "us-east-1"), key_file)


@dataclass(frozen=True)
class Store:
    """A place of tables (`pipelines.places.Place`). Each method raises LakeStoreGone where the store says no."""

    endpoint: str
    bucket: str
    prefix: str
    region: str
    key_file: Path
    clock: Callable[[], datetime] = field(default=machine_clock, repr=False, compare=False)

    @property
    def address(self) -> str:
        return f"s3a://{self.bucket}/{self.prefix}"

    def tables(self) -> list[str]:
        layers = self._folders("")
        return sorted(table for layer in layers for table in self._folders(layer) if self.holds(table))

    def holds(self, table: str) -> bool:
        return bool(self._page({"prefix": f"{self.prefix}/{table}/{LOG}/", "max-keys": "1"}).findall("Contents"))

    def log(self, table: str) -> list[str]:
        names = (name for name, _ in self._listed(f"{table}/{LOG}/"))
        return sorted(name for name in names if name and "/" not in name)

    def read(self, table: str, name: str) -> bytes:
        status, content = self.ask("GET", f"{table}/{LOG}/{name}", wanted=(200, 404))
        if status == 404:
            raise FileNotFoundError(name)
        return content

    def sizes(self, table: str = "") -> Iterator[tuple[str, int]]:
        yield from self._listed(f"{table}/" if table else "")

    def opened(self, table: str) -> DeltaTable:
        from deltalake import DeltaTable

        return DeltaTable(f"s3://{self.bucket}/{self.prefix}/{table}", storage_options=self.options())

    def options(self) -> dict[str, str]:
        """Return what `deltalake` is told of the store, the key among it."""
        key_id, secret = self.key()
        return {"AWS_ACCESS_KEY_ID": key_id, "AWS_SECRET_ACCESS_KEY": secret, "AWS_ENDPOINT_URL": self.endpoint,
                "AWS_REGION": self.region, "AWS_ALLOW_HTTP": "true"}  # fmt: skip

    def files(self, table: str) -> Any:
        from pyarrow import fs

        key_id, secret = self.key()
        host = urlsplit(self.endpoint)
        bucket = fs.S3FileSystem(
            access_key=key_id, secret_key=secret, endpoint_override=host.netloc, scheme=host.scheme,
            region=self.region, allow_bucket_creation=False,
        )  # fmt: skip
        return fs.SubTreeFileSystem(f"{self.bucket}/{self.prefix}/{table}", bucket)

    def key(self) -> tuple[str, str]:
        """Return the access key's id and its secret, from the file as it is now.

        Raises:
            BadLake: it cannot be read, or has no two lines.
        """
        try:
            lines = self.key_file.read_text("utf-8").split()
        except (OSError, UnicodeDecodeError):
            raise BadLake("the file with the key of the lake's store cannot be read") from None
        if len(lines) != 2:
            raise BadLake("the file with the key of the lake's store has no two lines")
        return lines[0], lines[1]

    def is_versioned(self) -> bool:
        """Say whether the bucket keeps what is removed from it; a store that does not know versions does not."""
        status, content = self.ask("GET", None, {"versioning": ""}, wanted=(200, 403, 404, 405, 501))
        return status == 200 and _read(content).findtext("Status", "") == "Enabled"

    def ask(
        self, method: str, name: str | None, query: Mapping[str, str] | None = None, body: bytes = b"",
        headers: Mapping[str, str] | None = None, wanted: tuple[int, ...] = (200,),
    ) -> tuple[int, bytes]:  # fmt: skip
        """Send a request about a name below the lake's root, or about the bucket (None), until it is answered."""
        path = f"/{self.bucket}" if name is None else f"/{self.bucket}/{self.prefix}/{name}"
        place = s3.Place(self.endpoint, self.bucket, f"{self.prefix}/", self.region, *self.key())
        said = "no answer"
        for _ in range(TRIES):
            try:
                status, content = s3.send(place, method, path, query or {}, headers or {}, body, self.clock(), SECONDS)
            except (OSError, http.client.HTTPException) as error:
                said = type(error).__name__
                continue
            if status in wanted:
                return status, content
            said = f"status {status}"
            if status not in AGAIN:
                break
        raise LakeStoreGone("to look at the lake", said)

    def _folders(self, below: str) -> list[str]:
        """Return the folders right below a folder, by their names from the root."""
        start = f"{self.prefix}/{below}/" if below else f"{self.prefix}/"
        found = [each.findtext("Prefix", "") for page in self._pages({"prefix": start, "delimiter": "/"})
                 for each in page.findall("CommonPrefixes")]  # fmt: skip
        return [name.removeprefix(f"{self.prefix}/").strip("/") for name in found]

    def _listed(self, below: str) -> Iterator[tuple[str, int]]:
        start = f"{self.prefix}/{below}"
        for page in self._pages({"prefix": start}):
            for each in page.findall("Contents"):
                yield each.findtext("Key", "").removeprefix(start), int(each.findtext("Size", "0"))

    def _pages(self, query: Mapping[str, str]) -> Iterator[ET.Element]:
        token = ""
        while True:
            page = self._page({**query, **({"continuation-token": token} if token else {})})
            yield page
            token = page.findtext("NextContinuationToken", "")
            if page.findtext("IsTruncated") != "true" or not token:
                return

    def _page(self, query: Mapping[str, str]) -> ET.Element:
        return _read(self.ask("GET", None, {"list-type": "2", **query})[1])


def take(store: Store, home: Path) -> None:
    """See that the store is this home's and keeps writers apart; the first time, put the home's mark there.

    Raises:
        LakeElsewhere: the home has a lake in its own folder.
        LakeStoreUnfit: it is another home's, was emptied, does not refuse a second write, or keeps what is removed.
    """
    noted = note(home)
    if noted is None or not noted["is_taken"]:
        with lock(home / "locks" / "lake.lock"):
            _take(store, home, note(home))
    else:
        see(store, noted["mark"])


def see(store: Store, mark: str) -> None:
    """See that the store is the one that the home's mark lies in, and keeps nothing of what is removed.

    Raises:
        LakeStoreUnfit: it is not, or it does.
    """
    if _mark(store) != mark:
        raise LakeStoreUnfit("what it holds is not what this home left there; name the right bucket, or restore it")
    if store.is_versioned():
        raise LakeStoreUnfit(
            "its bucket keeps old versions, so that what is erased by law would stay: switch versioning off, remove "
            "the old versions, or name another bucket"
        )


def _take(store: Store, home: Path, noted: dict[str, Any] | None) -> None:
    if noted is not None and noted["is_taken"]:
        return
    if Folder(home / "lake").tables():
        raise LakeElsewhere(str(home / "lake"))
    mark = secrets.token_hex(16) if noted is None else str(noted["mark"])
    told = {"format": FORMAT, "lake": store.address, "mark": mark}
    write_whole(home / NOTE, json.dumps({**told, "is_taken": False}, sort_keys=True).encode())
    _put_new(store, {"format": FORMAT, "mark": mark})
    if _mark(store) != mark:
        raise LakeStoreUnfit("another home's lake lies under this address; name a folder of its own")
    see(store, mark)
    if _put_new(store, {"format": FORMAT, "mark": mark}) not in TAKEN:
        raise LakeStoreUnfit(
            "it writes over what is there though told not to (If-None-Match: *), so that of two commits made at once "
            "one would be lost; take a store that has conditional writes"
        )
    write_whole(home / NOTE, json.dumps({**told, "is_taken": True}, sort_keys=True).encode())


def _put_new(store: Store, told: Mapping[str, str]) -> int:
    content = json.dumps(told, sort_keys=True).encode()
    return store.ask("PUT", MARK, body=content, headers={"if-none-match": "*"}, wanted=(200, *TAKEN))[0]


def _mark(store: Store) -> str:
    status, content = store.ask("GET", MARK, wanted=(200, 404))
    try:
        return str(json.loads(content)["mark"]) if status == 200 else ""
    except (ValueError, KeyError, TypeError):
        return ""


def _read(content: bytes) -> ET.Element:
    """Return an answer's XML without its namespace.

    Raises:
        LakeStoreGone: it is none.
    """
    if b"<!" in content:
        raise LakeStoreGone("to look at the lake", "an answer that is no list")
    try:
        found = ET.fromstring(content)
    except ET.ParseError:
        raise LakeStoreGone("to look at the lake", "an answer that is no list") from None
    for each in found.iter():
        each.tag = each.tag.rpartition("}")[2]
    return found
