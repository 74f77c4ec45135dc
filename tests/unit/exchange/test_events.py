"""The event feed at the counter: a department subscribes to its own grants, and reads on from a cursor."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipelines import accounts
from tests.counter import FIRM, Open, Shop
from tests.handed import workshop

ENTERPRISES = "market.enterprises"


def call(opened: Open, method: str, path: str, client: str, status: int = 200, **more: Any) -> Any:
    answer = opened.http.request(method, path, headers=dict(opened.bearer(client)), **more)
    assert answer.status_code == status, answer.text
    return answer.json()


def test_a_department_subscribes_reads_on_from_its_cursor_and_ends(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "var")
    grant = shop.grant(ENTERPRISES, ("name",), "tax", mode="batch")
    shop.supply(ENTERPRISES, 1, ("r1", FIRM, {"name": "甲"}), fields="name")
    for name, department in (("tax-app", "tax"), ("market-app", "police")):
        shop.client(name, department)
    with shop.open() as opened:
        made = call(opened, "POST", "/v1/subscriptions", "tax-app", json={"grant": grant})
        assert (made["grant"], made["resource"], made["ended_at"]) == (grant, ENTERPRISES, None)
        assert call(opened, "POST", "/v1/subscriptions", "tax-app", json={"grant": grant}) == made
        call(opened, "POST", "/v1/subscriptions", "market-app", 422, json={"grant": grant})
        call(opened, "POST", "/v1/subscriptions", "tax-app", 404, json={"grant": "G20261130-0099"})
        assert call(opened, "GET", "/v1/events", "tax-app") == {"events": [], "next": "0", "removed_to": 0}
        for version, name in ((2, "乙"), (3, "丙")):
            shop.supply(ENTERPRISES, version, ("r1", FIRM, {"name": name}), fields="name")
        assert accounts.make_events(workshop(shop)) == 2
        page = call(opened, "GET", "/v1/events?limit=1", "tax-app")
        assert ([each["number"] for each in page["events"]], page["next"]) == ([1], "1")
        page = call(opened, "GET", "/v1/events?cursor=1", "tax-app")
        assert ([each["previous"] for each in page["events"]], page["next"]) == ([1], "2")
        assert call(opened, "GET", "/v1/events?cursor=2", "tax-app") == {"events": [], "next": "2", "removed_to": 0}
        call(opened, "GET", "/v1/events?cursor=x", "tax-app", 400)
        assert call(opened, "GET", "/v1/events", "market-app")["events"] == []
        assert call(opened, "GET", "/v1/subscriptions", "tax-app")["subscriptions"] == [made]
        call(opened, "POST", f"/v1/subscriptions/{made['number']}/end", "market-app", 404)
        assert call(opened, "POST", f"/v1/subscriptions/{made['number']}/end", "tax-app")["ended_at"] is not None
        assert call(opened, "GET", "/v1/subscriptions", "tax-app")["subscriptions"] == []
