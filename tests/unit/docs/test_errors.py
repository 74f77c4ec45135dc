"""Every error of ours has one meaning, a message and an exit code."""

from __future__ import annotations

import inspect
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from inbox.errors import Refused
from onefile.cli.main import EXIT_CODES
from onefile.errors import OneFileError
from tools.reference import exit_codes

ERRORS = exit_codes.errors()
# What a constructor is given in the place of a parameter of that type.
TEXT = "what it is about"
EXAMPLES = {"str": TEXT, "int": 1, "float": 1.0, "Path": Path("x"), "str | None": None, "int | None": 1, "Kind": "gap",
            "dict[str, Any]": {}}  # fmt: skip
OF_A_LIST = {Refused: "no_files", OneFileError: "length"}


@pytest.mark.parametrize("error", ERRORS, ids=lambda e: f"{e.__module__}.{e.__name__}")
def test_an_error_says_what_it_means_and_has_a_known_exit_code(error: type[OneFileError]) -> None:
    assert exit_codes.meaning(error)
    assert f"  {error.exit_code}  " in EXIT_CODES
    assert error.exit_code != 0


def test_no_two_errors_of_a_package_mean_the_same() -> None:
    said = Counter(
        (exit_codes.package(e), exit_codes.meaning(e))
        for e in ERRORS
        if not exit_codes.meaning(e).startswith("The root of")
    )
    assert [meaning for meaning, times in said.items() if times > 1] == []


def test_no_two_errors_of_a_package_have_one_name() -> None:
    named = Counter((exit_codes.package(error), error.__name__) for error in ERRORS)
    assert [name for name, times in named.items() if times > 1] == []


def test_whoever_looks_for_errors_does_not_load_airflow() -> None:
    """Airflow keeps to the home that it finds when it is first imported: a test's would be missed by all after it."""
    look = "import sys; from tools.reference import exit_codes as e; e.errors(); sys.exit('airflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", look], check=False).returncode == 0


def test_every_package_with_errors_of_its_own_module_has_one_root() -> None:
    roots = Counter(
        exit_codes.package(e) for e in ERRORS if e.__module__.endswith(".errors") and OneFileError in e.__bases__
    )
    assert [name for name in roots if roots[name] > ROOTS.get(name, 1)] == []


# `schemas` has the serving database's tree besides its own, and `InvalidIdentifier`, which is a ValueError too.
ROOTS = {"schemas": 3}


@pytest.mark.parametrize("error", ERRORS, ids=lambda e: f"{e.__module__}.{e.__name__}")
def test_an_error_that_makes_its_own_message_says_more_than_a_word(error: type[OneFileError]) -> None:
    if error.__init__ in (OneFileError.__init__, Exception.__init__):
        return
    made = error(*_arguments(error))
    assert len(str(made).split()) >= 4


def _arguments(error: type[OneFileError]) -> list[Any]:
    """Return something for each parameter that has to be given."""
    first = next(value for kind, value in OF_A_LIST.items() if issubclass(error, kind))
    wanted = [
        parameter
        for parameter in list(inspect.signature(error.__init__).parameters.values())[1:]
        if parameter.default is parameter.empty and parameter.kind is parameter.POSITIONAL_OR_KEYWORD
    ]
    given = []
    for parameter in wanted:
        kind = str(parameter.annotation)
        is_of_a_list = parameter.name.endswith("reason")
        given.append(first if is_of_a_list else EXAMPLES.get(kind, () if "[" in kind else TEXT))
    return given
