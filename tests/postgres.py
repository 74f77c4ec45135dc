"""A PostgreSQL server of the tests' own: a temporary folder, a socket in it, nothing on the network."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

SECONDS_TO_START = 120


class PostgreSQL:
    """A server in a folder that has its socket in it. It can be started anew after its end."""

    def __init__(self, initdb: str, folder: Path) -> None:
        self.folder, self._initdb, self._user = folder, initdb, _unprivileged()
        shutil.chown(folder, self._user)
        command = [initdb, "-D", folder / "data", "-U", "onefile", "-A", "trust", "-E", "UTF8", "--no-sync"]
        subprocess.run(command, check=True, capture_output=True, user=self._user, cwd=folder)
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        program = Path(self._initdb).with_name("postgres")
        self._server = subprocess.Popen(
            [program, "-D", self.folder / "data", "-k", self.folder, "-c", "listen_addresses=", "-F"],
            user=self._user, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        _wait_until_ready(self._initdb, self.folder, self._server)

    def stop(self) -> None:
        """End it, with the sessions that are still open: SIGTERM would wait for them."""
        self._server.send_signal(signal.SIGINT)
        self._server.wait(SECONDS_TO_START)

    def kill(self) -> None:
        """Have it gone at once, as in a power cut, with all its processes."""
        os.killpg(self._server.pid, signal.SIGKILL)
        self._server.wait(SECONDS_TO_START)

    def database(self) -> str:
        """Make an empty database; return its SQLAlchemy URL."""
        import psycopg

        name = f"test_{next(_numbers)}"
        with psycopg.connect(f"host={self.folder} user=onefile dbname=postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return f"postgresql+psycopg://onefile@/{name}?host={self.folder}"


@contextmanager
def server() -> Iterator[PostgreSQL]:
    """Run a server of one's own. Skips where PostgreSQL is not installed."""
    initdb = _find("initdb")
    if initdb is None:
        pytest.skip("PostgreSQL is not installed (tools/setup-test installs it for root on Debian)")
    folder = Path(tempfile.mkdtemp(prefix="onefile-postgres-"))
    try:
        running = PostgreSQL(initdb, folder)
        try:
            yield running
        finally:
            running.stop()
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgreSQL]:
    """The server that tests share."""
    with server() as running:
        yield running


@pytest.fixture(scope="session")
def postgres(postgres_server: PostgreSQL) -> Path:
    """The folder of its socket."""
    return postgres_server.folder


_numbers = itertools.count(1)


@pytest.fixture
def postgres_url(postgres_server: PostgreSQL) -> str:
    """The SQLAlchemy URL of a new, empty database."""
    return postgres_server.database()


def _find(program: str) -> str | None:
    debian = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"))
    found = shutil.which(program) or (str(debian[-1]) if debian else None)
    return os.path.realpath(found) if found else None  # its neighbours lie beside the file, not beside a link


def _unprivileged() -> int:
    """PostgreSQL refuses to run as root: then it is the user that Debian's package made for it."""
    return pwd.getpwnam("postgres").pw_uid if os.geteuid() == 0 else os.geteuid()


def _wait_until_ready(initdb: str, folder: Path, server: subprocess.Popen[bytes]) -> None:
    ready = [Path(initdb).with_name("pg_isready"), "-q", "-h", folder]
    deadline = time.monotonic() + SECONDS_TO_START
    while subprocess.run(ready, check=False).returncode != 0:
        if server.poll() is not None or time.monotonic() > deadline:
            pytest.fail("PostgreSQL did not start")
        time.sleep(0.1)
