"""How fast the counter is: `python -m bench.counter`, real server processes beside a bare application of its framework.

    --subjects N      people and firms with files, and firms with a licence (default 100,000)
    --seconds S       how long each figure is measured
    --postgres        in PostgreSQL as well (a server of its own, where it is installed)
    --soak S          ask for so long; memory, errors, and whether the ledger has as many entries as there were answers

Everything is made up and lies in a folder of its own. Asked is by closed-loop clients on the same machine.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2

from bench.counter_home import FIELDS, LICENCE_FIELDS, Home, firm, man, prepare
from bench.counter_load import Measured, Question, load, post
from ledger.record import Ledger
from licence_vault.keystore import bureau

CLIENTS = 16
AT_LEAST, AT_MOST, GROWTH = 0.5, 3.0, 1.3


def main() -> int:
    """Run what is asked for; 0 when every bound is kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--subjects", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--soak", type=float, default=0.0)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="onefile-bench-"))
    try:
        return _run(folder, options)
    finally:
        shutil.rmtree(folder)


def _run(folder: Path, options: argparse.Namespace) -> int:
    home = prepare(folder / "sqlite", None, options.subjects)
    if options.soak:
        return 0 if _soak(home, options.soak) else 1
    kept = _compare("SQLite", home, options.seconds)
    if options.postgres:
        from bench.counter_home import postgresql

        with postgresql(folder / "pg") as url:
            kept &= _compare("PostgreSQL", prepare(folder / "pg-home", url, options.subjects), options.seconds)
    return 0 if kept else 1


def _compare(engine: str, home: Home, seconds: float) -> bool:
    """Print the counter's figures beside the bare application's, for one process and for two."""
    kept, one = True, {}
    for processes in (1, 2):
        for name, question in _questions(home).items():
            with _bare(home, processes) as port:
                bare = load(port, question, CLIENTS, seconds)
            with _counter(home, processes) as port:
                ours = load(port, _authorised(home, question, port), CLIENTS, seconds)
            print(_line(engine, processes, name, bare, ours))
            kept &= ours.failed == 0 and (processes == 2 or _is_kept(bare, ours))
            if processes == 2:
                growth = ours.a_second / one[name]
                print(f"  {name}: two processes do {growth:.2f} times the work of one (wanted: {GROWTH})")
            one[name] = ours.a_second
    return kept


def _is_kept(bare: Measured, ours: Measured) -> bool:
    return ours.a_second >= AT_LEAST * bare.a_second and ours.p99_ms <= AT_MOST * bare.p99_ms


def _line(engine: str, processes: int, name: str, bare: Measured, ours: Measured) -> str:
    told = [f"{name} {m.a_second:.0f}/s p50 {m.p50_ms:.1f} p99 {m.p99_ms:.1f} ms" for name, m in
            (("counter", ours), ("bare", bare))]  # fmt: skip
    share, times = ours.a_second / bare.a_second, ours.p99_ms / bare.p99_ms
    return (
        f"{engine}, {processes} process(es), {name}: {'; '.join(told)};"
        f" {share:.2f} of its throughput, {times:.1f} times its p99; {ours.failed} failed"
    )


def _questions(home: Home) -> dict[str, Question]:
    def files(chance: random.Random) -> bytes:
        body = {"subjects": [{"number": man(chance.randrange(home.subjects))}], "fields": list(FIELDS)}
        return post("/v1/files/query", json.dumps(body).encode(), home.headers(home.file_grant))

    def licences(chance: random.Random) -> bytes:
        body = {"searches": [{"holder": firm(chance.randrange(home.subjects))}], "fields": list(LICENCE_FIELDS)}
        return post("/v1/licences/search", json.dumps(body).encode(), home.headers(home.licence_grant))

    return {"file query": files, "licence query": licences}


def _authorised(home: Home, question: Question, port: int) -> Question:
    token = home.token(f"http://127.0.0.1:{port}")

    def ask(chance: random.Random) -> bytes:
        return question(chance).replace(b"\r\n\r\n", f"\r\nAuthorization: Bearer {token}\r\n\r\n".encode(), 1)

    return ask


@contextmanager
def _served(home: Home, command: list[str], port: int) -> Iterator[int]:
    environ = {**os.environ, **home.environ, "ONEFILE_COUNTER_URL": f"http://127.0.0.1:{port}"}
    process = subprocess.Popen([sys.executable, *command], env=environ, start_new_session=True)
    try:
        _wait(port)
        yield port
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)


@contextmanager
def _counter(home: Home, processes: int) -> Iterator[int]:
    port = 8620
    command = ["-m", "onefile.cli", "serve", "--port", str(port), "--processes", str(processes)]
    with _served(home, command, port) as found:
        yield found


@contextmanager
def _bare(home: Home, processes: int) -> Iterator[int]:
    port = 8621
    command = ["-m", "uvicorn", "--factory", "bench.counter_bare:application", "--port", str(port), "--workers",
               str(processes), "--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level",
               "warning"]  # fmt: skip
    with _served(home, command, port) as found:
        yield found


def _wait(port: int) -> None:
    for _ in range(600):
        try:
            if httpx2.get(f"http://127.0.0.1:{port}/healthz").status_code in (200, 404):
                return
        except httpx2.TransportError:
            time.sleep(0.1)
    raise SystemExit("the server did not start")


def _soak(home: Home, seconds: float) -> bool:
    """Ask for long; return whether memory stayed flat, nothing failed, and every answer is in the ledger."""
    question, answers, failed, sizes = _questions(home)["file query"], 0, 0, []
    before = _entries(home)
    ends = datetime.now(UTC) + timedelta(seconds=seconds)
    with _counter(home, 2) as port:
        seed = 1
        while datetime.now(UTC) < ends:
            seen = load(port, _authorised(home, question, port), CLIENTS, 29, seed)
            seed, answers, failed = seed + 2, answers + seen.answers + seen.warming, failed + seen.failed
            sizes.append(_memory())
            print(
                f"{len(sizes) / 2:5.1f} min  {seen.a_second:.0f}/s  p99 {seen.p99_ms:.1f} ms  {sizes[-1] // 1024} MiB"
            )
    recorded = _entries(home) - before
    warm = sizes[min(3, len(sizes) - 1)]
    print(f"{recorded} entries, {answers} answers, {failed} failed")
    print(f"memory {warm // 1024} → {sizes[-1] // 1024} MiB")
    return failed == 0 and recorded == answers and sizes[-1] < 1.15 * warm


def _entries(home: Home) -> int:
    keystore = bureau(home.folder, home.folder / "keys" / "passphrase", datetime.now(UTC))
    return sum(1 for _ in Ledger(home.folder / "ledger", keystore).entries())


def _memory() -> int:
    """Return the resident memory of the server's processes, in KiB."""
    found = subprocess.run(["ps", "-eo", "rss,args"], stdout=subprocess.PIPE, check=True).stdout.decode()
    return sum(
        int(line.split()[0]) for line in found.splitlines() if "--port 8620" in line or "multiprocessing" in line
    )


if __name__ == "__main__":
    sys.exit(main())
