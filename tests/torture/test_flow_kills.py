"""The flow, killed at its boundaries and at any moment, and run again: what comes out is what a run never killed made.

In full (`make torture`) every run is a process of its own, killed at each boundary there is and at twelve
moments drawn at random, and all share one Spark service, which outlives them. In `make test` a run in this
process, of one delivery, ends at one boundary.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from deltalake import DeltaTable

from onefile import settings
from onefile.files import make_folder
from onefile.services import spark_connect
from onefile.services.processes import running
from tests.declared import SHOP, SHOP_FILE, lay
from tests.house import shop_house
from tests.killing import Boundaries, take_in

HEADER = "编号 | 信用代码 | 开业 | 类别"
FIRST, SECOND, THIRD = "91690101MA00000158", "91690101MA00000233", "91690101MA0000031X"


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
    return lay(tmp_path_factory.mktemp("declared"), SHOP | {"files/shops.yml": SHOP_FILE})


@pytest.fixture(scope="module")
def waiting(tmp_path_factory: pytest.TempPathFactory, declarations: Path, in_full: bool) -> Path:
    """A home in which good and bad rows wait; in full, a change and a correction behind them."""
    house = shop_house(tmp_path_factory.mktemp("kills") / "waiting", declarations)
    house.deliver("market.shops", "2026-10-29", f"""
        {HEADER}
        AB0001 | {FIRST}  | 2020/1/1  | 书店
        AB0002 | {SECOND} | 2020/2/2  | 茶馆
        AB0003 | {THIRD}  | 2020/13/3 | 茶馆
    """, "first")  # fmt: skip
    if in_full:
        house.deliver("market.shops", "2026-10-30", f"""
        {HEADER}
        AB0002 | {SECOND} | 2020/2/2  | 书店
        AB0003 | {THIRD}  | 2020/3/3  | 茶馆
        """, "second")  # fmt: skip
    house.shop.keys.trust()  # the keys are there: else each copy would make its own
    return house.home


class Gone(BaseException):
    """The run is gone: nothing in the flow catches this."""


def gone() -> None:
    raise Gone


def start(home: Path, declarations: Path, spark: dict[str, str], fatal: int = 0) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.killing", str(home), str(declarations), str(fatal)]
    return subprocess.Popen(command, env=os.environ | spark, text=True, stdout=subprocess.PIPE)


def finished(run: subprocess.Popen[str]) -> str:
    printed, _ = run.communicate(timeout=600)
    assert run.returncode == 0
    return printed


def copy(waiting: Path, home: Path) -> Path:
    shutil.copytree(waiting, home)
    return home


def left(home: Path) -> dict[str, object]:
    """Return all that a home holds: rows of each table, receipts, what is published."""
    tables = {str(log.parent.relative_to(home / "lake")): log.parent for log in home.glob("lake/*/*/_delta_log")}
    held: dict[str, object] = {
        name: sorted(map(repr, DeltaTable(str(path)).to_pyarrow_table().to_pylist())) for name, path in tables.items()
    }
    held["receipts"] = {path.name: path.read_bytes() for path in home.glob("receipts/*.json")}
    with sqlite3.connect(home / "serving.db") as database:
        held["published"] = sorted(database.execute("SELECT subject_id, number, digest, document FROM subject"))
    held["finished"] = {
        path.parent.name: json.loads(path.read_bytes()) for path in home.glob("deliveries/**/finished.json")
    }
    held["left over"] = sorted(
        str(path.relative_to(home)) for path in home.rglob("*") if path.is_file() and "staging" in path.parts
    )
    return held


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
