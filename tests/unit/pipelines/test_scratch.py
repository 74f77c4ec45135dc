"""What a killed engine shuffled is taken away by the next one; nobody touches what another still uses."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

from pipelines import scratch


def test_what_ended_processes_left_goes_and_what_others_use_stays(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    machine = socket.gethostname()
    names = {f"{machine}-{ended.pid}": False, f"{machine}-1": True, f"another-{ended.pid}": True}
    for name in names:
        shuffled = tmp_path / "staging" / "spark" / name / "blockmgr-1" / "00" / "shuffle_0_1_0.data"
        shuffled.parent.mkdir(parents=True)
        shuffled.write_bytes(b"rows")
    mine = scratch.own(tmp_path)
    assert mine == tmp_path / "staging" / "spark" / f"{machine}-{os.getpid()}"
    assert {name: (mine.parent / name).exists() for name in names} == names
