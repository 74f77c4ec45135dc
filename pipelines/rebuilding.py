"""Everything anew from what was delivered, beside what is there: made, compared, and put in its place when asked.

The flow runs as it always does, in a house of its own below the home (`rebuilt/`): the same
deliveries, received at the same instants, by the declarations of today. So what comes out is
what the tables would be if nothing had ever gone wrong; a difference is damage, or a
declaration that changed.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain, count
from pathlib import Path

from pyspark.sql import DataFrame
from pyspark.sql import functions as f

from inbox import deliveries
from inbox.deliveries import Delivery
from inbox.erased import read_erased
from licence_vault import receipts
from onefile.files import fsync_folder, make_folder, write_whole
from pipelines import answers, bronze, conform, declared, erasing, marker, names, steps
from pipelines.errors import LakeDamaged, NotInAStore, TombstonesLost
from pipelines.finished import FINISHED, is_finished
from pipelines.lake import Lake, engine
from pipelines.places import SWAP, Folder
from pipelines.workshop import Workshop

FOLDER = "rebuilt"
NOTES = (bronze.LANDED, conform.CONFORMED, FINISHED, answers.READ_AGAIN)
# Made of runs and not of what was delivered, or by the vault, whose log is never made anew.
LEFT_OUT = (names.QUALITY, names.LICENCE)


@dataclass(frozen=True)
class Difference:
    """A table, or a receipt, that came out otherwise: rows (receipts: 1) that only one of the two has."""

    table: str
    only_present: int
    only_rebuilt: int


def rebuild(shop: Workshop, on_step: Callable[[str], None]) -> Workshop:
    """Make the whole lake anew from the kept deliveries, beside the present one; return the house it lies in.

    What an earlier, unfinished rebuild left is thrown away first.
    """
    house = shop.home / FOLDER
    shutil.rmtree(house, ignore_errors=True)
    settled = [d for d in deliveries.every(shop.home) if is_finished(d)]
    beside = open_beside(shop, house)
    for delivery in settled:
        lay(delivery, beside)
    for number, delivery in enumerate(settled, 1):
        on_step(f"{number}/{len(settled)} {delivery.manifest.resource} {delivery.id}")
        steps.land(beside, delivery.id)
        steps.settle(beside, delivery.id)
    for kind in shop.declarations.files:
        on_step(f"{kind} files")
        steps.assemble(beside, kind)
    return beside


def differences(shop: Workshop, beside: Workshop) -> Iterator[Difference]:
    """Compare every table row for row, whatever the order of rows and columns, and every receipt byte for byte."""
    for table in sorted({*shop.lake.tables(), *beside.lake.tables()} - {*LEFT_OUT}):
        only_present, only_rebuilt = _held_against(shop, beside, table)
        if only_present or only_rebuilt:
            yield Difference(table, only_present, only_rebuilt)
    for delivery in deliveries.every(beside.home):
        present, rebuilt = (_receipt(house, delivery.id) for house in (shop.home, beside.home))
        if present != rebuilt and not _is_known_otherwise(shop, beside, delivery.id):
            yield Difference(f"receipts/{delivery.id}", int(present is not None), int(rebuilt is not None))


def _is_known_otherwise(shop: Workshop, beside: Workshop, delivery_id: str) -> bool:
    """Tell whether a receipt, given before a declaration changed, is known to say something else, and just this."""
    known = answers.otherwise(shop.delivery(delivery_id)[0])
    would_say = answers.given(beside, delivery_id)
    if known is None or would_say is None or answers.given(shop, delivery_id) is None:
        return False
    return known.wording == hashlib.sha256(would_say).hexdigest()


def _held_against(shop: Workshop, beside: Workshop, table: str) -> tuple[int, int]:
    """Compare a table. One that is damaged has no row that counts: all of the rebuilt one's are its alone."""
    rebuilt = _rows(beside.lake, table)
    try:
        return _compared(_rows(shop.lake, table), rebuilt)
    except LakeDamaged:
        return _compared(None, rebuilt) if rebuilt is not None else (1, 0)


def swap(shop: Workshop, beside: Workshop) -> Path:
    """Put the rebuilt tables in the place of the present ones, which are kept; return where.

    Receipts stay as they were given. What is published follows with the next run, which
    compares every file. A note in the home says that it is being done: killed anywhere, `end_swap` ends it, and until
    then nobody touches either lake.

    Raises:
        NotInAStore: the lake lies in a store, where nothing is renamed in one step.
    """
    require_folder(shop)
    before = shop.home / f"lake.before-{shop.at:%Y%m%dT%H%M%S}"
    others = (before.with_name(f"{before.name}-{number}") for number in count(2))
    kept = next(path for path in chain([before], others) if not path.exists())
    write_whole(shop.home / SWAP, json.dumps({"kept": kept.name}).encode())
    _put_in(shop, beside, kept)
    return kept


def end_swap(shop: Workshop) -> bool:
    """End what a killed swap had begun; return whether there was one. Nobody else may be at work in the home."""
    note = shop.home / SWAP
    if not note.exists():
        return False
    kept = shop.home / json.loads(note.read_bytes())["kept"]
    _put_in(shop, shop.beside(shop.home / FOLDER), kept)
    return True


