"""Figures of one process, as Prometheus reads them: answers by status and time, nothing of what was asked."""

from __future__ import annotations

from collections import Counter as Counts
from threading import Lock

BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper ends of the classes of time, in seconds."""


class Figures:
    """How many answers there were, by status, and how long they took."""

    def __init__(self) -> None:
        self._statuses: Counts[int] = Counts()
        self._classes: Counts[float] = Counts()
        self._seconds = 0.0
        self._lock = Lock()

    def count(self, status: int, seconds: float) -> None:
        """Count an answer."""
        with self._lock:
            self._statuses[status] += 1
            self._seconds += seconds
            self._classes[next((bound for bound in BOUNDS if seconds <= bound), float("inf"))] += 1

    def text(self, process: int) -> str:
        """Return the figures in Prometheus' text format; `process` tells this process's from others'."""
        label = f'process="{process}"'
        lines = ["# TYPE onefile_answers_total counter"]
        lines += [f'onefile_answers_total{{{label},status="{s}"}} {n}' for s, n in sorted(self._statuses.items())]
        lines.append("# TYPE onefile_answer_seconds histogram")
        total = 0
        for bound in BOUNDS:
            total += self._classes[bound]
            lines.append(f'onefile_answer_seconds_bucket{{{label},le="{bound}"}} {total}')
        count = self._statuses.total()
        lines.append(f'onefile_answer_seconds_bucket{{{label},le="+Inf"}} {count}')
        lines.append(f"onefile_answer_seconds_sum{{{label}}} {self._seconds:.6f}")
        lines.append(f"onefile_answer_seconds_count{{{label}}} {count}")
        return "\n".join(lines) + "\n"
