"""A run of the flow that is gone at a step of our choice, as by SIGKILL.

    python -m tests.killing HOME DECLARATIONS NUMBER

takes in what waits in the home and is killed at the boundary of that number: before and after
each commit of the lake and each commit of the database, and before and after each file gets its
name. With 0 nobody kills it, and it prints how many boundaries it came by.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from sqlalchemy import Engine, event

from pipelines.lake import Lake
from tests.house import shop_house


class Boundaries:
    """Counts the boundaries that a run comes by, and lets it `die` at one of them; 0: at none."""

    def __init__(self, fatal: int, die: Callable[[], None]) -> None:
        self.passed = 0
        self._fatal = fatal
        self._die = die

    def __call__(self, *_: object) -> None:
        self.passed += 1
        if self.passed == self._fatal:
            self._die()

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Stand around every file that gets its name and every commit of a database."""
        event.listen(Engine, "commit", self)
        try:
            with patch.multiple(os, rename=self._around(os.rename), replace=self._around(os.replace)):
                yield
        finally:
            event.remove(Engine, "commit", self)

    def _around(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **named: Any) -> Any:
            self()
            given = call(*arguments, **named)
            self()
            return given

        return counted


def take_in(home: Path, declarations: Path, boundaries: Boundaries) -> None:
    """Take in what waits in the home, by the Spark that the environment names."""
    house = shop_house(home, declarations)
    for name in ("ONEFILE_SPARK", "ONEFILE_LAKE", "ONEFILE_LAKE_KEY", "ONEFILE_JARS"):
        house.environ[name] = os.environ.get(name, "")
    house.on("2026-11-03")
    house.shop.__dict__["lake"] = Lake(house.shop.spark, house.shop.lake.place, boundaries)
    with boundaries.in_place():
        house.take_in()


def main(home: str, declarations: str, number: str) -> None:
    boundaries = Boundaries(int(number), lambda: os.kill(os.getpid(), signal.SIGKILL))
    take_in(Path(home), Path(declarations), boundaries)
    print(boundaries.passed)  # noqa: T201 - the answer


if __name__ == "__main__":
    main(*sys.argv[1:])
