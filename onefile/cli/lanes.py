"""DAGs side by side in processes of their own, where the work is many small things and the machine has cores.

An engine that computes little keeps about one core busy; `onefile.cli.lane` is what runs in each process.
"""

from __future__ import annotations

import json
import os
import re
import selectors
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import FrameType
from typing import IO, cast

from onefile import airflow_home
from onefile.cli.crew import Failed
from onefile.cli.failure import Failure
from onefile.cli.plan import Planned, Progress
from onefile.settings import Settings

MOST = 2
MEMORY = 3 * 2**30
"""Bytes of memory that a machine has to have for each lane."""
ENOUGH = 3
"""So many resources have to wait: an engine more costs about as long as two of them take."""
COMMAND = (sys.executable, "-m", "onefile.cli.lane")
PATIENCE = 20
"""Seconds that a lane has to stop in."""


@dataclass(frozen=True)
class Said:
    """How a DAG ended in a lane."""

    is_done: bool
    why: tuple[str, ...]


class Lane:
    """A process, and both ends of what is said to it and by it."""

    def __init__(self, settings: Settings, count: int) -> None:
        self._log = settings.home / "logs" / "airflow.log"
        environ = airflow_home.environment(settings, os.environ)
        environ["ONEFILE_SPARK_MEMORY"] = shared(settings.spark_memory, count)
        self.process = subprocess.Popen(COMMAND, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._in, self.out = cast("IO[bytes]", self.process.stdin), cast("IO[bytes]", self.process.stdout)

    def tell(self, dag: str) -> None:
        """Let it run a DAG. One that is gone is found out by `answer`."""
        with suppress(BrokenPipeError):
            self._in.write(dag.encode() + b"\n")
            self._in.flush()

    def answer(self) -> Said:
        """Wait for how the DAG ended.

        Raises:
            Failure: the lane could not begin, or was ended by somebody.
        """
        line = self.out.readline()
        if not line:
            ended = self.process.wait()
            how = f"by signal {-ended}" if ended < 0 else f"with exit code {ended}"
            raise Failure(
                f"a process of this run ended {how}: what it had not finished is taken in by the next `onefile run`; "
                f"its log is {self._log}"
            )
        said = json.loads(line)
        if "error" in said:
            raise Failure(said["error"], said["exit_code"])
        return Said(said["is_done"], tuple(said["why"]))

    def end(self) -> None:
        """Say that there is no more."""
        with suppress(BrokenPipeError):
            self._in.close()


class Lanes:
    """The lanes of a run, each free or at a DAG; made by `lanes`."""

    def __init__(self, settings: Settings, count: int) -> None:
        self._lanes = [Lane(settings, count) for _ in range(count)]

    def work(self, planned: Sequence[Planned], progress: Progress) -> Failed:
        """Run what is planned, each as soon as a lane is free and what it comes after has ended.

        Raises:
            Failure: a lane could not begin, or was ended by somebody.
        """
        failed: Failed = {}
        waiting = list(planned)
        busy: dict[Lane, Planned] = {}
        with selectors.DefaultSelector() as answers:
            for lane in self._lanes:
                answers.register(lane.out, selectors.EVENT_READ, lane)
            while waiting or busy:
                for lane in self._lanes:
                    if lane not in busy and (following := _next(waiting, busy.values())) is not None:
                        waiting.remove(following)
                        busy[lane] = following
                        progress.begin(following.dag)
                        lane.tell(following.dag)
                for key, _ in answers.select():
                    said = key.data.answer()
                    dag = busy.pop(key.data).dag
                    progress.end(dag, is_done=said.is_done)
                    if not said.is_done:
                        failed[dag] = said.why
        return failed

    def close(self) -> None:
        """Let the lanes, all free, end by themselves."""
        for lane in self._lanes:
            lane.end()
        for lane in self._lanes:
            lane.process.wait()

    def stop(self) -> None:
        """Ask the lanes to stop; who does not within a while is ended."""
        for lane in self._lanes:
            lane.process.terminate()
        for lane in self._lanes:
            try:
                lane.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                lane.process.kill()
                lane.process.wait()


@contextmanager
def lanes(settings: Settings, count: int) -> Iterator[Lanes]:
    """Have so many lanes for the length of the block; left by an error, Ctrl-C or SIGTERM, they are stopped."""
    kept = signal.signal(signal.SIGTERM, _stop)
    try:
        made = Lanes(settings, count)
        try:
            yield made
            made.close()
        except BaseException:
            made.stop()
            raise
    finally:
        signal.signal(signal.SIGTERM, kept)


def fitting(settings: Settings, waiting: int) -> int:
    """Return how many lanes pay on this machine for so many resources that wait: 1 means none but this process."""
    from pipelines import effort, places

    if waiting < ENOUGH or not settings.spark.startswith("local"):
        return 1
    if not effort.is_small(settings.home, place=places.of(settings)):
        return 1
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return max(1, min(MOST, len(os.sched_getaffinity(0)), memory // MEMORY))


def shared(memory: str, count: int) -> str:
    """Return each lane's part of the engine's memory, as Spark writes it; what is not so written is left."""
    written = re.fullmatch(r"(\d+)([gmGM])", memory)
    if written is None:
        return memory
    number, unit = int(written[1]), written[2].lower()
    return f"{number * (1024 if unit == 'g' else 1) // count}m"


def _next(waiting: Sequence[Planned], running: Iterable[Planned]) -> Planned | None:
    """Return the first that comes after nothing which waits or runs."""
    ahead = {each.dag for each in (*waiting, *running)}
    return next((each for each in waiting if ahead.isdisjoint(each.after)), None)


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
