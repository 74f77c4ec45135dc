"""A lake's place in a bucket: how it is named, whose it is, and which stores are refused before anything is written."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

import pytest

from onefile import settings
from onefile.cli import doctor
from pipelines import commit_check, places, store_engine, upkeep
from pipelines.errors import BadLake, LakeElsewhere, LakeStoreGone, LakeStoreUnfit, NotInAStore, StoreJarsMissing
from pipelines.places import Folder
from pipelines.rebuilding import require_folder
from pipelines.session import in_process
from pipelines.store import MARK, Store, read_store, take
from pipelines.workshop import Workshop

SECRET = "never-to-be-seen"
URL = "s3a://bureau/city/lake?endpoint=http://127.0.0.1:9000&region=cn-1"
LOG = "city/lake/silver/shop/_delta_log"


@dataclass
class Bucket:
    """What a store of somebody else's holds, and how it behaves."""

    objects: dict[str, bytes] = field(default_factory=dict)
    is_versioned: bool = False
    is_writing_over: bool = False
    is_closed: bool = False
    port: int = 0

    def list(self, query: dict[str, str]) -> str:
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
        below = sorted(name for name in self.objects if name.startswith(prefix))
        folders = sorted({prefix + rest.split("/")[0] + "/" for name in below if "/" in (rest := name[len(prefix) :])})
        keys = [name for name in below if not delimiter or "/" not in name[len(prefix) :]]
        first = int(query.get("continuation-token", "0"))
        page = keys[first : first + 2]  # pages are short, so that there are several
        rows = "".join(f"<Contents><Key>{escape(k)}</Key><Size>{len(self.objects[k])}</Size></Contents>" for k in page)
        rows += "".join(f"<CommonPrefixes><Prefix>{f}</Prefix></CommonPrefixes>" for f in folders if delimiter)
        more = first + 2 < len(keys)
        rows += f"<IsTruncated>{str(more).lower()}</IsTruncated>"
        rows += f"<NextContinuationToken>{first + 2 if more else ''}</NextContinuationToken>"
        return f"<R xmlns='x'>{rows}</R>"


def handler(bucket: Bucket) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = urlsplit(self.path)
            name = unquote(asked.path).removeprefix("/bureau").lstrip("/")
            query = {key: values[0] for key, values in parse_qs(asked.query, keep_blank_values=True).items()}
            if bucket.is_closed:
                self.answer(403)
            elif "versioning" in query:
                self.answer(200, f"<V>{'<Status>Enabled</Status>' if bucket.is_versioned else ''}</V>".encode())
            elif not name:
                self.answer(200, bucket.list(query).encode())
            else:
                self.answer(200 if name in bucket.objects else 404, bucket.objects.get(name, b""))

        def do_PUT(self) -> None:
            name = unquote(urlsplit(self.path).path).removeprefix("/bureau/")
            content = self.rfile.read(int(self.headers["content-length"]))
            if name in bucket.objects and self.headers.get("if-none-match") == "*" and not bucket.is_writing_over:
                self.answer(412)
                return
            bucket.objects[name] = content
            self.answer(200)

        def answer(self, status: int, content: bytes = b"") -> None:
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler


@contextmanager
def serving(bucket: Bucket) -> Iterator[Bucket]:
    with HTTPServer(("127.0.0.1", 0), handler(bucket)) as server:
        bucket.port = server.server_port
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield bucket
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    with serving(Bucket()) as started:
        yield started


@pytest.fixture
def key(tmp_path: Path) -> Path:
    file = tmp_path / "key"
    file.write_text(f"an-id\n{SECRET}\n")
    return file


@pytest.fixture
def store(bucket: Bucket, key: Path) -> Store:
    return read_store(f"s3a://bureau/city/lake?endpoint=http://127.0.0.1:{bucket.port}", key)


def read(home: Path, key: Path, url: str = URL) -> settings.Settings:
    named = {"ONEFILE_HOME": str(home), "ONEFILE_LAKE": url, "ONEFILE_LAKE_KEY": str(key), "ONEFILE_LANG": "en"}
    return settings.read(named)


def test_a_store_is_read_from_its_address_and_never_shows_its_key(key: Path) -> None:
    store = read_store(URL, key)
    assert (store.address, store.endpoint, store.region) == ("s3a://bureau/city/lake", "http://127.0.0.1:9000", "cn-1")
    assert store.key() == ("an-id", SECRET)
    shown = repr(store) + json.dumps(store_engine.configuration(store, Path("scratch")))
    assert SECRET not in shown
    assert str(key) in shown


