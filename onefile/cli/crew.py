"""Who runs the DAGs of a run: this process, one after the other, or lanes side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from onefile.cli.plan import Planned, Progress
from onefile.settings import Settings

if TYPE_CHECKING:
    from onefile.cli.dag_runs import DagRuns

Failed = dict[str, tuple[str, ...]]
"""DAGs that did not do what they should, each with why."""


class Crew(Protocol):
    """Runs DAGs that are planned."""

    def work(self, planned: Sequence[Planned], progress: Progress) -> Failed:
        """Run them all, each after what it comes after; say so to `progress`, return what failed."""


class Alone:
    """This process; Airflow is loaded with the first DAG."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @cached_property
    def _runs(self) -> DagRuns:
        from onefile.cli.dag_runs import DagRuns

        return DagRuns(self._settings)

    def work(self, planned: Sequence[Planned], progress: Progress) -> Failed:
        runs, failed = self._runs, {}
        for each in planned:
            progress.begin(each.dag)
            is_done = runs.run(each.dag, {})
            progress.end(each.dag, is_done=is_done)
            if not is_done:
                failed[each.dag] = runs.why
        return failed


@contextmanager
def crew(settings: Settings, count: int) -> Iterator[Crew]:
    """Have so many lanes for the length of the block, or with 1 this process."""
    if count == 1:
        yield Alone(settings)
        return
    from onefile.cli.lanes import lanes

    with lanes(settings, count) as side_by_side:
        yield side_by_side
