"""What several tests of the catalogue stand on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from schemas.serving.connection import writing
from schemas.serving.migration import upgrade


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Connection]:
    """A transaction on a serving database of the test's own."""
    url = f"sqlite:///{tmp_path}/serving.db"
    upgrade(url)
    with writing(url) as connection:
        yield connection
