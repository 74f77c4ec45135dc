"""Lists that departments' services tell page by page, of a real server: what is taken, and what is refused in words."""

from __future__ import annotations

import gzip
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from inbox.errors import FileBroken
from inbox.pulling import web
from inbox.pulling.errors import SourceFailed, SourceOdd, SourceUnusable
from tests.pulled import Pull, shops

Query = dict[str, str]
LIST = "{from: SHOPS, http: {path: /shops}}"
NUMBERED = "{from: SHOPS, http: {path: /shops, records: /data/items, pages: {number: page}}}"
CURSOR = "{from: SHOPS, http: {path: /shops, records: /items, pages: {cursor: /next, parameter: after}}}"
NEXT = "{from: SHOPS, http: {path: /shops, records: /items, pages: {next: /links/next}}}"
LINK = "{from: SHOPS, http: {path: /shops, pages: {next: link}}}"


def shop(number: int, **more: Any) -> dict[str, Any]:
    return {"编号": f"AB{number:04}", "信用代码": None, "开业": "", "类别": 1.50, **more}


class Server:
    """A department's service: `answer` gets path and query, and returns what to send."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.asked: list[tuple[str, Query, dict[str, str]]] = []
        self.answer: Callable[[str, Query], Any] = lambda _path, _query: []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                outer.asked.append((parts.path, query, dict(self.headers)))
                outer.send(self, outer.answer(parts.path, query))

            def log_message(self, *_: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if context is not None:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def send(self, handler: BaseHTTPRequestHandler, what: Any) -> None:
        """Send an answer: JSON; (status, headers, bytes); or what a function does with the connection itself."""
        if callable(what):
            what(handler)
            return
        status, headers, body = what if isinstance(what, tuple) else (200, {}, json.dumps(what).encode())
        handler.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def pull(server: Server, tmp_path: Path) -> Callable[..., Pull]:
    def made(source: str = LIST, options: str = "") -> Pull:
        return Pull(tmp_path / "var", shops(tmp_path / "declared", source), f"{server.url}/api\n{options}")

    return made


def numbers(pull: Pull, delivery: str | None) -> list[str | None]:
    return [row["编号"] for row in pull.rows(delivery)]


def test_a_list_becomes_a_delivery_with_numbers_as_written_and_null_apart_from_empty(
    server: Server, pull: Callable[..., Pull]
) -> None:
    server.answer = lambda _path, _query: (200, {}, (b'[{"\xe7\xbc\x96\xe5\x8f\xb7": 12345678901234567890.10, '
        b'"\xe4\xbf\xa1\xe7\x94\xa8\xe4\xbb\xa3\xe7\xa0\x81": null, "\xe5\xbc\x80\xe4\xb8\x9a": "", '
        b'"\xe7\xb1\xbb\xe5\x88\xab": true}]'))  # fmt: skip
    one = pull()
    done = one.one()
    wanted = {"编号": "12345678901234567890.10", "信用代码": None, "开业": "", "类别": "true"}
    assert (done.state, one.rows(done.delivery)) == ("new", [wanted])
    assert [arrival.status for arrival in one.receive()] == ["taken"]


def test_headers_and_a_password_of_the_setting_go_along(server: Server, tmp_path: Path) -> None:
    server.answer = lambda _path, _query: [shop(1)]
    text = f"{server.url.replace('//', '//reader:geheim%20!@')}\nX-Key: abc"
    Pull(tmp_path / "var", shops(tmp_path / "declared", LIST), text)()
    [(path, query, headers)] = server.asked
    assert (path, query) == ("/shops", {})
    assert (headers["X-Key"], headers["Authorization"]) == ("abc", "Basic cmVhZGVyOmdlaGVpbSAh")


def paged(path: str, query: Query) -> Any:
    """Answer three pages in each of the ways that services have."""
    at = int(query.get("page", query.get("after", "1")))
    items = [shop(10 * at + each) for each in range(2)] if at <= 3 else []
    following = f"/api/shops?page={at + 1}&size=2" if at < 3 else None
    return {"data": {"items": items}, "items": items, "next": str(at + 1) if at < 3 else None,
            "links": {"next": following}, "total": 6}  # fmt: skip


@pytest.mark.parametrize("source", [NUMBERED, CURSOR, NEXT])
def test_pages_are_followed_to_their_end(server: Server, pull: Callable[..., Pull], source: str) -> None:
    server.answer = paged
    done = pull(source).one()
    wanted = [f"AB{number:04}" for number in (10, 11, 20, 21, 30, 31)]
    assert numbers(pull(source), done.delivery) == wanted


def test_pages_may_be_linked_in_a_header(server: Server, pull: Callable[..., Pull]) -> None:
    def answer(_path: str, query: Query) -> Any:
        link = {} if "page" in query else {"Link": f'<{server.url}/x?page=2>; rel="next", </>; rel="first"'}
        return 200, link, json.dumps([shop(len(query))]).encode()

    server.answer = answer
    assert pull(LINK).one().rows == 2


def test_a_count_that_the_service_tells_has_to_be_met(server: Server, pull: Callable[..., Pull]) -> None:
    counted = NUMBERED.replace("path: /shops", "path: /shops, total: /total")
    server.answer = paged
    assert pull(counted).one().rows == 6
    server.answer = lambda path, query: paged(path, query) | {"total": 7}
    with pytest.raises(SourceOdd, match="6 rows where it says that there are 7"):
        pull(counted)()


def test_only_what_is_new_since_the_watermark_is_asked_for(server: Server, pull: Callable[..., Pull]) -> None:
    source = "{from: SHOPS, http: {path: /shops, watermark: 开业, since: from}}"
    day = "2026-03-0"
    server.answer = lambda _path, _query: [shop(1, 开业=f"{day}1"), shop(2, 开业=f"{day}2")]
    assert pull(source).one().rows == 2
    server.answer = lambda _path, _query: [shop(2, 开业=f"{day}2"), shop(3, 开业=f"{day}2"), shop(4, 开业=f"{day}3")]
    done = pull(source).one()
    assert server.asked[-1][1] == {"from": f"{day}2"}
    assert numbers(pull(source), done.delivery) == ["AB0003", "AB0004"]
    server.answer = lambda _path, _query: []
    assert pull(source).one().state == "nothing"


def test_what_a_service_notes_late_is_looked_for_again_and_comes_once(
    server: Server, pull: Callable[..., Pull]
) -> None:
    source = "{from: SHOPS, http: {path: /shops, watermark: 开业, since: from, overlap: 600}}"
    at = "2026-03-01T0{}:00Z"
    kept = [shop(1, 开业=at.format("7:00")), shop(2, 开业=at.format("8:00"))]
    server.answer = lambda _path, query: [row for row in kept if row["开业"] >= query.get("from", "")]
    assert pull(source).one().rows == 2
    kept.append(shop(3, 开业=at.format("7:55")))
    done = pull(source).one()
    assert server.asked[-1][1] == {"from": "2026-03-01T07:50:00Z"}
    assert numbers(pull(source), done.delivery) == ["AB0003"]
    assert pull(source).one().state == "nothing"


def test_rows_without_a_watermark_or_with_one_that_lies_ahead_come_once_and_hold_up_nothing(
    server: Server, pull: Callable[..., Pull]
) -> None:
    source = "{from: SHOPS, http: {path: /shops, watermark: 开业, since: from}}"
    odd = [shop(1, 开业="9999-12-31"), shop(2, 开业=None)]
    server.answer = lambda _path, _query: odd
    assert pull(source).one().rows == 2
    assert (pull(source).one().state, server.asked[-1][1]) == ("nothing", {})
    server.answer = lambda _path, _query: [*odd, shop(3, 开业="2026-03-01")]
    assert numbers(pull(source), pull(source).one().delivery) == ["AB0003"]
    assert (pull(source).one().state, server.asked[-1][1]) == ("nothing", {"from": "2026-03-01"})


def test_a_last_page_that_is_given_again_ends_the_list_once_all_are_there(
    server: Server, pull: Callable[..., Pull]
) -> None:
    source = NUMBERED.replace("path: /shops", "path: /shops, total: /total")
    server.answer = lambda path, query: paged(path, {"page": str(min(3, int(query["page"])))})
    assert pull(source).one().rows == 6
    server.answer = lambda path, query: {**paged(path, {"page": str(min(3, int(query["page"])))}), "total": 7}
    with pytest.raises(SourceOdd, match="a page that it gave before"):
        pull(source)()


def test_a_key_that_a_service_wants_in_its_address_stands_in_the_setting(
    server: Server, pull: Callable[..., Pull]
) -> None:
    server.answer = paged
    assert pull(NEXT.replace("path:", 'query: {size: "2"}, path:'), "?appkey: ge heim&").one().rows == 6
    assert server.asked[0][1] == {"size": "2", "appkey": "ge heim&"}
    assert server.asked[2][1] == {"size": "2", "appkey": "ge heim&", "page": "3"}  # of the address that it told


@pytest.mark.parametrize("line", ["Authorization Bearer geheim: x", "X-Key: 密钥geheim"])
def test_a_line_of_the_setting_that_is_no_header_is_not_quoted(pull: Callable[..., Pull], line: str) -> None:
    with pytest.raises(SourceUnusable, match="no header") as told:
        pull(LIST, line)()
    assert "geheim" not in str(told.value)


def test_objects_in_a_record_are_read_under_both_names(server: Server, pull: Callable[..., Pull]) -> None:
    server.answer = lambda _path, _query: [shop(1, 备注={"a": 1})]
    with pytest.raises(FileBroken, match=r"not declared: 备注\.a"):
        pull()()


def cut_off(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'[{"')


def never(handler: BaseHTTPRequestHandler) -> None:
    handler.connection.settimeout(20)
    handler.rfile.read(1)  # until the other side has gone


def drip(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    try:
        while True:
            handler.wfile.write(b" ")
            threading.Event().wait(0.2)
    except OSError:
        return


def reset(handler: BaseHTTPRequestHandler) -> None:
    handler.connection.shutdown(socket.SHUT_RDWR)


def bomb() -> bytes:
    return gzip.compress(b" " * (web.MOST_BYTES + 1))


DEEP = b"[" * 10_000 + b"]" * 10_000
GZIP = {"Content-Encoding": "gzip"}
ODD: dict[str, tuple[Any, type[Exception], str]] = {
    "a page of HTML": ((200, {"Content-Type": "text/html"}, b"<html>"), SourceOdd, "a page (HTML or XML)"),
    "HTML that says it is JSON": ((200, {}, b"\n<!doctype html>"), SourceOdd, "a page (HTML or XML)"),
    "no JSON": ((200, {}, b"[{"), SourceOdd, "no JSON"),
    "another encoding": ((200, {}, '["甲"]'.encode("gb18030")), SourceOdd, "no JSON in UTF-8"),
    "nothing": ((200, {}, b""), SourceOdd, "no JSON"),
    "a key twice": ((200, {}, b'[{"a": 1, "a": 2}]'), SourceOdd, "no JSON"),
    "not a number": ((200, {}, b"[NaN]"), SourceOdd, "no JSON"),
    "nested ten thousand deep": ((200, {}, DEEP), SourceOdd, "nested without end"),
    "an object": ({"a": 1}, SourceOdd, "no list at /"),
    "records that are none": ([1], SourceOdd, "no object"),
    "a list as a value": ([shop(1, 类别=[1])], SourceOdd, "a list"),
    "a gzip bomb": ((200, GZIP, bomb), SourceOdd, "bytes a page"),
    "broken gzip": ((200, GZIP, b"no gzip"), SourceFailed, "packed answer that is broken (3 tried)"),
    "gzip that is cut off": ((200, GZIP, gzip.compress(b"[]" * 999)[:-9]), SourceFailed, "cut off (3 tried)"),
    "another packing": ((200, {"Content-Encoding": "br"}, b""), SourceOdd, "not asked for"),
    "a huge page": ((200, {}, lambda: b" " * (web.MOST_BYTES + 1)), SourceOdd, "bytes a page"),
    "less than it says": (cut_off, SourceFailed, "an answer that was cut off (3 tried)"),
    "a reset": (reset, SourceFailed, "(3 tried)"),
    "a redirect elsewhere": ((302, {"Location": "http://169.254.169.254/"}, b""), SourceOdd, "another host"),
    "a redirect to another port": ((302, {"Location": "http://127.0.0.1:1/"}, b""), SourceOdd, "another host"),
    "a redirect to a file": ((307, {"Location": "file:///etc/passwd"}, b""), SourceOdd, "another host"),
    "redirects without end": ((302, {"Location": "/again"}, b""), SourceOdd, "5 redirects"),
    "no access": ((403, {}, b"who are you"), SourceFailed, "status 403 (1 tried)"),
    "overload": ((503, {}, b""), SourceFailed, "status 503 (3 tried)"),
}


@pytest.mark.parametrize("case", ODD)
def test_an_answer_that_is_none_is_refused_in_words_and_nothing_is_delivered(
    server: Server, pull: Callable[..., Pull], case: str
) -> None:
    given, error, words = ODD[case]

    def answer(_path: str, _query: Query) -> Any:
        if isinstance(given, tuple) and callable(given[2]):
            return (*given[:2], given[2]())
        return given

    server.answer = answer
    with pytest.raises(error) as told:
        pull()()
    assert words in str(told.value)
    assert server.url not in str(told.value)
    assert pull().waiting() == []


@pytest.mark.parametrize(("how", "words"), [(never, "no answer in time"), (drip, "an answer without end")])
def test_a_service_that_is_slow_is_left(
    server: Server, pull: Callable[..., Pull], how: Callable[..., None], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web, "ATTEMPTS", 1)
    monkeypatch.setattr(web, "SLOWEST", 2)
    server.answer = lambda _path, _query: how
    with pytest.raises(SourceFailed, match=words):
        pull("{from: SHOPS, http: {path: /shops, timeout_seconds: 1}}")()


def test_what_breaks_off_once_is_asked_again_after_the_time_that_the_service_tells(
    server: Server, pull: Callable[..., Pull]
) -> None:
    answers: list[Any] = [(429, {"Retry-After": "7"}, b""), reset, [shop(1)]]
    server.answer = lambda _path, _query: answers.pop(0)
    one = pull()
    assert (one.one().rows, one.waits) == (1, [7.0, 4.0])


@pytest.mark.parametrize(
    ("source", "words"),
    [(CURSOR, "a page that it gave before"), (NEXT, "a page that it gave before"),
     (NUMBERED, "a page that it gave before"), (CURSOR.replace("path:", "most_pages: 2, path:"), "more than 2 pages")],
)  # fmt: skip
def test_pages_without_end_are_left(server: Server, pull: Callable[..., Pull], source: str, words: str) -> None:
    is_same = "before" in words

    def answer(_path: str, query: Query) -> Any:
        items = [shop(1 if is_same else len(server.asked))]
        return {"data": {"items": items}, "items": items, "next": f"n{len(server.asked)}",
                "links": {"next": f"/api/{len(server.asked)}"}}  # fmt: skip

    server.answer = answer
    with pytest.raises(SourceOdd, match=words):
        pull(source)()
    assert len(server.asked) <= 3


def test_a_next_page_at_another_host_is_never_asked_for(server: Server, pull: Callable[..., Pull]) -> None:
    server.answer = lambda _path, _query: {"items": [shop(1)], "links": {"next": "//metadata.example/latest"}}
    with pytest.raises(SourceOdd, match="a next page that leads to another host"):
        pull(NEXT, "Authorization: Bearer geheim")()


@pytest.mark.parametrize("address", ["ftp://host/x", "http://", "http://host:port/", "https://host/?a=b"])
def test_an_address_of_no_service_is_told(tmp_path: Path, address: str) -> None:
    with pytest.raises(SourceUnusable, match="ONEFILE_SOURCE_SHOPS"):
        Pull(tmp_path / "var", shops(tmp_path / "declared", LIST), address)()


def test_a_certificate_has_to_be_of_an_authority_that_is_known(tmp_path: Path) -> None:
    key, certificate = certified(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = Server(context)
    server.answer = lambda _path, _query: [shop(1)]
    made = Pull(tmp_path / "var", shops(tmp_path / "declared", LIST), server.url.replace("http:", "https:"))
    try:
        with pytest.raises(SourceFailed, match=r"a certificate that does not hold \(1 tried\)"):
            made()
        made.text += f"\nca: {certificate}"
        assert made.one().rows == 1
        assert "ca" not in server.asked[0][2]
        made.text = made.text.replace(str(certificate), str(key))
        with pytest.raises(SourceUnusable, match="'ca' holds no certificates"):
            made()
    finally:
        server.close()


def certified(folder: Path) -> tuple[Path, Path]:
    """Make a key and a certificate of its own for 127.0.0.1; return their files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "meters.example")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 7)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2120, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = folder / "key.pem", folder / "certificate.pem"
    files[0].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    files[1].write_bytes(made.public_bytes(Encoding.PEM))
    return files
