"""What came of the expectations: the table of their outcomes, in counts. Here, without Great Expectations itself."""

from __future__ import annotations

from pyspark.sql import functions as f
from pyspark.sql.types import DoubleType, StructType

from pipelines import names, types
from pipelines.lake import Lake, engine

RESULTS = StructType(
    [
        types.field("run_at", types.INSTANT, "instant of the check, UTC"),
        types.field("layer", types.STRING, "delivery, silver or gold"),
        types.field("subject", types.STRING, "resource, or kind of one file"),
        types.field("delivery", types.STRING, "delivery that was checked, or version of gold", False),
        types.field("expectation", types.STRING, "Great Expectations' name of the rule"),
        types.field("column", types.STRING, "column or columns; null for the whole", False),
        types.field("severity", types.STRING, "critical, warning or info"),
        types.field("is_met", types.BOOLEAN, "true when it holds"),
        types.field("checked", types.LONG, "rows looked at", False),
        types.field("unexpected", types.LONG, "rows that do not meet it", False),
        types.field("observed", DoubleType(), "the figure itself, for a rule about the whole", False),
    ]
)


def passed(lake: Lake, kind: str, version: int) -> bool:
    """Tell whether that version of gold was checked and every critical expectation was met."""
    if not lake.exists(names.QUALITY):
        return False
    mine = (f.col("layer") == "gold") & (f.col("subject") == kind) & (f.col("delivery") == f"version {version}")
    with engine("read the outcome of the expectations"):
        rows = lake.read(names.QUALITY).where(mine).select("severity", "is_met").collect()
    return bool(rows) and all(row["is_met"] for row in rows if row["severity"] == "critical")
