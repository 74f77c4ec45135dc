"""`make airflow`: a real scheduler, DAG processor, triggerer and API server, and one Spark for all tasks."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from onefile.files import lock
from tests.served import served

DAG = """
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import dag, task


@dag(dag_id="trial", schedule=None, catchup=False)
def run():
    @task
    def count(**context) -> None:
        from pyspark.sql import SparkSession

        from onefile import settings

        here = settings.read()
        path = str(here.home / "lake" / "trial")
        spark = SparkSession.builder.remote(here.spark).getOrCreate()
        spark.range(context["params"]["rows"]).write.format("delta").save(path)
        assert spark.read.format("delta").load(path).count() == 1000

    count()


@dag(dag_id="nothing", schedule=None, catchup=False)
def nothing():
    EmptyOperator(task_id="nothing")


run()
nothing()
"""


@pytest.fixture
def dags(tmp_path: Path) -> Path:
    folder = tmp_path / "dags"
    folder.mkdir()
    (folder / "trial.py").write_text(DAG)
    return folder


def test_dags_triggered_through_rest_use_the_one_spark_and_everything_stops_with_ctrl_c(
    tmp_path: Path, dags: Path
) -> None:
    with served(tmp_path / "home", dags=dags) as airflow:
        airflow.wait_for_dag("trial")

        assert airflow.run("trial", {"rows": 1000}) == "success"
        first = next(line for line in airflow.log("airflow-api-server").splitlines() if "path=/execution/" in line)
        assert (
            "path=/execution/health/ping" in first
        )  # the routes for tasks were made before a task could wait for them
        with ThreadPoolExecutor(6) as askers:
            at_once = list(askers.map(lambda _: airflow.run("nothing", {}), range(18)))
        assert at_once == ["success"] * 18
        assert airflow.listening() <= {"127.0.0.1", "::ffff:127.0.0.1", "::1"}

    airflow.wait_until_gone()
    assert airflow.process.returncode == 0
    assert [path for path in (tmp_path / "home").rglob("*") if path.stat().st_mode & 0o077] == []


def test_on_postgresql_and_killed_outright_it_leaves_nothing_running(
    tmp_path: Path, dags: Path, postgres_url: str
) -> None:
    database = {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": postgres_url}
    with served(tmp_path / "home", dags=dags, environ=database) as airflow:
        airflow.wait_for_dag("trial")
        assert airflow.run("trial", {"rows": 1000}) == "success"

        os.kill(airflow.process.pid, signal.SIGKILL)
        airflow.process.wait()
        airflow.wait_until_gone()

    assert not (tmp_path / "home" / "airflow" / "airflow.db").exists()


def test_a_second_one_in_the_same_home_is_told_that_somebody_is_at_it(tmp_path: Path, dags: Path) -> None:
    with (
        lock(tmp_path / "home" / "locks" / "airflow.lock"),
        pytest.raises(AssertionError, match="held by another run"),
        served(tmp_path / "home", dags=dags),
    ):
        pytest.fail("it started")


def test_a_taken_port_is_said_before_anything_starts(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "onefile.services.airflow", "--port", str(port)]
        done = subprocess.run(
            command, env={**os.environ, "ONEFILE_HOME": str(tmp_path)}, capture_output=True, check=False
        )

    assert done.returncode == 1
    assert f"port {port} of this machine is taken".encode() in done.stderr
    assert list(tmp_path.iterdir()) == []
