"""How much the engine prepares before it computes: little where the lake is small, all it can where it is large.

Generated code and an optimising compiler pay when rows are many. On a few thousand rows they are most
of what is spent: docs/performance.md has the figures, docs/adr/0049 the choice.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

SMALL_DELIVERED, SMALL_LAKE = 4 * 2**20, 32 * 2**20
"""Bytes that what was ever delivered or waits, and the lake, may weigh and still be computed as small."""

# One task for each step is enough, and generated code is slower than none until rows are some ten thousand.
PLAINLY = {
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.shuffle.partitions": "1",
    "spark.default.parallelism": "1",
}
QUICK_JVM = ("-XX:TieredStopAtLevel=1", "-XX:ReservedCodeCacheSize=256m")


def is_small(home: Path, delivered: int = SMALL_DELIVERED, lake: int = SMALL_LAKE) -> bool:
    """Tell whether what a run may read below `home` weighs little: its deliveries and inbox, and its lake, in bytes.

    Nothing is opened, and no more is looked at than tells.
    """
    return _weighs_less((home / "inbox", home / "deliveries"), delivered) and _weighs_less((home / "lake",), lake)


def _weighs_less(folders: Iterable[Path], limit: int) -> bool:
    weight = 0
    for size in (size for folder in folders for size in _sizes(folder)):
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
