"""From where on looks at people's data are unusual, and how long their record is kept: declared in `watching.yml`.

A bureau lays its own figures over the built-in ones, each alone where it likes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Any

from schemas.errors import Problems
from schemas.layers import Layer
from schemas.reading import Value, read

FILE = "watching.yml"
HOURS = ("late_hour", "early_hour")
LEAST_YEARS, LEAST_EVENT_DAYS = 3, 7
"""For how long records of use are kept at least, by Order 809 of the State Council (domain.md, catalogue); and events,
which are tried for six days."""

_LEAST = {"kept_years": LEAST_YEARS, "event_days": LEAST_EVENT_DAYS, **dict.fromkeys(HOURS, 0)}


@dataclass(frozen=True)
class Watch:
    """From where on looks are unusual. Hours are of the legal day: from `late_hour` to before `early_hour`.

    Volume: at least `least_looks`, and over `times_median` times the median of the `days_before`. Enumeration: more
    subjects under one case than `subjects_a_case`, or in one hour than `subjects_an_hour`. A draft that is older than
    `draft_days` has become no case. Entries of the ledger are kept for `kept_years`, events of
    the feed for `event_days`.
    """

    least_looks: int = 200
    times_median: float = 5.0
    days_before: int = 14
    late_hour: int = 22
    early_hour: int = 6
    subjects_a_case: int = 20
    subjects_an_hour: int = 500
    draft_days: int = 30
    kept_years: int = LEAST_YEARS
    event_days: int = 365


def gather(found: Iterable[Layer], problems: Problems) -> Watch:
    """Read the figures of all layers, telling what is wrong."""
    watch = Watch()
    for layer in found:
        path = layer.departments.parent / FILE
        value = read(path, layer.shown(path), problems) if path.is_file() else None
        if value is not None:
            watch = replace(watch, **_figures(value))
    return watch


def _figures(value: Value) -> dict[str, Any]:
    said = value.fields((), tuple(each.name for each in fields(Watch)))
    figures: dict[str, Any] = {}
    for name in (each.name for each in fields(Watch)):
        given = said.get(name)
        if given is not None:
            figures[name] = _figure(name, given)
    return figures


def _figure(name: str, given: Value) -> float:
    if name == "times_median":
        times = float(given.number())
        if times < 1:
            given.refuse(given.node.value, "a number from 1")
        return times
    figure = given.whole(_LEAST.get(name, 1))
    if name in HOURS and figure > 24:
        given.refuse(str(figure), "an hour of the day, 0 to 24")
    return figure
