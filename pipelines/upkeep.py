"""Upkeep of the lake: rows that are struck out go, small files are joined, and what no kept version needs is removed.

A run and a reader may be at work meanwhile: joining changes no row, and what a reader opened
within the days that are kept stays. Who is further behind starts from the present.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from onefile.files import lock
from pipelines import names, purging
from pipelines.errors import PipelineError
from pipelines.lake import Lake
from pipelines.places import LOG
from pipelines.workshop import Workshop
from schemas.serving.connection import scrub
from schemas.serving.database import database


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
            lake.purge(name)
            lake.compact(name)
            lake.vacuum(name, keep_hours)
            is_whole = True
        except PipelineError:
            is_whole = False
        files, size = _on_disk(lake, name)
        yield Kept(name, files_before, files, bytes_before, size, is_whole)


def forget(shop: Workshop) -> list[str]:
    """Remove every past version of what erased rows lay in, whoever reads one; return the tables.

    Rows that are only struck out of files go with them.

    Lakes that a rebuild put aside, and one that was never put in place, go whole. The serving database is
    written anew. Killed anywhere and run again, the outcome is the same.

    Raises:
        Busy: a run or a rebuild is at work, and a lake lies aside that it may be making.
    """
    with lock(shop.home / "locks" / "purge.lock"):  # who erases meanwhile would mark tables that we then unmark
        return _forget(shop, purging.marked(shop.home))


def _forget(shop: Workshop, left: list[str]) -> list[str]:
    if not left:
        return []
    _remove_aside(shop.home)
    if database(shop.settings.database_url).file is None or (shop.home / "serving.db").exists():
        scrub(shop.settings.database_url, "VACUUM FULL")
    done = []
    for table in list(left):
        with ExitStack() as held:
            for name in _locks(shop, table):
                held.enter_context(lock(shop.home / "locks" / f"{name}.lock"))
            if shop.lake.exists(table):
                shop.lake.purge(table)  # a run may have struck rows out since upkeep was at this table
                shop.lake.vacuum(table, 0)
                done.append(table)
        left.remove(table)
        purging.mark(shop.home, left)
    return done


def _remove_aside(home: Path) -> None:
    aside = [folder for folder in (*home.glob("lake.before-*"), home / "rebuilt", home / "planned") if folder.is_dir()]
    if aside:
        with lock(home / "locks" / "run.lock", wait=False), lock(home / "locks" / "declarations.lock", wait=False):
            for folder in aside:
                shutil.rmtree(folder)


def _locks(shop: Workshop, table: str) -> list[str]:
    """Return the locks under which a table is written to, in the order in which they are taken."""
    layer, name = table.split("/", 1)
    if layer == "gold":
        return [f"gold-{kind}" for kind in sorted(shop.declarations.files) if table in _of_kind(kind)]
    if layer == "silver":
        of_all = name not in shop.declarations.tables
        writers = [r.id for r in shop.resources.values() if of_all or r.table == name]
        return [*(f"resource-{resource}" for resource in sorted(writers)), *(["retention"] if of_all else [])]
    return [f"resource-{name}"]


def _of_kind(kind: str) -> tuple[str, ...]:
    """Return the tables that an assembly writes."""
    both = names.gold(kind), names.bridge(kind)
    return (*both, names.LINK_CANDIDATES) if kind == "person" else both


def _on_disk(lake: Lake, name: str) -> tuple[int, int]:
    """Return how many data files lie in a table's folder, and how many bytes they take."""
    sizes = [size for file, size in lake.place.sizes(name) if file.endswith(".parquet") and not file.startswith(LOG)]
    return len(sizes), sum(sizes)
