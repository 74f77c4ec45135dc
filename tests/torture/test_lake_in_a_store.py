"""A lake in a real S3-compatible store: the flow gives what it gives on a disk, killed or not; no commit is lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pipelines import commit_check
from pipelines.errors import LakeStoreGone
from pipelines.places import NOTE, Folder
from tests.drivers import CONFLICT, Driver
from tests.runs import FIRST, copy, finished, home_that_waits, lay_shops, left, rows, start, wait_for_engine
from tests.s3server import SECRET, Server, needs_engine, needs_server, server

pytestmark = [pytest.mark.only_in_full, needs_server, needs_engine]
NOW = {"ONEFILE_NOW": "2026-11-03T08:00:00+08:00", "ONEFILE_LANG": "en", "ONEFILE_SPARK_MEMORY": "1g"}


@pytest.fixture(scope="module")
def store_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with server(tmp_path_factory.mktemp("s3")) as started:
        yield started


@pytest.fixture(scope="module")
def declarations(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lay_shops(tmp_path_factory.mktemp("declared"))


@pytest.fixture(scope="module")
def waiting(tmp_path_factory: pytest.TempPathFactory, declarations: Path) -> Path:
    return home_that_waits(tmp_path_factory.mktemp("waits") / "home", declarations, in_full=True)


@pytest.fixture(scope="module")
def here(waiting: Path, declarations: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """What a run leaves whose lake lies in its home."""
    home = copy(waiting, tmp_path_factory.mktemp("here") / "home")
    finished(start(home, declarations, NOW))
    wait_for_engine(home)
    return left(home)


def onefile(home: Path, declarations: Path, environ: dict[str, str], *words: str, told: str = "") -> str:
    """Run the command as a person would; return what it printed, once it ended well."""
    given = {**os.environ, **NOW, **environ, "ONEFILE_HOME": str(home), "ONEFILE_DECLARATIONS": str(declarations)}
    command = [sys.executable, "-m", "onefile.cli", *words]
    done = subprocess.run(command, env=given, input=told, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert SECRET not in done.stdout + done.stderr
    return done.stdout


def test_the_store_itself_lets_one_of_many_writers_have_a_name(store_server: Server) -> None:
    store = store_server.store("writers")

    def put(number: int, writer: int) -> int:
        name, body = f"_delta_log/{number}", str(writer).encode()
        return store.ask("PUT", name, body=body, headers={"if-none-match": "*"}, wanted=(200, 409, 412))[0]

    with ThreadPoolExecutor(8) as pool:
        for number in range(40):
            answers = list(pool.map(put, [number] * 8, range(8)))
            assert answers.count(200) == 1


@pytest.fixture(scope="module")
def there(store_server: Server, waiting: Path, declarations: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose lake lies in the store, below `run`, and that took in what waited."""
    home = copy(waiting, tmp_path_factory.mktemp("there") / "home")
    finished(start(home, declarations, {**NOW, **store_server.environ("run")}))
    wait_for_engine(home)
    return home


def test_a_run_in_a_store_leaves_what_one_on_the_disk_leaves(store_server, there, here):
    assert not (there / "lake").exists()
    assert left(there, store_server.store("run")) == here


def test_a_backup_takes_the_lake_along_and_is_restored_into_a_home(store_server, there, declarations, tmp_path):
    onefile(there, declarations, store_server.environ("run"), "backup", str(tmp_path / "backup"))
    home, store = tmp_path / "other", store_server.store("run")
    onefile(home, declarations, {}, "restore", str(tmp_path / "backup"))
    tables = Folder(home / "lake").tables()
    assert tables == store.tables()
    assert [rows(Folder(home / "lake"), name) for name in tables] == [rows(store, name) for name in tables]
    assert not (home / NOTE).exists()


def test_every_verb_works_with_a_lake_in_a_store(store_server, waiting, declarations, tmp_path):
    """The whole flow by the command: run (land to publish), what is found in it, upkeep, a rebuild beside."""
    homes = {"disk": {}, "store": store_server.environ("verbs")}
    told = {}
    for name, environ in homes.items():
        home = copy(waiting, tmp_path / name)
        onefile(home, declarations, environ, "run")
        look = ("--purpose", "a test", "--json")
        told[name] = (
            json.loads(onefile(home, declarations, environ, "file", "-", *look, told=FIRST)),
            json.loads(onefile(home, declarations, environ, "trace", "-", "shop_no", *look, told=FIRST)),
            json.loads(onefile(home, declarations, environ, "lake", "check", "--json")),
            json.loads(onefile(home, declarations, environ, "quarantine", "list", "--json")),
            [row["is_met"] for row in json.loads(onefile(home, declarations, environ, "quality", "--all", "--json"))],
        )
    assert told["store"] == told["disk"]
    assert told["store"][2] == []
    store, home = store_server.store("verbs"), tmp_path / "store"
    before = left(home, store)
    kept = json.loads(onefile(home, declarations, homes["store"], "lake", "maintain", "--json"))
    assert {each["table"] for each in kept} == {*store.tables()}
    assert all(each["is_whole"] and each["files"] for each in kept if each["table"] == "silver/shop")
    assert left(home, store) == before
    onefile(home, declarations, homes["store"], "rebuild")
    logs = [path for path in (home / "logs").rglob("*") if path.is_file()]
    assert [path for path in logs if SECRET.encode() in path.read_bytes()] == []


