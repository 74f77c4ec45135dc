"""The flow, killed at its boundaries and at any moment, and run again: what comes out is what a run never killed made.

In full (`make torture`) every run is a process of its own, killed at each boundary there is and at twelve
moments drawn at random, and all share one Spark service, which outlives them. In `make test` a run in this
process, of one delivery, ends at one boundary.
"""

from __future__ import annotations

import random
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from onefile import settings
from onefile.files import make_folder
from onefile.services import spark_connect
from onefile.services.processes import running
from tests.killing import Boundaries, take_in
from tests.runs import copy, finished, home_that_waits, lay_shops, left, start


@pytest.fixture(scope="module")
def spark_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Yield what a process needs in its environment to use the service."""
    home = tmp_path_factory.mktemp("service")
    here = settings.read({"ONEFILE_HOME": str(home), "ONEFILE_SPARK_MEMORY": "2g"})
    make_folder(home / "logs")
    with running() as services:
        served, token = spark_connect.served(here, spark_connect.start(services, here))
        spark_connect.wait(services, served)
        yield {"ONEFILE_SPARK": served.spark, **token}


@pytest.fixture(scope="module")
def declarations(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lay_shops(tmp_path_factory.mktemp("declared"))


@pytest.fixture(scope="module")
def waiting(tmp_path_factory: pytest.TempPathFactory, declarations: Path, in_full: bool) -> Path:
    return home_that_waits(tmp_path_factory.mktemp("kills") / "waiting", declarations, in_full=in_full)


class Gone(BaseException):
    """The run is gone: nothing in the flow catches this."""


def gone() -> None:
    raise Gone


def test_a_run_that_ends_at_a_boundary_and_is_started_again_leaves_what_an_undisturbed_one_leaves(
    spark, waiting, declarations, tmp_path
):
    counted = Boundaries(0, gone)
    take_in(copy(waiting, tmp_path / "undisturbed"), declarations, counted)
    wanted = left(tmp_path / "undisturbed")
    assert counted.passed > 20
    home, fatal = copy(waiting, tmp_path / "home"), counted.passed * 2 // 3
    with pytest.raises(Gone):
        take_in(home, declarations, Boundaries(fatal, gone))
    take_in(home, declarations, Boundaries(0, gone))
    assert left(home) == wanted, f"gone at boundary {fatal} of {counted.passed}"


@pytest.fixture(scope="module")
def undisturbed(
    waiting: Path, declarations: Path, spark_service: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> tuple[int, float, dict[str, object]]:
    """Return the boundaries that a run comes by, the seconds that it takes, and what it leaves."""
    home = copy(waiting, tmp_path_factory.mktemp("undisturbed") / "home")
    began = time.monotonic()
    passed = int(finished(start(home, declarations, spark_service)))
    return passed, time.monotonic() - began, left(home)


@pytest.mark.only_in_full
def test_killed_outright_at_each_boundary_it_does_too(waiting, declarations, spark_service, undisturbed, tmp_path):
    passed, _, wanted = undisturbed
    for fatal in range(1, passed + 1):
        home = copy(waiting, tmp_path / f"{fatal}")
        killed = start(home, declarations, spark_service, fatal)
        killed.communicate(timeout=600)
        assert killed.returncode == -signal.SIGKILL
        finished(start(home, declarations, spark_service))
        assert left(home) == wanted, f"killed at boundary {fatal} of {passed}"
        shutil.rmtree(home)


@pytest.mark.only_in_full
def test_killed_at_any_moment_it_does_too(waiting, declarations, spark_service, undisturbed, tmp_path):
    _, seconds, wanted = undisturbed
    drawn = random.Random(7)
    for number in range(12):
        home, moment = copy(waiting, tmp_path / f"{number}"), drawn.random() * seconds
        run = start(home, declarations, spark_service)
        time.sleep(moment)
        run.kill()
        run.communicate(timeout=600)
        finished(start(home, declarations, spark_service))
        assert left(home) == wanted, f"killed after {moment:.2f} s"
        shutil.rmtree(home)


@pytest.mark.only_in_full
def test_two_runs_at_once_lose_nothing_and_say_nothing_twice(
    waiting, declarations, spark_service, undisturbed, tmp_path
):
    home = copy(waiting, tmp_path / "home")
    both = [start(home, declarations, spark_service) for _ in range(2)]
    for run in both:
        finished(run)
    assert left(home) == undisturbed[2]
