"""The shape of the code: what may stand where, and how long it may be."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import catalog
from schemas.reasons import REASONS
from tests.documents import ROOT, files, modules, names_of, shown

MODULES = modules()
HEAVY = ("pyspark", "delta", "pipelines", "pandas", "pyarrow", "great_expectations", "deltalake")
# Who may ask the clock, and who may look at the environment of the process.
CLOCK = (
    "onefile/settings.py",
    "onefile/client/counter.py",
    "onefile/verify/__main__.py",
)  # the stand-alone verifier is an edge of its own
ENVIRONMENT = (
    "onefile/settings.py",
    "onefile/airflow_home.py",
    "onefile/java.py",  # puts JAVA_HOME where the engine looks for it
    "onefile/services/",  # child processes get the caller's environment
    "onefile/verify/__main__.py",  # the verifier is a program of its own
    "onefile/cli/doctor.py",  # looks for the Java that an engine would find
    "onefile/cli/lanes.py",  # child processes, too
    "pipelines/quality.py",  # tells a library, before it is imported, not to call home
)
ASKS_THE_CLOCK = re.compile(r"^(datetime\.)?(datetime|date)\.(now|utcnow|today)$|^time\.(time|localtime|gmtime)$")
LOOKS_AROUND = re.compile(r"^os\.(environ|environb|getenv|putenv)$")
DRAWS = re.compile(r"^(uuid\.)?uuid[14]$|^random\.\w+$|^numpy\.random$|^np\.random$")
# Hosts of package registries and their mirrors: every name under every ending, kept apart so that none is named.
HOSTED = "hosted"
_HOSTED = ("pypi", f"python{HOSTED}", "npmjs", "maven", "crates", "golang", "tsinghua", "ustc", "aliyun", "deb")
_ENDINGS = (("org",), ("com",), ("io",), ("edu",), ("apache", "org"), ("debian", "org"))
REGISTRIES = tuple(".".join((name, *ending)) for name in _HOSTED for ending in _ENDINGS)
MACHINE_PATH = re.compile(r"(?<![\w.$}>*~])/(work|root|home|Users|mnt)/\w")


@pytest.mark.parametrize("path", [p for p in MODULES if shown(p).startswith("dags/")], ids=shown)
def test_a_dag_file_imports_no_engine_until_a_task_runs(path: Path) -> None:
    assert [name for name in _imported_at_once(_tree(path)) if name.split(".")[0] in HEAVY] == []


def test_the_clock_is_asked_at_the_edges_only() -> None:
    assert _speaking_of(ASKS_THE_CLOCK, CLOCK) == []


def test_the_environment_is_looked_at_at_the_edges_only() -> None:
    assert _speaking_of(LOOKS_AROUND, ENVIRONMENT) == []


def test_nothing_is_drawn_at_random_but_by_whoever_makes_a_city() -> None:
    assert _speaking_of(DRAWS, ("samples/",)) == []


def test_nothing_is_swallowed_asserted_or_left_for_later() -> None:
    wrong = []
    for path in MODULES:
        for node in ast.walk(_tree(path)):
            is_swallowed = isinstance(node, ast.ExceptHandler) and all(isinstance(n, ast.Pass) for n in node.body)
            if is_swallowed or isinstance(node, ast.Assert):
                wrong.append(f"{shown(path)}:{node.lineno}")
    for path in [*MODULES, *files(".yml", ".md", ".toml", "Makefile", ".sh")]:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if shown(path) != "CONTRIBUTING.md" and re.search(r"\b(TODO|FIXME|NotImplementedError)\b", line):
                wrong.append(f"{shown(path)}:{number}")
    assert wrong == []


def test_no_file_is_longer_than_400_lines_and_no_function_than_60() -> None:
    wrong = []
    for path in files(".py"):
        text = path.read_text(encoding="utf-8")
        if len(text.splitlines()) > 400 and not shown(path).startswith("tests/"):
            wrong.append(f"{shown(path)}: {len(text.splitlines())} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (node.end_lineno or 0) - node.lineno >= 60:
                wrong.append(f"{shown(path)}:{node.lineno} {node.name}")
    assert wrong == []


def test_half_of_all_functions_are_within_ten_lines() -> None:
    lengths = sorted(
        (node.end_lineno or 0) - node.lineno + 1
        for path in MODULES
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.FunctionDef)
    )
    assert lengths[len(lengths) // 2] <= 10


def test_every_module_says_what_it_is_for() -> None:
    told = [path for path in MODULES if path.read_text(encoding="utf-8").strip() and path.name != "__main__.py"]
    assert [shown(path) for path in told if not ast.get_docstring(_tree(path))] == []


def test_everything_that_is_declared_is_loaded_and_stands_in_the_reference() -> None:
    loaded = catalog.load()
    found = {
        "tables": loaded.declarations.tables,
        "codes": loaded.declarations.codes,
        "files": loaded.declarations.files,
        "licences": loaded.declarations.licences,
        "resources": loaded.resources,
        "items": loaded.declarations.items,
    }
    folders = {
        "tables": "schemas/tables",
        "codes": "schemas/codes",
        "files": "schemas/files",
        "licences": "schemas/licences",
        "resources": "catalog/resources",
        "items": "schemas/items",
    }
    for name, folder in folders.items():
        # A list that extends another one is read into it.
        written = [path for path in (ROOT / folder).rglob("*.yml") if "\nextends: " not in path.read_text("utf-8")]
        page = (ROOT / "docs" / "reference" / f"{name}.md").read_text(encoding="utf-8")
        assert len(written) == len(found[name])
        assert [each for each in found[name] if each not in page] == []
    page = (ROOT / "docs" / "reference" / "items.md").read_text(encoding="utf-8")
    assert [each for each in (*loaded.declarations.bundles, *loaded.declarations.materials) if each not in page] == []


def test_every_table_is_filled_by_a_resource_or_makes_licences_and_every_code_list_is_used() -> None:
    loaded = catalog.load()
    tables = loaded.declarations.tables
    made = {licence.table for licence in loaded.declarations.licences.values()}
    assert set(tables) == {resource.table for resource in loaded.resources.values()} | made
    used = {column.codes for table in tables.values() for column in table.columns} | {"area"}
    assert set(loaded.declarations.codes) - used - KEPT_FOR_READING == set()


def test_every_reason_is_given_by_some_code() -> None:
    given = "".join(path.read_text(encoding="utf-8") for path in MODULES if path.name != "reasons.py")
    assert [code for code in REASONS if f'"{code}"' not in given] == []


# Lists that readers and cleaners use by themselves, and units for tables that bureaus lay over: no column names them.
KEPT_FOR_READING = {"currency", "identity_type", "resource_class", "unit"}


def test_no_registry_and_no_path_of_a_machine_is_committed() -> None:
    wrong = []
    for path in files():
        if path.suffix in {".jar", ".ico", ".gz"} or path.name == "LICENSE":
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        wrong += [f"{shown(path)}: {host}" for host in REGISTRIES if host in text.lower()]
        wrong += [f"{shown(path)}: {found.group()}" for found in MACHINE_PATH.finditer(text)]
    assert wrong == []


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _speaking_of(pattern: re.Pattern[str], allowed: tuple[str, ...]) -> list[str]:
    return [
        f"{shown(path)}:{line} {name}"
        for path in MODULES
        if not shown(path).startswith(allowed)
        for name, line in names_of(_tree(path))
        if pattern.match(name)
    ]


def _imported_at_once(tree: ast.Module) -> Iterator[str]:
    """Yield what a module imports when it is imported itself: not in functions, nor for the type checker only."""
    for node in tree.body:
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_no_program_of_tools_hides_a_module_of_python() -> None:
    """Run as a program, a file finds its neighbours before the standard library."""
    assert [path.name for path in (ROOT / "tools").glob("*.py") if path.stem in sys.stdlib_module_names] == []
