"""Requests to a bucket are signed as the specification's examples are; whatever goes wrong with it is told as gone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from licence_vault.materials.errors import StoreGone
from licence_vault.materials.s3 import BadStore, Bucket, Place, read_place, signed

AT = datetime(2013, 5, 24, tzinfo=UTC)
NAME = f"{'ab' * 32}-{'0' * 16}"
EXAMPLE = Place(
    "https://examplebucket.s3.amazonaws.com", "examplebucket", "", "us-east-1",
    "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
)  # fmt: skip
HOST = {"host": "examplebucket.s3.amazonaws.com"}


@pytest.mark.parametrize(("method", "path", "query", "headers", "body", "signature"), [
    ("GET", "/test.txt", {}, {"range": "bytes=0-9"}, b"",
     "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"),
    ("PUT", "/test$file.text", {}, {"date": "Fri, 24 May 2013 00:00:00 GMT",
                                    "x-amz-storage-class": "REDUCED_REDUNDANCY"}, b"Welcome to Amazon S3.",
     "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"),
    ("GET", "/", {"lifecycle": ""}, {}, b"", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
    ("GET", "/", {"max-keys": "2", "prefix": "J"}, {}, b"",
     "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
])  # fmt: skip
def test_a_request_is_signed_as_the_examples_of_the_specification(
    method: str, path: str, query: dict[str, str], headers: dict[str, str], body: bytes, signature: str
) -> None:
    told = signed(EXAMPLE, method, path, query, {**HOST, **headers}, body, AT)
    assert told["authorization"].endswith(f",Signature={signature}")


URL = "s3://materials/one-file?endpoint=http://127.0.0.1:9000&region=cn-1"


def test_a_place_is_read_from_its_url_and_the_file_with_its_key(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("an-id\na-secret\n")
    place = read_place(URL, key)
    assert place == Place("http://127.0.0.1:9000", "materials", "one-file/", "cn-1", "an-id", "a-secret")
    assert "a-secret" not in repr(place)


@pytest.mark.parametrize("url", [
    "http://materials", "s3://", "s3://UPPER?endpoint=http://x", "s3://materials", "s3://materials?endpoint=ftp://x",
    "s3://materials?endpoint=http://x/path", "s3://materials?endpoint=http://x&secret=y",
])  # fmt: skip
def test_a_url_that_names_no_bucket_is_refused(tmp_path: Path, url: str) -> None:
    key = tmp_path / "key"
    key.write_text("an-id a-secret")
    with pytest.raises(BadStore):
        read_place(url, key)


@pytest.mark.parametrize("content", [None, "", "one", "a b c"])
def test_a_file_without_a_key_is_refused(tmp_path: Path, content: str | None) -> None:
    key = tmp_path / "key"
    if content is not None:
        key.write_text(content)
    with pytest.raises(BadStore):
        read_place(URL, key)
    with pytest.raises(BadStore):
        read_place(URL, None)


@contextmanager
def answering(*answers: tuple[int, bytes, int]) -> Iterator[tuple[Bucket, list[str]]]:
    """A bucket whose server gives answers in turn: status, body, and how many bytes it says the body has."""
    left, asked = list(answers), list[str]()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", "0")))
            asked.append(f"{self.command} {self.path}")
            status, body, size = left.pop(0)
            self.send_response(status)
            self.send_header("Content-Length", str(size))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_PUT = do_DELETE = _answer  # noqa: N815 # as http.server calls them

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        place = Place(f"http://127.0.0.1:{server.server_port}", "materials", "p/", "us-east-1", "id", "secret")
        yield Bucket(place, lambda: AT), asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_request_that_the_store_cannot_answer_now_is_sent_again() -> None:
    with answering((503, b"", 0), (200, b"", 0)) as (bucket, asked):
        bucket.put(NAME, b"sealed")
        assert asked == [f"PUT /materials/p/ab/{NAME}"] * 2


@pytest.mark.parametrize("answers", [
    [(403, b"", 0)], [(404, b"", 0)], [(500, b"", 0)] * 3, [(200, b"half", 100)] * 3,
])  # fmt: skip
def test_what_the_store_refuses_does_not_have_or_breaks_off_is_told_as_gone(
    answers: list[tuple[int, bytes, int]],
) -> None:
    with answering(*answers) as (bucket, asked), pytest.raises(StoreGone):
        bucket.get(NAME)
    assert len(asked) == len(answers)


@pytest.mark.parametrize("body", [b"no XML", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"])
def test_a_list_that_is_none_is_told_as_gone(body: bytes) -> None:
    with answering((200, body, len(body))) as (bucket, _), pytest.raises(StoreGone):
        list(bucket.names())


def test_nobody_at_the_address_is_told_as_gone() -> None:
    place = Place("http://127.0.0.1:9", "materials", "", "us-east-1", "id", "secret")
    with pytest.raises(StoreGone):
        Bucket(place, lambda: AT).put(NAME, b"x")


def test_a_name_that_is_none_of_ours_never_leaves() -> None:
    with pytest.raises(StoreGone):
        Bucket(EXAMPLE, lambda: AT).get("../x")


def test_all_pages_of_a_list_are_read_and_what_is_none_of_ours_is_left_out() -> None:
    def listed(key: str, more: str) -> bytes:
        contents = f"<Contents><Key>p/{key}</Key><LastModified>2026-11-30T02:00:00.000Z</LastModified></Contents>"
        return f'<ListBucketResult xmlns="http://x">{contents}{more}</ListBucketResult>'.encode()

    pages = [
        listed(f"ab/{NAME}", "<IsTruncated>true</IsTruncated><NextContinuationToken>t/=</NextContinuationToken>"),
        listed("ab/other", "<IsTruncated>false</IsTruncated>"),
    ]
    with answering(*((200, page, len(page)) for page in pages)) as (bucket, asked):
        assert list(bucket.names()) == [(NAME, datetime(2026, 11, 30, 2, tzinfo=UTC).timestamp())]
    assert asked[1] == "GET /materials?continuation-token=t%2F%3D&list-type=2&prefix=p%2F"
