"""Services end with whoever started them, and so does all that they started themselves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

PROGRAM = """
import os, sys, time
from pathlib import Path
from onefile.services.processes import Service, running

folder = Path(sys.argv[1])
forks = '''setsid sleep 300 & echo $! > orphan
trap "echo asked > asked; exit" INT
echo $$ > service
while :; do sleep 0.1; done'''
with running() as services:
    services.start(Service("trial", ["bash", "-c", forks], os.environ, folder, folder / "log"))
    while not (folder / "service").exists():
        services.check()
        time.sleep(0.05)
    {end}
"""


def _is_running(pid_file: Path) -> bool:
    return Path(f"/proc/{pid_file.read_text().strip()}").exists()


def _run(folder: Path, end: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-c", PROGRAM.replace("{end}", end), str(folder)]
    return subprocess.run(command, capture_output=True, check=False)


def test_a_service_is_asked_to_stop_and_what_it_left_behind_is_ended(tmp_path: Path) -> None:
    done = _run(tmp_path, "pass")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "asked").exists()
    assert not _is_running(tmp_path / "service")
    assert not _is_running(tmp_path / "orphan")


def test_a_service_is_asked_to_stop_when_its_starter_is_killed(tmp_path: Path) -> None:
    _run(tmp_path, "os.kill(os.getpid(), 9)")
    deadline = time.monotonic() + 10
    while _is_running(tmp_path / "service") and time.monotonic() < deadline:
        time.sleep(0.05)
    assert (tmp_path / "asked").exists()
    os.kill(int((tmp_path / "orphan").read_text()), signal.SIGKILL)


def test_a_service_that_ends_by_itself_is_an_error_that_names_its_log(tmp_path: Path) -> None:
    done = _run(tmp_path, 'os.kill(int((folder / "service").read_text()), 9); time.sleep(0.5); services.check()')
    assert done.returncode == 1
    assert f"trial ended by itself with -9: the reason is in {tmp_path}/log".encode() in done.stderr
