"""docs/reference/exit-codes.md: every error that the command can end with, by package."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator

from onefile.errors import OneFileError
from tools.reference.markdown import code, table
from tools.reference.markdown import page as made

PACKAGES = ("onefile", "schemas", "catalog", "licence_vault", "inbox", "ledger", "pipelines", "exchange")
RUN_WHEN_IMPORTED = ("__main__", "schemas.migrations.env")
# What Airflow loads by itself: with it comes Airflow, which keeps to the home that it finds when it is first imported.
AIRFLOWS_OWN = ".airflow_plugins."
INTRODUCTION = """
The command ends with 0 when it did what was asked, 2 when it was called wrongly, and otherwise with the code of the
error. The message says what was found, what is wanted and what to do; `--json` does not change the code. An error
that is none of these is a fault of the program: it ends with 1, and shows its class and place but not its text,
which might quote a row.

`onefile run` takes in all that it can and then ends with 1 if a delivery was refused or held back, or a step
failed; each is named.
"""


def page() -> str:
    """Return the page."""
    groups: dict[str, list[type[OneFileError]]] = {}
    for error in errors():
        groups.setdefault(package(error), []).append(error)
    sections = [
        f"## {name}\n\n" + table(("error", "code", "meaning"), [_row(error) for error in found])
        for name, found in sorted(groups.items())
    ]
    return made("Exit codes and errors", INTRODUCTION, *sections)


def errors() -> list[type[OneFileError]]:
    """Return every error of ours, root first, in an order that stays."""
    for name in PACKAGES:
        _load(name)
    return sorted(_tree(OneFileError), key=lambda error: (error.__module__, inspect.getsourcelines(error)[1]))


def package(error: type[OneFileError]) -> str:
    """Return the package whose tree an error belongs to; verifier, client and keeping are ones of their own."""
    first = error.__module__.split(".")[0]
    apart = ("onefile.verify", "onefile.client", "onefile.keeping")
    return next((name for name in apart if error.__module__.startswith(f"{name}.")), first)


def meaning(error: type[OneFileError]) -> str:
    """Return the first sentence of an error's own docstring, "" where it has none."""
    text = " ".join((error.__dict__.get("__doc__") or "").split("\n\n")[0].split())
    return text.split(". ")[0].rstrip(".") + "." if text else ""


def _load(name: str) -> None:
    found = importlib.import_module(name)
    for module in pkgutil.walk_packages(found.__path__, f"{name}."):
        if not module.name.endswith(RUN_WHEN_IMPORTED) and all(
            part not in module.name for part in (".versions", AIRFLOWS_OWN)
        ):
            importlib.import_module(module.name)


def _tree(root: type[OneFileError]) -> Iterator[type[OneFileError]]:
    if root.__module__.split(".")[0] in PACKAGES:
        yield root
    for child in root.__subclasses__():
        yield from _tree(child)


def _row(error: type[OneFileError]) -> tuple[str, str, str]:
    return (code(f"{error.__module__}.{error.__name__}"), str(error.exit_code), meaning(error))
