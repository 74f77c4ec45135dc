"""What orchestration costs: `python -m bench.airflow_day [--people N] [--json FILE]`, a made-up city's first day.

    --people N        people of the city; a tenth as many enterprises (default 300)
    --memory M        memory of the engine (default 2g)
    --json FILE       write the figures there, with the machine and the versions

The same deliveries are taken in twice, in two homes: by the steps one after the other in this process, and by a real
Airflow with its scheduler, API server and one Spark service, from the start of the DAG `inbox` until all is
published; DAGs that take no part are left paused. Both engines are started before the clock. Wall seconds,
processor seconds of all processes, and where a task's time goes under Airflow. Both homes hold the same at the end.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from bench.lake_home import FIRST_DAY, deliver_city, environ, workshop
from bench.measuring import Line, Report, processor_seconds
from inbox import deliveries
from onefile import settings
from onefile.files import make_folder
from onefile.services import spark_connect
from onefile.services.processes import running
from pipelines import commit_check, finished, names, receiving, steps
from pipelines.workshop import Workshop
from schemas.model import SUBJECT_KINDS
from schemas.serving.connection import looking
from schemas.serving.tables import SUBJECT
from schemas.serving.writing import last

SECONDS_AT_MOST = 3_600
FOLLOWING = ("person_file", "enterprise_file", "quality", "publication")
PAUSED = {"AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "True"}


@dataclass(frozen=True)
class Airflow:
    """A running Airflow: its process, the address of its REST API, a token for it."""

    process: subprocess.Popen[bytes]
    url: str
    token: str

    def rest(self, path: str, body: object = None, method: str | None = None) -> Any:
        return _rest(f"{self.url}/api/v2{path}", body, self.token, method)

    def dags(self) -> set[str]:
        """Return the DAGs that Airflow has found so far."""
        return {found["dag_id"] for found in self.rest("/dags?limit=100")["dags"]}


def main() -> None:
    """Take the day in both ways, print a table, write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=300)
    parser.add_argument("--memory", default="2g")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="onefile-bench-"))
    report = Report({"program": "bench.airflow_day", "people": options.people, "memory": options.memory})
    try:
        deliver_city(folder / "home", options.people)
        shutil.copytree(folder / "home", folder / "served")
        rows = one_process(report, folder / "home", options.memory)
        under_airflow(report, folder / "served", options.memory, rows)
        report.say("both published the same files", same(folder / "home", folder / "served"))
    finally:
        shutil.rmtree(folder)
    if options.json:
        report.write(options.json)


def one_process(report: Report, home: Path, memory: str) -> int:
    """Take in what waits by the steps, one after the other, over a Spark service; return how many rows that were."""
    with spark_service(home, memory) as shop:
        began, spent = time.perf_counter(), processor_seconds(os.getpid())
        receiving.receive(shop)
        rows = 0
        for delivery in [d for resource in shop.resources for d in finished.pending(shop, resource)]:
            steps.land(shop, delivery)
            rows += steps.settle(shop, delivery).received
        for kind in SUBJECT_KINDS:
            steps.assemble(shop, kind)
            steps.check(shop, kind)
        steps.publication(shop, SUBJECT_KINDS)
        report.add(Line("the steps in one process", time.perf_counter() - began, rows))
        report.say("processor seconds of the steps in one process", round(processor_seconds(os.getpid()) - spent, 1))
    return rows


@contextmanager
def spark_service(home: Path, memory: str) -> Iterator[Workshop]:
    """Have a workshop whose engine is a Spark service, as it is under Airflow, started and connected to."""
    make_folder(home / "logs")
    here = settings.read(environ(home, FIRST_DAY, memory))
    with running() as services:
        served, token = spark_connect.served(here, spark_connect.start(services, here))
        spark_connect.wait(services, served)
        os.environ.update(token)
        shop = Workshop(served)
        shop.spark.range(1).collect()
        yield shop
        shop.spark.stop()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # `running` leaves it ignored


def under_airflow(report: Report, home: Path, memory: str, rows: int) -> None:
    """Let Airflow take in the same; say how long it took, beside the steps, and where the time of tasks went."""
    least = report.lines[-1]
    began = time.perf_counter()
    with airflow(home, memory) as served:
        report.add(Line("Airflow's start, with its Spark service", time.perf_counter() - began))
        unpause(served, {f"ingest.{r}" for r in workshop(home, FIRST_DAY, memory).resources})
        spent, began = processor_seconds(served.process.pid), time.perf_counter()
        served.rest("/dags/inbox", {"is_paused": False}, "PATCH")  # its time has come: it starts at once
        _wait("the day is published", lambda: is_published(served, home))
        seconds = time.perf_counter() - began
        told = _tasks(served)
        report.add(Line("the day under Airflow", seconds, rows, "the steps in one process", seconds / least.seconds))
        report.say("processor seconds under Airflow", round(processor_seconds(served.process.pid) - spent, 1))
        report.say("tasks", len(told))
        report.say("seconds that tasks ran, summed", round(sum(ran for _, ran in told), 1))
        report.say("seconds from queued to started, median", round(statistics.median(w for w, _ in told), 2))
        report.say("seconds from queued to started, summed", round(sum(waited for waited, _ in told), 1))


