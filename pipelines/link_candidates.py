"""Person records without a usable number: a list for people to look at, never guessed into a file."""

from __future__ import annotations

from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as f
from pyspark.sql.types import MapType, StructType

from pipelines import gold, names, present, types
from pipelines.lake import Lake, TableDesign
from schemas import feeds
from schemas.model import Declarations, Table

CANDIDATE = StructType(
    [
        types.field("table", types.STRING, "table of the record"),
        types.field("column", types.STRING, "column that would name the person, and is empty"),
        types.field("resource", types.STRING, "resource that stated the record"),
        types.field("record", types.STRING, "SHA-256 of the record's key values, hex"),
        types.field("delivery", types.STRING, "delivery that brought it"),
        types.field("row_no", types.LONG, "row of the delivery"),
        types.field("observed_on", types.DATE, "day since when it is true, as the department says"),
        types.field("known", MapType(types.STRING, types.STRING), "what else the record says, by column, as text"),
    ]
)


def listed(rows: DataFrame, table: Table, column: str) -> DataFrame:
    """Return the present records of a table whose person column is empty, with what could link them.

    Returns:
        One row per record, as `CANDIDATE` says.
    """
    known = [item for c in table.columns if c.name != column for item in (f.lit(c.name), f.col(c.name).cast("string"))]
    return rows.where(f.col(column).isNull()).select(
        f.lit(table.name).alias("table"),
        f.lit(column).alias("column"),
        f.col("_resource").alias("resource"),
        f.col("_key").alias("record"),
        f.col("_delivery").alias("delivery"),
        f.col("_row_no").alias("row_no"),
        f.col("_valid_from").alias("observed_on"),
        f.map_filter(f.create_map(*known), lambda _, value: value.isNotNull()).alias("known"),
    )


def refresh(lake: Lake, declarations: Declarations) -> None:
    """Make the list anew from what silver says now; nothing is written when nothing was released since then."""
    declared = gold.declared_digest(declarations.files["person"], declarations)
    note = {"release": lake.version(names.RELEASE), "declared": declared}
    if lake.note(names.LINK_CANDIDATES, gold.MADE_FROM) == note:
        return
    frames = []
    for name, columns in feeds.attribute_columns(declarations.files["person"]).items():
        table, stated = declarations.tables[name], present.statements(lake, name)
        if stated is None:
            continue
        for column in (c for c in columns if not table.column(c).required):
            maybe = present.of_records(stated, stated.where(f.col(column).isNull()))
            frames.append(listed(present.present(maybe), table, column))
    if frames:
        rows = reduce(DataFrame.unionByName, frames)
        lake.create(names.LINK_CANDIDATES, CANDIDATE, TableDesign("person records without a usable number", {}))
        lake.replace(names.LINK_CANDIDATES, rows, {gold.MADE_FROM: note})
