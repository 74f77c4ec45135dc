"""Shared materials in an S3-compatible store: another's server, of which ours knows nothing, killed in mid-work."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest

from licence_vault.materials.keeping import Materials
from onefile.services.spark_connect import free_port
from tests import scans
from tests.counter import FIRM, Open, Shop
from tests.deposited import SCAN, deposit, get, granted, me
from tests.prefilled import firm

SERVER = Path(__file__).parents[2] / ".interop" / "node_modules" / "s3rver" / "bin" / "s3rver.js"
pytestmark = pytest.mark.skipif(
    not SERVER.exists() or shutil.which("node") is None,
    reason="node, or what tools/setup-test puts into .interop, is missing",
)


@dataclass
class Bucket:
    """A server with a bucket, which can be started and killed."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = ["node", str(SERVER), "-d", str(self.folder), "-a", "127.0.0.1", "-p", str(self.port),
                   "--configure-bucket", "materials", "--silent"]  # fmt: skip
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                httpx2.get(f"http://127.0.0.1:{self.port}/")
            except httpx2.TransportError:
                time.sleep(0.1)
            else:
                return
        raise AssertionError("the store did not start")

    def kill(self) -> None:
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None


@pytest.fixture
def bucket(tmp_path: Path) -> Iterator[Bucket]:
    made = Bucket(tmp_path / "s3")
    made.folder.mkdir()
    made.start()
    try:
        yield made
    finally:
        made.kill()


@pytest.fixture
def counter(bucket: Bucket, tmp_path: Path) -> Iterator[Open]:
    key = tmp_path / "key"
    key.write_text("S3RVER\nS3RVER\n")
    url = f"s3://materials/city?endpoint=http://127.0.0.1:{bucket.port}"
    shop = Shop(tmp_path / "var", ONEFILE_MATERIALS=url, ONEFILE_MATERIALS_KEY=str(key))
    shop.publish(firm())
    shop.client("intake", "data_bureau", "intake")
    with shop.open() as opened:
        opened.case(parties=(FIRM,))
        yield opened


def names(materials: Materials) -> list[str]:
    return [name for name, _ in materials.store.names()]


def test_a_material_lies_in_the_bucket_sealed_is_used_taken_back_and_swept(counter: Open, bucket: Bucket) -> None:
    told = deposit(counter).json()
    assert deposit(counter).status_code == 200, "the same again"
    materials = counter.counter.materials
    assert len(names(materials)) == 1
    assert not (counter.shop.home / "materials").exists()
    assert not any(b"/Catalog" in path.read_bytes() for path in bucket.folder.rglob("*") if path.is_file())
    assert get(counter, granted(counter), f"{told['material_id']}/file").content == SCAN
    assert me(counter, "POST", f"/{told['material_id']}/withdrawal").status_code == 200
    with counter.counter.database.looking() as connection:
        assert materials.sweep(connection, datetime.now(UTC) + timedelta(hours=2)) == 1
    assert names(materials) == []


def test_the_store_killed_takes_and_gives_nothing_until_it_is_back(counter: Open, bucket: Bucket) -> None:
    told, grant = deposit(counter).json(), granted(counter)
    bucket.kill()
    refused = deposit(counter, scans.pdf(5))
    assert (refused.status_code, refused.json()["code"]) == (503, "material_store_unavailable")
    assert get(counter, grant, f"{told['material_id']}/file").json()["code"] == "material_store_unavailable"
    assert len(me(counter).json()["materials"]) == 1
    bucket.start()
    assert deposit(counter, scans.pdf(5)).status_code == 201
    assert get(counter, grant, f"{told['material_id']}/file").content == SCAN