def unpause(served: Airflow, ingests: set[str]) -> None:
    """Wait until all DAGs of the day are found, and let those run that something else starts."""
    wanted = ingests | {*FOLLOWING}
    _wait("all DAGs are found", lambda: wanted | {"inbox"} <= served.dags())
    for dag in sorted(wanted):
        served.rest(f"/dags/{dag}", {"is_paused": False}, "PATCH")


def same(home: Path, served: Path) -> bool:
    """Tell whether both homes published the same files."""
    published = []
    for each in (home, served):
        with looking(f"sqlite:///{each / 'serving.db'}") as connection:
            files = select(SUBJECT.c.subject_id, SUBJECT.c.digest).order_by(SUBJECT.c.subject_id)
            published.append(connection.execute(files).all())
    return published[0] == published[1]


def is_published(served: Airflow, home: Path) -> bool:
    """Tell whether every delivery is settled, and the newest files of each kind are published."""
    if not all(finished.is_finished(each) for each in deliveries.every(home)):
        return False
    if any((home / "inbox").glob("*/*/manifest.json")) or any(_is_busy(served, dag) for dag in FOLLOWING):
        return False
    with looking(f"sqlite:///{home / 'serving.db'}") as connection:
        published = {kind: last(connection, kind) for kind in SUBJECT_KINDS}
    newest = {kind: commit_check.newest(str(home / "lake"), names.gold(kind)) for kind in SUBJECT_KINDS}
    return all(p is not None and p.lake_version == newest[kind] for kind, p in published.items())


def _is_busy(served: Airflow, dag: str) -> bool:
    runs = served.rest(f"/dags/{dag}/dagRuns?limit=100")["dag_runs"]
    failed = [run["dag_run_id"] for run in runs if run["state"] == "failed"]
    if failed:
        raise SystemExit(f"{dag} failed under Airflow: {failed}")
    return not runs or any(run["state"] in ("queued", "running") for run in runs)


def _tasks(served: Airflow) -> list[tuple[float, float]]:
    """Return of each task that did something how many seconds it waited for its start, and how many it ran."""
    found = []
    for dag in sorted(served.dags()):
        if dag in (*FOLLOWING, "inbox") or dag.startswith("ingest."):
            listed = served.rest(f"/dags/{dag}/dagRuns/~/taskInstances?limit=100")["task_instances"]
            ran = [t for t in listed if t["start_date"] and t["end_date"] and t["queued_when"]]
            found += [(_between(t, "queued_when", "start_date"), _between(t, "start_date", "end_date")) for t in ran]
    return found


def _between(task: dict[str, str], first: str, second: str) -> float:
    begins, ends = (datetime.fromisoformat(task[name]) for name in (first, second))
    return (ends - begins).total_seconds()


@contextmanager
def airflow(home: Path, memory: str) -> Iterator[Airflow]:
    """Run Airflow over a home for the length of the block."""
    port = spark_connect.free_port()
    command = [sys.executable, "-m", "onefile.services.airflow", "--port", str(port)]
    log = home.parent / "service.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, env={**os.environ, **environ(home, FIRST_DAY, memory), **PAUSED}, stdout=out, stderr=out,
            start_new_session=True,
        )  # fmt: skip
    try:
        _wait("Airflow is up", lambda: b"Airflow is up" in log.read_bytes() or process.poll() is not None)
        if process.poll() is not None:
            raise SystemExit(log.read_text())
        password = json.loads((home / "airflow" / "passwords.json").read_text())["admin"]
        url = f"http://127.0.0.1:{port}"
        given = _rest(f"{url}/auth/token", {"username": "admin", "password": password}, None)
        yield Airflow(process, url, given["access_token"])
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(120)


def _rest(url: str, body: object, token: str | None, method: str | None = None) -> Any:
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data, headers, method=method), timeout=120) as answer:
        return json.load(answer)


def _wait(what: str, is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS_AT_MOST
    while not is_so():
        if time.monotonic() > deadline:
            raise SystemExit(f"{what}: not after {SECONDS_AT_MOST} s")
        time.sleep(0.5)


if __name__ == "__main__":
    main()
