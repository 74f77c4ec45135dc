"""On a Spark cluster, and through a Spark Connect service on one, the flow gives the tables that it gives here."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster import Cluster, cluster
from tests.runs import copy, finished, home_that_waits, lay_shops, left, start, wait_for_engine
from tests.served_engine import served_engine

pytestmark = pytest.mark.only_in_full


@pytest.fixture(scope="module")
def declarations(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lay_shops(tmp_path_factory.mktemp("declared"))


@pytest.fixture(scope="module")
def waiting(tmp_path_factory: pytest.TempPathFactory, declarations: Path) -> Path:
    return home_that_waits(tmp_path_factory.mktemp("waits") / "home", declarations, in_full=True)


@pytest.fixture(scope="module")
def here(waiting: Path, declarations: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """What a run in one process leaves."""
    home = copy(waiting, tmp_path_factory.mktemp("here") / "home")
    finished(start(home, declarations, {"ONEFILE_SPARK": "local[*]", "ONEFILE_SPARK_MEMORY": "1g"}))
    wait_for_engine(home)
    return left(home)


@pytest.fixture(scope="module")
def two_workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("cluster")) as started:
        yield started


def test_a_run_on_a_cluster_leaves_what_one_in_a_single_process_leaves(
    two_workers, waiting, declarations, here, tmp_path
):
    home = copy(waiting, tmp_path / "home")
    finished(start(home, declarations, {"ONEFILE_SPARK": two_workers.address, "ONEFILE_SPARK_MEMORY": "1g"}))
    assert two_workers.worked() == {"one", "two"}
    wait_for_engine(home)
    assert left(home) == here


def test_so_does_one_through_a_service_that_works_on_the_cluster(two_workers, waiting, declarations, here, tmp_path):
    home = copy(waiting, tmp_path / "home")
    with served_engine(tmp_path / "service", two_workers.address) as told:
        finished(start(home, declarations, {**told}))
        assert len(two_workers.told()["activeapps"]) == 1
        files_are_made_in_tasks({"ONEFILE_HOME": str(home), **told})
    assert left(home) == here


def test_files_are_made_by_its_workers_as_in_this_process(two_workers, tmp_path):
    files_are_made_in_tasks(
        {"ONEFILE_HOME": str(tmp_path), "ONEFILE_SPARK": two_workers.address, "ONEFILE_SPARK_MEMORY": "1g"}
    )


def files_are_made_in_tasks(spark: dict[str, str]) -> None:
    """See that the tasks of an engine make the files that a process makes by itself."""
    command = [sys.executable, "-m", "tests.filed"]
    finished(subprocess.Popen(command, env={**os.environ, **spark}, text=True, stdout=subprocess.PIPE))
