"""`schemas/codes/currency.csv`: every currency of ISO 4217, and the spellings that were written down by hand."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import xml.etree.ElementTree as ET  # the table comes out of a pinned package
from collections.abc import Mapping
from pathlib import Path

PACKAGES = ("iso4217==1.16.20260101", "Babel==2.19.0")
NOT_MONEY = ("XTS", "XXX")
"""Codes for tests and for no currency; the list has its own meaning for XXX."""
_NAMES = "import json; from babel import Locale; print(json.dumps(dict(Locale('zh').currencies)))"


def rows(path: Path, packages: Path) -> list[tuple[str, ...]]:
    """Return the list's rows: those it has, in their order, then the currencies that it lacks, by code.

    Args:
        path: the list as it is.
        packages: the folder that `PACKAGES` were unpacked into.
    """
    table = ET.parse(packages / "iso4217" / "table.xml").getroot()
    published = f"ISO 4217 {table.get('Pblshd', '')}"
    named: dict[str, str] = {}
    for entry in table.iter("CcyNtry"):
        code, name = entry.findtext("Ccy"), entry.findtext("CcyNm")
        if code and name and code not in NOT_MONEY:
            named[code] = name
    with path.open(encoding="utf-8", newline="") as file:
        kept = [tuple(row[name] or "" for name in row if name != "source") for row in csv.DictReader(file)]
    has = {row[0] for row in kept}
    made = [(*row, published if row[0] in named else "spellings met in registers") for row in kept]
    chinese = _chinese(packages)
    taken = {text for row in kept for text in (row[1], *row[7].split("|"))}
    for code in sorted(named.keys() - has):
        name = chinese.get(code, named[code])
        made.append((code, f"{name} ({code})" if name in taken else name, named[code], "", "", "", "", "", published))
    return made


def _chinese(packages: Path) -> Mapping[str, str]:
    command = [sys.executable, "-c", _NAMES]
    done = subprocess.run(command, check=True, capture_output=True, env={"PYTHONPATH": str(packages)})
    return dict(json.loads(done.stdout))
