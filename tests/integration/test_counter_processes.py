"""Two processes of the real server, asked at once: no quota is passed, no assertion opens twice, who is out is out."""

from __future__ import annotations

import os
import signal
from collections import Counter as Counts
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest

from exchange.clients import registry
from ledger import files
from onefile.client import Counter, Purpose, Refused
from onefile.client.credentials import Credentials
from onefile.services.spark_connect import free_port
from schemas.serving.connection import writing
from tests.counter import ANNA, ITEM, Shop, person, start

AT_ONCE, QUOTA = 8, 150


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    url = request.getfixturevalue("postgres_server").database() if request.param == "postgresql" else None
    made = Shop(tmp_path_factory.mktemp("processes") / "var", url)
    made.publish(person(ANNA, "安娜"))
    for client_id, department, kind in (("intake", "data_bureau", "intake"), ("market-app", "market", "system"),
                                        ("tax-app", "tax", "system")):  # fmt: skip
        made.client(client_id, department, kind)
    with made.open() as counter:
        counter.case("D-1")
    return made


@pytest.fixture(scope="module")
def url(shop: Shop) -> Iterator[str]:
    """Where two processes answer."""
    port = free_port()
    server = start(shop, port)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(60)


def at_once(work: Callable[[], int]) -> list[int]:
    """Do something several times at once, each over a connection of its own."""
    with ThreadPoolExecutor(AT_ONCE) as threads:
        return [each.result() for each in [threads.submit(work) for _ in range(AT_ONCE)]]


def client(shop: Shop, url: str, client_id: str = "market-app") -> Counter:
    trust = (shop.home / "keys" / "trust.json").read_bytes()
    return Counter(url, client_id, shop.keys[client_id].pem, trust, now=lambda: shop.at, pause=lambda _s: None)


def is_answered(ask: Counter, grant: str) -> bool:
    """Ask; say whether there was an answer, or the quota used up."""
    try:
        ask.files(Purpose(grant, ITEM, "D-1"), [ANNA], ["name"])
    except Refused as refused:
        if refused.code != "quota_used_up":
            raise
        return False
    return True


def test_a_burst_over_two_processes_gets_the_quota_and_not_one_look_more(shop: Shop, url: str) -> None:
    grant = shop.grant("police.population", ("number", "name"), quota=QUOTA)

    def ask_until_refused() -> int:
        with client(shop, url) as ask:
            return sum(iter(lambda: is_answered(ask, grant), False))

    answered = sum(at_once(ask_until_refused))
    looks = [entry for entry in files.entries(Path(shop.home / "ledger")) if entry.grant == grant]
    assert QUOTA - 10 <= answered == len(looks) <= QUOTA


def test_one_assertion_at_two_processes_at_once_opens_once(shop: Shop, url: str) -> None:
    form = Credentials("market-app", shop.keys["market-app"].pem, lambda: shop.at).form(f"{url}/oauth/token")
    statuses = Counts(at_once(lambda: httpx2.post(f"{url}/oauth/token", data=form, timeout=30).status_code))
    assert statuses == {200: 1, 400: AT_ONCE - 1}


def test_who_is_revoked_is_out_of_both_processes_at_once(shop: Shop, url: str) -> None:
    with client(shop, url, "tax-app") as ask:
        headers = {"Authorization": f"Bearer {ask.token()}"}

    def look() -> int:
        return httpx2.get(f"{url}/v1/cases", headers=headers, timeout=30).status_code

    assert set(at_once(look)) == {200}
    with writing(shop.url) as connection:
        registry.revoke(connection, "tax-app", "lost", shop.at)
    assert set(at_once(look)) == {401}
