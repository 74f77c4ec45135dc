"""Child processes that end with us: each in a session of its own, stopped by SIGINT, none left behind.

Linux only. Children that lose their parent come to us instead of to init, so that at the end
everything that any service ever started is found and ended; and when we are killed ourselves,
the services get a SIGINT from the kernel.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from onefile.errors import OneFileError

SECONDS_TO_STOP = 45
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
_libc = ctypes.CDLL(None)


class ServiceEnded(OneFileError):
    """A service ended that should run until it is stopped."""

    def __init__(self, name: str, code: int, log: Path) -> None:
        super().__init__(f"{name} ended by itself with {code}: the reason is in {log}")


class ServiceNotReady(OneFileError):
    """A service runs and does not answer."""

    def __init__(self, name: str, seconds: float, log: Path) -> None:
        super().__init__(f"{name} does not answer after {seconds:.0f} s: see {log}")


@dataclass(frozen=True)
class Service:
    """What to start: a command with its environment, in `folder`; its output is appended to `log`."""

    name: str
    command: Sequence[str]
    environ: Mapping[str, str]
    folder: Path
    log: Path


class Running:
    """The services that were started, in that order."""

    def __init__(self) -> None:
        self._started: list[tuple[Service, subprocess.Popen[bytes]]] = []

    def start(self, service: Service) -> None:
        """Start a service, with the default handling of signals and all that it writes private."""
        with service.log.open("ab") as log:
            process = subprocess.Popen(
                service.command,
                env=dict(service.environ),
                cwd=service.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                umask=0o077,
                preexec_fn=_tie_to_parent,  # noqa: PLW1509 - this process has one thread
            )
        self._started.append((service, process))

    def check(self) -> None:
        """Raise ServiceEnded when one of them ended."""
        for service, process in self._started:
            if process.poll() is not None:
                raise ServiceEnded(service.name, process.returncode, service.log)

    def stop(self) -> None:
        """Stop them all, last started first, then end whatever else they left running."""
        for _, process in reversed(self._started):
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
        deadline = time.monotonic() + SECONDS_TO_STOP
        for _, process in reversed(self._started):
            _wait(process, deadline)
        while left := list(_children()):
            for pid in left:
                os.kill(pid, signal.SIGKILL)
            time.sleep(0.05)
            _reap()


@contextmanager
def running() -> Iterator[Running]:
    """Give services a place to run in; all are stopped when the block ends, however it ends."""
    _libc.prctl(PR_SET_CHILD_SUBREAPER, 1)
    services = Running()
    try:
        yield services
    finally:
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(name, signal.SIG_IGN)  # asked twice to stop is asked to stop
        services.stop()


def _tie_to_parent() -> None:
    """Between fork and exec: a shell's background job ignores SIGINT, and passes that on; the services must not."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGINT)


def _wait(process: subprocess.Popen[bytes], deadline: float) -> None:
    try:
        process.wait(max(0.1, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _children() -> Iterator[int]:
    """Our children that still run, adopted ones too."""
    for task in Path("/proc/self/task").iterdir():
        yield from (int(pid) for pid in (task / "children").read_text().split())


def _reap() -> None:
    """Take the exit codes of the children that ended, so that they are gone."""
    try:
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            continue
    except ChildProcessError:
        return
