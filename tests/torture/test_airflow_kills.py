"""Under a real Airflow a task, the Spark service or the scheduler is killed: the tables are as if it was not.

A killed task is tried again by Airflow. Where a service is gone, all of them stop, and the service manager starts
them again: the scheduler then goes on with the run.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.runs import copy, home_that_waits, lay_shops, left, wait_for_engine
from tests.served import Served, served

pytestmark = pytest.mark.only_in_full

DAG = "ingest.market.shops"
FOLLOWING = ("enterprise_file", "quality", "publication")
BEGUN = "lake/quarantine/market.shops/_delta_log/00000000000000000000.json"
SECONDS = 1800
# Airflow gives a task that says nothing five minutes; here one.
QUICKLY = {"AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "60",
           "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5"}  # fmt: skip


@pytest.fixture(scope="module")
def declarations(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lay_shops(tmp_path_factory.mktemp("declared"))


@pytest.fixture(scope="module")
def waiting(tmp_path_factory: pytest.TempPathFactory, declarations: Path) -> Path:
    return home_that_waits(tmp_path_factory.mktemp("waits") / "home", declarations, in_full=False)


@pytest.fixture(scope="module")
def environ(declarations: Path) -> dict[str, str]:
    return {"ONEFILE_DECLARATIONS": str(declarations), "ONEFILE_NOW": "2026-11-03T08:00:00+08:00",
            "ONEFILE_SPARK_MEMORY": "1g", "ONEFILE_LANG": "en"}  # fmt: skip


@pytest.fixture(scope="module")
def undisturbed(
    waiting: Path, environ: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, object]:
    """What a run that nobody killed leaves, made by the command."""
    home = copy(waiting, tmp_path_factory.mktemp("undisturbed") / "home")
    variables = {**os.environ, **environ, "ONEFILE_HOME": str(home)}
    subprocess.run([sys.executable, "-m", "onefile.cli", "run"], env=variables, check=True, timeout=SECONDS)
    wait_for_engine(home)
    return kept(home)


def kept(home: Path) -> dict[str, object]:
    """Return what a home holds, without figures about the runs themselves, and without the Spark service's settings."""
    held = {name: rows for name, rows in left(home).items() if name != "gold/quality"}
    return held | {"left over": [path for path in left_over(held) if path != "staging/spark-connect/server.conf"]}


def left_over(held: Mapping[str, object]) -> list[str]:
    found = held["left over"]
    assert isinstance(found, list)
    return found


def wait(what: str, is_so: Any) -> Any:
    """Wait until it is so; return what it is."""
    deadline = time.monotonic() + SECONDS
    while not (found := is_so()):
        assert time.monotonic() < deadline, f"{what}: not after {SECONDS} s"
        time.sleep(0.1)
    return found


def ends(airflow: Served, dag: str) -> set[str]:
    """Return how the runs of a DAG ended; nothing while one of them runs, or none was started."""
    states = {run["state"] for run in airflow.rest(f"/dags/{dag}/dagRuns?limit=100")["dag_runs"]}
    return set() if states & {"queued", "running"} else states


def process(airflow: Served, *words: str) -> int:
    """Return the process of a service that has all the words in its command line, the one that was started first."""
    found = [pid for pid in airflow.processes() if {*words} <= {*command(pid)}]
    return min(found)


def command(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    except OSError:
        return []


def task(airflow: Served) -> int:
    """Return the process of the task that settles."""
    run = airflow.rest(f"/dags/{DAG}/dagRuns?limit=100")["dag_runs"][0]["dag_run_id"]
    return int(airflow.rest(f"/dags/{DAG}/dagRuns/{run}/taskInstances/settle")["pid"])


VICTIMS = {
    "task": task,
    "Spark service": lambda airflow: process(airflow, "org.apache.spark.sql.connect.service.SparkConnectServer"),
    "scheduler": lambda airflow: process(airflow, "airflow", "scheduler"),
}


@pytest.mark.parametrize("victim", VICTIMS)
def test_killed_under_airflow_the_run_goes_on_and_leaves_what_an_undisturbed_one_leaves(
    victim: str, waiting: Path, environ: dict[str, str], undisturbed: dict[str, object], tmp_path: Path
) -> None:
    home = copy(waiting, tmp_path / "home")
    with served(home, environ=environ | QUICKLY) as airflow:
        airflow.wait_for_dag(DAG)
        airflow.rest(f"/dags/{DAG}/dagRuns", {"logical_date": None, "conf": {}})
        wait("it settles", (home / BEGUN).exists)
        os.kill(VICTIMS[victim](airflow), signal.SIGKILL)
        if victim == "task":
            went_on(airflow)
        else:
            assert airflow.process.wait(SECONDS) == 1
    airflow.wait_until_gone()
    if victim != "task":
        with served(home, environ=environ | QUICKLY) as again:
            went_on(again)
        again.wait_until_gone()
    assert kept(home) == undisturbed


def went_on(airflow: Served) -> None:
    """Wait until the ingest and all that follows it ended well."""
    for dag in (DAG, *FOLLOWING):
        ended = wait(f"{dag} ends", lambda dag=dag: ends(airflow, dag))
        assert ended == {"success"}, dag
