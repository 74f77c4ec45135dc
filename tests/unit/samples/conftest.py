"""A small city, made once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

import catalog
from catalog.model import Catalogue
from samples import making
from samples.delivering import Delivered

ORDER = making.Order(seed=5, people=900, enterprises=90, days=2, first_day=date(2026, 10, 1), is_signed=False)


@dataclass(frozen=True)
class Made:
    """A city in a folder, and what was delivered."""

    folder: Path
    delivered: list[Delivered]


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return catalog.load()


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory, catalogue: Catalogue) -> Made:
    folder = tmp_path_factory.mktemp("city") / "made"
    return Made(folder, making.make_city(ORDER, catalogue, folder))
