"""A served engine goes on with what a killed process asked it for: the next process ends that before it asks more."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from deltalake import DeltaTable
from pyspark.errors.exceptions.connect import SparkConnectException
from pyspark.sql.connect.client import SparkConnectClient
from pyspark.sql.connect.proto import GetStatusResponse

from onefile.services import spark_connect
from pipelines import engine_sessions
from tests.served_engine import served_engine

WRITE = """
import sys
from pyspark.sql import functions as f
from pyspark.sql.types import LongType, StringType, StructField, StructType
from onefile import settings
from pipelines import engine_sessions
from pipelines.lake import TableDesign
from pipelines.workshop import Workshop

shop = Workshop(settings.read())
schema = StructType([StructField("id", LongType()), StructField("slept", StringType())])
with engine_sessions.until_done():
    shop.lake.create("gold/slow", schema, TableDesign("rows that take their time", {}))
    print("begun", flush=True)
    asleep = f.expr(f"reflect('java.lang.Thread', 'sleep', {sys.argv[1]}L)")
    rows = shop.spark.range(0, 5, 1, 1).select("id", asleep.alias("slept"))
    shop.lake.add("gold/slow", rows, {"made_from": 1})
"""
"""Adds five rows of which each takes some milliseconds, as gold takes new files: what is there was looked at before."""


LEAVE = """
import os
from onefile import settings
from pipelines.workshop import Workshop

told = Workshop(settings.read()).spark.range(0, 3, 1, 3).toLocalIterator()
next(told)
print("begun", flush=True)
os._exit(0)
"""
"""Takes the first of three rows and ends: what was asked for is done, and nobody fetches the rest of it."""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    home = tmp_path_factory.mktemp("served") / "home"
    with served_engine(home) as told:
        yield {**os.environ, "ONEFILE_HOME": str(home), "ONEFILE_SPARK_MEMORY": "1g", **told}


def writing(service: Mapping[str, str], milliseconds: int) -> subprocess.Popen[str]:
    """Start a process that writes; return it when it has begun."""
    command = [sys.executable, "-c", WRITE, str(milliseconds)]
    started = subprocess.Popen(command, env=dict(service), stdout=subprocess.PIPE, text=True)
    assert started.stdout is not None
    assert started.stdout.readline() == "begun\n"
    return started


def noted(service: Mapping[str, str]) -> list[Path]:
    return list((Path(service["ONEFILE_HOME"]) / "locks" / "sessions").iterdir())


def test_what_a_killed_process_asked_for_is_ended_before_the_next_one_writes(service, monkeypatch):
    killed = writing(service, milliseconds=60_000)
    with pytest.raises(subprocess.TimeoutExpired):
        killed.wait(5)  # the engine is at it now: five minutes, if nobody ends it
    killed.kill()
    killed.wait()
    (note,) = noted(service)

    assert writing(service, milliseconds=1).wait(120) == 0
    monkeypatch.setenv(spark_connect.TOKEN, service[spark_connect.TOKEN])
    client = SparkConnectClient(f"{service['ONEFILE_SPARK']}/;session_id={note.name}")
    with pytest.raises(SparkConnectException, match="SESSION_CLOSED"):
        client._get_operation_statuses()

    table = DeltaTable(str(Path(service["ONEFILE_HOME"]) / "lake" / "gold" / "slow"))
    assert (table.version(), table.to_pyarrow_table().num_rows) == (1, 5)
    assert noted(service) == []


def test_a_process_that_lives_is_left_at_its_work(service):
    slow = writing(service, milliseconds=1_500)
    assert writing(service, milliseconds=1).wait(120) == 0
    assert slow.wait(120) == 0


def test_what_was_done_and_not_fetched_is_not_taken_for_work(service, monkeypatch):
    subprocess.run([sys.executable, "-c", LEAVE], env=dict(service), check=True, timeout=120)
    (note,) = noted(service)
    monkeypatch.setenv(spark_connect.TOKEN, service[spark_connect.TOKEN])
    client = SparkConnectClient(f"{service['ONEFILE_SPARK']}/;session_id={note.name}")
    state = GetStatusResponse.OperationStatus.OPERATION_STATE_TERMINATING
    assert state in {each.state for each in client._get_operation_statuses().operation_statuses}
    assert writing(service, milliseconds=1).wait(engine_sessions.SECONDS_TO_END / 2) == 0
    assert noted(service) == []
