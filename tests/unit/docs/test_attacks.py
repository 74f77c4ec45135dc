"""Every attack of the reference names a test that is there."""

from __future__ import annotations

import re
from pathlib import Path

from tests.documents import ROOT


def test_every_attack_has_its_test():
    page = (ROOT / "docs" / "reference" / "attacks.md").read_text(encoding="utf-8")
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", page)
    rows = [line for line in page.splitlines() if line.startswith("| ") and "---" not in line][1:]
    assert len(named) == len(rows) > 25
    missing = [(file, name) for file, name in named if f"def {name}(" not in _place(file).read_text(encoding="utf-8")]
    assert missing == []


def _place(file: str) -> Path:
    return ROOT / "tests" / (file if file.startswith(("integration/", "torture/")) else f"unit/{file}")
