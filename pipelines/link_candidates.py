"""Person records without a usable number: a list for people to look at, never guessed into a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as f
from pyspark.sql.types import MapType, StructType

from pipelines import columnwise, gold, names, present, statements, types
from pipelines.lake import Lake, literal_rows, literal_table
from pipelines.present import RECORD
from pipelines.statements import Statements
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
    said = Statements(lake)
    asked = _asked(said, declarations)
    if said.are_few(table.name for table, _ in asked):
        every = [row for table, column in asked for row in _listed_here(said, table, column, declarations)]
        rows: DataFrame | pa.Table = literal_table(every, CANDIDATE)
    else:
        rows = _listed_by_engine(lake, asked, declarations)
    if asked or lake.exists(names.LINK_CANDIDATES):
        lake.create(names.LINK_CANDIDATES, CANDIDATE, TableDesign("person records without a usable number", {}))
        lake.replace(names.LINK_CANDIDATES, rows, {gold.MADE_FROM: note})


def _asked(said: Statements, declarations: Declarations) -> list[tuple[Table, str]]:
    """Return the tables in which anything was stated, with each column of theirs that may leave a person unnamed."""
    fed = feeds.attribute_columns(declarations.files["person"])
    tables = {declarations.tables[name]: columns for name, columns in fed.items() if said.has(name)}
    return [(table, column) for table, columns in tables.items() for column in columns
            if not table.column(column).required]  # fmt: skip


def _listed_by_engine(lake: Lake, asked: Sequence[tuple[Table, str]], declarations: Declarations) -> DataFrame:
    frames, among = [], present.counting(lake)
    for table, column in asked:
        stated = present.released(lake, lake.read(names.silver(table.name)), among=among)
        maybe = present.of_records(stated, stated.where(f.col(column).isNull()))
        frames.append(listed(present.present(maybe), table, column, alternatives(table, column, declarations)))
    return reduce(DataFrame.unionByName, frames, literal_rows(lake.spark, [], CANDIDATE))


def _listed_here(
    said: Statements, table: Table, column: str, declarations: Declarations
) -> Iterator[tuple[object, ...]]:  # fmt: skip
    """Yield what `listed` lists, of records that are gone through in this process."""
    maybe = said.where(table.name, RECORD, [column], lambda rows: pc.is_null(rows[column]))
    rows = statements.present(said.of_records(table.name, maybe))
    for name in (column, *alternatives(table, column, declarations)):
        rows = rows.filter(pc.is_null(rows[name]))
    lineage = (rows[name].to_pylist() for name in ("_resource", "_key", "_delivery", "_row_no", "_valid_from"))
    others = [c.name for c in table.columns if c.name != column and c.name in rows.column_names]
    texts = [columnwise.text(rows[name].combine_chunks()).to_pylist() for name in others]
    for place, own in enumerate(zip(*lineage, strict=True)):
        known = [(name, values[place]) for name, values in zip(others, texts, strict=True) if values[place] is not None]
        yield table.name, column, *own, known


def alternatives(table: Table, column: str, declarations: Declarations) -> tuple[str, ...]:
    """Return the columns that name an enterprise where `column` names a person.

    Both are about one party, so no relation ties them: a penalty is on a person or on an enterprise.
    A job, which ties its two, has both.
    """
    ties = [r for file in declarations.files.values() for r in file.relations if r.table == table.name]
    tied = {end for r in ties if column in (r.one, r.other) for end in (r.one, r.other)}
    return tuple(s.column for s in table.subjects if s.kind == "enterprise" and s.column not in tied)
