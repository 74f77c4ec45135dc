"""The steps of the flow, as DAG tasks and the command call them: each safe to be killed and run again.

A step takes the workshop and references (resource and delivery ids), does its part and
returns references and counts, never data.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Literal

import pandas as pd
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as f
from pyspark.sql.types import StructType

from inbox import deliveries
from inbox.deliveries import Delivery
from onefile.files import check_room, lock, write_whole
from pipelines import (
    answers,
    bronze,
    conform,
    declared,
    gold,
    link_candidates,
    names,
    publish,
    purging,
    resolution,
    retention,
    types,
    verdicts,
)
from pipelines.declared import DeclarationChanged
from pipelines.errors import CriticalExpectationFailed, LakeGone
from pipelines.finished import FINISHED, Outcome, is_finished, outcome, settled_resources
from pipelines.lake import literal_table
from pipelines.publish import Published
from pipelines.table_design import ROW_TRACKING, TableDesign
from pipelines.workshop import Workshop
from schemas import feeds
from schemas.model import OneFile, Resource

LEAST_ROOM = 64 * 2**20
ROOM_A_BYTE = 8
"""What a delivered byte may need: staged, in bronze, in silver, shuffled, and in a file that is written anew."""
RELEASE = StructType(
    [
        types.field("_delivery", types.STRING, "delivery that passed its critical expectations"),
        types.field("released_at", types.INSTANT, "instant of the release, UTC"),
    ]
)
RELEASES = TableDesign("deliveries that count; a row per delivery", {}, properties=ROW_TRACKING)


def land(shop: Workshop, delivery_id: str) -> None:
    """Bronze: the rows as received.

    Raises:
        onefile.files.DiskFull: there is not room enough for what becomes of it; nothing was begun.
        LakeGone: what was taken in before is in no lake.
    """
    delivery, resource = shop.delivery(delivery_id)
    _require_lake(shop)
    check_room(shop.home, LEAST_ROOM + ROOM_A_BYTE * delivery.size)
    with lock(shop.home / "locks" / f"resource-{resource.id}.lock"):
        bronze.land(shop.lake, delivery, resource, shop.home / "staging", shop.seal)


def _require_lake(shop: Workshop) -> None:
    """See that the lake was not taken away: a new one would have this delivery alone, and be published so."""
    if not shop.lake.exists(names.RELEASE):
        done = (outcome(delivery) for delivery in deliveries.every(shop.home))
        if any(found is not None and found.status == "released" for found in done):
            raise LakeGone(str(shop.home))


def settle(shop: Workshop, delivery_id: str) -> Outcome:
    """Silver, quarantine, expectations, receipt, release: what makes a landed delivery count, or holds it back."""
    delivery, resource = shop.delivery(delivery_id)
    with lock(shop.home / "locks" / f"resource-{resource.id}.lock"):
        done = outcome(delivery)
        if done is not None:
            return done
        is_first = not any(is_finished(d) for d in shop.received(resource.id))
        declared.begin(shop.home, resource, shop.declarations, is_first=is_first)
        counts = judge(shop, delivery, resource)
        held_by = _check(shop, delivery, counts)
        answers.answer(shop, delivery, resource, counts, held_by)
        return _finish(shop, delivery, resource, counts, held_by)


def settle_again(beside: Workshop, delivery: Delivery, resource: Resource, rows: DataFrame) -> None:
    """Settle a delivery in a house beside, where it is read by other declarations; sign nothing.

    What its receipt would say is kept beside its files (`answers.would_say`).

    Args:
        rows: the delivery's, as `bronze.rows_of` returns them of the house that has them.
    """
    if outcome(delivery) is None:
        counts = judge(beside, delivery, resource, rows)
        held_by = _check(beside, delivery, counts)
        answers.keep_wording(beside, delivery, resource, counts, held_by)
        _finish(beside, delivery, resource, counts, held_by)


def judge(shop: Workshop, delivery: Delivery, resource: Resource, rows: DataFrame | None = None) -> conform.Conformed:
    """Silver and quarantine: what becomes of each row.

    Args:
        rows: the delivery's, where they lie in another lake than the workshop's.
    """
    day = shop.legal_day(delivery.received_at)
    return conform.conform(shop.lake, rows, delivery, resource, shop.declarations, day, shop.home / "staging")


def _finish(
    shop: Workshop, delivery: Delivery, resource: Resource, counts: conform.Conformed, held_by: tuple[str, ...]
) -> Outcome:
    """Let a delivery count, unless it is held back, and note what became of it."""
    if not held_by:
        is_first = all(other.seq >= delivery.seq for other in shop.received(resource.id))
        resolution.resolve(shop.lake, delivery, resource, is_first=is_first)
        _release(shop, delivery)
    received = counts.accepted + counts.quarantined + counts.duplicates
    status: Literal["released", "held"] = "held" if held_by else "released"
    found = Outcome(
        delivery.id, resource.id, status, received, counts.accepted, counts.quarantined, counts.duplicates, held_by
    )
    write_whole(delivery.folder / FINISHED, json.dumps(found.__dict__, sort_keys=True).encode())
    return found


def _check(shop: Workshop, delivery: Delivery, counts: conform.Conformed) -> tuple[str, ...]:
    """Hold the delivery against its expectations; return the critical ones that are not met."""
    from pipelines import expectations, quality  # they take seconds: only who checks waits for them

    resource = shop.resources[delivery.manifest.resource]
    table = shop.declarations.tables[resource.table]
    place = names.silver(table.name)
    rows: DataFrame | pa.Table = shop.lake.read(place).where(f.col("_delivery") == delivery.id)
    if counts.accepted <= quality.FEW:
        rows = shop.lake.fetched(place, delivery.id)
    figures = _figures(shop, delivery, counts)
    checks = [
        quality.Check("silver", resource.id, delivery.id, rows, expectations.silver(table, shop.declarations.codes)),
    ]
    if not delivery.manifest.redrives:  # a few corrected rows are no measure of what a department delivers
        asserted = expectations.delivery(resource.assertions)
        checks.append(quality.Check("delivery", resource.id, delivery.id, figures, asserted))
    try:
        quality.run(shop.lake, shop.home / "quality", checks, delivery.received_at, f"quality:{delivery.id}")
    except CriticalExpectationFailed as failed:
        return failed.expectations
    return ()


def _figures(shop: Workshop, delivery: Delivery, counts: conform.Conformed) -> pd.DataFrame:
    """Return the row that `expectations.delivery` is about; `age_days` from the end of the period to the receipt."""
    received = counts.accepted + counts.quarantined + counts.duplicates
    age = (shop.legal_day(delivery.received_at) - delivery.manifest.last_day).days
    share = counts.quarantined / received if received else 0.0
    return pd.DataFrame({"received": [received], "quarantined_share": [share], "age_days": [age]})


def _release(shop: Workshop, delivery: Delivery) -> None:
    shop.lake.create(names.RELEASE, RELEASE, RELEASES)
    rows = literal_table([(delivery.id, delivery.received_at)], RELEASE)
    shop.lake.append(names.RELEASE, rows, f"release:{delivery.id}")


def assemble(shop: Workshop, kind: str) -> gold.Assembled:
    """Gold: the one files whose records changed; for persons also the list of candidates for linking."""
    file, name = shop.declarations.files[kind], declared.of_kind(kind)
    parts = declared.making(file, shop.declarations)
    with lock(shop.home / "locks" / f"gold-{kind}.lock"):
        _require_made_by(shop, file, parts)
        if _is_begun_with(shop, file):  # told before the table is there, for whoever is killed before it holds files
            declared.keep(shop.home, name, parts)
        made = gold.assemble(shop.lake, file, shop.declarations)
        if kind == "person":
            link_candidates.refresh(shop.lake, shop.declarations)
        if made.version >= 0 and declared.noted(shop.home, name) is None:
            declared.keep(shop.home, name, parts)
    return made


def _is_begun_with(shop: Workshop, file: OneFile) -> bool:
    """Say whether the files of a kind are about to be made for the first time."""
    if shop.lake.exists(names.gold(file.kind)) or not shop.lake.exists(names.RELEASE):
        return False
    return any(shop.lake.exists(names.silver(t)) for t in feeds.feeding_tables(shop.declarations, file.kind))


def _require_made_by(shop: Workshop, file: OneFile, parts: declared.Parts) -> None:
    """See that the files of a kind, and the statements they are made of, are by the declarations of today.

    Raises:
        DeclarationChanged: one of them is not.
    """
    tables = feeds.feeding_tables(shop.declarations, file.kind)
    feeding = [resource for resource in shop.resources.values() if resource.table in tables]
    for resource in declared.unread(shop.home, feeding, shop.declarations, settled_resources(shop)):
        raise DeclarationChanged(resource.id)
    name = declared.of_kind(file.kind)
    if shop.lake.exists(names.gold(file.kind)) and not declared.is_made_by(shop.home, name, parts):
        raise DeclarationChanged(f"{file.kind} files")


def end_terms(shop: Workshop) -> int:
    """Order the erasure of records that are kept no longer; return how many."""
    return retention.order_due(shop)


def purge(shop: Workshop) -> int:
    """Take out what is ordered to be erased, where all one files were made after the order; return how many rows."""
    with lock(shop.home / "locks" / "purge.lock"):
        return purging.purge(shop)


def check(shop: Workshop, kind: str) -> int:
    """Hold gold as it is now against its expectations; return the version that passed, -1 when there is none.

    Raises:
        CriticalExpectationFailed: this version may not be published.
    """
    from pipelines import expectations, quality  # they take seconds: only who checks waits for them

    version = shop.lake.version(names.gold(kind))
    if version >= 0:
        file = shop.declarations.files[kind]
        values = [f.col(a.name)["value"].alias(a.name) for a in file.attributes]
        rows = shop.lake.read(names.gold(kind), version).select("subject_id", "number", "number_type", *values)
        checked = quality.Check("gold", kind, f"version {version}", rows, expectations.gold(file))
        quality.run(shop.lake, shop.home / "quality", [checked], shop.at, f"quality:{kind}:{version}")
    return version


def publication(shop: Workshop, kinds: Sequence[str]) -> list[Published]:
    """Publish of each kind what changed in gold since the last time, if that gold passed its expectations."""
    found = []
    for kind in kinds:
        version = shop.lake.version(names.gold(kind))
        if version >= 0 and verdicts.passed(shop.lake, kind, version):
            with lock(shop.home / "locks" / f"publish-{kind}.lock"):
                url = shop.settings.database_url
                found.append(publish.publish(shop.spark, shop.lake.place, url, kind, shop.at, version=version))
    return found