@pytest.mark.parametrize("url", [
    "s3://bureau/lake?endpoint=http://x", "s3a://bureau?endpoint=http://x", "s3a://bureau/?endpoint=http://x",
    "s3a://UPPER/lake?endpoint=http://x", "s3a://bureau/lake", "s3a://bureau/a b?endpoint=http://x",
    "s3a://bureau/lake?endpoint=ftp://x", "s3a://bureau/lake?endpoint=http://x/y", "s3a://bureau/../x?endpoint=http://x",
    "s3a://id:never-to-be-seen@bureau/lake?endpoint=http://x", "s3a://bureau/lake?endpoint=http://x&secret=never-to-be-seen",
    "s3a://bureau/lake?endpoint=http://id:never-to-be-seen@x", "/a/folder", "file:///a/folder",
])  # fmt: skip
def test_what_names_no_store_or_has_a_key_in_it_is_refused_without_being_quoted(key: Path, url: str) -> None:
    with pytest.raises(BadLake) as refused:
        read_store(url, key)
    assert SECRET not in str(refused.value)


def test_a_file_without_a_key_is_refused(tmp_path: Path, key: Path) -> None:
    for content in ("", "an-id\n", f"an-id {SECRET} more"):
        key.write_text(content)
        with pytest.raises(BadLake, match="has no two lines"):
            read_store(URL, key).key()
    with pytest.raises(BadLake, match="cannot be read"):
        read_store(URL, tmp_path / "none").key()
    with pytest.raises(BadLake, match="is not named"):
        read_store(URL, None)


def test_tables_logs_and_sizes_are_those_of_the_bucket(store: Store, bucket: Bucket) -> None:
    assert (store.tables(), store.log("silver/shop"), list(store.sizes())) == ([], [], [])
    first, second = (f"{LOG}/{number:020d}.json" for number in (0, 1))
    bucket.objects |= {first: b"{}", second: b"{}", f"{LOG}/_last_checkpoint": b"{}", f"{LOG}/_sidecars/x": b"",
                       "city/lake/silver/shop/part-0.parquet": b"12345", "city/lake/silver/empty/x": b"",
                       "city/lake/gold/person_file/_delta_log/00000000000000000000.json": b"{}",
                       "city/lake-2/silver/other/_delta_log/00000000000000000000.json": b"{}"}  # fmt: skip
    assert store.tables() == ["gold/person_file", "silver/shop"]
    assert store.holds("silver/shop")
    assert not store.holds("silver/empty")
    assert store.log("silver/shop") == [f"{0:020d}.json", f"{1:020d}.json", "_last_checkpoint"]
    assert dict(store.sizes("silver/shop"))["part-0.parquet"] == 5
    assert commit_check.newest(store, "silver/shop") == 1
    with pytest.raises(FileNotFoundError):
        store.read("silver/shop", f"{2:020d}.json")
    kept = upkeep._on_disk(type("L", (), {"place": store})(), "silver/shop")  # type: ignore[arg-type]
    assert kept == (1, 5)


def test_a_store_is_taken_once_and_known_again(store: Store, bucket: Bucket, tmp_path: Path) -> None:
    home = tmp_path / "home"
    take(store, home)
    mark = json.loads(bucket.objects[f"city/lake/{MARK}"])["mark"]
    assert places.note(home) == {"format": "onefile.lake/1", "is_taken": True, "lake": store.address, "mark": mark}
    take(store, home)
    bucket.objects.clear()
    with pytest.raises(LakeStoreUnfit, match="is not what this home left there"):
        take(store, home)


def test_a_taking_that_was_cut_off_is_gone_on_with(store: Store, bucket: Bucket, tmp_path: Path) -> None:
    home = tmp_path / "home"
    take(store, home)
    (home / places.NOTE).write_text(json.dumps({**(places.note(home) or {}), "is_taken": False}))
    take(store, home)
    bucket.objects.clear()
    (home / places.NOTE).write_text(json.dumps({**(places.note(home) or {}), "is_taken": False}))
    take(store, home)
    assert bucket.objects.keys() == {f"city/lake/{MARK}"}


def test_another_home_s_lake_is_refused(store: Store, tmp_path: Path) -> None:
    take(store, tmp_path / "home")
    with pytest.raises(LakeStoreUnfit, match="another home's lake"):
        take(store, tmp_path / "other")


def test_a_store_that_writes_over_is_refused(store: Store, bucket: Bucket, tmp_path: Path) -> None:
    bucket.is_writing_over = True
    for _ in range(2):
        with pytest.raises(LakeStoreUnfit, match="of two commits made at once one would be lost"):
            take(store, tmp_path / "home")


