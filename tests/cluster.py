"""A real Spark standalone cluster for a test: one master, two workers, each a process of its own on loopback."""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyspark

from onefile import java
from onefile.services.processes import Running, Service, running
from onefile.services.spark_connect import free_port

SECONDS_TO_START = 300
SPARK_HOME = Path(pyspark.__file__).parent
MASTER, WORKER = (f"org.apache.spark.deploy.{name}" for name in ("master.Master", "worker.Worker"))


@dataclass(frozen=True)
class Cluster:
    """A running cluster: its address, where its master tells of itself, the folder that its workers work in."""

    services: Running
    address: str
    page: str
    folder: Path

    def told(self) -> dict[str, Any]:
        """Return what the master says of its workers and applications."""
        with urllib.request.urlopen(f"{self.page}/json/", timeout=30) as answer:
            found: dict[str, Any] = json.load(answer)
        return found

    def worked(self) -> set[str]:
        """Return the workers that ran an executor of some application."""
        return {path.relative_to(self.folder).parts[0] for path in self.folder.glob("*/app-*/*/stderr")}


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """Have a cluster for the length of the block."""
    port, page = free_port(), free_port()
    address = f"spark://127.0.0.1:{port}"
    with running() as services:
        services.start(_service("master", folder, MASTER, "--port", str(port), "--webui-port", str(page)))
        started = Cluster(services, address, f"http://127.0.0.1:{page}", folder)
        _wait(started, workers=0)
        for name in ("one", "two"):
            work = folder / name
            work.mkdir()
            size = ("--cores", "1", "--memory", "1g", "--webui-port", str(free_port()), "--work-dir", str(work))
            services.start(_service(name, folder, WORKER, *size, address))
        _wait(started, workers=2)
        yield started


def _service(name: str, folder: Path, kind: str, *words: str) -> Service:
    home = java.home(os.environ)
    own = {"SPARK_HOME": str(SPARK_HOME), "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_DAEMON_MEMORY": "256m"}
    environ = {**os.environ, **({"JAVA_HOME": home} if home else {}), **own, "PYSPARK_PYTHON": sys.executable}
    command = [str(SPARK_HOME / "bin" / "spark-class"), kind, "--host", "127.0.0.1", *words]
    return Service(f"Spark's {name}", command, environ, folder, folder / f"{name}.log")


def _wait(started: Cluster, workers: int) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while _alive(started) < workers:
        started.services.check()
        assert time.monotonic() < deadline, "the cluster is not up"
        time.sleep(0.5)


def _alive(started: Cluster) -> int:
    """Return how many workers are there; -1 while the master does not answer, or only with the page of its frame."""
    try:
        return sum(worker["state"] == "ALIVE" for worker in started.told()["workers"])
    except (OSError, json.JSONDecodeError):
        return -1
