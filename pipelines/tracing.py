"""A value's way back: from the one file through silver and bronze to the bytes of the record that brought it.

Read without Spark, from what is kept: nothing here computes a value anew, it is looked up, and
held against the hash that the receipt signs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds

from catalog.model import Catalogue
from inbox import deliveries
from inbox.deliveries import Delivery
from licence_vault.log import leaf_hash
from pipelines import names, peek
from pipelines.errors import PipelineError
from pipelines.places import Where
from schemas.model import Attribute, AttributeSource, Resource


class TraceBroken(PipelineError):
    """A value's way back ends before the record that brought it."""

    def __init__(self, delivery: str, row: int, where: str) -> None:
        super().__init__(
            f"row {row} of delivery {delivery} is not in {where}, where it should be: the lake or the kept files were "
            "changed by something else; restore them from a backup"
        )


@dataclass(frozen=True)
class Step:
    """Where a stated value came from.

    `column` is silver's column, `header` the department's own word for it (None: the declaration gives
    a constant), `received` the text under it, `cleaners` what the declaration lets happen to that text,
    `value` what silver holds. `valid_from` is the day since when it is true, `recorded_at` the instant
    we learnt it. `file_row` counts in its file from 1, as `row` does in the delivery. `record` are the
    record's own bytes; `is_as_received`: their hash is the one that the receipt's root covers.
    """

    table: str
    column: str
    value: str | None
    valid_from: date
    recorded_at: datetime
    header: str | None
    received: str | None
    cleaners: tuple[str, ...]
    delivery: Delivery
    row: int
    file: str
    file_row: int
    record: bytes
    encoding: str
    row_hash: str
    is_as_received: bool


def trace(home: Path, lake: Where, catalogue: Catalogue, attribute: Attribute, stated: Mapping[str, Any]) -> Step:
    """Follow a value back to its record.

    Args:
        lake: where the home's lake lies.
        stated: a value of a one file, or a contradiction: `resource`, `delivery`, `row_no`, `rank`.

    Raises:
        TraceBroken: the lake or the kept files lack the row.
        inbox.errors.KeptFileChanged: a kept file is no longer what was received.
    """
    delivery = deliveries.open_delivery(home, stated["delivery"])
    resource, row = catalogue.resource(stated["resource"]), int(stated["row_no"])
    column = _source(attribute, resource, stated).column
    kept = ["_valid_from", "_recorded_at", "_row_hash", column]
    silver = _row(lake, names.silver(resource.table), kept, delivery, row)
    mapping = next(m for m in resource.columns if m.column == column)
    received = None
    if mapping.source is not None:
        bronze_column = names.columns_of(resource)[mapping.source]
        received = _row(lake, names.bronze(resource.id), [bronze_column], delivery, row)[bronze_column]
    record = deliveries.row_bytes(delivery, resource, row)
    file, file_row = _in_file(delivery, row)
    value = silver[column]
    return Step(
        table=resource.table,
        column=column,
        value=None if value is None else str(value),
        valid_from=silver["_valid_from"],
        recorded_at=silver["_recorded_at"],
        header=mapping.source,
        received=received,
        cleaners=tuple(cleaner.name for cleaner in mapping.clean),
        delivery=delivery,
        row=row,
        file=file,
        file_row=file_row,
        record=record,
        encoding=resource.encoding,
        row_hash=silver["_row_hash"],
        is_as_received=leaf_hash(record).hex() == silver["_row_hash"],
    )


def _source(attribute: Attribute, resource: Resource, stated: Mapping[str, Any]) -> AttributeSource:
    """Return the declared source that a value came by: of its table, and where that is not enough of its rank."""
    of_the_table = [source for source in attribute.sources if source.table == resource.table]
    ranked = [source for source in of_the_table if source.rank == stated.get("rank")]
    return (ranked or of_the_table)[0]


def _row(lake: Where, table: str, columns: list[str], delivery: Delivery, row: int) -> dict[str, Any]:
    mine = (ds.field("_delivery") == delivery.id) & (ds.field("_row_no") == row)
    found = peek.rows(lake, table, columns, mine)
    if found is None or found.num_rows == 0:
        raise TraceBroken(delivery.id, row, table)
    return dict(found.slice(0, 1).to_pylist()[0])


def _in_file(delivery: Delivery, row: int) -> tuple[str, int]:
    """Return the file that holds a row of the delivery, and the row's place in it."""
    before = 0
    for entry in delivery.manifest.files:
        if row <= before + entry.rows:
            return entry.name, row - before
        before += entry.rows
    raise TraceBroken(delivery.id, row, "the manifest's files")
