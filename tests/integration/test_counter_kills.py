"""The server is killed under load, all its processes at once: every answer that arrived is in the ledger."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import httpx2
import pytest

from ledger import files
from ledger.audit import audit
from onefile.client import Counter, Purpose, Unreachable
from onefile.services.spark_connect import free_port
from onefile.verify.trust import read_trust
from tests.counter import ANNA, BELA, ITEM, Shop, person, start

ASKERS = 6
SECONDS_UNDER_LOAD = 1.5
KILLS = 2


def ask_until_it_dies(shop: Shop, port: int, grant: str, arrived: list[str], stop: threading.Event) -> None:
    url, trust = f"http://127.0.0.1:{port}", (shop.home / "keys" / "trust.json").read_bytes()
    with Counter(
        url, "market-app", shop.keys["market-app"].pem, trust, now=lambda: shop.at, pause=lambda _s: None
    ) as ask:
        while not stop.is_set():
            try:
                answer = ask.fetch("POST", "/v1/files/query", BODY, Purpose(grant, ITEM, "D-1"))
            except (Unreachable, httpx2.HTTPError):
                return
            arrived.append(answer.headers["onefile-answer"])


BODY = {"subjects": [{"number": ANNA}, {"number": BELA}], "fields": ["name"]}


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    made = Shop(tmp_path / "var")
    made.publish(person(ANNA, "安娜"), person(BELA, "贝拉"))
    made.client("intake", "data_bureau", "intake")
    made.client("market-app", "market")
    return made


def test_every_answer_that_arrived_is_in_the_ledger(shop: Shop) -> None:
    grant = shop.grant("police.population", ("number", "name"), quota=1_000_000)
    with shop.open() as counter:
        counter.case("D-1", parties=(ANNA, BELA))
    arrived: list[str] = []
    for _ in range(KILLS):
        port, stop = free_port(), threading.Event()
        server = start(shop, port)
        askers = [
            threading.Thread(target=ask_until_it_dies, args=(shop, port, grant, arrived, stop)) for _ in range(ASKERS)
        ]
        for asker in askers:
            asker.start()
        time.sleep(SECONDS_UNDER_LOAD)
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()
        stop.set()
        for asker in askers:
            asker.join(60)
    with shop.open() as counter:
        counter.ask("market-app").files(Purpose(grant, ITEM, "D-1"), [ANNA], ["name"])
    entries = list(files.entries(shop.home / "ledger"))
    recorded = {entry.answer_id for entry in entries}
    assert len(arrived) > 50
    assert set(arrived) <= recorded
    trust = read_trust((shop.home / "keys" / "trust.json").read_bytes())
    assert audit(shop.home / "ledger", trust).entries == len(entries)
