"""How much the engine prepares before it computes: little where the lake is small, all it can where it is large.

Generated code and an optimising compiler pay when rows are many. On a few thousand rows they are most
of what is spent: docs/performance.md has the figures, docs/adr/0049 the choice.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pipelines.places import Folder, Place

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


def is_small(home: Path, delivered: int = SMALL_DELIVERED, lake: int = SMALL_LAKE, place: Place | None = None) -> bool:
    """Tell whether what a run may read weighs little: deliveries and inbox of `home`, and its lake, in bytes.

    Nothing is opened, and no more is looked at than tells.

    Args:
        place: where the lake lies; None: in the home.
    """
    taken_in = (Folder(home / "inbox"), Folder(home / "deliveries"))
    return _weighs_less(taken_in, delivered) and _weighs_less((place or Folder(home / "lake"),), lake)


def _weighs_less(places: Iterable[Place], limit: int) -> bool:
    weight = 0
    for size in (size for place in places for _, size in place.sizes()):
        weight += size
        if weight >= limit:
            return False
    return True
