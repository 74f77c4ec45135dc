"""How fast tables in bulk are: `python -m bench.share`.

    --rows N       rows of the table that is read (default 10,000,000)
    --times N      how often each server is read, in turn; the best counts (default 2)
    --people N     people of the city whose population is projected (default 100,000); 0: not at all
    --memory SIZE  of the engine (default 4g)

The official client of Delta Sharing loads a table from a real server process, and with the same code from a plain
static server that has the same files and the protocol's answers written beforehand; wanted is 0.8 of that. Then a
grant's table is projected whole, and again after one record in a hundred changed. Everything is made up and lies in a
folder of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
from deltalake import write_deltalake

import catalog
from bench.counter_home import _grant as granted
from catalog import shares
from catalog.entries import entries
from schemas.serving import projections
from schemas.serving.connection import writing
from schemas.serving.migration import upgrade
from schemas.serving.projections import FOLDER, Projection

POPULATION, SHARE, TOKEN = "police.population", "bench_people", "bench-token"
FIELDS = ("name", "area")
A_FILE = 1_000_000
WANTED = 0.8
PORT, STATIC_PORT = 8640, 8641
TABLE = f"{SHARE}.police.population"


def main() -> int:
    """Run what is asked for; 0 when the bound is kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--times", type=int, default=2)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--memory", default="4g")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="onefile-bench-"))
    try:
        is_kept = read(folder / "read", options.rows, options.times)
        if options.people:
            from bench.share_projection import project

            project(folder / "project", options.people, options.memory)
    finally:
        shutil.rmtree(folder)
    return 0 if is_kept else 1


def read(home: Path, rows: int, times: int) -> bool:
    """Load a table from our server and from a plain one, in turn; say whether ours is fast enough."""
    home.mkdir(parents=True)
    table = make(home, rows)
    size = sum(path.stat().st_size for path in table.glob("*.parquet"))
    count = len(list(table.glob("*.parquet")))
    print(f"{rows:,} rows of {len(FIELDS) + 1} columns, {size / 1e6:,.0f} MB in {count} files")
    ours, plain = list[float](), list[float]()
    with serving(home) as port:
        answers(home, table, port)
        with static(home) as other:
            for _ in range(times):
                plain.append(timed(home, other, rows))
                ours.append(timed(home, port, rows))
    for name, found in (("plain static server", plain), ("counter", ours)):
        every = ", ".join(f"{seconds:.2f}" for seconds in found)
        print(f"  {name:<22} {min(found):8.2f} s  {rows / min(found):>12,.0f} rows/s  ({every})")
    ratio = min(plain) / min(ours)
    print(f"  the counter reaches {ratio:.2f} of the plain server; wanted is {WANTED}")
    return ratio >= WANTED


def make(home: Path, rows: int) -> Path:
    """Lay down a home with a share of a table of so many rows; return the table's folder."""
    at = datetime.now(UTC) - timedelta(hours=1)
    url = f"sqlite:///{home / 'serving.db'}"
    upgrade(url)
    known = entries(catalog.load())
    with writing(url) as connection:
        grant = granted(connection, POPULATION, FIELDS, "batch", at)
        shares.create(connection, SHARE, [grant], known, "bench", at, at.date())
        shares.put_token(connection, SHARE, TOKEN, at + timedelta(30), at)
        made = Projection(grant, 1, POPULATION, FIELDS, "", "d", "t", 1, -1, 0, "", "2026-11-30T00:00:00Z")
        projections.keep(connection, made)
    folder = home / FOLDER / made.place
    schema = pa.schema([pa.field(name, pa.string()) for name in ("_record", *FIELDS)])
    parts = (_part(start, min(rows, start + A_FILE), schema) for start in range(0, rows, A_FILE))
    write_deltalake(folder, pa.RecordBatchReader.from_batches(schema, parts))
    return folder


def _part(first: int, last: int, schema: pa.Schema) -> pa.RecordBatch:
    numbers = range(first, last)
    columns = ([f"{number * 2654435761 % 2**128:032x}" for number in numbers], [f"某人{n % 50_021}" for n in numbers],
               [f"6901{n % 100:02d}" for n in numbers])  # fmt: skip
    return pa.RecordBatch.from_arrays([pa.array(column, pa.string()) for column in columns], schema=schema)


@contextmanager
def serving(home: Path) -> Iterator[int]:
    """Run the counter over a home."""
    command = ["-m", "onefile.cli", "serve", "--port", str(PORT), "--processes", "1"]
    environ = {"ONEFILE_HOME": str(home), "ONEFILE_COUNTER_URL": f"http://127.0.0.1:{PORT}", "ONEFILE_LANG": "en"}
    with running(command, environ, f"http://127.0.0.1:{PORT}/readyz"):
        yield PORT


@contextmanager
def static(home: Path) -> Iterator[int]:
    """Run the plain server over the same files."""
    command = ["-m", "uvicorn", "--factory", "bench.share_static:application", "--port", str(STATIC_PORT), "--loop",
               "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"]  # fmt: skip
    environ = {"BENCH_SHARE_FILES": str(home / "static")}
    with running(command, environ, f"http://127.0.0.1:{STATIC_PORT}/delta-sharing/x/version"):
        yield STATIC_PORT


@contextmanager
def running(command: Sequence[str], environ: dict[str, str], ready: str) -> Iterator[None]:
    """Run a server until it is done with."""
    process = subprocess.Popen([sys.executable, *command], env={**os.environ, **environ}, start_new_session=True)
    try:
        until = time.monotonic() + 180
        while not _answers(ready):
            if process.poll() is not None or time.monotonic() > until:
                raise SystemExit("a server did not start")
            time.sleep(0.2)
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def answers(home: Path, table: Path, port: int) -> None:
    """Write down what the counter answers, with links to the plain server's files."""
    folder = home / "static"
    (folder / "answers").mkdir(parents=True)
    (folder / "table").symlink_to(table)
    base = f"http://127.0.0.1:{port}/delta-sharing/shares/{SHARE}/schemas/police/tables/population"
    for name, method in (("version", "GET"), ("metadata", "GET"), ("query", "POST")):
        asked = urllib.request.Request(f"{base}/{name}", b"{}" if method == "POST" else None, method=method, headers={
            "Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"})  # fmt: skip
        with urllib.request.urlopen(asked) as answer:
            lines = [json.loads(line) for line in answer.read().splitlines()]
        for line in lines:
            if "file" in line:
                path = line["file"]["url"].partition("?")[0].rpartition("/")[2]
                line["file"]["url"] = f"http://127.0.0.1:{STATIC_PORT}/table/{path}"
        (folder / "answers" / name).write_bytes(b"".join(json.dumps(line).encode() + b"\n" for line in lines))


def timed(home: Path, port: int, rows: int) -> float:
    """Return how long the official client takes to load the table from a port, in a process of its own."""
    profile = home / f"{port}.share"
    profile.write_text(json.dumps({"shareCredentialsVersion": 1, "endpoint": f"http://127.0.0.1:{port}/delta-sharing/",
                                   "bearerToken": TOKEN}))  # fmt: skip
    code = (
        "import sys, time, delta_sharing\nbegan = time.perf_counter()\n"
        "found = delta_sharing.load_as_pandas(sys.argv[1])\nprint(len(found), time.perf_counter() - began)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, f"{profile}#{TABLE}"], capture_output=True, text=True, check=True
    )
    count, seconds = done.stdout.split()
    if int(count) != rows:
        raise SystemExit(f"{count} rows came, and {rows} were shared")
    return float(seconds)


if __name__ == "__main__":
    sys.exit(main())
