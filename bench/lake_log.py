"""What was written into a lake, by whomever: read from the logs of its tables and the files that they name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import pyarrow.parquet as pq

Commits = Mapping[str, int]
"""By table how many commits it has."""


@dataclass(frozen=True)
class Written:
    """Rows and bytes of the data files, and of the files of the change feed, that commits brought."""

    rows: int = 0
    size: int = 0


def commits(lake: Path) -> dict[str, int]:
    """Return how many commits each table has."""
    return {str(log.parent.relative_to(lake)): len([*log.glob("*.json")]) for log in lake.glob("*/*/_delta_log")}


def written(lake: Path, after: Commits, upto: Commits | None = None) -> Written:
    """Return what was written by the commits after some, up to others (None: all there are)."""
    rows = size = 0
    for table, last in (commits(lake) if upto is None else upto).items():
        for version in range(after.get(table, 0), last):
            lines = (lake / table / "_delta_log" / f"{version:020d}.json").read_text().splitlines()
            for action in map(json.loads, lines):
                file = action.get("add") or action.get("cdc")
                if file is not None and file.get("deletionVector") is None:
                    rows += pq.read_metadata(lake / table / unquote(file["path"])).num_rows
                    size += file["size"]
                elif file is not None:
                    size += file["deletionVector"]["sizeInBytes"]
    return Written(rows, size)
