"""The meter as JSON, as CSV and as text."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from catalog.prefill.meter import MINUTES_A_FIELD, MINUTES_A_MATERIAL, TARGET, Line, Metered

FORMAT = "onefile.meter/1"
COLUMNS = (
    "month", "item", "department", "cases", "demanded", "shared", "deposited", "promised", "asked_again", "saved_share",
    "is_on_target", "filled", "untouched", "amended", "saved_minutes",
)  # fmt: skip


def as_json(found: Metered) -> dict[str, Any]:
    """Return the meter as JSON's types; breaches name case and material."""
    return {
        "format": FORMAT,
        "target": TARGET,
        "model": {"minutes_a_material": MINUTES_A_MATERIAL, "minutes_a_field": MINUTES_A_FIELD},
        "lines": [
            {**asdict(line), "asked_again": [{"case": case, "material": name} for case, name in line.asked_again],
             "saved_share": _share(line), "is_on_target": line.is_on_target}
            for line in found.lines
        ],
        "amended_sources": [{**asdict(each), "share": round(each.share, 4)} for each in found.sources],
        "plan": [{**asdict(each), "items": list(each.items)} for each in found.plan],
    }  # fmt: skip


def as_csv(found: Metered) -> str:
    """Return the lines as CSV with a heading; of breaches how many."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows(found.lines))
    return written.getvalue()


def rows(lines: Iterable[Line]) -> list[list[str]]:
    """Return lines as texts in the order of COLUMNS; empty: nothing to share."""
    found = []
    for line in lines:
        told = {**asdict(line), "asked_again": len(line.asked_again), "saved_share": _share(line),
                "is_on_target": line.is_on_target}  # fmt: skip
        found.append(["" if told[name] is None else str(told[name]) for name in COLUMNS])
    return found


def _share(line: Line) -> float | None:
    return None if line.saved_share is None else round(line.saved_share, 4)