def test_a_bucket_that_keeps_what_is_removed_is_refused(store: Store, bucket: Bucket, tmp_path: Path) -> None:
    bucket.is_versioned = True
    with pytest.raises(LakeStoreUnfit, match="what is erased by law would stay"):
        take(store, tmp_path / "home")


def test_a_store_that_says_no_is_told_with_how_and_without_the_key(
    store: Store, bucket: Bucket, tmp_path: Path, key: Path
) -> None:
    bucket.is_closed = True
    with pytest.raises(LakeStoreGone, match=r"status 403") as refused:
        take(store, tmp_path / "home")
    assert SECRET not in str(refused.value)
    gone = read_store("s3a://bureau/lake?endpoint=http://127.0.0.1:9", key)
    with pytest.raises(LakeStoreGone, match="ConnectionRefusedError"):
        gone.tables()


def test_a_home_keeps_to_the_place_of_its_lake(store: Store, tmp_path: Path, key: Path, bucket: Bucket) -> None:
    home = tmp_path / "home"
    url = f"s3a://bureau/city/lake?endpoint=http://127.0.0.1:{bucket.port}"
    take(store, home)
    assert places.of(read(home, key, url)) == store
    with pytest.raises(LakeElsewhere, match="s3a://bureau/city/lake"):
        places.of(settings.read({"ONEFILE_HOME": str(home)}))
    with pytest.raises(LakeElsewhere):
        places.of(read(home, key, url.replace("city", "town")))
    other = tmp_path / "other"
    (other / "lake" / "silver" / "shop" / "_delta_log").mkdir(parents=True)
    with pytest.raises(LakeElsewhere, match="other/lake"):
        take(store, other)
    with pytest.raises(LakeElsewhere, match="other/lake"):
        places.of(read(other, key, url))
    assert places.of(settings.read({"ONEFILE_HOME": str(other)})) == Folder(other / "lake")


def test_an_engine_has_the_jars_the_log_store_and_the_name_of_the_key_s_file(tmp_path: Path, key: Path) -> None:
    here = read(tmp_path / "home", key)
    folder = tmp_path / "jars"
    (folder / store_engine.FOLDER).mkdir(parents=True)
    for name in ("delta-spark_4.2_2.13-4.4.0.jar", "delta-storage-4.4.0.jar"):
        (folder / name).touch()
    here = settings.read({"ONEFILE_HOME": str(here.home), "ONEFILE_LAKE": URL, "ONEFILE_LAKE_KEY": str(key),
                          "ONEFILE_JARS": str(folder)})  # fmt: skip
    with pytest.raises(StoreJarsMissing, match="tools/setup-s3"):
        in_process(here)
    for name in (store_engine.own_jar(), "hadoop-aws-3.5.0.jar", "onefile-s3a-of-before.jar"):
        (folder / store_engine.FOLDER / name).touch()
    told = in_process(here)
    assert [Path(jar).name for jar in told["spark.jars"].split(",")][2:] == [
        "hadoop-aws-3.5.0.jar",
        store_engine.own_jar(),
    ]
    assert told[store_engine.NAMED] == store_engine.LOG_STORE
    assert told["spark.hadoop.fs.s3a.onefile.key.file"] == str(key)
    assert SECRET not in str(told)
    plain = settings.read({"ONEFILE_HOME": str(here.home), "ONEFILE_JARS": str(folder)})
    assert store_engine.NAMED not in in_process(plain)


def test_what_is_done_with_a_folder_only_says_what_to_do(tmp_path: Path, key: Path) -> None:
    with pytest.raises(NotInAStore, match="move it into the home first"):
        require_folder(Workshop(read(tmp_path / "home", key)))
    require_folder(Workshop(settings.read({"ONEFILE_HOME": str(tmp_path / "home")})))


def test_doctor_says_whether_the_store_is_reached(bucket: Bucket, tmp_path: Path, key: Path) -> None:
    url = f"s3a://bureau/city/lake?endpoint=http://127.0.0.1:{bucket.port}"
    here = replace(read(tmp_path / "home", key, url), jars=tmp_path / "jars")
    assert "run tools/setup-s3" in doctor.lake_reached(here).problems[0]
    (tmp_path / "jars" / store_engine.FOLDER).mkdir(parents=True)
    (tmp_path / "jars" / store_engine.FOLDER / store_engine.own_jar()).touch()
    found = doctor.lake_reached(here)
    assert (found.found, found.problems) == ("0 tables in s3a://bureau/city/lake", ())
    bucket.is_closed = True
    assert "status 403" in doctor.lake_reached(here).problems[0]
    assert doctor.lake_reached(settings.read({"ONEFILE_HOME": str(tmp_path)})).found == "0 tables in the home"
