"""Shared materials on PostgreSQL, where writers go on beside each other: deposited, used, taken back, as on SQLite."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.counter import FIRM, Open, Shop
from tests.deposited import SCAN, deposit, get, granted, me
from tests.postgres import server
from tests.prefilled import ask, cited, firm, grants, licensed, states


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Open]:
    with server() as running:
        shop = Shop(tmp_path / "var", running.database())
        shop.publish(firm())
        licensed(shop)
        shop.client("intake", "data_bureau", "intake")
        with shop.open() as opened:
            yield opened


def test_uploads_at_once_are_one_material_which_is_used_filled_with_and_taken_back(counter: Open) -> None:
    counter.case(parties=(FIRM,))
    with ThreadPoolExecutor(6) as threads:
        found = list(threads.map(lambda _: deposit(counter), range(6)))
    assert sorted(each.status_code for each in found) == [200] * 5 + [201]
    (material_id,) = {each.json()["material_id"] for each in found}
    assert len(list((counter.shop.home / "materials").glob("*/*"))) == 1
    assert get(counter, granted(counter), f"{material_id}/file").content == SCAN
    assert states(ask(counter, cited(grants(counter.shop))))["lease_contract"] == "deposited"
    with ThreadPoolExecutor(4) as threads:
        assert {each.status_code for each in threads.map(lambda _: back(counter, material_id), range(4))} == {200}
    (shown,) = me(counter).json()["materials"]
    assert [each["event"] for each in shown["events"]] == ["deposited", "withdrawn"]


def back(counter: Open, material_id: str) -> Any:
    return me(counter, "POST", f"/{material_id}/withdrawal")
