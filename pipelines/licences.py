"""From silver to the vault: what departments newly stated becomes versions of licences, in batches.

The vault knows for each licence which statement it was made from, so a run that is killed, or
looks at everything again, issues nothing twice. The cursor is the version of the release table
(docs/adr/0005), kept as the name of an empty batch that ends a run.
Keys stay in this process: Spark hands rows over, and gets none back.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from itertools import islice
from typing import Any

from pyspark.sql import DataFrame, Row, Window
from pyspark.sql import functions as f

from inbox import deliveries
from licence_vault import issuing, store
from licence_vault.drafts import Draft, Refused
from licence_vault.issuing import Issued
from licence_vault.materials.covering import retire_covered
from licence_vault.statements import STATEMENT, stated_drafts
from licence_vault.vault import Vault
from pipelines import declared, names, present, releases
from pipelines.lake import Lake, engine
from pipelines.vaulted import Told, opened
from pipelines.workshop import Workshop
from schemas.licence_types import LicenceType
from schemas.model import Place, Table

CURSOR, PART = "flow", "part"
FORMAT = "2"
DRAFTS_A_BATCH = 20_000
"""Bounds how long others wait for the log and the database while a large delivery is issued."""
ROWS_A_PARTITION = 20_000


def issue(shop: Workshop, at_once: int = DRAFTS_A_BATCH) -> Told:
    """Issue what was released since the last time, in batches, and then note how far that was.

    Rows are fetched between the batches: nobody waits for Spark to have the log or the database.

    Args:
        at_once: drafts in one batch.

    Raises:
        VaultError, ServingError: as `licence_vault.issuing.issue`; batches that are issued stay.
        EngineFailed: Spark failed; likewise.
    """
    release = shop.lake.version(names.RELEASE)
    if release < 0:
        return Told()
    vault = opened(shop)
    made_from = f"{CURSOR}:{shop.lake.table_id(names.RELEASE)}:{_declared(shop)}:"
    with vault.looking() as connection:
        last = store.last_batch_id(connection, f"{CURSOR}:")
    if last == f"{made_from}{release}":
        return Told()
    since = int(last.removeprefix(made_from)) if last is not None and last.startswith(made_from) else None
    new = None if since is None else releases.between(shop.lake, since, release)
    drafts, told = _drafts(shop, release, new), Told()
    while part := list(islice(drafts, at_once)):
        told = told.and_of(_part(shop, vault, part))
    retire_scans(shop, vault)
    _batch(shop, vault, [], f"{made_from}{release}")
    return told


def retire_scans(shop: Workshop, vault: Vault) -> int:
    """Let the licences in force take the place of the deposited scans that they cover; return how many."""
    declared, at = shop.declarations, shop.settings.now()  # not the run's beginning: licences were issued since
    return retire_covered(vault, declared.materials, declared.licences.values(), shop.legal_day(at), at)


def _part(shop: Workshop, vault: Vault, part: list[Draft | Refused]) -> Issued:
    """Issue a part under a name that no batch has: what comes again is known by its statements, not by that."""
    while True:
        with vault.looking() as connection:
            last = store.last_batch(connection)
        done = _batch(shop, vault, part, f"{PART}:{1 if last is None else last.batch_no + 1}")
        if not done.is_repeat:
            return done


def _batch(shop: Workshop, vault: Vault, drafts: list[Draft | Refused], batch_id: str) -> Issued:
    at = shop.settings.now()  # not the run's beginning: another's batch may have come since
    return issuing.issue(vault, drafts, batch_id=batch_id, at=at, day=shop.legal_day(at).isoformat())


def to_tell(stated: DataFrame, new: Sequence[str] | None, partitions: int) -> DataFrame:
    """Return the statements that the vault has not seen and that are later than those it has, record by record.

    Args:
        stated: the released statements of a table.
        new: the deliveries released since; None: all are new.
        partitions: how many the rows are handed over in, one at a time.

    Returns:
        One row a statement, in each record's order. A withdrawal has the values stated before it;
        one of a record that nothing was stated of is left out.
    """
    is_new = f.lit(True) if new is None else f.col("_delivery").isin(list(new))
    if new is not None:
        touched = f.broadcast(stated.where(is_new).select("_key").distinct())
        stated = stated.join(touched, "_key", "left_semi")
    record = Window.partitionBy("_key")
    until_now = record.orderBy(*present.ORDER).rowsBetween(Window.unboundedPreceding, Window.currentRow)
    columns = [name for name in stated.columns if not name.startswith("_")]
    order = f.struct(*present.ORDER)
    rows = stated.repartition(partitions, "_key").select(
        *(name for name in STATEMENT),
        f.last(f.when(~f.col("_withdrawn"), f.struct(*columns)), ignorenulls=True).over(until_now).alias("_said"),
        f.max(f.when(~is_new, order)).over(record).alias("_seen"),
        order.alias("_order"),
        is_new.alias("_is_new"),
    )
    kept = rows.where("_is_new and _said is not null and (_seen is null or _order > _seen)")
    return kept.select(*STATEMENT, "_said.*", "_order").sortWithinPartitions("_key", "_order").drop("_order")


def _drafts(shop: Workshop, release: int, new: Sequence[str] | None) -> Iterator[Draft | Refused]:
    """Yield the drafts of all licence types, in the order of their names, from the tables that `new` touches."""
    tables = _touched(shop, new)
    for kind in sorted(shop.declarations.licences.values(), key=lambda kind: kind.name):
        if tables is None or kind.table in tables:
            yield from _drafts_of(shop.lake, kind, shop.declarations.tables[kind.table], release, new)


def _touched(shop: Workshop, new: Sequence[str] | None) -> set[str] | None:
    """Return the tables that deliveries brought rows of; None: any may be.

    A delivery that is no longer kept, or whose resource is no longer declared, may be of any table.
    """
    found = [deliveries.find(shop.home, delivery) for delivery in new or ()]
    resources = [None if each is None else shop.resources.get(each.manifest.resource) for each in found]
    if new is None or None in resources:
        return None
    return {resource.table for resource in resources if resource is not None}


def _drafts_of(
    lake: Lake, kind: LicenceType, table: Table, release: int, new: Sequence[str] | None
) -> Iterator[Draft | Refused]:
    stated = present.statements(lake, table.name, release)
    if stated is None:
        return
    with engine(f"count what {kind.name} is made from"):
        count = stated.count() if new is None else stated.where(f.col("_delivery").isin(list(new))).count()
    if count:
        rows = to_tell(stated, new, -(-count // ROWS_A_PARTITION))
        yield from stated_drafts(kind, table, _handed_over(rows, kind))


def _handed_over(rows: DataFrame, kind: LicenceType) -> Iterator[dict[str, Any]]:
    with engine(f"hand over what {kind.name} is made from"):
        row: Row
        for row in rows.toLocalIterator(prefetchPartitions=True):
            yield row.asDict()


def _declared(shop: Workshop) -> str:
    """Return a digest of all that decides how licences are made from silver, and of how silver was read."""
    kinds = [shop.declarations.licences[name] for name in sorted(shop.declarations.licences)]
    tables = [shop.declarations.tables[kind.table] for kind in kinds]
    plain = _without_places((FORMAT, kinds, tables))
    feeding = {table.name for table in tables}
    notes = [declared.noted(shop.home, r.id) for _, r in sorted(shop.resources.items()) if r.table in feeding]
    read_by = [None if note is None else (note.is_whole, note.parts) for note in notes]
    told = json.dumps((repr(plain), read_by), ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def _without_places(value: Any) -> Any:
    """Return a declaration as plain tuples, without the places where it was written."""
    if isinstance(value, Place):
        return None
    if is_dataclass(value):
        return tuple(_without_places(getattr(value, field.name)) for field in fields(value))
    if isinstance(value, Mapping):
        return tuple(sorted((key, _without_places(item)) for key, item in value.items()))
    return tuple(_without_places(item) for item in value) if isinstance(value, tuple | list) else value
