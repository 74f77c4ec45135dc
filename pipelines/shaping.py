"""The shape of a table that is there: columns and constraints brought to what is declared now.

A column that is declared no more stays, empty: taking it out asks for a table that fewer readers can open.
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as f
from pyspark.sql.types import StructField, StructType

from pipelines.errors import PipelineError
from pipelines.lake import Lake
from pipelines.table_design import TableDesign, column_ddl, quoted

CONSTRAINT = "delta.constraints."


class ColumnRetyped(PipelineError):
    """A column of a table is declared with another type than it has."""

    def __init__(self, table: str, column: str, held: str, declared: str) -> None:
        super().__init__(
            f"column {column} of {table} holds {held}, and {declared} is declared: nothing was changed. Give the new "
            "column another name; or make all tables anew with `onefile rebuild --swap`, and run again"
        )


def widen(lake: Lake, name: str, schema: StructType) -> None:
    """Add the columns that a table lacks, with their comments; they are empty in the rows that are there.

    Raises:
        ColumnRetyped: as `check_types`.
    """
    held = lake.read(name).schema
    check_types(name, held, schema)
    missing = [StructField(s.name, s.dataType, True, s.metadata) for s in schema.fields if s.name not in held.names]
    if missing:
        lake.alter("widen", name, f"ADD COLUMNS ({', '.join(map(column_ddl, missing))})")


def check_types(name: str, held: StructType, declared: StructType) -> None:
    """See that the columns that a table holds already are of the declared types.

    Raises:
        ColumnRetyped: one is not.
    """
    wanted = {field.name: field.dataType.simpleString() for field in declared.fields}
    for field in held.fields:
        there = field.dataType.simpleString()
        if wanted.get(field.name, there) != there:
            raise ColumnRetyped(name, field.name, there, wanted[field.name])


def drop_constraints(lake: Lake, name: str, design: TableDesign) -> None:
    """Drop the constraints of a table that its design does not have."""
    for rule in sorted(_constraints(lake, name) - design.constraints.keys()):
        lake.alter("unbind", name, f"DROP CONSTRAINT IF EXISTS {quoted(rule)}")


def add_constraints(lake: Lake, name: str, design: TableDesign) -> None:
    """Add the constraints of a design that a table lacks; its rows must meet them."""
    for rule in sorted(design.constraints.keys() - _constraints(lake, name)):
        lake.alter("bind", name, f"ADD CONSTRAINT {quoted(rule)} CHECK ({design.constraints[rule]})")


def with_all(rows: DataFrame, schema: StructType) -> DataFrame:
    """Return rows with exactly the columns of a schema, in its order; those that they lack are empty."""
    held = set(rows.columns)
    return rows.select(
        *(f.col(f"`{e.name}`") if e.name in held else f.lit(None).cast(e.dataType).alias(e.name) for e in schema.fields)
    )


def _constraints(lake: Lake, name: str) -> set[str]:
    return {key.removeprefix(CONSTRAINT) for key in lake.properties(name) if key.startswith(CONSTRAINT)}
