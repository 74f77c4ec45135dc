"""What a run has to do, in an order that holds, and what it says of it meanwhile."""

from __future__ import annotations

import time
from dataclasses import dataclass

import click


@dataclass(frozen=True)
class Planned:
    """A DAG's turn: it comes when all of `after` have ended, however they did."""

    dag: str
    after: tuple[str, ...] = ()


GOLD = (
    Planned("person_file"),
    Planned("enterprise_file"),
    Planned("quality", ("person_file", "enterprise_file")),
    Planned("publication", ("quality",)),
    Planned("vault"),
)
"""What follows once all that waited is settled."""


class Progress:
    """Says on standard error which DAG is at work, and how it ended: ` 3/14 person_file … 12.3 s`."""

    def __init__(self, total: int, *, is_side_by_side: bool = False) -> None:
        self._total = total
        self._is_side_by_side = is_side_by_side
        self._begun: dict[str, tuple[int, float]] = {}

    def begin(self, dag: str) -> None:
        self._begun[dag] = len(self._begun) + 1, time.monotonic()
        click.echo(self._named(dag), err=True, nl=self._is_side_by_side)

    def end(self, dag: str, *, is_done: bool) -> None:
        took = f"{time.monotonic() - self._begun[dag][1]:6.1f} s{'' if is_done else '  FAILED'}"
        click.echo(f"{self._named(dag) if self._is_side_by_side else ''}{took}", err=True)

    def _named(self, dag: str) -> str:
        return f"{self._begun[dag][0]:>3}/{self._total} {dag:<40} "
