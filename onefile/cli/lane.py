"""One lane of `onefile run`: a process of its own with an engine of its own, which runs the DAGs it is told.

Reads the name of a DAG a line from standard input, answers each with a line of JSON on standard
output, and ends when its input ends. Whoever started it holds the other end: an input that ends
while a DAG runs says that they are gone, and then the DAG goes, too.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import threading

from onefile import settings
from onefile.cli import failure
from onefile.cli.dag_runs import DagRuns, quiet


class Lane:
    """Takes the names that come, one after the other."""

    def __init__(self) -> None:
        self._wanted: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._told = self._done = 0
        threading.Thread(target=self._listen, daemon=True).start()

    def work(self, runs: DagRuns, answers: int) -> None:
        """Run what is wanted until there is no more, each answered on the descriptor `answers`."""
        while (dag := self._wanted.get()) is not None:
            is_done = runs.run(dag, {})
            self._done += 1
            _answer(answers, {"is_done": is_done, "why": runs.why})

    def _listen(self) -> None:
        for line in sys.stdin:
            self._told += 1
            self._wanted.put(line.strip())
        if self._told > self._done:
            os.kill(os.getpid(), signal.SIGKILL)
        self._wanted.put(None)


def main() -> int:
    """Work until the input ends; 1 where it cannot begin, or is stopped."""
    os.umask(0o077)
    answers = os.dup(1)
    try:
        here = settings.read()
        with quiet(here.home / "logs" / "airflow.log"):
            Lane().work(DagRuns(here), answers)
    except KeyboardInterrupt:
        return 1
    except Exception as error:  # noqa: BLE001 - told by class and place: its text may quote a row
        said, code = failure.told(error)
        _answer(answers, {"error": said, "exit_code": code})
        return 1
    return 0


def _answer(descriptor: int, said: dict[str, object]) -> None:
    os.write(descriptor, json.dumps(said).encode() + b"\n")


if __name__ == "__main__":
    sys.exit(main())
