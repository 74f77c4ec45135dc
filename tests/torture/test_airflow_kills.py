"""Under a real Airflow a task, its worker or a service is killed: what is left is as if it was not.

A killed task is tried again by Airflow. Where a service is gone, all of them stop, and the service manager starts
them again: the scheduler then goes on with the run.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.runs import copy, home_that_waits, lay_shops, left, wait_for_engine
from tests.served import PAUSED, Served, parent, served

pytestmark = pytest.mark.only_in_full

DAG = "ingest.market.shops"
FOLLOWING = ("enterprise_file", "quality", "publication")
FIRST = "_delta_log/00000000000000000000.json"
SECONDS = 1800
# Airflow gives a task that says nothing five minutes, here one; and reads every DAG file anew twice a minute.
# A scheduler that was killed is missed after half a minute, and its tasks with the next check.
QUICKLY = {"AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "60",
           "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
           "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "10",
           "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "900"}  # fmt: skip


@dataclass(frozen=True)
class Moment:
    """A task that runs, and the file of the home by whose being there it is seen to be in the midst of its work."""

    dag: str
    task: str
    begun: str


MOMENTS = {
    "landing": Moment(DAG, "land", f"lake/bronze/market.shops/{FIRST}"),
    "settling": Moment(DAG, "settle", f"lake/quarantine/market.shops/{FIRST}"),
    "assembling": Moment("enterprise_file", "assemble", f"lake/gold/enterprise_file/{FIRST}"),
    "publishing": Moment("publication", "publish", f"lake/gold/quality/{FIRST}"),
}


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


def running_task(airflow: Served, moment: Moment) -> int | None:
    """Return the process of a moment's task, if it runs."""
    listed = airflow.rest(f"/dags/{moment.dag}/dagRuns/~/taskInstances?limit=100")["task_instances"]
    found = [one["pid"] for one in listed if one["task_id"] == moment.task and one["state"] == "running"]
    return min((int(pid) for pid in found if pid), default=None)


def service(airflow: Served, *words: str) -> int:
    """Return the process of a service that says the words of itself: the one whose parent does not."""
    saying = {pid for pid in airflow.processes() if all(word in command(pid) for word in words)}
    (found,) = (pid for pid in saying if parent(pid) not in {0, *saying})
    return found


def command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


TASKS: dict[str, Callable[[int], int]] = {"task": lambda task: task, "worker": parent}
SERVICES = {
    "Spark service": ("org.apache.spark.sql.connect.service.SparkConnectServer",),
    "scheduler": ("airflow", "scheduler"),
    "API server": ("airflow api_server",),
    "DAG processor": ("airflow", "dag-processor"),
}
PLANS = {
    "tasks": {"landing": "task", "settling": "worker", "assembling": "task", "publishing": "worker"},
    "other tasks": {"landing": "worker", "settling": "task", "assembling": "worker", "publishing": "task"},
    "services": {
        "landing": "API server", "settling": "Spark service", "assembling": "scheduler", "publishing": "DAG processor",
    },
    "other services": {"landing": "Spark service", "settling": "scheduler", "assembling": "Spark service"},
}  # fmt: skip
"""Who is killed at which moment of one run; each service as it is started anew after the one before was killed."""


@pytest.mark.parametrize("plan", PLANS)
def test_killed_under_airflow_the_run_goes_on_and_leaves_what_an_undisturbed_one_leaves(
    plan: str, waiting: Path, environ: dict[str, str], undisturbed: dict[str, object], tmp_path: Path
) -> None:
    home = copy(waiting, tmp_path / "home")
    variables = environ | QUICKLY | PAUSED
    kills = list(PLANS[plan].items())
    with served(home, environ=variables) as airflow:
        for dag in (*FOLLOWING, DAG):
            airflow.unpause(dag)
        airflow.rest(f"/dags/{DAG}/dagRuns", {"logical_date": None, "conf": {}})
        stopped = kill_in_turn(airflow, kills)
    airflow.wait_until_gone()
    while stopped:
        with served(home, environ=variables) as airflow:
            stopped = kill_in_turn(airflow, kills)
        airflow.wait_until_gone()
    assert kept(home) == undisturbed


def kill_in_turn(airflow: Served, kills: list[tuple[str, str]]) -> bool:
    """Kill who is to be killed until a service was, and tell so; else wait until all ended well."""
    while kills:
        moment, victim = kills.pop(0)
        task = wait(moment, lambda moment=moment: in_the_midst(airflow, MOMENTS[moment]))
        os.kill(TASKS[victim](task) if victim in TASKS else service(airflow, *SERVICES[victim]), signal.SIGKILL)
        sys.stdout.write(f"{time.strftime('%X')} {moment}: the {victim} killed\n")  # pytest shows it where one fails
        if victim in SERVICES:
            assert airflow.process.wait(SECONDS) == 1
            return True
    went_on(airflow)
    return False


def in_the_midst(airflow: Served, moment: Moment) -> int | None:
    """Return the process of a moment's task once it is in the midst of its work."""
    return running_task(airflow, moment) if (airflow.home / moment.begun).exists() else None


def went_on(airflow: Served) -> None:
    """Wait until the ingest and all that follows it ended well."""
    for dag in (DAG, *FOLLOWING):
        ended = wait(f"{dag} ends", lambda dag=dag: ends(airflow, dag))
        assert ended == {"success"}, airflow.told(dag)
