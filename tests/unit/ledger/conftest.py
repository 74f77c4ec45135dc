"""What the tests of what follows from looks stand on."""

from __future__ import annotations

from pathlib import Path

import pytest

from licence_vault.keystore import Keystore
from tests.disclosed import Disclosed, disclosed
from tests.papers import new_bureau


@pytest.fixture(scope="session")
def bureau(tmp_path_factory: pytest.TempPathFactory) -> Keystore:
    """A bureau's keystore."""
    return new_bureau(tmp_path_factory.mktemp("bureau"))


@pytest.fixture
def house(tmp_path: Path, bureau: Keystore) -> Disclosed:
    """A ledger and a database of the test's own."""
    return disclosed(tmp_path, bureau)
