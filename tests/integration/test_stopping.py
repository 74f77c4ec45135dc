"""`onefile run` asked to stop in a task: Airflow takes that for a failed task, the run has to end all the same."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

DAG = """
import time

from airflow.sdk import dag, task

from dags import work


@dag(dag_id="slow", schedule=None, catchup=False)
def run():
    @task
    def wait() -> None:
        sleep()

    wait()


@work._tells
def sleep() -> None:
    print("asleep", flush=True)
    time.sleep(60)


run()
"""
PROGRAM = """
import os, signal, sys, threading, time
from pathlib import Path
from onefile import airflow_home, settings
from onefile.cli.dag_runs import DagRuns

airflow_home.DAGS = Path(sys.argv[1])
here = settings.read()
runs = DagRuns(here)

def stop():
    log = here.home / "logs" / "airflow.log"
    while log.read_text().count("asleep") < 1:
        time.sleep(0.1)
    os.kill(os.getpid(), int(sys.argv[2]))

threading.Thread(target=stop, daemon=True).start()
try:
    runs.run("slow", {})
except KeyboardInterrupt:
    sys.exit(1)
sys.exit("the run went on")
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_run_that_is_asked_to_stop_in_the_middle_of_a_task_ends(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "dags"
    folder.mkdir()
    (folder / "slow.py").write_text(DAG)
    command = [sys.executable, "-c", PROGRAM, str(folder), str(int(signal.Signals[name]))]
    environ = os.environ | {"ONEFILE_HOME": str(tmp_path / "home"), "AIRFLOW__CORE__DAGS_FOLDER": str(folder)}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr.strip().splitlines()[-1:]) == (1, [])
