"""What the counter's tests stand on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.counter import ANNA, BELA, Open, Shop, person


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A home with two people's files, an intake platform and two departments' systems."""
    made = Shop(tmp_path / "var")
    made.publish(person(ANNA, "安娜"), person(BELA, "贝拉"))
    made.client("intake", "data_bureau", "intake")
    made.client("market-app", "market")
    made.client("tax-app", "tax")
    return made


@pytest.fixture
def counter(shop: Shop) -> Iterator[Open]:
    """The counter of that home, open."""
    with shop.open() as opened:
        yield opened
