"""Services end with whoever started them, and so does all that they started themselves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

PROGRAM = """
import os, signal, sys, time
from pathlib import Path
from onefile.services import processes
from onefile.services.processes import Service, guarded, running

processes.SECONDS_TO_STOP = 1
folder = Path(sys.argv[1])
forks = '''setsid sleep 300 & echo $! > orphan
trap "echo asked > asked; {asked}" INT
echo $$ > service
while :; do sleep 0.1; done'''

def stop(*_):
    raise SystemExit(0)

def work():
    signal.signal(signal.SIGTERM, stop)
    with running() as services:
        services.start(Service("trial", ["bash", "-c", forks], os.environ, folder, folder / "log"))
        while not (folder / "service").exists() or not (folder / "service").read_text().strip():
            services.check()
            time.sleep(0.05)
        {end}
    return 0

sys.exit({start})
"""
GUARDED = "guarded(work)"


def _is_running(pid_file: Path) -> bool:
    return Path(f"/proc/{pid_file.read_text().strip()}").exists()


def _run(folder: Path, end: str, *, start: str = "work()", asked: str = "exit") -> subprocess.CompletedProcess[bytes]:
    program = PROGRAM.replace("{end}", end).replace("{start}", start).replace("{asked}", asked)
    return subprocess.run([sys.executable, "-c", program, str(folder)], capture_output=True, check=False)


def _wait_until_gone(*pid_files: Path) -> None:
    deadline = time.monotonic() + 15
    while left := [file.name for file in pid_files if _is_running(file)]:
        assert time.monotonic() < deadline, f"still there: {left}"
        time.sleep(0.05)


def test_a_service_is_asked_to_stop_and_what_it_left_behind_is_ended(tmp_path: Path) -> None:
    done = _run(tmp_path, "pass")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "asked").exists()
    assert not _is_running(tmp_path / "service")
    assert not _is_running(tmp_path / "orphan")


def test_a_service_is_asked_to_stop_when_its_starter_is_killed(tmp_path: Path) -> None:
    _run(tmp_path, "os.kill(os.getpid(), 9)")
    _wait_until_gone(tmp_path / "service")
    assert (tmp_path / "asked").exists()
    os.kill(int((tmp_path / "orphan").read_text()), signal.SIGKILL)


@pytest.mark.parametrize("killed", ["os.getpid()", "os.getppid()"], ids=["worker", "guard"])
@pytest.mark.parametrize("asked", ["exit", ":"], ids=["that ends when asked", "that hangs over it"])
def test_under_guard_nothing_is_left_whichever_of_the_two_is_killed(tmp_path: Path, killed: str, asked: str) -> None:
    done = _run(tmp_path, f"os.kill({killed}, 9); time.sleep(60)", start=GUARDED, asked=asked)
    _wait_until_gone(tmp_path / "service", tmp_path / "orphan")
    assert (tmp_path / "asked").exists()
    assert done.returncode != 0


def test_a_request_to_stop_reaches_the_guarded_work_and_its_exit_code_comes_back(tmp_path: Path) -> None:
    done = _run(tmp_path, "os.kill(os.getppid(), signal.SIGTERM); time.sleep(60)", start=GUARDED)
    _wait_until_gone(tmp_path / "service", tmp_path / "orphan")
    assert done.returncode == 0, done.stderr


def test_a_service_that_ends_by_itself_is_an_error_that_names_its_log(tmp_path: Path) -> None:
    done = _run(tmp_path, 'os.kill(int((folder / "service").read_text()), 9); time.sleep(0.5); services.check()')
    assert done.returncode == 1
    assert f"trial ended by itself with -9: the reason is in {tmp_path}/log".encode() in done.stderr
