"""How a table of the lake is laid out, and the SQL that makes it so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pyspark.sql.types import StructField, StructType

FORMAT = "1"
CHANGE_FEED = {"delta.enableChangeDataFeed": "true"}
# A reader of such a table has to know deletion vectors: docs/adr/0102.
STRIKING = {"delta.enableDeletionVectors": "true"}
ROW_TRACKING = {"delta.enableRowTracking": "true"}
# Delta's log may keep the least and the greatest value of these, and of clustering columns; of no other column.
FIGURED = ("_resource", "_department", "_delivery", "_seq", "_row_no", "_recorded_at", "_valid_from")


@dataclass(frozen=True)
class TableDesign:
    """How a table is laid out: constraints by name (SQL), clustering columns, Delta properties."""

    about: str
    constraints: Mapping[str, str]
    cluster_by: tuple[str, ...] = ()
    properties: Mapping[str, str] | None = None


def created(table: str, schema: StructType, design: TableDesign) -> str:
    """Return the statement that makes a table, with column comments and constraints, if it is not there yet.

    Args:
        table: its name as SQL takes it.
    """
    columns = ", ".join(column_ddl(field) for field in schema.fields)
    cluster = f" CLUSTER BY ({', '.join(quoted(c) for c in design.cluster_by)})" if design.cluster_by else ""
    properties = {"onefile.format": FORMAT, "delta.checkpoint.writeStatsAsStruct": "true"} | dict(
        design.properties or {}
    )
    properties |= _figures(schema, design)
    properties |= {f"delta.constraints.{rule}": text for rule, text in design.constraints.items()}
    shown = ", ".join(f"'{key}' = '{escaped(value)}'" for key, value in properties.items())
    return (
        f"CREATE TABLE IF NOT EXISTS {table} ({columns}) USING delta{cluster} "
        f"COMMENT '{escaped(design.about)}' TBLPROPERTIES ({shown})"
    )


def _figures(schema: StructType, design: TableDesign) -> dict[str, str]:
    """Return the property that keeps people's values out of the statistics in a table's log."""
    kept = [name for name in schema.names if name in (*FIGURED, *design.cluster_by)]
    if not kept:
        return {"delta.dataSkippingNumIndexedCols": "0"}
    return {"delta.dataSkippingStatsColumns": ",".join(kept)}


def column_ddl(field: StructField) -> str:
    """Return a column as SQL declares it, with its comment."""
    comment = field.metadata.get("comment", "") if field.metadata else ""
    null = "" if field.nullable else " NOT NULL"
    shown = f" COMMENT '{escaped(comment)}'" if comment else ""
    return f"{quoted(field.name)} {field.dataType.simpleString()}{null}{shown}"


def quoted(name: str) -> str:
    """Return a name as SQL takes it, whatever stands in it."""
    return "`" + name.replace("`", "``") + "`"


def escaped(text: str) -> str:
    """Return a text as it stands in quotes in SQL."""
    return text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", " ")
