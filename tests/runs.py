"""Whole runs of a small flow in processes of their own, and all that one leaves, to be held against another's."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from pipelines import peek
from pipelines.places import Folder, Place
from tests.declared import SHOP, SHOP_FILE, lay
from tests.house import shop_house

HEADER = "编号 | 信用代码 | 开业 | 类别"
FIRST, SECOND, THIRD = "91690101MA00000158", "91690101MA00000233", "91690101MA0000031X"


def lay_shops(folder: Path) -> Path:
    """Write the declarations of the shops, which go into enterprises' files, into a folder; return it."""
    return lay(folder, SHOP | {"files/shops.yml": SHOP_FILE})


def home_that_waits(home: Path, declarations: Path, *, in_full: bool) -> Path:
    """Make a home in which good and bad rows wait; in full, a change and a correction behind them."""
    house = shop_house(home, declarations)
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


def start(home: Path, declarations: Path, spark: Mapping[str, str], fatal: int = 0) -> subprocess.Popen[str]:
    """Start a run (`tests.killing`) that takes in what waits, by the Spark that the variables name."""
    command = [sys.executable, "-m", "tests.killing", str(home), str(declarations), str(fatal)]
    return subprocess.Popen(command, env={**os.environ, **spark}, text=True, stdout=subprocess.PIPE)


def finished(run: subprocess.Popen[str]) -> str:
    """Wait until a run has done what it should; return what it printed."""
    printed, _ = run.communicate(timeout=1800)
    assert run.returncode == 0
    return printed


def wait_for_engine(home: Path, seconds: float = 300) -> None:
    """Wait until a run's engine has taken its folder away: it does when its program has ended, after the command."""
    deadline = time.monotonic() + seconds
    while any(files for _, _, files in os.walk(home / "staging" / "spark")):  # folders vanish meanwhile
        assert time.monotonic() < deadline, f"the engine left its files: not gone after {seconds} s"
        time.sleep(0.1)


def copy(waiting: Path, home: Path) -> Path:
    shutil.copytree(waiting, home)
    return home


def rows(place: Place, table: str) -> list[str]:
    """Return the rows of a table, each as text, in order."""
    read = peek.rows(place, table, None)
    assert read is not None
    return sorted(map(repr, read.to_pylist()))


def left(home: Path, lake: Place | None = None) -> dict[str, object]:
    """Return all that a home holds: rows of each table (of a lake elsewhere, too), receipts, what is published."""
    place = Folder(home / "lake") if lake is None else lake
    held: dict[str, object] = {name: rows(place, name) for name in place.tables()}
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
