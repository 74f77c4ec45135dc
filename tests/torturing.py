"""`--torture`: kills, attacks and loads in full. Without it tests under tests/torture do a fixed sample of the same."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--torture", action="store_true", help="kills, attacks and loads in full, not a fixed sample")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "only_in_full: has no sample in `make test`; runs with --torture alone")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--torture"):
        left_out = [item for item in items if item.get_closest_marker("only_in_full")]
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=left_out)


@pytest.fixture(scope="session")
def in_full(request: pytest.FixtureRequest) -> bool:
    """Whether all of it is asked for."""
    return bool(request.config.getoption("--torture"))