def test_a_run_killed_within_a_commit_and_started_again_leaves_the_same(
    store_server, waiting, declarations, here, tmp_path
):
    home, environ = copy(waiting, tmp_path / "home"), {**NOW, **store_server.environ("killed")}
    run = _session_of_its_own(home, declarations, environ)
    objects = store_server.folder / "objects" / "bureau" / "killed" / "silver" / "shop"
    _until(lambda: any(objects.glob("part-*.parquet")), run)
    os.killpg(run.pid, signal.SIGKILL)  # its engine dies with it: rows are in the store, and no commit names them
    run.wait()
    committed = commit_check.newest(store_server.store("killed"), "silver/shop")
    finished(start(home, declarations, environ))
    what_the_killed_engine_left = {"left over": []}
    assert left(home, store_server.store("killed")) | what_the_killed_engine_left == here
    assert committed == 0, "it was killed before its rows were committed"


def test_a_store_that_goes_away_is_told_as_that_and_the_run_goes_on_when_it_is_back(
    waiting, declarations, here, tmp_path
):
    with server(tmp_path / "s3") as other:
        home, environ = copy(waiting, tmp_path / "home"), {**NOW, **other.environ("gone")}
        run = _session_of_its_own(home, declarations, environ, stderr=subprocess.PIPE)
        objects = other.folder / "objects" / "bureau" / "gone" / "silver" / "shop"
        _until(lambda: any(objects.glob("part-*.parquet")), run)
        other.kill()
        _, said = run.communicate(timeout=900)
        assert run.returncode != 0
        assert LakeStoreGone.__name__ in said
        assert SECRET not in said
        other.start()
        finished(start(home, declarations, environ))
        wait_for_engine(home)
        assert left(home, other.store("gone")) == here


def test_of_two_drivers_that_make_the_same_commit_one_has_it_and_the_other_is_told_of_a_conflict(
    store_server: Server,
) -> None:
    store = store_server.store("drivers")
    drivers = [Driver(store), Driver(store)]
    try:
        for number in range(50):
            path = f"{store.address}/silver/shop/_delta_log/{number:020d}.json"
            both = threading.Barrier(2)

            def commit(driver: Driver, line: str, at: str = path, both: threading.Barrier = both) -> str:
                both.wait()
                return driver.commit(at, line)

            with ThreadPoolExecutor(2) as pool:
                said = list(pool.map(commit, drivers, ("one", "two")))
            won = [line for line in said if line in ("one", "two")]
            assert len(won) == 1, said
            assert sorted(said) == sorted([won[0], CONFLICT])
            assert store.read("silver/shop", f"{number:020d}.json").decode() == f"{won[0]}\n"
            assert drivers[0].commit(path, won[0]) == won[0], "its own commit, found there, is done and no conflict"
    finally:
        for driver in drivers:
            driver.end()


def test_two_programs_that_write_to_one_table_lose_no_commit(store_server: Server, tmp_path: Path) -> None:
    """Spark with our log store and delta-rs, each asking the store not to write over: every row of both is there."""
    told = json.loads(_racing(store_server, tmp_path, "race"))
    assert told["rows"] == sorted([writer, number] for writer in ("spark", "delta-rs") for number in range(12))
    assert told["version"] == 24
    assert told["refused"] == "LakeStoreUnfit", "an engine with Delta's own log store"
    assert not told["has_secret"], "the engine's configuration"


def _racing(server: Server, tmp_path: Path, prefix: str) -> str:
    environ = {**os.environ, **NOW, **server.environ(prefix), "ONEFILE_HOME": str(tmp_path / "home")}
    return finished(
        subprocess.Popen([sys.executable, "-m", "tests.racing"], env=environ, text=True, stdout=subprocess.PIPE)
    )


def _session_of_its_own(
    home: Path, declarations: Path, environ: dict[str, str], stderr: int | None = None
) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.killing", str(home), str(declarations), "0"]
    return subprocess.Popen(
        command, env={**os.environ, **environ}, text=True, stdout=subprocess.PIPE, stderr=stderr, start_new_session=True
    )


def _until(is_so: Callable[[], bool], run: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 600
    while not is_so():
        assert run.poll() is None, "the run ended before"
        assert time.monotonic() < deadline
        time.sleep(0.005)
