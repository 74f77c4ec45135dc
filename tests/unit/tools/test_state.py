"""The hash by which `make test` knows whether the quick tests passed for these very files."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "tools" / "state"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "tools").mkdir()
    shutil.copy(SCRIPT, tmp_path / "tools" / "state")
    (tmp_path / "module.py").write_text("ONE = 1\n")
    (tmp_path / ".gitignore").write_text("var/\n.venv/\n")
    (tmp_path / ".venv").mkdir()
    for command in ("init", "add ."):
        subprocess.run(["git", *command.split()], cwd=tmp_path, check=True, capture_output=True)
    return tmp_path


def state(checkout: Path) -> str:
    return subprocess.run([checkout / "tools" / "state"], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("changed", ["module.py", "new.py", ".venv/done"])
def test_another_file_or_installation_is_another_state(checkout: Path, changed: str) -> None:
    before = state(checkout)
    (checkout / changed).write_text("ONE = 2\n")
    assert state(checkout) != before


def test_a_file_that_is_gone_is_another_state(checkout: Path) -> None:
    before = state(checkout)
    (checkout / "module.py").unlink()
    assert state(checkout) != before


def test_what_git_ignores_and_when_a_file_was_written_is_none(checkout: Path) -> None:
    before = state(checkout)
    (checkout / "var").mkdir()
    (checkout / "var" / "log").write_text("x")
    (checkout / "module.py").write_text("ONE = 1\n")
    assert state(checkout) == before


def test_outside_of_a_checkout_there_is_none(checkout: Path) -> None:
    shutil.rmtree(checkout / ".git")
    done = subprocess.run([checkout / "tools" / "state"], capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (1, b"")
