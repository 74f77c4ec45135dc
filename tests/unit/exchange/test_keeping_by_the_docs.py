"""What the how-to on materials and archives says is done here as it is written."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from onefile.cli.main import run
from onefile.client import Purpose
from tests import scans
from tests.counter import FIRM, Open, Shop
from tests.deposited import granted
from tests.documents import ROOT, page
from tests.prefilled import firm, licensed

HOW_TO = page(ROOT / "docs" / "how-to" / "keep-materials.md")


@pytest.fixture
def shop(shop: Shop) -> Shop:
    shop.publish(firm())
    licensed(shop)
    return shop


def test_the_how_to_on_materials_and_archives_works_as_it_is_written(
    counter: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    counter.case("DRAFT-1", parties=(FIRM,))
    monkeypatch.chdir(tmp_path)
    for name, value in {**counter.shop.environ, "ONEFILE_NOW": counter.shop.at.isoformat()}.items():
        monkeypatch.setenv(name, value)
    Path("lease.pdf").write_bytes(scans.pdf(2))
    Path("trust.json").write_bytes(counter.trust)
    code = "\n".join(block for block in HOW_TO.blocks if "ask." in block)
    with counter.ask("intake") as ask:
        known = {"ask": ask, "Path": Path, "Purpose": Purpose, "NOW": counter.shop.at.isoformat()}
        exec(code.replace("G20261129-0004", granted(counter)), known)  # noqa: S102 # the page's own code
    assert known["scan"] == scans.pdf(2)
    printed = capsys.readouterr().out
    assert "True 2027-10-01" in printed
    assert "lease_contract True None" in printed
    for words in [words for words in HOW_TO.shell if words[:1] == ["onefile"] and len(words) > 2]:
        assert run(words[1:]) == 0, words
    Path("trust.json").write_bytes(counter.trust)
    checks = next(block for block in HOW_TO.blocks if "sha256sum" in block).replace("python", sys.executable)
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "ONEFILE_LANG": "en"}
    done = subprocess.run(["sh", "-eu", "-c", checks], capture_output=True, text=True, check=False, env=environ)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[1:] == ["authentic: passed", "whole: passed", "usable: passed", "safe: passed"]
