"""Takes out of the lake and the kept files what is ordered to be erased and is in no one file any more.

For one resource after the other, under its lock: files of refused deliveries and tombstones first, then the
kept files, bronze, quarantine and silver, the orders last. Killed anywhere and run again, the outcome is the
same. Files of past versions go with the next `onefile lake maintain`, which `marked` tells of them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as f
from pyspark.sql.types import StructType

from inbox import deliveries
from inbox.deliveries import Received
from inbox.erased import erase, is_overwritten
from inbox.taken_away import Ground, may_be_of, take_away
from ledger.entry import subject_hash
from onefile.errors import OneFileError
from onefile.files import lock, write_whole
from pipelines import conform, declared, erasing, gold, names, numbers, settle, typed, types
from pipelines.bronze import with_all_columns
from pipelines.errors import ErasureFailed
from pipelines.lake import Lake, engine, literal_rows, literal_table
from pipelines.workshop import Workshop
from schemas.model import Resource, Table

MARKED = "erasing.json"
ROW = ("_delivery", "_row_no")
GROUNDS = ("cause", "basis", "ordered_at")
THESE_ROWS = "t._delivery = s._delivery AND t._row_no = s._row_no"
THESE_ORDERS = "t._resource = s._resource AND t._key = s._key AND t.upto_seq = s.upto_seq"
DELETE = "WHEN MATCHED THEN DELETE"

DONE = StructType(
    [
        types.field("_resource", types.STRING, "resource of a record"),
        types.field("_key", types.STRING, "SHA-256 of the record's key values, hex"),
        types.field("upto_seq", types.LONG, "place of the last delivery that the order was about"),
    ]
)
ABOUT = StructType(
    [
        types.field("_delivery", types.STRING, "delivery of a row to erase"),
        types.field("_row_no", types.LONG, "the row"),
        types.field("upto_seq", types.LONG, "place of the last delivery that the order is about"),
        types.field("cause", types.STRING, "demand or term"),
        types.field("basis", types.STRING, "the law"),
        types.field("ordered_at", types.INSTANT, "instant of the order, UTC"),
    ]
)
SEQ = StructType(
    [
        types.field("_delivery", types.STRING, "a delivery"),
        types.field("_seq", types.LONG, "its place among all that were received"),
    ]
)


@dataclass(frozen=True)
class Behind:
    """What all one files are made after: versions of the releases and of the orders."""

    release: int
    orders: int


def is_due(shop: Workshop) -> bool:
    """Tell whether there are orders that all one files were made after."""
    behind = _behind(shop)
    if behind is None:
        return False
    with engine("look for orders to erase"):
        return not _orders(shop.lake, behind).isEmpty()


def purge(shop: Workshop) -> int:
    """Erase what is ordered; return how many rows that took out. Nothing is done while a one file may still show it."""
    behind = _behind(shop)
    if behind is None:
        return 0
    with engine("read which resources have orders to erase"):
        ordered = _orders(shop.lake, behind).select("_resource").distinct().collect()
    return one_by_one(sorted(row["_resource"] for row in ordered), lambda name: _purge(shop, name, behind))


def one_by_one(resources: Iterable[str], purge_one: Callable[[str], int]) -> int:
    """Purge each resource, whatever becomes of the others; return how many rows that took out.

    Raises:
        ErasureFailed: one could not be purged: the first of them. All others were.
    """
    count, failed = 0, []
    for resource in resources:
        try:
            count += purge_one(resource)
        except ErasureFailed as error:
            failed.append(error)
        except (OneFileError, OSError) as error:
            failed.append(ErasureFailed(resource, error))
            failed[-1].__cause__ = error
    if failed:
        raise failed[0]
    return count


def _behind(shop: Workshop) -> Behind | None:
    """Return what all one files are made after; None where one of them is behind, or nothing was ever ordered."""
    lake, kinds = shop.lake, shop.declarations.files
    if not lake.exists(names.ERASURE_ORDER) or not lake.exists(names.RELEASE):
        return None
    made: set[str] = set()
    for kind, file in kinds.items():
        if lake.exists(names.gold(kind)):
            note, parts = gold.made_from_now(lake), declared.making(file, shop.declarations)
            if lake.note(names.gold(kind), gold.MADE_FROM) != note:
                return None
            if not declared.is_made_by(shop.home, declared.of_kind(kind), parts):
                return None
            made.add(f"{note['release']}/{note['orders']}")
    if len(made) != 1:
        return None
    release, orders = made.pop().split("/")
    return Behind(int(release), int(orders))


def marked(home: Path) -> list[str]:
    """Return the tables whose past versions still hold what was erased."""
    path = home / MARKED
    return list(json.loads(path.read_bytes())) if path.exists() else []


def mark(home: Path, tables: Iterable[str]) -> None:
    """Note the tables whose past versions hold what is erased; none takes the note away."""
    if names_ := sorted(tables):
        write_whole(home / MARKED, json.dumps(names_).encode())
    else:
        (home / MARKED).unlink(missing_ok=True)


def _purge(shop: Workshop, name: str, behind: Behind) -> int:
    lake, resource = shop.lake, shop.resource(name)
    table = shop.declarations.tables[resource.table]
    with lock(shop.home / "locks" / f"resource-{resource.id}.lock"):
        orders = _orders(lake, behind).where(f.col("_resource") == resource.id)
        ordered = _values(orders.select("_key", "upto_seq", *GROUNDS), "read the orders to erase")
        places = [names.bronze(resource.id), names.quarantine(resource.id), names.silver(table.name)]
        made = (each(kind) for kind in shop.declarations.files for each in (names.gold, names.bridge))
        held = [*made, names.LINK_CANDIDATES]
        mark(shop.home, {*marked(shop.home), *places, *held, names.ERASURE_ORDER})
        _take_away(shop, resource, ordered)
        found = _found(shop, orders, resource, table)
        _entomb(shop, found, resource)
        gone = lake.read(names.TOMBSTONE).where(f.col("_resource") == resource.id)
        _overwrite(shop, resource, gone)
        for place in (*places, names.RESOLUTION):
            if lake.exists(place):
                lake.merge(place, gone.select(*ROW), THESE_ROWS, DELETE, {})
        done = literal_rows(lake.spark, [(resource.id, o["_key"], o["upto_seq"]) for o in ordered], DONE)
        lake.merge(names.ERASURE_ORDER, done, THESE_ORDERS, DELETE, {})
        return len(found)


def _orders(lake: Lake, behind: Behind) -> DataFrame:
    """Return the orders that hold, as all one files were made after them."""
    released = lake.read(names.RELEASE, behind.release).select("_delivery").distinct()
    orders = lake.read(names.ERASURE_ORDER, behind.orders)
    return erasing.that_hold(orders, released)


def _found(shop: Workshop, orders: DataFrame, resource: Resource, table: Table) -> list[dict[str, Any]]:
    """Return the rows of the resource that orders are about and that no tombstone stands for yet.

    A row's record is read anew from bronze: what was a duplicate lies nowhere else. What silver and the
    quarantine know it by counts too, for the declaration may have changed since.
    """
    lake = shop.lake
    bronze = with_all_columns(lake.read(names.bronze(resource.id)), resource)
    silver = lake.read(names.silver(table.name)).where(f.col("_resource") == resource.id)
    quarantine = lake.read(names.quarantine(resource.id))
    today = shop.legal_day(shop.at)
    read_now = conform.typed_rows(bronze, typed.plan(resource, shop.declarations, today, today))
    keyed = reduce(DataFrame.unionByName, [rows.select(*ROW, "_key") for rows in (read_now, silver, quarantine)])
    seqs = literal_rows(lake.spark, [(d.id, d.seq) for d in shop.received(resource.id)], SEQ)
    about = _values(_about(keyed, orders, seqs), "find the records to erase")
    asked = literal_rows(lake.spark, [tuple(row.values()) for row in _with_replaced(lake, about, resource)], ABOUT)
    named = numbers.subject_ids(table).alias("_subjects")
    judged = (
        asked.join(bronze.select(*ROW, "_row_hash"), list(ROW))
        .join(silver.select(*ROW, f.lit(True).alias("_stated"), named), list(ROW), "left")
        .join(quarantine.select(*ROW, "problems"), list(ROW), "left")
        .join(orders.select(*ROW, f.lit(True).alias("_demands")), list(ROW), "left")
    )
    if lake.exists(names.TOMBSTONE):
        judged = judged.join(lake.read(names.TOMBSTONE).select(*ROW), list(ROW), "left_anti")
    return _values(judged, "find the rows to erase")


def _with_replaced(lake: Lake, about: list[dict[str, Any]], resource: Resource) -> list[dict[str, Any]]:
    """Add the rejected rows that rows to erase took the place of: they are of the same record, whatever was read."""
    if not lake.exists(names.RESOLUTION):
        return about
    settled = lake.read(names.RESOLUTION).where(f.col("_resource") == resource.id)
    pairs = _values(settled.select(*ROW, "by_delivery", "by_row_no"), "read which rejected rows were settled")
    known = {(row["_delivery"], row["_row_no"]): row for row in about}
    is_growing = True
    while is_growing:  # a row that took another's place may have been rejected, and replaced, too
        size = len(known)
        for pair in pairs:
            by = known.get((pair["by_delivery"], pair["by_row_no"]))
            if by is not None:
                known.setdefault((pair["_delivery"], pair["_row_no"]), by | {name: pair[name] for name in ROW})
        is_growing = len(known) > size
    return list(known.values())


def _about(keyed: DataFrame, orders: DataFrame, seqs: DataFrame) -> DataFrame:
    """Return the rows that orders are about, each once, with the order that came last."""
    last = orders.groupBy("_key").agg(
        f.max_by(f.struct("upto_seq", "cause", "basis", "ordered_at"), "upto_seq").alias("_order")
    )
    met = keyed.join(f.broadcast(seqs), "_delivery").join(f.broadcast(last), "_key")
    met = met.where(f.col("_seq") <= f.col("_order.upto_seq"))
    return met.groupBy(*ROW).agg(f.max_by("_order", "_order.upto_seq").alias("_order")).select(*ROW, "_order.*")


def _entomb(shop: Workshop, found: Sequence[Mapping[str, Any]], resource: Resource) -> None:
    """Write a tombstone for each row found."""
    seal, secret = shop.seal(), shop.keys.secret("subject-hash")
    rows = []
    for row in found:
        verdict = settle.QUARANTINED if row["problems"] else settle.DUPLICATE
        rows.append(
            (
                resource.id,
                row["_delivery"],
                row["_row_no"],
                settle.ACCEPTED if row["_stated"] or row["_demands"] else verdict,
                row["problems"] or [],
                seal.seal(bytes.fromhex(row["_row_hash"]), row["_delivery"], row["_row_no"]),
                sorted({subject_hash(secret, subject) for subject in row["_subjects"] or ()}),
                row["cause"],
                row["basis"],
                row["ordered_at"],
            )
        )
    if rows:
        once = hashlib.sha256(json.dumps([row[1:3] for row in rows]).encode()).hexdigest()
        erasing.keep_tombstones(shop.lake, literal_table(rows, erasing.TOMBSTONE), f"entomb:{once}")


def _take_away(shop: Workshop, resource: Resource, ordered: Sequence[Mapping[str, Any]]) -> None:
    """Take away the files of the refused deliveries that may hold what is ordered to be erased."""
    # Orders of one delivery, or of one run, are one ground, however many records they are about.
    given = {tuple(order[name] for name in ("upto_seq", *GROUNDS)) for order in ordered}
    for folder, note in deliveries.notes(shop.home, resource.department):
        if note.status == "refused" and may_be_of(folder, resource, shop.resources.values()):
            grounds = [Ground.of(*said) for upto_seq, *said in given if _came_before(note, upto_seq, *said)]
            take_away(folder, note, grounds)


def _came_before(note: Received, upto_seq: int, cause: str, _basis: str, ordered_at: datetime) -> bool:
    """Tell whether a delivery came before an order.

    A demand has the place of the delivery that made it; a term was seen at an instant, whatever had come last.
    """
    return note.received_at <= ordered_at if cause == erasing.TERM else note.seq < upto_seq


def _overwrite(shop: Workshop, resource: Resource, gone: DataFrame) -> None:
    """Overwrite in the kept files what tombstones stand for and is not overwritten yet."""
    by_delivery: dict[str, dict[int, str]] = {}
    for row in _values(gone.select(*ROW, "sealed_hash"), "read the tombstones"):
        by_delivery.setdefault(row["_delivery"], {})[row["_row_no"]] = row["sealed_hash"]
    for delivery in shop.received(resource.id):
        rows = by_delivery.get(delivery.id, {})
        if rows.keys() - delivery.erased.rows.keys() or not is_overwritten(delivery.folder):
            try:
                erase(delivery.folder, delivery.files(), resource, rows)
            except (OneFileError, OSError) as error:
                raise ErasureFailed(resource.id, error, delivery.id) from error


def _values(rows: DataFrame, what: str) -> list[dict[str, Any]]:
    with engine(what):
        table: pa.Table = rows.toArrow()
    return sorted(table.to_pylist(), key=lambda row: [str(row.get(name)) for name in ROW])
