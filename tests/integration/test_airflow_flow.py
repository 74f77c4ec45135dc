"""The main job under a real Airflow: a DAG is triggered through REST, the assets start all that follows."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from pipelines import peek
from schemas.serving.tables import SUBJECT
from tests.served import PAUSED, Served, served

RESOURCE = "market.shareholders"
FOLLOWING = ("person_file", "enterprise_file", "quality", "publication")


def onefile(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "onefile.cli", *arguments]
    environ = os.environ | {"ONEFILE_HOME": str(home), "ONEFILE_LANG": "en"}
    return subprocess.run(command, capture_output=True, text=True, env=environ, timeout=300, check=True)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return a home in whose inbox a delivery of one resource waits."""
    home, city = tmp_path / "home", tmp_path / "city"
    size = ["--people", "60", "--enterprises", "12", "--days", "0", "--seed", "5", "--only", RESOURCE]
    onefile(home, "city", "make", *size, "--out", str(city))
    for manifest in city.glob("*/*/manifest.json"):
        shutil.copytree(manifest.parent, home / "inbox" / manifest.parent.parent.name / manifest.parent.name)
    return home


def wait_for_run(airflow: Served, dag: str, seconds: float = 600) -> str:
    """Wait until a DAG that assets start has run to an end; return how it ended."""
    deadline = time.monotonic() + seconds
    while True:
        runs = airflow.rest(f"/dags/{dag}/dagRuns?limit=100")["dag_runs"]
        states = {run["state"] for run in runs}
        if runs and not states & {"queued", "running"}:
            return "success" if states == {"success"} else str(states)
        assert time.monotonic() < deadline, f"{dag}: {states or 'no run'} after {seconds} s"
        time.sleep(1)


def test_the_delivery_that_is_asked_for_goes_all_the_way_when_its_dag_is_triggered_through_rest(home: Path) -> None:
    first = min(path.name for path in home.glob("inbox/*/*") if path.is_dir())
    with served(home, environ=PAUSED) as airflow:
        for dag in (f"ingest.{RESOURCE}", *FOLLOWING):
            airflow.unpause(dag)
        assert airflow.run(f"ingest.{RESOURCE}", {"delivery": first}, seconds=600) == "success"
        ended = {dag: wait_for_run(airflow, dag) for dag in FOLLOWING}

    airflow.wait_until_gone()
    assert ended == dict.fromkeys(FOLLOWING, "success")
    assert sorted(path.stem for path in (home / "receipts").glob("*.json")) == [first]
    with sa.create_engine(f"sqlite:///{home}/serving.db").connect() as database:
        counted = sa.select(SUBJECT.c.kind, sa.func.count()).group_by(SUBJECT.c.kind)
        published = {row[0]: row[1] for row in database.execute(counted)}
    gold = {kind: peek.rows(home / "lake", f"gold/{kind}_file", ["number"]) for kind in ("person", "enterprise")}
    assert {kind: table.num_rows for kind, table in gold.items() if table is not None} == published
    shown = onefile(home, "quality", "--json")
    assert json.loads(shown.stdout)
