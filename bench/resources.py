"""What a lake takes with more resources: `python -m bench.resources [--people N] [--json FILE]`, a made-up city twice.

    --people N        people of the city; a tenth as many enterprises (default 20,000)
    --memory M        memory of the engine (default 2g)
    --json FILE       write the figures there, with the machine and the versions

The same city's first deliveries are taken in from the resources that family, work and trade hang on, and from all that
are declared, each in a process of its own with an engine of its own, through to the serving database. Told are the
most memory of all processes and of this program's alone, seconds, and seconds a delivery.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bench.lake_home import FIRST_DAY, deliver_city, workshop
from bench.measuring import Line, Memory, Report, apart
from pipelines import finished, receiving, steps
from schemas.model import SUBJECT_KINDS

FEW, ALL = "some resources", "all resources"


@dataclass(frozen=True)
class Took:
    """What it took to take deliveries in; `peak` and `own` are bytes."""

    resources: int
    rows: int
    seconds: float
    peak: int
    own: int


def main() -> None:
    """Take the city in twice, print a table, write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--memory", default="2g")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    report = Report({"program": "bench.resources", "people": options.people, "memory": options.memory})
    for name in (FEW, ALL):
        folder = Path(tempfile.mkdtemp(prefix="onefile-bench-"))
        try:
            took: Took = apart(taken_in, folder / "home", options.people, options.memory, name == ALL)
        finally:
            shutil.rmtree(folder)
        report.add(Line(f"{name}: {took.resources}", took.seconds, took.rows))
        report.say(f"{name}: seconds a delivery", round(took.seconds / took.resources, 2))
        report.say(f"{name}: most memory of all processes, GB", round(took.peak / 1e9, 2))
        report.say(f"{name}: most memory of the program without its engine, GB", round(took.own / 1e9, 2))
    if options.json:
        report.write(options.json)


def taken_in(home: Path, people: int, memory: str, is_all: bool) -> Took:
    """Take in what the departments of a city deliver, and publish it; return what that took."""
    deliver_city(home, people, is_all=is_all)
    shop, held = workshop(home, FIRST_DAY, memory), Memory()
    held.start()
    began = time.perf_counter()
    receiving.receive(shop)
    waiting = [delivery for each in shop.resources for delivery in finished.pending(shop, each)]
    rows = 0
    for delivery in waiting:
        steps.land(shop, delivery)
        rows += steps.settle(shop, delivery).received
    for kind in SUBJECT_KINDS:
        steps.assemble(shop, kind)
    steps.publication(shop, SUBJECT_KINDS)
    seconds = time.perf_counter() - began
    held.stop()
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return Took(len(waiting), rows, seconds, max(held.peaks.values()), own)


if __name__ == "__main__":
    main()
