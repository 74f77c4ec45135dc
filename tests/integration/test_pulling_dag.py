"""A resource with a source has a DAG on its schedule, which puts what there is into the inbox, or says why not."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.pulled import shops

SCRIPT = """
import json, sys
from onefile import settings
from onefile.cli.dag_runs import DagRuns

runs = DagRuns(settings.read())
[dag] = [name for name in runs._bag.dags if name.startswith("pull.")]
when = runs._bag.dags[dag].schedule
print(json.dumps([dag, f"{when.expression} {when.timezone}", runs.run(dag, {}), *runs.why]))
"""


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    shops(tmp_path / "declared", '{from: SHOPS, schedule: "30 2 * * *", database: {table: shops}}')
    return {**os.environ, "ONEFILE_HOME": str(tmp_path / "var"), "ONEFILE_DECLARATIONS": str(tmp_path / "declared"),
            "ONEFILE_NOW": "2026-11-30T09:00:00+08:00",
            "ONEFILE_SOURCE_SHOPS": f"sqlite:///{tmp_path}/theirs.db"}  # fmt: skip


def run(environ: dict[str, str]) -> list[Any]:
    done = subprocess.run([sys.executable, "-c", SCRIPT], env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return list(json.loads(done.stdout.splitlines()[-1]))


def test_a_dag_that_could_not_be_loaded_is_told_in_words(environ: dict[str, str]) -> None:
    script = "from onefile import settings\nfrom onefile.cli.dag_runs import DagRuns\n"
    script += "DagRuns(settings.read()).run('pull.market.gone', {})"
    done = subprocess.run([sys.executable, "-c", script], env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Failure: pull.market.gone is not among the DAGs; files that could not be loaded: none;" in done.stderr


def test_the_dag_pulls_on_the_declared_schedule_and_says_why_where_it_cannot(
    environ: dict[str, str], tmp_path: Path
) -> None:
    dag, schedule, is_done, *why = run(environ)
    assert (dag, schedule, is_done) == ("pull.market.shops", "30 2 * * * Asia/Shanghai", False)
    assert why == ["ONEFILE_SOURCE_SHOPS cannot be pulled from: there is no such file; look at the path"]
    with sqlite3.connect(tmp_path / "theirs.db") as connection:
        connection.execute('CREATE TABLE shops ("编号" TEXT, "信用代码" TEXT, "开业" TEXT, "类别" TEXT)')
        connection.execute("INSERT INTO shops VALUES ('AB0001', '', '', '')")
    assert run(environ)[2:] == [True]
    [delivery] = (tmp_path / "var" / "inbox" / "market").iterdir()
    assert json.loads((delivery / "manifest.json").read_bytes())["files"][0]["rows"] == 1
