"""How much the engine prepares before it computes: little where the lake is small, all it can where it is large.

Generated code and an optimising compiler pay when rows are many. On a few thousand rows they are most
of what is spent: docs/performance.md has the figures, docs/adr/0049 the choice.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

SMALL_BYTES = 64 * 2**20
"""What the lake and the deliveries that wait may weigh together and still be computed as small."""

PLAINLY = {"spark.sql.codegen.wholeStage": "false"}
QUICK_JVM = ("-XX:TieredStopAtLevel=1", "-XX:ReservedCodeCacheSize=256m")


def is_small(home: Path, limit: int = SMALL_BYTES) -> bool:
    """Tell whether what a run may read below `home`, its lake and what waits for it, weighs less than `limit` bytes.

    Nothing is opened, and no more is looked at than tells.
    """
    weight = 0
    for folder in (home / "inbox", home / "deliveries", home / "lake"):
        for size in _sizes(folder):
            weight += size
            if weight >= limit:
                return False
    return True


def _sizes(folder: Path) -> Iterator[int]:
    """Yield the bytes of each file below a folder; one that is removed meanwhile weighs nothing."""
    for path, _, files in os.walk(folder):
        for name in files:
            try:
                yield os.lstat(os.path.join(path, name)).st_size  # noqa: PTH118 - a folder may hold very many
            except FileNotFoundError:
                continue
