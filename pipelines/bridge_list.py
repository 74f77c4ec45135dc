"""The list of bridges beside the one files: which earlier number leads where, who says so, and why some lead nowhere.

It says what was found; nothing is read from it when files are made.
"""

from __future__ import annotations

import hashlib
from typing import Any

import pyarrow as pa
from pyspark.sql.types import StructType

from pipelines import names, types
from pipelines.bridging import Bridge, Bridges
from pipelines.lake import Lake, literal_table
from pipelines.rewriting import Revision
from pipelines.table_design import CHANGE_FEED, STRIKING, TableDesign

KEY = "bridge_id"

LISTED = StructType(
    [
        types.field(KEY, types.STRING, "SHA-256 of what states it: resource, record, column; hex"),
        types.field("type", types.STRING, "type of the earlier number"),
        types.field("earlier", types.STRING, "the earlier number"),
        types.field("number", types.STRING, "the number that it leads to, as stated"),
        types.field("present", types.STRING, "the present number at the end of the way; null: it is not used", False),
        types.field("state", types.STRING, "used; ambiguous, circular, in_use or unsound: used by nobody"),
        types.field("resource", types.STRING, "resource that states it, or the standard that it follows from"),
        types.field("department", types.STRING, "department that provides the resource"),
        types.field("record", types.STRING, "SHA-256 of the record's key values, hex"),
        types.field("delivery", types.STRING, "delivery that brought it"),
        types.field("row_no", types.LONG, "row of the delivery"),
        types.field("since", types.DATE, "day since when it has led there"),
        types.field("learnt_at", types.INSTANT, "instant we learnt it, UTC"),
    ]
)  # fmt: skip


def keep(lake: Lake, kind: str, found: Bridges) -> None:
    """Keep the list of a kind's bridges as it is now; of what is as it was nothing is written."""
    rows = [_listed(bridge) for bridge in found.every if bridge.told.kind == kind]
    table = names.bridge(kind)
    if not rows and not lake.exists(table):
        return
    lake.create(table, LISTED, design(kind))
    held = _held(lake, table)
    if held == {*rows}:
        return
    layout = lake.layout(table, LISTED.names)
    if layout is None or not layout.strikes:  # it was made before rows could be struck out, or the engine is elsewhere
        lake.replace(table, literal_table(rows, LISTED), {})
        return
    gone = {row[0] for row in held} - {row[0] for row in rows}
    other = literal_table([row for row in rows if row not in held], LISTED)
    lake.revise(table, Revision(KEY, other, pa.array(sorted(gone), pa.string())), {})


def design(kind: str) -> TableDesign:
    return TableDesign(
        about=f"earlier numbers of each {kind}, and the present ones they lead to",
        constraints={},
        properties=CHANGE_FEED | STRIKING,
    )


def _held(lake: Lake, table: str) -> set[tuple[Any, ...]]:
    """Return the rows of the list as it is; none of one that was made with fewer columns."""
    rows = lake.looked_at(table, None)
    if not {*LISTED.names} <= {*rows.column_names}:
        return set()
    return {*zip(*(rows[name].to_pylist() for name in LISTED.names), strict=True)}


def _listed(bridge: Bridge) -> tuple[Any, ...]:
    told = bridge.told
    stating = hashlib.sha256(f"{told.resource}\n{told.record}\n{told.column}".encode()).hexdigest()
    where = (told.resource, told.department, told.record, told.delivery, told.row_no)
    leading = (bridge.type, bridge.earlier, told.number, bridge.present, bridge.state)
    return stating, *leading, *where, bridge.since, told.learnt_at
