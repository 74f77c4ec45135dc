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
from pathlib import Path

import pytest

SECONDS_TO_START = 120


@pytest.fixture(scope="session")
def postgres() -> Iterator[Path]:
    """A running server; the value is the folder of its socket. Skips where PostgreSQL is not installed."""
    initdb = _find("initdb")
    if initdb is None:
        pytest.skip("PostgreSQL is not installed (tools/setup-test installs it for root on Debian)")
    folder = Path(tempfile.mkdtemp(prefix="onefile-postgres-"))
    user = _unprivileged()
    shutil.chown(folder, user)
    command = [initdb, "-D", folder / "data", "-U", "onefile", "-A", "trust", "-E", "UTF8", "--no-sync"]
    subprocess.run(command, check=True, capture_output=True, user=user, cwd=folder)
    server = subprocess.Popen(
        [Path(initdb).with_name("postgres"), "-D", folder / "data", "-k", folder, "-c", "listen_addresses=", "-F"],
        user=user, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        _wait_until_ready(initdb, folder, server)
        yield folder
    finally:
        server.send_signal(signal.SIGINT)  # ends sessions that are still open; SIGTERM would wait for them
        server.wait(SECONDS_TO_START)
        shutil.rmtree(folder)


_numbers = itertools.count(1)


@pytest.fixture
def postgres_url(postgres: Path) -> str:
    """The SQLAlchemy URL of a new, empty database."""
    import psycopg

    name = f"test_{next(_numbers)}"
    with psycopg.connect(f"host={postgres} user=onefile dbname=postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return f"postgresql+psycopg://onefile@/{name}?host={postgres}"


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
