"""The constraints of our tables, held against rows in hand, as the engine does with those that it writes. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

Holds = Callable[[pa.Table], Any]

_NAME = r"`?(?P<name>\w+)`?"
_FORMS: tuple[tuple[str, Callable[[re.Match[str]], Holds]], ...] = (
    (rf"{_NAME} IS NOT NULL", lambda m: lambda rows: rows[m["name"]].is_valid()),
    (
        rf"(?P<unless>\w+) OR {_NAME} IS NOT NULL",
        lambda m: lambda rows: pc.or_(rows[m["unless"]], rows[m["name"]].is_valid()),
    ),
    (
        rf"length\({_NAME}\) = (?P<length>\d+)",
        lambda m: lambda rows: pc.equal(pc.utf8_length(rows[m["name"]]), int(m["length"])),
    ),
    (rf"{_NAME} >= (?P<least>\d+)", lambda m: lambda rows: pc.greater_equal(rows[m["name"]], int(m["least"]))),
)


def understood(text: str) -> Holds | None:
    """Return what tells the rows that meet a constraint (SQL); None: it is of no form that is known here."""
    for form, made in _FORMS:
        found = re.fullmatch(form, text)
        if found is not None:
            return made(found)
    return None


def are_met(rows: pa.Table, constraints: Iterable[Holds]) -> bool:
    """Tell whether all rows meet all constraints; one that nobody can tell of a row is not met, as with the engine."""
    return all(pc.all(pc.fill_null(holds(rows), False), min_count=0).as_py() for holds in constraints)
