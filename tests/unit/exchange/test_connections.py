"""What comes over a connection: too slow, cut off, too much, two requests in one; and the others are answered."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from exchange.http import bounds, connections
from tests.counter import ANNA, Open, Shop, listening, person

BODY = json.dumps({"subjects": [{"number": ANNA}], "fields": ["name"]}).encode()
OPENAPI = b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n"
SOON = 0.3
LATEST = 8.0


class Line:
    """A connection to a counter, and what may be asked over it."""

    def __init__(self, port: int, bearer: dict[str, str]) -> None:
        self.port, self.bearer = port, bearer

    def connect(self, buffer_bytes: int = 0) -> socket.socket:
        """Connect; `buffer_bytes` is how much the system takes in before it is read, 0: as much as it likes."""
        made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        made.settimeout(LATEST)
        if buffer_bytes:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)
        made.connect(("127.0.0.1", self.port))
        return made

    def head(self, path: str = "/v1/files/query", **headers: str) -> bytes:
        """The head of a question; headers with `_` for `-`."""
        told = {"Host": "x", "Content-Type": "application/json", "Content-Length": str(len(BODY)), **self.bearer}
        told |= {name.replace("_", "-"): value for name, value in headers.items()}
        lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in told.items() if value)]
        return "\r\n".join(lines).encode() + b"\r\n\r\n"

    def ask(self, sent: bytes | None = None) -> tuple[int, bytes]:
        """Ask over a connection of one's own; return the status of the first answer, and all that came."""
        with self.connect() as line:
            line.sendall(self.head(Connection="close") + BODY if sent is None else sent)
            return answered(line)

    def is_answering(self) -> bool:
        return self.ask()[0] == 200


def answered(line: socket.socket) -> tuple[int, bytes]:
    """Return the status of the first answer (0: none) and everything up to the end of the connection."""
    found = b""
    with suppress(ConnectionError):
        while part := line.recv(65536):
            found += part
    return (int(found.split(b" ", 2)[1]) if found else 0), found


def drip(line: socket.socket, parts: Iterator[bytes]) -> float:
    """Send parts one by one, each after a while, until the other side ends it; return how long that took."""
    began = time.monotonic()
    line.settimeout(0.02)
    for part in parts:
        if is_ended_after(line, part) or time.monotonic() - began > LATEST:
            break
    return time.monotonic() - began


def is_ended_after(line: socket.socket, part: bytes) -> bool:
    """Send some bytes; say whether the other side ended the connection. That it says nothing yet is not an end."""
    try:
        line.sendall(part)
        return not line.recv(65536)
    except TimeoutError:
        return False
    except ConnectionError:
        return True


def keep_asking(line: socket.socket, question: bytes, times: int) -> None:
    """Ask several questions, and blank lines after them, and take no answer, until the connection is ended."""
    line.settimeout(SOON)
    until = time.monotonic() + LATEST
    with suppress(TimeoutError):
        for _ in range(times):
            line.sendall(question)
    while time.monotonic() < until:
        with suppress(TimeoutError):
            line.sendall(b"\r\n")
        time.sleep(0.05)


def endlessly(part: bytes) -> Iterator[bytes]:
    while True:
        yield part


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    shop = Shop(tmp_path_factory.mktemp("line") / "var")
    shop.publish(person(ANNA, "安娜"))
    shop.client("intake", "data_bureau", "intake")
    shop.client("market-app", "market")
    with shop.open() as counter:
        counter.case()
        yield counter


@pytest.fixture(scope="module")
def line(opened: Open) -> Iterator[Line]:
    """A counter that listens, and one who may ask it."""
    grant = opened.shop.grant("police.population", ("number", "name"))
    cited = {"Onefile-Grant": grant, "Onefile-Item": "0102", "Onefile-Case": "D-1"}
    with listening(opened) as port:
        yield Line(port, dict(opened.bearer("market-app", **cited)))


