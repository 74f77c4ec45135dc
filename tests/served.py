"""A real Airflow for a test: started as `make airflow` starts it, spoken to through its REST API."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onefile.services.spark_connect import free_port

SECONDS_TO_START = 400
SECONDS_TO_STOP = 90
PAUSED = {"AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "True"}
"""For a test of some DAGs: the others, of which some run every minute, are left out of it."""


@dataclass(frozen=True)
class Served:
    """A running Airflow: its process, where it listens, its home, and the token to speak to it."""

    process: subprocess.Popen[bytes]
    url: str
    home: Path
    token: str

    def rest(self, path: str, body: object = None, method: str | None = None) -> Any:
        """Send a request (POST when there is a body, if no method is named) and return the JSON of the answer."""
        return _rest(f"{self.url}/api/v2{path}", body, self.token, method)

    def unpause(self, dag: str) -> None:
        """Let a DAG run that was made paused (`PAUSED`)."""
        self.wait_for_dag(dag)
        self.rest(f"/dags/{dag}", {"is_paused": False}, "PATCH")

    def run(self, dag: str, conf: Mapping[str, object], seconds: float = 300) -> str:
        """Trigger a DAG and return the state its run ended in."""
        run = self.rest(f"/dags/{dag}/dagRuns", {"logical_date": None, "conf": conf})["dag_run_id"]
        deadline = time.monotonic() + seconds
        while (state := self.rest(f"/dags/{dag}/dagRuns/{run}")["state"]) in ("queued", "running"):
            assert time.monotonic() < deadline, f"{dag} is {state} after {seconds} s"
            time.sleep(0.5)
        if state == "failed":
            sys.stdout.write(self.told(dag))  # pytest shows it beside a test that fails
        return str(state)

    def log(self, part: str) -> str:
        """What a part of the service has written."""
        return (self.home / "logs" / f"{part}.log").read_text()

    def told(self, dag: str) -> str:
        """What the tasks of a DAG wrote into their logs, and the last lines of every part of the service."""
        logs = self.home / "logs"
        tasks = sorted(logs.glob(f"**/dag_id={dag}/**/*.log"))
        parts = [path for path in sorted(logs.glob("*.log")) if path not in tasks]
        return "\n".join(f"== {path.relative_to(logs)}\n{_last(path, 40)}" for path in tasks + parts)

    def wait_for_dag(self, dag: str, seconds: float = 300) -> None:
        """Wait until the DAG processor has found a DAG."""
        deadline = time.monotonic() + seconds
        while dag not in [found["dag_id"] for found in self.rest("/dags?limit=100")["dags"]]:
            assert time.monotonic() < deadline, f"{dag} is not found after {seconds} s"
            time.sleep(0.5)

    def processes(self) -> list[int]:
        """All processes that have this home in their environment, or come of the service: whatever it started.

        One that gives itself another name writes it over its environment.
        """
        numbers = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
        return [pid for pid in numbers if _has_home(pid, self.home) or self.process.pid in ancestors(pid)]

    def listening(self) -> set[str]:
        """The addresses that the service's processes listen on."""
        sockets = {inode for pid in self.processes() for inode in _sockets(pid)}
        return {address for address, inode in _listeners() if inode in sockets}

    def wait_until_gone(self) -> None:
        """Wait until no process of the service is left; fail when one stays."""
        deadline = time.monotonic() + SECONDS_TO_STOP
        while left := self.processes():
            assert time.monotonic() < deadline, f"left running: {[_command(pid) for pid in left]}"
            time.sleep(0.2)


def parent(pid: int) -> int:
    """Return the process that started another; 0 for one that has ended."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def ancestors(pid: int) -> Iterator[int]:
    """Yield the process that started another, the one that started that, and so on."""
    while pid := parent(pid):
        yield pid


@contextmanager
def served(home: Path, *, dags: Path | None = None, environ: Mapping[str, str] | None = None) -> Iterator[Served]:
    """Run an Airflow over `home` for the length of the block; it is stopped by SIGINT, as Ctrl-C does."""
    port = free_port()
    command = [sys.executable, "-m", "onefile.services.airflow", "--port", str(port)]
    command += ["--dags", str(dags)] if dags else []
    variables = {**os.environ, "ONEFILE_HOME": str(home), "ONEFILE_LANG": "en", **(environ or {})}
    log = home.parent / "service.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=variables, stdout=output, stderr=output, start_new_session=True)
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_up(process, log)
        password = json.loads((home / "airflow" / "passwords.json").read_text())
        token = _rest(f"{url}/auth/token", {"username": "admin", "password": password["admin"]}, None)["access_token"]
        yield Served(process, url, home, token)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(SECONDS_TO_STOP)


def _wait_until_up(process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while b"Airflow is up" not in log.read_bytes():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, "Airflow is not up"
        time.sleep(0.2)


def _rest(url: str, body: object, token: str | None, method: str | None = None) -> Any:
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data, headers, method=method), timeout=120) as answer:
        return json.load(answer)


def _last(path: Path, lines: int) -> str:
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])


def _has_home(pid: int, home: Path) -> bool:
    try:
        return f"ONEFILE_HOME={home}\0".encode() in Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:  # it ended meanwhile, or is not ours to look at
        return False


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()[:200]
    except OSError:
        return "(ended)"


def _sockets(pid: int) -> Iterator[str]:
    try:
        descriptors = [*Path(f"/proc/{pid}/fd").iterdir()]
    except FileNotFoundError:  # it has ended since it was listed, and listens no more
        return
    for descriptor in descriptors:
        try:
            target = str(descriptor.readlink())
        except OSError:
            continue
        if target.startswith("socket:["):
            yield target[8:-1]


def _listeners() -> Iterator[tuple[str, str]]:
    """Address and inode of every TCP socket that listens (state 0A)."""
    for table, family in (("tcp", socket.AF_INET), ("tcp6", socket.AF_INET6)):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A":
                words = bytes.fromhex(fields[1].split(":")[0])
                raw = b"".join(words[i : i + 4][::-1] for i in range(0, len(words), 4))
                yield socket.inet_ntop(family, raw), fields[9]
