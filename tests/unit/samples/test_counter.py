"""What `make counter` makes ready: three clients that may ask at once, whose answers are genuine."""

from __future__ import annotations

from pathlib import Path

from onefile.client import Purpose
from samples.counter import CLIENTS, DRAFT, GRANTS, ITEM, ready
from tests.counter import ANNA, Key, Shop, person


def test_three_clients_may_ask_and_a_second_time_nothing_is_made_anew(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "var")
    shop.publish(person(ANNA, "安娜"))
    told = ready(shop.settings, "http://127.0.0.1:8600")
    assert ready(shop.settings, "http://127.0.0.1:8600") == told
    grants = told[1].removeprefix("Grants: ").partition(". ")[0].split(", ")
    assert len(grants) == len(GRANTS)
    with shop.open() as counter:
        for client_id, *_ in CLIENTS:
            key = (shop.home / "clients" / f"{client_id}.pem").read_bytes()
            shop.keys[client_id] = _Kept(key)
            with counter.ask(client_id) as ask:
                assert ask.call("GET", "/v1/me")["id"] == client_id
        with counter.ask("market-permits") as ask:
            (result,) = ask.files(Purpose(grants[0], ITEM, DRAFT), [ANNA])["results"]
    assert result["files"][0]["attributes"]["name"]["value"] == "安娜"


class _Kept(Key):
    """A key as it lies in a file."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.content = content

    @property
    def pem(self) -> bytes:
        return self.content
