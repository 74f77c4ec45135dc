"""What the benchmarks share: seconds by stage, memory of the process tree, the engine's own counters, one report."""

from __future__ import annotations

import json
import multiprocessing
import os
import platform
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

PACKAGES = ("pyspark", "delta-spark", "apache-airflow", "great-expectations", "duckdb", "pyarrow", "sqlalchemy")
A_SECOND = 1.0


@dataclass(frozen=True)
class Line:
    """A figure: seconds, how many rows they were for, and what it is to be held against."""

    name: str
    seconds: float
    rows: int = 0
    beside: str = ""
    ratio: float = 0.0
    wanted: str = ""


@dataclass
class Report:
    """Lines of a run, said as they come, and written as JSON at the end."""

    about: dict[str, object]
    lines: list[Line] = field(default_factory=list)
    facts: dict[str, object] = field(default_factory=dict)

    def add(self, line: Line) -> None:
        self.lines.append(line)
        pace = f"{line.rows / line.seconds:>12,.0f} rows/s" if line.rows and line.seconds else " " * 19
        held = f"  {line.ratio:.2f} x {line.beside} {line.wanted}" if line.beside else ""
        print(f"  {line.name:<58} {line.seconds:>9.2f} s {pace}{held}", flush=True)

    def say(self, name: str, value: object) -> None:
        self.facts[name] = value
        print(f"  {name:<58} {value}", flush=True)

    def write(self, path: Path) -> None:
        kept = {"about": self.about, "machine": machine(), "lines": [asdict(one) for one in self.lines]}
        path.write_text(json.dumps(kept | {"facts": self.facts}, indent=2, ensure_ascii=False))


def machine() -> dict[str, object]:
    """Return what was measured on, and with which versions."""
    return {
        "cores": len(os.sched_getaffinity(0)),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "system": platform.platform(),
        "python": platform.python_version(),
        "five_million_additions_s": round(_pace(), 3),
        "packages": {name: version(name) for name in PACKAGES},
    }


def _pace() -> float:
    began, total = time.perf_counter(), 0
    for number in range(5_000_000):
        total += number
    return time.perf_counter() - began


class Memory(threading.Thread):
    """Looks every second at what this process and all below it hold; `peaks` has the most by stage, in bytes."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peaks: dict[str, int] = {}
        self.stage = "start"
        self._done = threading.Event()

    def run(self) -> None:
        while not self._done.wait(A_SECOND):
            processes, peak = [*_tree(os.getpid())], self.peaks.get(self.stage, 0)
            if sum(map(_resident, processes)) > peak:  # at most so much; to count what is shared in parts takes long
                self.peaks[self.stage] = max(sum(map(_proportional, processes)), peak)

    def stop(self) -> None:
        self._done.set()
        self.join()


def apart(work: Callable[..., Any], *given: Any) -> Any:
    """Do what the product is held against in a process of its own, whose memory goes with it; return what it returns.

    Args:
        work: a function of a module, for the process finds it by its name.
    """
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(work, given)


def _tree(root: int) -> Iterator[int]:
    """Yield a process and all that descend from it."""
    yield root
    try:
        tasks = [*Path(f"/proc/{root}/task").iterdir()]
    except (FileNotFoundError, ProcessLookupError):
        return
    for task in tasks:
        try:
            children = (task / "children").read_text().split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        for child in children:
            yield from _tree(int(child))


def _resident(process: int) -> int:
    """Return the memory that a process has, all that it shares with others counted; 0 when it is gone."""
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (FileNotFoundError, ProcessLookupError):
        return 0


def _proportional(process: int) -> int:
    """Return the memory that a process holds, what it shares counted in parts; 0 when it is gone."""
    try:
        told = Path(f"/proc/{process}/smaps_rollup").read_text()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return 0
    return sum(int(line.split()[1]) * 1024 for line in told.splitlines() if line.startswith("Pss:"))


def bytes_read() -> int:
    """Return the bytes that this process, and no other, has read from files so far, whether from the disk or not."""
    told = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(told["rchar"])


def processor_seconds(root: int) -> float:
    """Return the processor time that a process, all that descend from it and their ended children have used so far."""
    ticks = sum(sum(_ticks(process)) for process in _tree(root))
    return ticks / os.sysconf("SC_CLK_TCK")


def _ticks(process: int) -> list[int]:
    """Return a process's own ticks and those of ended children, in user and system mode; none when it is gone."""
    try:
        told = Path(f"/proc/{process}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [int(field) for field in told.rpartition(")")[2].split()[11:15]]


@dataclass(frozen=True)
class Counted:
    """What the engine did: rows and bytes read, rows and bytes shuffled, rows written."""

    rows_read: int = 0
    bytes_read: int = 0
    rows_shuffled: int = 0
    bytes_shuffled: int = 0
    rows_written: int = 0

    def __add__(self, other: Counted) -> Counted:
        return Counted(*(a + b for a, b in zip(asdict(self).values(), asdict(other).values(), strict=True)))

    def __sub__(self, other: Counted) -> Counted:
        return Counted(*(a - b for a, b in zip(asdict(self).values(), asdict(other).values(), strict=True)))


def counted(spark: SparkSession) -> Counted:
    """Return the sums over all stages that an in-process engine has run."""
    context = spark.sparkContext
    jvm = context._jvm
    stages = (
        context._jsc.sc()
        .statusStore()
        .stageList(
            jvm.java.util.ArrayList(),
            False,
            False,
            context._gateway.new_array(jvm.double, 0),
            jvm.java.util.ArrayList(),
        )
    )
    sums = [0, 0, 0, 0, 0]
    for place in range(stages.size()):
        one = stages.apply(place)
        done = (
            one.inputRecords(),
            one.inputBytes(),
            one.shuffleWriteRecords(),
            one.shuffleWriteBytes(),
            one.outputRecords(),
        )
        sums = [a + b for a, b in zip(sums, done, strict=True)]
    return Counted(*sums)


@contextmanager
def timed(took: dict[str, float], name: str) -> Iterator[None]:
    """Add the seconds of the block to what a stage took."""
    began = time.perf_counter()
    yield
    took[name] = took.get(name, 0.0) + time.perf_counter() - began
