"""DAGs side by side in processes of their own: at once where they may, in turn where they must, gone with the run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from onefile import settings
from onefile.cli.failure import Failure
from onefile.cli.lanes import Lanes, lanes
from onefile.cli.plan import Planned, Progress

DAGS = """
import time
from pathlib import Path

from airflow.sdk import dag, task

from dags import work
from onefile.errors import OneFileError

HERE = Path(__file__).parent


def made(name, step):
    @dag(dag_id=name, schedule=None, catchup=False)
    def run():
        @task(task_id="step")
        def do() -> None:
            work._tells(step)()

        do()

    return run()


def meet(mine, other):
    def step():
        (HERE / mine).touch()
        until = time.monotonic() + 60
        while not (HERE / other).exists():
            if time.monotonic() > until:
                raise OneFileError("the other never came")
            time.sleep(0.05)

    return step


def fail():
    raise OneFileError("found 2, wanted 3: count again")


def last():
    if not {"left", "right"} <= {path.name for path in HERE.iterdir()}:
        raise OneFileError("too early")


def long():
    (HERE / "long").touch()
    time.sleep(300)


left, right = made("left", meet("left", "right")), made("right", meet("right", "left"))
failing, after, lasting = made("failing", fail), made("after", last), made("lasting", long)
"""


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[settings.Settings]:
    folder = tmp_path_factory.mktemp("dags")
    (folder / "some.py").write_text(DAGS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW__CORE__DAGS_FOLDER", str(folder))
        yield settings.read({"ONEFILE_HOME": str(tmp_path_factory.mktemp("home")), "ONEFILE_SPARK_MEMORY": "2g"})


def dags_folder() -> Path:
    return Path(os.environ["AIRFLOW__CORE__DAGS_FOLDER"])


def until(is_so: Callable[[], bool], seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_two_run_at_once_a_third_after_both_and_a_failure_is_told(
    here: settings.Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    planned = [Planned("after", ("left", "right")), Planned("left"), Planned("right"), Planned("failing")]
    with lanes(here, 2) as made:
        failed = made.work(planned, Progress(4, is_side_by_side=True))
    assert failed == {"failing": ("found 2, wanted 3: count again",)}
    told = [line.split() for line in capfd.readouterr().err.splitlines()]
    assert [words[1] for words in told[:2]] == ["left", "right"]
    assert sorted(words[1] for words in told if words[-1] == "FAILED") == ["failing"]
    assert sum(words[-1] in ("s", "FAILED") for words in told) == 4


def test_a_lane_that_somebody_ends_fails_the_run_in_words_and_the_other_is_stopped(here: settings.Settings) -> None:
    (dags_folder() / "long").unlink(missing_ok=True)
    pids: list[int] = []

    def kill(made: Lanes) -> None:
        pids.extend(lane.process.pid for lane in made._lanes)
        made._lanes[0].tell("lasting")
        until((dags_folder() / "long").exists)
        os.kill(pids[0], signal.SIGKILL)
        made._lanes[0].answer()

    told = r"ended by signal 9: what it had not finished is taken in by the next"
    with pytest.raises(Failure, match=told), lanes(here, 2) as made:
        kill(made)
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


RUN = """
import sys
from onefile import settings
from onefile.cli.lanes import lanes
from onefile.cli.plan import Planned, Progress

with lanes(settings.read(), 2) as made:
    print(*(lane.process.pid for lane in made._lanes), flush=True)
    made.work([Planned("lasting")], Progress(1))
"""


@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM", "SIGINT"])
def test_when_the_run_is_ended_its_lanes_end(here: settings.Settings, name: str) -> None:
    (dags_folder() / "long").unlink(missing_ok=True)
    environ = os.environ | {"ONEFILE_HOME": str(here.home)}
    with subprocess.Popen(
        [sys.executable, "-c", RUN], env=environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as run:
        assert run.stdout is not None
        pids = [int(pid) for pid in run.stdout.readline().split()]
        until((dags_folder() / "long").exists)
        run.send_signal(signal.Signals[name])
        assert run.wait(60) != 0
    assert len(pids) == 2
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids), 30)


def test_a_lane_that_cannot_begin_says_why(tmp_path: Path) -> None:
    home = settings.read({"ONEFILE_HOME": str(tmp_path / "home")})
    (tmp_path / "home" / "airflow").mkdir(parents=True)
    (tmp_path / "home" / "airflow" / "airflow.db").mkdir()  # nothing can be opened there
    with pytest.raises(Failure, match="Airflow's database could not be made ready"), lanes(home, 1) as made:
        made.work([Planned("left")], Progress(1))


def test_a_dag_that_is_not_there_is_told_in_words(here: settings.Settings) -> None:
    told = "^undeclared is not among the DAGs; .* none; run `onefile doctor`"
    with pytest.raises(Failure, match=told), lanes(here, 1) as made:
        made.work([Planned("undeclared")], Progress(1, is_side_by_side=True))


def test_a_fault_in_a_lane_is_told_by_class_and_place_and_prints_no_trace(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    home = settings.read({"ONEFILE_HOME": str(tmp_path / "home"), "ONEFILE_SPARK_MEMORY": "2g"})
    (tmp_path / "home" / "logs" / "airflow.log").mkdir(parents=True)  # nobody has thought of that
    told = r"^a fault of the program \(IsADirectoryError at .*dag_runs\.py:\d+\): please report it$"
    with pytest.raises(Failure, match=told), lanes(home, 1) as made:
        made.work([Planned("left")], Progress(1, is_side_by_side=True))
    assert "Traceback" not in "".join(capfd.readouterr())
