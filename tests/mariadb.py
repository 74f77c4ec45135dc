"""A MariaDB server of the tests' own: a temporary folder, a socket in it, nothing on the network."""

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
from urllib.parse import quote

import pytest

SECONDS_TO_START = 120
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def mariadb_socket() -> Iterator[Path]:
    """The socket of a server that tests share. Skips where MariaDB is not installed."""
    program, maker = shutil.which("mariadbd", path=_PATH), shutil.which("mariadb-install-db", path=_PATH)
    if program is None or maker is None or shutil.which("my_print_defaults", path=_PATH) is None:
        pytest.skip("MariaDB is not installed (tools/setup-test installs it for root on Debian)")
    folder = Path(tempfile.mkdtemp(prefix="onefile-mariadb-"))
    user = pwd.getpwnam("nobody" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name)
    shutil.chown(folder, user.pw_uid)
    common = ["--no-defaults", f"--datadir={folder}/data", f"--user={user.pw_name}"]
    socket = folder / "socket"
    try:
        made = [maker, *common, "--auth-root-authentication-method=normal", "--skip-test-db"]
        subprocess.run(made, check=True, capture_output=True, cwd=folder)
        running = [program, *common, f"--socket={socket}", "--skip-networking", "--innodb-flush-log-at-trx-commit=0"]
        server = subprocess.Popen(
            running, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        try:
            _wait(socket, server)
            yield socket
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(SECONDS_TO_START)
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def mariadb_url(mariadb_socket: Path) -> str:
    """The SQLAlchemy URL of a new, empty database."""
    import pymysql

    name = f"test_{next(_numbers)}"
    with pymysql.connect(unix_socket=str(mariadb_socket), user="root") as connection:
        connection.cursor().execute(f"CREATE DATABASE {name}")
    return f"mysql://root@localhost/{name}?unix_socket={quote(str(mariadb_socket))}"


_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"


def _wait(socket: Path, server: subprocess.Popen[bytes]) -> None:
    import pymysql

    deadline = time.monotonic() + SECONDS_TO_START
    while True:
        try:
            pymysql.connect(unix_socket=str(socket), user="root").close()
            return
        except pymysql.err.OperationalError:
            if server.poll() is not None or time.monotonic() > deadline:
                pytest.fail("MariaDB did not start")
            time.sleep(0.1)
