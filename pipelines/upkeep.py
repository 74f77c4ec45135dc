"""Upkeep of the lake: small files are joined, and files that no kept version needs are removed.

A run and a reader may be at work meanwhile: joining changes no row, and what a reader opened
within the days that are kept stays. Who is further behind starts from the present.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipelines import names
from pipelines.errors import PipelineError
from pipelines.lake import Lake


@dataclass(frozen=True)
class Kept:
    """What upkeep made of a table: its data files and their bytes on the disk, of all versions that are kept.

    `is_whole` is false where the table could not be read; it is left as it is then.
    """

    table: str
    files_before: int
    files: int
    bytes_before: int
    bytes: int
    is_whole: bool = True


def maintain(lake: Lake, keep_hours: int) -> Iterator[Kept]:
    """Compact and clean one table after the other; one that is damaged stands in no other's way."""
    for name in lake.tables():
        files_before, bytes_before = _on_disk(lake, name)
        try:
            if name == names.RELEASE:  # the cursor of assembly: without it, an old version would have to stay
                lake.track_rows(name)
            lake.compact(name)
            lake.vacuum(name, keep_hours)
            is_whole = True
        except PipelineError:
            is_whole = False
        files, size = _on_disk(lake, name)
        yield Kept(name, files_before, files, bytes_before, size, is_whole)


def _on_disk(lake: Lake, name: str) -> tuple[int, int]:
    """Return how many data files lie in a table's folder, and how many bytes they take."""
    files = [path for path in Path(lake.path(name)).rglob("*.parquet") if "_delta_log" not in path.parts]
    sizes = [size for path in files if (size := _size(path)) is not None]
    return len(sizes), sum(sizes)


def _size(path: Path) -> int | None:
    """Return a file's bytes; None where a run that failed has just taken it away."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None
