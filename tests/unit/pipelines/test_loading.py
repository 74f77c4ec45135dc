"""What a task of the flow loads before it begins: Airflow starts a process for each, and some every few minutes."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from inbox import making
from onefile import settings
from onefile.files import write_whole
from pipelines import declared, receiving
from pipelines.finished import FINISHED
from pipelines.workshop import Workshop
from tests.declared import lay
from tests.documents import ROOT

REGISTER = "market.public_register"
HEADER = "企业名称,统一社会信用代码,注册日期,企业类型,注册资金,经营范围,所在省份,地区,注册地址\n"
OFTEN = {
    "work.look": [REGISTER],
    "work.are_declarations_changed": False,
    "work.recall_values": 0,
    "work.send_notices": {"delivered": 0, "failed": 0},
    "work.publish_status": {"lists": 0, "changed": 0},
    "work.count_licences": 0,
    "work.accept_cases": 0,
    "handing.make_events": 0,
    "handing.send_events": {"delivered": 0, "failed": 0},
}
"""What is called every hour or oftener, whatever happens, and what it tells of a home in which one delivery waits."""
LOADED = """
import json, sys
from dags import handing, work

told = {task}()
heavy = {{"pyspark", "pandas", "pyarrow", "deltalake", "duckdb"}} & {{*sys.modules}}
print(json.dumps([told, sorted(heavy)]))
"""


def steps() -> list[str]:
    """Return the modules that tasks call."""
    found = set()
    for file in ("work.py", "handing.py", "fetching.py"):
        for node in ast.walk(ast.parse((ROOT / "dags" / file).read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pipelines"):
                found |= {f"pipelines.{name.name}" for name in node.names if node.module == "pipelines"}
    return sorted(found)


def test_the_steps_are_found() -> None:
    assert {"pipelines.steps", "pipelines.accounts", "pipelines.changing", "pipelines.receiving"} <= {*steps()}


@pytest.mark.parametrize("heavy", ["great_expectations", "airflow"])
def test_what_takes_seconds_is_loaded_by_whom_it_is_for_only(heavy: str) -> None:
    look = f"import sys, {', '.join(steps())}; sys.exit({heavy!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", look], cwd=ROOT, check=False).returncode == 0


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which one register is settled, by the declarations of today, and the next one waits in the inbox."""
    folder = tmp_path_factory.mktemp("often")
    shop = Workshop(settings.read(environ(folder / "home")))
    register = shop.resource(REGISTER)
    file = lay(folder, {"rows.csv": HEADER}) / "rows.csv"
    making.make(shop.home, register, [file], period="2026-09", id="settled")
    receiving.receive(shop)
    write_whole(shop.delivery("settled")[0].folder / FINISHED, b"{}")
    declared.keep(shop.home, REGISTER, declared.reading(register, shop.declarations))
    making.make(shop.home, register, [file], period="2026-10", id="waits")
    return shop.home


def environ(home: Path) -> dict[str, str]:
    # A Spark that is asked for nothing: nobody listens there.
    return {"ONEFILE_HOME": str(home), "ONEFILE_NOW": "2026-11-01T08:00:00+08:00", "ONEFILE_SPARK": "sc://localhost:1"}


@pytest.mark.parametrize("task", OFTEN)
def test_what_looks_every_few_minutes_whether_there_is_work_loads_no_engine(task: str, home: Path) -> None:
    script = [sys.executable, "-c", LOADED.format(task=task)]
    done = subprocess.run(
        script, cwd=ROOT, env=os.environ | environ(home), check=True, capture_output=True, text=True, timeout=300
    )
    assert json.loads(done.stdout.splitlines()[-1]) == [OFTEN[task], []]
