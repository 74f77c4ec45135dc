"""`--torture`: kills, attacks and loads in full. Without it tests under tests/torture do a fixed sample of the same."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--torture", action="store_true", help="kills, attacks and loads in full, not a fixed sample")


@pytest.fixture(scope="session")
def in_full(request: pytest.FixtureRequest) -> bool:
    """Whether all of it is asked for."""
    return bool(request.config.getoption("--torture"))
