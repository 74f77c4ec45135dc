"""Person records without a usable number: a list for people to look at, never guessed into a file."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as f
from pyspark.sql.types import MapType, StructType

from pipelines import gold, names, present, types
from pipelines.lake import Lake, literal_rows
from pipelines.table_design import TableDesign
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


def listed(rows: DataFrame, table: Table, column: str, others: Sequence[str] = ()) -> DataFrame:
    """Return the present records of a table whose person column is empty, with what could link them.

    Args:
        others: columns that name the subject where it is no person: a record with one of them is no candidate.

    Returns:
        One row per record, as `CANDIDATE` says.
    """
    known = [item for c in table.columns if c.name != column for item in (f.lit(c.name), f.col(c.name).cast("string"))]
    unnamed = reduce(Column.__and__, (f.col(name).isNull() for name in (column, *others)))
    return rows.where(unnamed).select(
        f.lit(table.name).alias("table"),
        f.lit(column).alias("column"),
        f.col("_resource").alias("resource"),
        f.col("_key").alias("record"),
        f.col("_delivery").alias("delivery"),
        f.col("_row_no").alias("row_no"),
        f.col("_valid_from").alias("observed_on"),
        f.map_filter(f.create_map(*known), lambda _, value: value.isNotNull()).alias("known"),
    )


def refresh(lake: Lake, declarations: Declarations, *, is_changed: bool = False) -> None:
    """Make the list anew from what silver says now.

    Nothing is written when nothing was released since then, unless what is declared or was read is changed.
    """
    note = gold.made_from_now(lake)
    if lake.note(names.LINK_CANDIDATES, gold.MADE_FROM) == note and not is_changed:
        return
    frames, among = [], present.counting(lake)
    for name, columns in feeds.attribute_columns(declarations.files["person"]).items():
        table, stated = declarations.tables[name], present.statements(lake, name, among=among)
        if stated is None:
            continue
        for column in (c for c in columns if not table.column(c).required):
            maybe = present.of_records(stated, stated.where(f.col(column).isNull()))
            frames.append(listed(present.present(maybe), table, column, alternatives(table, column, declarations)))
    if frames or lake.exists(names.LINK_CANDIDATES):
        rows = reduce(DataFrame.unionByName, frames, literal_rows(lake.spark, [], CANDIDATE))
        lake.create(names.LINK_CANDIDATES, CANDIDATE, TableDesign("person records without a usable number", {}))
        lake.replace(names.LINK_CANDIDATES, rows, {gold.MADE_FROM: note})


def alternatives(table: Table, column: str, declarations: Declarations) -> tuple[str, ...]:
    """Return the columns that name an enterprise where `column` names a person.

    Both are about one party, so no relation ties them: a penalty is on a person or on an enterprise.
    A job, which ties its two, has both.
    """
    ties = [r for file in declarations.files.values() for r in file.relations if r.table == table.name]
    tied = {end for r in ties if column in (r.one, r.other) for end in (r.one, r.other)}
    return tuple(s.column for s in table.subjects if s.kind == "enterprise" and s.column not in tied)
