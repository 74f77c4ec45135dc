"""What a task of the flow loads before it begins: Airflow starts a process for each."""

from __future__ import annotations

import ast
import subprocess
import sys

import pytest

from tests.documents import ROOT


def steps() -> list[str]:
    """Return the modules that tasks call."""
    found = set()
    for file in ("work.py", "handing.py", "fetching.py"):
        for node in ast.walk(ast.parse((ROOT / "dags" / file).read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pipelines"):
                found |= {f"pipelines.{name.name}" for name in node.names if node.module == "pipelines"}
    return sorted(found)


def test_the_steps_are_found() -> None:
    assert {"pipelines.steps", "pipelines.accounts", "pipelines.changing", "pipelines.receiving"} <= {*steps()}


@pytest.mark.parametrize("heavy", ["great_expectations", "airflow"])
def test_what_takes_seconds_is_loaded_by_whom_it_is_for_only(heavy: str) -> None:
    look = f"import sys, {', '.join(steps())}; sys.exit({heavy!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", look], cwd=ROOT, check=False).returncode == 0
