"""The pages of the reference that follow from the code are what the code says."""

from __future__ import annotations

import ast
import re
import subprocess
import sys

from onefile.settings import NAMES
from tests.documents import ROOT, modules
from tools.docs import FOLDER, PAGES

SETTINGS = (FOLDER / "settings.md").read_text(encoding="utf-8")
# Set by us for libraries and child processes, and not looked for by us.
FOR_OTHERS = {"GX_ANALYTICS_ENABLED", "SPARK_HOME", "AIRFLOW_HOME", "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"}


def test_every_generated_page_is_what_the_code_says() -> None:
    """In a process of its own: reading the DAGs makes it one of Airflow's."""
    done = subprocess.run(
        [sys.executable, "-m", "tools.docs", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{done.stdout}{done.stderr[-500:]} run `make docs`"


def test_every_page_of_the_reference_stands_in_the_index() -> None:
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    assert sorted(path.name for path in FOLDER.glob("*.md") if f"(reference/{path.name})" not in index) == []
    how_to = ROOT / "docs" / "how-to"
    assert sorted(path.name for path in how_to.glob("*.md") if f"(how-to/{path.name})" not in index) == []


def test_a_page_that_says_it_is_generated_is() -> None:
    made = {
        path.name for path in FOLDER.glob("*.md") if "is made from the code by `make docs`" in path.read_text("utf-8")
    }
    assert made == set(PAGES)


def test_every_variable_of_the_environment_that_is_read_stands_in_the_settings() -> None:
    read = {(path.name, name) for path in modules() for name in _variables(ast.parse(path.read_text(encoding="utf-8")))}
    assert {place for place in read if place[1] not in FOR_OTHERS and f"`{place[1]}`" not in SETTINGS} == set()
    assert {name for name in NAMES if f"| `{name}` |" not in SETTINGS} == set()


def _variables(tree: ast.AST) -> set[str]:
    """Return the names that are looked up in an environment."""
    found = set()
    for node in ast.walk(tree):
        where, what = None, None
        if isinstance(node, ast.Subscript):
            where, what = node.value, node.slice
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            where, what = node.func.value, node.args[0]
        is_environment = where is not None and re.search(r"\benv(iron(ment)?)?\b", ast.unparse(where))
        if is_environment and isinstance(what, ast.Constant) and isinstance(what.value, str):
            found.add(what.value)
    return {name for name in found if re.fullmatch(r"[A-Z][A-Z0-9_]+", name)}
