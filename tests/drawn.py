"""Frames drawn as tables, so that a test reads like the page of a manual.

name | fee
-----+----
a    | 1
     | 2      an empty cell is null
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.pandas.types import to_arrow_schema
from pyspark.sql.types import DataType, StringType, StructField, StructType

from pipelines import types
from schemas.model import Column, Place, Table

PLACE = Place("test", 1)


def cells(drawing: str) -> tuple[list[str], list[list[str | None]]]:
    """Return the header and the rows of a drawing."""
    lines = [line.strip() for line in drawing.strip().splitlines()]
    lines = [line for line in lines if line and set(line) - set("-+ ")]
    header, *rows = [[cell.strip() for cell in line.split("|")] for line in lines]
    return header, [[cell or None for cell in row] for row in rows]


def frame(spark: SparkSession, drawing: str, schema: dict[str, DataType] | None = None) -> DataFrame:
    """Return the frame that is drawn; a column that `schema` does not have is a string."""
    header, rows = cells(drawing)
    kinds = [(schema or {}).get(name, StringType()) for name in header]
    values = [tuple(_value(cell, kind) for cell, kind in zip(row, kinds, strict=True)) for row in rows]
    return spark.createDataFrame(values, StructType([StructField(n, k) for n, k in zip(header, kinds, strict=True)]))


def arrow(drawing: str, schema: dict[str, DataType] | None = None) -> pa.Table:
    """Return the table that is drawn, as `frame` does, without an engine."""
    header, rows = cells(drawing)
    kinds = [(schema or {}).get(name, StringType()) for name in header]
    made = StructType([StructField(n, k) for n, k in zip(header, kinds, strict=True)])
    columns = [[_value(row[place], kind) for row in rows] for place, kind in enumerate(kinds)]
    fields = to_arrow_schema(made, timezone="UTC")
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, fields, strict=True)], schema=fields)


def _value(cell: str | None, kind: DataType) -> Any:
    if cell is None:
        return None
    readers = {
        "string": str,
        "bigint": int,
        "int": int,
        "date": date.fromisoformat,
        "timestamp": datetime.fromisoformat,
        "boolean": lambda text: {"true": True, "false": False}[text],
    }
    name = kind.simpleString()
    return Decimal(cell) if name.startswith("decimal") else readers[name](cell)


def column(name: str, kind: str = "string", **facts: Any) -> Column:
    """Return a declared column with no more said about it than a test needs."""
    return Column(name=name, type=kind, about=name, label=name, place=PLACE, **facts)


def table_schema(table: Table) -> dict[str, DataType]:
    """Return Spark's types of a table's columns and of our own that a drawing may have."""
    own = {"_seq": types.LONG, "_row_no": types.LONG, "_valid_from": types.DATE, "_withdrawn": types.BOOLEAN}
    return own | {c.name: types.spark_type(c.type, c.precision, c.scale) for c in table.columns}
