"""A headless browser: what a page shows once its scripts have run."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

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
