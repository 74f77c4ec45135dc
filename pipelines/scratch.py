"""Where an engine keeps what it shuffles: a folder for each process that runs one, gone with it or after it.

An engine that is killed leaves there what it had shuffled: rows of people. Whoever starts an engine next on the same
machine takes that away.
"""

from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path


def own(home: Path) -> Path:
    """Return the folder of this process's engine; those of processes that are no more are taken away."""
    folder = home / "staging" / "spark"
    machine = socket.gethostname()
    for left in folder.glob("*"):
        name, _, process = left.name.rpartition("-")
        if name == machine and process.isdigit() and not Path(f"/proc/{process}").exists():
            shutil.rmtree(left, ignore_errors=True)
    return folder / f"{machine}-{os.getpid()}"
