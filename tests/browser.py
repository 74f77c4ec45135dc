"""A headless browser: what a page shows once its scripts have run."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import connect

SECONDS = 180


@pytest.fixture(scope="session")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """A function from a URL (`file://…` too) to the page's HTML as the browser has it. Skips without a browser."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        pytest.skip("no browser is installed (tools/setup-test installs Chromium for root on Debian)")
    profile: Path = tmp_path_factory.mktemp("browser")

    def render(url: str) -> str:
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--virtual-time-budget=5000"]
        command = [browser, *flags, f"--user-data-dir={profile}", "--dump-dom", url]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=SECONDS).stdout

    return render


class Tab:
    """A page in a real browser, driven over its own protocol: opened, filled in, clicked, looked at."""

    def __init__(self, socket: Any) -> None:
        self._socket, self._number = socket, 0
        self._call("Page.enable")

    def open(self, url: str) -> None:
        """Go to an address and wait until the page is there."""
        self._call("Page.navigate", url=url)
        self._loaded()

    def run(self, script: str) -> Any:
        """Return what a script comes to, which is done in the page."""
        found = self._call("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def click(self, selector: str) -> None:
        """Click something that leads to another page, and wait until that is there."""
        self.run("window.isOld = true")
        self.run(f"document.querySelector({selector!r}).click()")
        self._loaded()

    def _loaded(self) -> None:
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            if self.run("!window.isOld && document.readyState == 'complete' && location.href != 'about:blank'"):
                return
            time.sleep(0.1)
        raise AssertionError("the page did not come")

    def _call(self, method: str, **params: Any) -> Any:
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": params}))
        while True:
            told = json.loads(self._socket.recv(timeout=SECONDS))
            if told.get("id") == self._number:
                assert "error" not in told, told
                return told["result"]


@pytest.fixture
def tab(tmp_path: Path) -> Iterator[Tab]:
    """A page of a headless browser of the test's own. Skips without a browser."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        pytest.skip("no browser is installed (tools/setup-test installs Chromium for root on Debian)")
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--remote-debugging-port=0"]
    command = [browser, *flags, f"--user-data-dir={tmp_path / 'browser'}", "about:blank"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        port = _port(tmp_path / "browser" / "DevToolsActivePort")
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json") as answer:
            (page,) = [each for each in json.load(answer) if each["type"] == "page"]
        with connect(page["webSocketDebuggerUrl"], max_size=None) as socket:
            yield Tab(socket)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(60)


def _port(told: Path) -> int:
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        if told.exists() and told.read_text().count("\n"):
            return int(told.read_text().splitlines()[0])
        time.sleep(0.1)
    raise AssertionError("the browser did not start")
