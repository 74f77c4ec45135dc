"""A real S3-compatible server for a test (versitygw, built by tools/setup-s3): on loopback, objects in a folder."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from licence_vault.materials import s3
from onefile.services.spark_connect import free_port
from pipelines import store_engine
from pipelines.store import Store, read_store
from tests.documents import ROOT

SERVER = ROOT / ".s3server" / "versitygw"
KEY_ID, SECRET, BUCKET = "onefile-tests", "a-secret-of-the-tests", "bureau"
SECONDS_TO_START = 60

needs_server = pytest.mark.skipif(not SERVER.exists(), reason="no S3 server: tools/setup-s3 server builds one (Go)")
needs_engine = pytest.mark.skipif(
    not (ROOT / ".jars" / store_engine.FOLDER / store_engine.own_jar()).exists(),
    reason="no jars for a lake in a store: tools/setup-s3 fetches them",
)


@dataclass
class Server:
    """A server that can be stopped, killed and started again under the same address."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def key_file(self) -> Path:
        return self.folder / "key"

    def url(self, prefix: str) -> str:
        return f"s3a://{BUCKET}/{prefix}?endpoint={self.endpoint}"

    def environ(self, prefix: str) -> dict[str, str]:
        """Return what lets a lake lie below a prefix of the bucket."""
        return {"ONEFILE_LAKE": self.url(prefix), "ONEFILE_LAKE_KEY": str(self.key_file)}

    def store(self, prefix: str) -> Store:
        return read_store(self.url(prefix), self.key_file)

    def start(self) -> None:
        for name in ("objects", "meta", "versions"):
            (self.folder / name).mkdir(exist_ok=True)
        self.key_file.write_text(f"{KEY_ID}\n{SECRET}\n")
        command = [
            str(SERVER), "--port", f"127.0.0.1:{self.port}", "--quiet", "posix", "--sidecar", str(self.folder / "meta"),
            "--versioning-dir", str(self.folder / "versions"), str(self.folder / "objects"),
        ]  # fmt: skip
        keys = {"ROOT_ACCESS_KEY": KEY_ID, "ROOT_SECRET_KEY": SECRET}
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                command, env={**os.environ, **keys}, stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + SECONDS_TO_START
        while not self._answers():
            assert self.process.poll() is None, (self.folder / "server.log").read_text()
            assert time.monotonic() < deadline, "the store did not start"
            time.sleep(0.1)

    def kill(self) -> None:
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def send(self, method: str, path: str, query: dict[str, str] | None = None, body: bytes = b"") -> int:
        place = s3.Place(self.endpoint, BUCKET, "", "us-east-1", KEY_ID, SECRET)
        return s3.send(place, method, path, query or {}, {}, body, datetime.now(UTC))[0]

    def _answers(self) -> bool:
        try:
            return self.send("PUT", f"/{BUCKET}") in (200, 409)
        except OSError:
            return False


@contextmanager
def server(folder: Path) -> Iterator[Server]:
    """Have a server with an empty bucket for the length of the block."""
    folder.mkdir(parents=True, exist_ok=True)
    made = Server(folder)
    made.start()
    try:
        yield made
    finally:
        made.kill()
