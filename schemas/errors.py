"""What can be wrong with declarations. Nothing here ever quotes a person's data: there is none in a declaration."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from onefile.errors import OneFileError
from schemas.model import Place


class SchemaError(OneFileError):
    """The root of what `schemas` raises."""


@dataclass(frozen=True)
class Problem:
    """One fault of a declaration: where it stands, what was found there, what is allowed."""

    place: Place
    found: str
    allowed: str

    def __str__(self) -> str:
        return f"{self.place}: found {self.found}; wanted {self.allowed}"


class DeclarationsRefused(SchemaError):
    """The declarations have problems, and nothing of them is used. `problems` are all that were found."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems), key=lambda p: (p.place.path, p.place.line, p.found)))
        count = len(self.problems)
        head = "one problem in the declarations" if count == 1 else f"{count} problems in the declarations"
        head += "; correct and look again with `onefile doctor --declarations DIR`:"
        super().__init__("\n  ".join([head, *map(str, self.problems)]))


class Problems:
    """Gathers problems while declarations are read, so that all are told together.

    `broken` are the tables and code lists whose own faults were told: where one of them is
    named, nothing more is told.
    """

    def __init__(self) -> None:
        self.found: list[Problem] = []
        self.broken: set[str] = set()

    def add(self, place: Place, found: str, allowed: str) -> None:
        self.found.append(Problem(place, found, allowed))

    def raise_if_any(self) -> None:
        """Raise DeclarationsRefused when there is a problem."""
        if self.found:
            raise DeclarationsRefused(self.found)


def one_of(allowed: Iterable[str], found: str | None = None, shown: int = 24) -> str:
    """Say what is allowed: the nearest match first, then the list, cut when it is long."""
    names = list(allowed)
    near = difflib.get_close_matches(found, names, 1, 0.6) if found else []
    listed = ", ".join(names[:shown]) + (f", … ({len(names)} in all)" if len(names) > shown else "")
    if not names:
        return "nothing here: none is declared"
    return f"one of {listed}" + (f" (did you mean {near[0]!r}?)" if near else "")
