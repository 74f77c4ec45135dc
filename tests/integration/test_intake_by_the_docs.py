"""Whoever connects an intake platform has the how-to: what it says is done here, its page tried in a real browser."""

from __future__ import annotations

import io
import json
import os
import runpy
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from onefile.cli import main
from onefile.client import Counter
from onefile.services.spark_connect import free_port
from samples import intake
from tests.browser import Tab, tab
from tests.counter import ANNA, FIRM, Shop, start
from tests.documents import ROOT, page
from tests.prefilled import firm, grants, licensed

__all__ = ["tab"]
HOW_TO = Path(__file__).parents[2] / "docs" / "how-to" / "connect-an-intake-platform.md"
NAMED = "G20261129-0001,G20261129-0002,G20261129-0003"


@dataclass
class Platform:
    """An intake platform's machine: a folder with its keys, the counter's address, its grants."""

    shop: Shop
    folder: Path
    url: str
    grants: str

    def here(self, text: str) -> str:
        return text.replace("https://counter.city.example", self.url).replace(NAMED, self.grants)


@pytest.fixture(scope="module")
def monkeymodule() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory, monkeymodule: pytest.MonkeyPatch) -> Iterator[Platform]:
    """A counter that listens, and a platform that was handed what the how-to names."""
    root = tmp_path_factory.mktemp("platform")
    shop, folder = Shop(root / "var"), root / "intake"
    folder.mkdir()
    shop.publish(firm())
    licensed(shop)
    keys = next(block for block in page(HOW_TO).blocks if "genpkey" in block)
    subprocess.run(["sh", "-eu", "-c", keys], cwd=folder, check=True, capture_output=True)
    monkeymodule.chdir(folder)
    for name, value in {**shop.environ, "ONEFILE_NOW": shop.at.isoformat()}.items():
        monkeymodule.setenv(name, value)
    registering = next(text for text in page(HOW_TO).inline if text.startswith("onefile client add"))
    assert main.run(registering.replace('"', "").split()[1:]) == 0
    assert main.run(["vault", "keys", "export", "--out", "trust.json"]) == 0
    port = free_port()
    made = Platform(shop, folder, f"http://127.0.0.1:{port}", ",".join(grants(shop).values()))
    server = start(shop, port, processes=1)
    monkeymodule.setattr(time, "time", shop.at.timestamp)
    monkeymodule.setitem(Counter.__init__.__kwdefaults__, "now", lambda: shop.at)
    try:
        yield made
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(60)


def test_what_the_how_to_says_works_as_it_is_written(platform: Platform) -> None:
    code = [block for block in page(HOW_TO).blocks if "ask." in block and "import samples" not in block]
    assert len(code) == 3
    (platform.folder / "asks.py").write_text(platform.here("\n".join(code)), "utf-8")
    with redirect_stdout(io.StringIO()) as said:
        names = runpy.run_path(str(platform.folder / "asks.py"))
    names["ask"].close()
    lines = said.getvalue().splitlines()
    assert "held 营业执照" in lines
    assert "missing 房屋租赁合同" in lines
    assert "applicant.name filled 样例餐饮店 29 []" in lines
    assert "2026-12-14" in lines
    assert "applicant.name amended None" in lines
    assert "applicant.number untouched None" in lines
    verify = next(block for block in page(HOW_TO).blocks if "onefile.verify" in block).split()
    done = subprocess.run(
        [sys.executable, *verify[1:], "--at", platform.shop.at.isoformat(), "--lang", "en"],
        cwd=platform.folder, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "applicant.name: amended by the applicant" in done.stdout


@pytest.fixture
def address(platform: Platform) -> str:
    """The reference page, started as the how-to says."""
    port = free_port()
    block = next(block for block in page(HOW_TO).blocks if "samples.intake" in block)
    words = platform.here(block).replace("\\\n", " ").replace("8700", str(port)).split()
    assert words[:3] == ["python", "-m", "samples.intake"]
    threading.Thread(target=intake.main, args=(words[3:],), daemon=True).start()
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            httpx2.get(f"http://127.0.0.1:{port}/")
        except httpx2.TransportError:
            time.sleep(0.1)
        else:
            return f"http://127.0.0.1:{port}/"
    raise AssertionError("the page did not start")


def fill(tab: Tab, **values: str) -> None:
    for name, value in values.items():
        tab.run(f"document.querySelector('[name=\"{name}\"]').value = {json.dumps(value)}")


def begin(tab: Tab, address: str, draft: str) -> None:
    tab.open(address)
    fill(tab, draft=draft, item="0102", department="market", applicant=FIRM, agent=ANNA)
    tab.click("#go")


def checked(tab: Tab) -> Any:
    script = (
        "Object.fromEntries([...document.querySelectorAll('#check tr')].map(r => [r.dataset.field, r.dataset.state]))"
    )
    return tab.run(script)


def test_in_a_real_browser_the_form_comes_filled_is_handed_in_and_the_check_is_shown(address: str, tab: Tab) -> None:
    begin(tab, address, "WEB-1")
    assert tab.run("document.querySelector('[name=\"value:applicant.name\"]').value") == "样例餐饮店"
    assert tab.run("document.querySelectorAll('[name^=\"answer:\"]').length") == 3
    assert FIRM not in tab.run("location.href")
    fill(tab, **{"answer:premises": "rented", "answer:business": "catering"})
    tab.click("#again")
    states = tab.run("[...document.querySelectorAll('#materials li')].map(e => e.dataset.state)")
    assert states == ["held", "not_needed", "missing", "missing", "depends", "open_to_promise"]
    fill(tab, **{"value:applicant.address": "样例路2号", "value:food_permit.area_m2": "80"})
    tab.run("document.querySelector('[name=\"amended:applicant.address\"]').checked = true")
    fill(tab, **{"value:applicant.legal_representative": "别人"})
    tab.click("#submit")
    assert checked(tab) == {
        "applicant.name": "untouched", "applicant.number": "untouched", "applicant.address": "amended",
        "applicant.legal_representative": "tampered", "food_permit.area_m2": "never_attested",
    }  # fmt: skip
    assert "数值与凭证不同" in tab.run("document.body.innerText")


def test_what_the_counter_refuses_is_told_and_markup_in_a_value_is_text(address: str, tab: Tab) -> None:
    begin(tab, address, "WEB-2")
    fill(tab, **{"value:applicant.name": "<b id=x>x</b>\"'"})
    tab.click("#submit")
    assert checked(tab)["applicant.name"] == "tampered"
    assert tab.run("document.querySelector('#x') === null") is True
    tab.open(address)
    fill(tab, draft="WEB-3", item="0102", department="market", applicant="12345", agent="")
    tab.click("#go")
    assert tab.run("document.querySelector('#refused').dataset.code") == "body_invalid"
    assert "12345" not in tab.run("document.body.innerText")
