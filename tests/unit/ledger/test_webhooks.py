"""Webhooks: signed, sent again until they are taken, and never to where the bureau does not want to be led."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from ipaddress import ip_network

import pytest
import requests
from cryptography.hazmat.primitives.serialization import load_der_public_key
from http_message_signatures import HTTPMessageVerifier, HTTPSignatureKeyResolver, algorithms

from ledger import outbox
from ledger.addresses import judged, networks
from ledger.errors import TargetRefused
from ledger.recall import put
from ledger.webhooks import Webhooks
from tests.disclosed import Disclosed
from tests.papers import AT

LOOPBACK = (ip_network("127.0.0.0/8"),)


class Taker(http.server.BaseHTTPRequestHandler):
    """Takes what is posted, and answers as it is told to."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.taken.append((self.path, dict(self.headers), body))  # type: ignore[attr-defined]
        status, location = self.server.answer  # type: ignore[attr-defined]
        self.send_response(status)
        if location:
            self.send_header("Location", location)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def taker() -> Iterator[http.server.HTTPServer]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Taker)
    server.taken, server.answer = [], (204, "")  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def notified(house: Disclosed) -> Disclosed:
    with house.db() as db:
        put(db, "market", "change:1", "value", {"attribute": "address", "cases": ["C-7"]}, house.recalling())
    return house


@pytest.fixture
def signing(bureau):
    bureau.ensure(("notices",), (), AT)
    return bureau.signer("notices")


def webhooks(signing, allowed=LOOPBACK, **more: object) -> Webhooks:
    return Webhooks(signing, allowed, lambda: AT, **more)


def sent(house: Disclosed, hooks: Webhooks, url: str, at=AT) -> tuple[int, int]:
    with house.db() as db:
        outbox.set_target(db, "market", url, "tests", AT)
        waiting = list(outbox.due(db, at))
        return outbox.send_due(waiting, hooks.send, lambda notice, fault: outbox.tried(db, notice, at, fault))


def test_a_notice_is_sent_and_another_s_library_takes_its_signature(notified, taker, signing, bureau):
    url = f"http://127.0.0.1:{taker.server_port}/notices?of=onefile"
    assert sent(notified, webhooks(signing), url) == (1, 0)
    ((path, headers, body),) = taker.taken
    assert path == "/notices?of=onefile"
    assert json.loads(body)["attribute"] == "address"
    with notified.db() as db:
        (notice,) = outbox.feed(db, "market")
    assert (notice.delivered_at, notice.acknowledged_at) == ("2026-11-23T01:02:03Z", None)

    class Keys(HTTPSignatureKeyResolver):
        def resolve_public_key(self, key_id: str) -> object:
            assert key_id == signing.key_id
            return load_der_public_key(bureau.active_key("notices").public_der)

    request = requests.Request("POST", url, headers=headers, data=body).prepare()
    verifier = HTTPMessageVerifier(signature_algorithm=algorithms.ED25519, key_resolver=Keys())
    assert verifier.verify(request, max_age=timedelta(days=36500))


def test_what_is_not_taken_is_sent_again_later_and_in_the_end_left_to_the_feed(notified, taker, signing):
    url, at = f"http://127.0.0.1:{taker.server_port}/", AT
    taker.answer = (500, "")
    for pause in outbox.PAUSES:
        assert sent(notified, webhooks(signing), url, at) == (0, 1)
        assert sent(notified, webhooks(signing), url, at + pause - timedelta(seconds=1)) == (0, 0)
        at += pause
    assert sent(notified, webhooks(signing), url, at) == (0, 1)
    assert sent(notified, webhooks(signing), url, at + timedelta(days=99)) == (0, 0)
    with notified.db() as db:
        (notice,) = outbox.feed(db, "market")
    assert (notice.tries, notice.last_fault, notice.delivered_at) == (11, "it answered 500", None)


def test_one_that_was_acknowledged_is_not_sent(notified, taker, signing):
    with notified.db() as db:
        outbox.acknowledge(db, "market", 1, "market-1", AT)
    assert sent(notified, webhooks(signing), f"http://127.0.0.1:{taker.server_port}/") == (0, 0)


def test_a_redirect_is_not_followed(notified, taker, signing):
    taker.answer = (307, f"http://127.0.0.1:{taker.server_port}/elsewhere")
    assert sent(notified, webhooks(signing), f"http://127.0.0.1:{taker.server_port}/here") == (0, 1)
    assert [path for path, _, _ in taker.taken] == ["/here"]


def test_one_that_cannot_be_reached_is_tried_again(notified, signing):
    assert sent(notified, webhooks(signing), "http://127.0.0.1:9/") == (0, 1)


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.8", "172.16.3.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.1", "224.0.0.1",
     "240.0.0.1", "::1", "::", "fe80::1", "fc00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::",
     "64:ff9b::7f00:1", "ff02::1", "2001:db8::1"],
)  # fmt: skip
def test_nothing_is_sent_to_a_private_local_or_reserved_address(notified, signing, address):
    hooks = webhooks(signing, (), resolve=lambda _host, _port: [address])
    assert sent(notified, hooks, "https://hooks.example/notices") == (0, 1)
    with notified.db() as db:
        assert "private, local or reserved" in outbox.feed(db, "market")[0].last_fault


def test_one_private_address_among_public_ones_is_enough():
    with pytest.raises(TargetRefused):
        judged("https://hooks.example/", (), lambda _host, _port: ["93.184.216.34", "10.0.0.1"])


def test_a_name_that_leads_elsewhere_at_the_second_look_up_leads_nowhere(notified, taker, signing):
    asked = []

    def resolve(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    url = f"http://hooks.invalid:{taker.server_port}/"
    assert sent(notified, webhooks(signing, resolve=resolve), url) == (1, 0)
    assert asked == ["hooks.invalid"]
    assert taker.taken[0][1]["Host"] == f"hooks.invalid:{taker.server_port}"


@pytest.mark.parametrize(
    "url",
    ["ftp://hooks.example/", "file:///etc/passwd", "https://user@hooks.example/", "https://hooks.example/#x",
     "https:///x", "https://hooks.example:99999/", "https://hooks.example/a b", "https://hooks.example\\@10.0.0.1/",
     "https://hooks.example/\r\nX: y", "http://hooks.example/", "https://hooks.example:8443/", "https://[::1", "x",
     "https://hooks.example/" + "a" * 2000],
)  # fmt: skip
def test_a_url_that_is_not_plain_https_is_refused(url):
    with pytest.raises(TargetRefused):
        judged(url, (), lambda _host, _port: ["93.184.216.34"])


def test_a_host_that_is_not_found_is_refused():
    with pytest.raises(TargetRefused, match="not found"):
        judged("https://hooks.invalid/", ())
    with pytest.raises(TargetRefused, match="not found"):
        judged("https://hooks.example/", (), lambda _host, _port: [])


def test_the_bureau_s_networks_are_read():
    assert networks("10.1.0.0/16, fd00::/8") == (ip_network("10.1.0.0/16"), ip_network("fd00::/8"))
    place = judged("http://intranet/x?y=1", networks("10.1.0.0/16"), lambda _host, _port: ["10.1.2.3"])
    assert (place.address, place.port, place.path) == ("10.1.2.3", 80, "/x?y=1")
    with pytest.raises(TargetRefused):
        networks("10.1.0.0/99")