@pytest.fixture
def before(opened: Open) -> int:
    """How many looks there were before the test."""
    return len(opened.looks())


def test_a_head_that_drips_in_is_waited_for_but_not_for_long_and_others_are_answered(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "SECONDS_FOR_A_HEAD", SOON)
    silent = [line.connect() for _ in range(50)]
    with line.connect() as slow:
        whole = line.head()
        assert drip(slow, (whole[n : n + 1] for n in range(len(whole) - 4))) < LATEST
    assert line.is_answering()
    assert [answered(each)[0] for each in silent] == [0] * 50
    for each in silent:
        each.close()


@pytest.mark.parametrize("is_kept", [False, True])
def test_blank_lines_keep_no_connection_alive(line: Line, monkeypatch: pytest.MonkeyPatch, is_kept: bool) -> None:
    monkeypatch.setattr(connections, "SECONDS_FOR_A_HEAD", SOON)
    with line.connect() as slow:
        if is_kept:
            slow.sendall(line.head() + BODY)
            assert slow.recv(65536).startswith(b"HTTP/1.1 200")
        assert drip(slow, endlessly(b"\r\n")) < LATEST
    assert line.is_answering()


def test_a_body_that_drips_in_is_refused_in_time(
    line: Line, opened: Open, before: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "SECONDS_TO_ARRIVE", SOON)
    with line.connect() as slow:
        slow.sendall(line.head(Connection="close") + BODY[:20])
        assert line.is_answering()
        status, told = answered(slow)
    assert (status, b'"too_slow"' in told, ANNA.encode() in told) == (408, True, False)
    assert len(opened.looks()) == before + 1


def test_a_delivery_that_drips_in_is_refused_in_time(line: Line, opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "SECONDS_OF_A_DELIVERY", SOON)
    form = "multipart/form-data; boundary=x"
    with line.connect() as slow:
        slow.sendall(line.head("/v1/deliveries", Content_Type=form, Connection="close")[:-2])
        slow.sendall(b"\r\n--x\r\nContent-Disposition: form-data")
        status, told = answered(slow)
    assert (status, b'"too_slow"' in told) == (408, True)
    assert not list(opened.shop.home.glob("inbox/*/*"))


@pytest.mark.parametrize("path", ["/v1/files/query", "/v1/deliveries", "/oauth/token"])
def test_a_request_that_is_cut_off_is_nothing_and_no_fault(
    line: Line, opened: Open, before: int, capfd: pytest.CaptureFixture[str], path: str
) -> None:
    form = "multipart/form-data; boundary=x" if path == "/v1/deliveries" else "application/json"
    whole = line.head(path, Content_Type=form, Content_Length="4000") + BODY
    for cut in (10, len(whole) - len(BODY) - 1, len(whole) - len(BODY), len(whole) - 1, len(whole)):
        with line.connect() as cut_off:
            cut_off.sendall(whole[:cut])
    assert line.is_answering()
    assert len(opened.looks()) == before + 1
    assert not list(opened.shop.home.glob("inbox/*/*"))
    shown = capfd.readouterr()
    assert "fault" not in shown.out + shown.err
    assert "Traceback" not in shown.err


def test_who_goes_away_before_the_answer_was_looked_at_all_the_same(line: Line, opened: Open, before: int) -> None:
    for _ in range(5):
        with line.connect() as gone:
            gone.sendall(line.head() + BODY)
    until = time.monotonic() + LATEST
    while len(opened.looks()) == before and time.monotonic() < until:
        time.sleep(0.02)
    assert line.is_answering()
    assert len(opened.looks()) in range(before + 2, before + 7)


