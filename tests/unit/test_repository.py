"""What holds of the repository as a whole."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
LOCKS = sorted(path for path in (ROOT / "requirements").glob("*.txt") if not path.name.startswith("jars"))


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_a_lock_pins_every_package_with_hashes_and_names_no_registry(lock: Path) -> None:
    text = re.sub(r"^ *#.*\n", "", lock.read_text(), flags=re.MULTILINE)
    assert "://" not in text
    assert "--index" not in text
    for requirement in text.replace("\\\n", " ").splitlines():
        assert re.match(r"[a-z0-9._-]+(\[[a-z0-9,-]+\])?==\S+ .*--hash=sha256:", requirement), requirement


def test_the_verifier_imports_the_standard_library_and_cryptography_only() -> None:
    allowed = sys.stdlib_module_names | {"cryptography"}
    for path in (ROOT / "onefile" / "verify").rglob("*.py"):
        for module in _imported(path):
            is_own = module.startswith("onefile.verify") or module in ("onefile.errors", "onefile")
            assert is_own or module.split(".")[0] in allowed, f"{path.name} imports {module}"


def test_every_room_is_packed_linted_for_its_imports_and_typed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
    rooms = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"samples"}
    assert rooms | {"samples"} == set(project["importlinter"]["root_packages"])
    assert rooms <= set(project["hatch"]["build"]["targets"]["wheel"]["packages"])
    assert rooms <= set(project["mypy"]["files"])


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
