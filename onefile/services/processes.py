"""Child processes that end with us: each in a session of its own, stopped by SIGINT, none left behind.

Linux only. Children that lose their parent come to us instead of to init, so that at the end
everything that any service ever started is found and ended. Whoever starts services does so
`guarded`, as two processes: when either is killed outright, the other ends what is left, also a
service that got its SIGINT from the kernel and hangs over it.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from onefile.errors import OneFileError

SECONDS_TO_STOP = 45
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
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
        _end_children(deadline=time.monotonic())


@contextmanager
def running() -> Iterator[Running]:
    """Give services a place to run in; all are stopped when the block ends, however it ends."""
    _libc.prctl(PR_SET_CHILD_SUBREAPER, 1)
    services = Running()
    try:
        yield services
    finally:
        for name in STOPPING:
            signal.signal(name, signal.SIG_IGN)  # asked twice to stop is asked to stop
        services.stop()


def guarded(work: Callable[[], int]) -> int:
    """Do work that runs services in a forked process, and stand guard over it; returns in both, with the exit code.

    A request to stop that reaches the guard is handed on. When the guard is killed, the worker gets
    a SIGTERM; when the worker is killed, its services get a SIGINT and come to the guard, which ends
    those that stay. A killed worker's code is the negative number of the signal.
    """
    guard = os.getpid()
    sys.stdout.flush()
    sys.stderr.flush()
    worker = os.fork()
    if worker == 0:
        _tie_to_guard(guard)
        return work()
    return _watch(worker)


def _tie_to_guard(guard: int) -> None:
    """In the forked process: a terminal's Ctrl-C must come once, by way of the guard, so the session is another."""
    os.setsid()
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != guard:  # it was killed before the kernel knew of the tie
        sys.exit(1)


def _watch(worker: int) -> int:
    def hand_on(name: int, _frame: FrameType | None) -> None:
        with suppress(ProcessLookupError):  # it has just ended, which is what is asked for
            os.kill(worker, name)

    _libc.prctl(PR_SET_CHILD_SUBREAPER, 1)
    for name in STOPPING:
        signal.signal(name, hand_on)
    _, status = os.waitpid(worker, 0)
    _end_children(deadline=time.monotonic() + SECONDS_TO_STOP)
    return os.waitstatus_to_exitcode(status)


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


def _end_children(deadline: float) -> None:
    """Wait for our children to end, adopted ones too; after the deadline end them."""
    while left := list(_children()):
        if time.monotonic() >= deadline:
            for pid in left:
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)
        _reap()


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
