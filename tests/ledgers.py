"""Ledgers for tests: a bureau's, with entries in it, and what a hand may do to its lines."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ledger.entry import Look
from ledger.record import Ledger
from tests.papers import AT

LOOK = Look(AT, "clerk-7", "item 12, case 34", "p-0123456789abcdef", ("name", "marital_status"), "onefile file")


def filled(ledger: Ledger, entries: int) -> Ledger:
    """Append looks under the purposes `case 1`, `case 2`, …; each is sealed by itself."""
    for number in range(1, entries + 1):
        ledger.append(replace(LOOK, purpose=f"case {number}"))
    return ledger


def segment(ledger: Ledger, first: int = 1) -> Path:
    """The segment that begins with an entry."""
    return ledger.folder / f"{first:010d}.jsonl"


def lines(ledger: Ledger, first: int = 1) -> list[bytes]:
    """The lines of a segment: its first line, then an entry and its seal in turns."""
    return segment(ledger, first).read_bytes().splitlines(keepends=True)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder by its name."""
    return {file.name: file.read_bytes() for file in folder.iterdir()}
