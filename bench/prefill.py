"""How fast a prefill is: `python -m bench.prefill`, three items of a life event, a real server beside bare look-ups.

    --subjects N      firms with a file and a business licence (default 100,000)
    --seconds S       how long each figure is measured
    --clients N       closed-loop clients on the same machine (default 4)
    --postgres        in PostgreSQL as well (a server of its own, where it is installed)

Wanted: p99 of a prefill within 50 ms. Beside it the bare application of the same framework looks the same rows up,
three times. Everything is made up and lies in a folder of its own.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.counter import _authorised
from bench.counter import _served as served
from bench.counter_home import Home, firm
from bench.counter_load import Measured, Question, load, post
from bench.prefill_home import CASES, case_of, prepare
from onefile.services.spark_connect import free_port

Command = Callable[[int], list[str]]

WANTED_MS = 50.0
ITEMS = ["0102", "1112", "1012"]
ANSWERS = {"premises": "rented", "business": "catering", "has_raw_food": False, "area_m2": 400, "by_promise": False,
           "is_large": False}  # fmt: skip


def main() -> int:
    """Run what is asked for; 0 when the bound is kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--subjects", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--postgres", action="store_true")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="onefile-bench-"))
    try:
        return _run(folder, options)
    finally:
        shutil.rmtree(folder)


def _run(folder: Path, options: argparse.Namespace) -> int:
    kept = _measure("SQLite", prepare(folder / "sqlite", None, options.subjects), options)
    if options.postgres:
        from bench.counter_home import postgresql

        with postgresql(folder / "pg") as url:
            kept &= _measure("PostgreSQL", prepare(folder / "pg-home", url, options.subjects), options)
    return 0 if kept else 1


def _measure(engine: str, home: Home, options: argparse.Namespace) -> bool:
    kept = True
    for processes in (1, 2):
        with _served(home, _bare(processes), free_port()) as port:
            bare = load(port, _looking_up(home), options.clients, options.seconds / 3)
        with _served(home, _counter(processes), free_port()) as port:
            ours = load(port, _authorised(home, _prefilling(home), port), options.clients, options.seconds)
        print(_line(engine, processes, options.clients, ours, bare))
        kept &= ours.failed == 0 and ours.p99_ms <= WANTED_MS
    return kept


def _counter(processes: int) -> Command:
    return lambda port: ["-m", "onefile.cli", "serve", "--port", str(port), "--processes", str(processes)]


def _bare(processes: int) -> Command:
    return lambda port: [
        "-m", "uvicorn", "--factory", "bench.counter_bare:application", "--port", str(port),
        "--workers", str(processes), "--loop", "uvloop", "--http", "httptools",
        "--no-access-log", "--log-level", "warning",
    ]  # fmt: skip


@contextmanager
def _served(home: Home, command: Command, port: int) -> Iterator[int]:
    with served(home, command(port), port) as found:
        yield found


def _line(engine: str, processes: int, clients: int, ours: Measured, bare: Measured) -> str:
    return (
        f"{engine}, {processes} process(es), {clients} clients: prefill of three items {ours.a_second:.0f}/s"
        f" p50 {ours.p50_ms:.1f} p99 {ours.p99_ms:.1f} ms (wanted: p99 {WANTED_MS:.0f}); three bare look-ups"
        f" p50 {3 * bare.p50_ms:.1f} ms; {ours.p50_ms / (3 * bare.p50_ms):.1f} times; {ours.failed} failed"
    )


def _prefilling(home: Home) -> Question:
    def ask(chance: random.Random) -> bytes:
        number = chance.randrange(min(CASES, home.subjects))
        body = {"items": ITEMS, "applicant": {"number": firm(number)}, "answers": ANSWERS}
        headers = {"Onefile-Grant": home.file_grant, "Onefile-Item": "0102", "Onefile-Case": case_of(number)}
        return post("/v1/prefill", json.dumps(body).encode(), headers)

    return ask


def _looking_up(home: Home) -> Question:
    """The rows that a prefill reads: the file twice, the licence once."""

    def ask(chance: random.Random) -> bytes:
        number = firm(chance.randrange(min(CASES, home.subjects)))
        if chance.random() < 1 / 3:
            return post(
                "/v1/licences/search", json.dumps({"searches": [{"holder": number}], "fields": ["ZZBH"]}).encode(), {}
            )
        body = {"subjects": [{"number": number}], "fields": ["name", "address", "status"]}
        return post("/v1/files/query", json.dumps(body).encode(), {})

    return ask


if __name__ == "__main__":
    sys.exit(main())