def test_who_takes_no_answer_is_let_go(
    line: Line, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(connections, "SECONDS_TO_TAKE", SOON)
    with line.connect(buffer_bytes=4096) as deaf, pytest.raises(ConnectionError):
        keep_asking(deaf, OPENAPI, 40)
    assert line.is_answering()
    shown = capfd.readouterr()
    assert "Traceback" not in shown.err


def test_who_asks_faster_than_it_takes_answers_is_let_go(line: Line) -> None:
    with line.connect() as hasty, pytest.raises(ConnectionError):
        keep_asking(hasty, OPENAPI, 20_000)
    assert line.is_answering()


def test_a_head_without_end_is_cut_off(line: Line) -> None:
    for sent in (b"GET /" + b"a" * 2_000_000, b"GET / HTTP/1.1\r\nX: " + b"a" * 2_000_000):
        with line.connect() as long:
            with suppress(ConnectionError):
                long.sendall(sent)
            assert answered(long)[0] in (0, 400)
    assert line.is_answering()


@pytest.mark.parametrize("spaces", [50_000, 100_000, 250_000, 500_000, 1_900_000])
def test_a_large_body_is_taken_in_however_it_comes_in(line: Line, spaces: int) -> None:
    """What comes with a head, and the last of a body, is no part of the head."""
    body = BODY + b" " * spaces
    with line.connect() as large:
        for connection in ("keep-alive", "close"):
            large.sendall(line.head(Content_Length=str(len(body)), Connection=connection) + body)
        status, told = answered(large)
    assert (status, told.count(b" 200 OK"), told.count(b'"outcome":"found"')) == (200, 2, 2)


def test_a_header_that_decides_stands_there_once_and_there_are_not_too_many(line: Line) -> None:
    twice = ["Authorization: Bearer x", "Onefile-Grant: G20261130-0002", "onefile-item: 0101", "ONEFILE-CASE: D-2",
             "Idempotency-Key: 12345678", "Content-Type: text/plain"]  # fmt: skip
    plain = line.head(Connection="close", Idempotency_Key="abcdefghi")
    for header in [*twice, "\r\n".join(f"X-{n}: y" for n in range(120))]:
        status, told = line.ask(plain[:-2] + header.encode() + b"\r\n\r\n" + BODY)
        assert (status, b'"bad_request"' in told) == (400, True), header
    assert line.ask(plain[:-2] + b"X: 1\r\nX: 2\r\n\r\n" + BODY)[0] == 200


def test_a_request_without_a_host_is_refused(line: Line) -> None:
    status, told = line.ask(line.head(Host="", Connection="close") + BODY)
    assert (status, b"no Host" in told) == (400, True)
    assert line.ask((line.head(Host="") + BODY).replace(b"HTTP/1.1", b"HTTP/1.0", 1))[0] == 200


SMUGGLED = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.mark.parametrize(
    "sent",
    [
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
        b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + SMUGGLED,
        b"Content-Length: 0\r\nContent-Length: 40\r\n\r\n" + SMUGGLED,
        b"Content-Length: +0\r\n\r\n" + SMUGGLED,
        b"Content-Length: 0x10\r\n\r\n" + SMUGGLED,
        b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + SMUGGLED,
        b"Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n" + SMUGGLED,
        b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n" + SMUGGLED,
        b"X: a\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
        b"X : a\r\n\r\n" + SMUGGLED,
        b"X: a\0b\r\n\r\n" + SMUGGLED,
        b"GET /v1/me HTTP/1.1\r\n\r\n" + SMUGGLED,
    ],
)
def test_no_second_request_is_smuggled_in_one(line: Line, sent: bytes) -> None:
    status, told = line.ask(b"POST /v1/files/query HTTP/1.1\r\nHost: x\r\n" + sent)
    assert (status, told.count(b"HTTP/1.1 "), b'"ok"' in told) == (400, 1, False)


def test_ten_megabytes_without_a_length_are_refused_before_they_are_there(line: Line) -> None:
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    with line.connect() as large:
        large.sendall(line.head(Content_Length="", Transfer_Encoding="chunked", Connection="close"))
        with suppress(ConnectionError):
            for _ in range(160):
                large.sendall(chunk)
        status, told = answered(large)
    assert (status, b'"too_large"' in told) in ((413, True), (0, False))
    assert line.is_answering()