def _put_in(shop: Workshop, beside: Workshop, kept: Path) -> None:
    """Do what is not done yet of a swap; `kept` is where the present lake goes."""
    lake, rebuilt = shop.home / "lake", beside.home / "lake"
    if rebuilt.exists():
        if lake.exists():
            lake.rename(kept)
        rebuilt.rename(lake)
    for delivery in deliveries.every(beside.home):
        take_notes(shop, delivery, answers.given(beside, delivery.id))
    for note in sorted((beside.home / declared.FOLDER).glob("*.json")):
        write_whole(shop.home / declared.FOLDER / note.name, note.read_bytes())
    (shop.home / marker.PUBLISHED).unlink(missing_ok=True)
    fsync_folder(shop.home)
    (shop.home / SWAP).unlink()
    fsync_folder(shop.home)
    shutil.rmtree(beside.home)


def require_folder(shop: Workshop) -> None:
    """See that tables can be swapped in; to be asked before they are made."""
    if not isinstance(shop.place, Folder):
        raise NotInAStore(
            "`onefile rebuild --swap`",
            "move it into the home first, rebuild it there, and move it back (docs/how-to/keep-the-lake-in-a-store.md)",
        )


def open_beside(shop: Workshop, house: Path) -> Workshop:
    """Open a house beside, new or begun before: the same keys, and what was erased, for no delivery says it."""
    make_folder(house)
    if not (house / "keys").is_symlink():
        (house / "keys").symlink_to(shop.home / "keys", target_is_directory=True)
    beside = shop.beside(house)
    _carry_over(shop, beside.lake)
    return beside


def _carry_over(shop: Workshop, rebuilt: Lake) -> None:
    """Let the rebuilt lake know what was erased, and which records' time is over: no delivery says it.

    Raises:
        TombstonesLost: that is damaged or gone.
    """
    present = shop.lake
    if present.exists(names.TOMBSTONE):
        with _told_by(names.TOMBSTONE):
            erasing.keep_tombstones(rebuilt, present.read(names.TOMBSTONE), "carried over")
    elif any(read_erased(delivery.folder).files for delivery in deliveries.every(shop.home)):
        raise TombstonesLost(names.TOMBSTONE)
    if present.exists(names.ERASURE_ORDER):
        with _told_by(names.ERASURE_ORDER):
            terms = present.read(names.ERASURE_ORDER).where(f.col("cause") == erasing.TERM)
            erasing.keep_orders(rebuilt, terms, "carried over")


@contextmanager
def _told_by(table: str) -> Iterator[None]:
    try:
        yield
    except LakeDamaged:
        raise TombstonesLost(table) from None


def lay(delivery: Delivery, beside: Workshop, without: Sequence[str] = NOTES) -> Delivery:
    """Lay a delivery into a house beside, as links to the same bytes, without notes of how far it came; return it."""
    folder = beside.home / deliveries.FOLDER / delivery.department / delivery.folder.name
    make_folder(folder)
    for file in delivery.folder.iterdir():
        is_left_out = file.name in without or file.name.startswith(".")
        if file.is_file() and not is_left_out and not (folder / file.name).exists():
            os.link(file, folder / file.name)
    return replace(delivery, folder=folder)


def take_notes(shop: Workshop, made: Delivery, wording: bytes | None) -> None:
    """Note of a delivery what became of it in a house beside, whose tables take the place of the present ones.

    Args:
        made: the delivery there.
        wording: what its receipt says there.
    """
    delivery = shop.delivery(made.id)[0]
    for note in (bronze.LANDED, conform.CONFORMED, FINISHED):
        write_whole(delivery.folder / note, (made.folder / note).read_bytes())
    counts = conform.conformed(made)
    if wording is not None and counts is not None:
        answers.note_otherwise(shop, delivery, wording, counts)


def _rows(lake: Lake, table: str) -> DataFrame | None:
    if not lake.exists(table):
        return None
    rows = lake.read(table)
    return rows.select(f.sha2(f.to_json(f.struct(*sorted(rows.columns))), 256).alias("row"))


def _compared(present: DataFrame | None, rebuilt: DataFrame | None) -> tuple[int, int]:
    """Count rows that one side has more often than the other."""
    sides = [(present, 1), (rebuilt, -1)]
    frames = [rows.withColumn("side", f.lit(side)) for rows, side in sides if rows is not None]
    every = frames[0] if len(frames) == 1 else frames[0].unionByName(frames[1])
    left = every.groupBy("row").agg(f.sum("side").alias("left")).where("left <> 0")
    counted = left.select(f.sum(f.greatest("left", f.lit(0))), f.sum(f.greatest(-f.col("left"), f.lit(0))))
    with engine("compare the rebuilt tables"):
        (row,) = counted.collect()
    return int(row[0] or 0), int(row[1] or 0)


def _receipt(home: Path, delivery: str) -> bytes | None:
    path = receipts.path(home, delivery)
    return path.read_bytes() if path.exists() else None
