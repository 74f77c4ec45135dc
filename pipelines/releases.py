"""Which deliveries were released meanwhile: the rows that came into an append-only table after a version of it."""

from __future__ import annotations

from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame
from pyspark.sql import functions as f

from pipelines import names, sifting
from pipelines.lake import Lake, engine


def between(lake: Lake, after: int, upto: int) -> list[str]:
    """Return the deliveries released after one version of the release table, up to another."""
    here = sifting.added(lake.place, names.RELEASE, ("_delivery",), (after, upto))
    if here is not None:
        return sorted({*here["_delivery"].to_pylist()})
    rows = added(lake, names.RELEASE, after, upto).select("_delivery").distinct()
    with engine("read what was released"):
        return sorted(row["_delivery"] for row in rows.collect())


def added(lake: Lake, name: str, after: int, upto: int) -> DataFrame:
    """Return the rows that were added after one version of an append-only table, up to another.

    Where the table tracks its rows, the earlier version itself is not read: its files may be gone.
    """
    now = lake.read(name, upto)
    try:
        tracked = now.where(f.col("_metadata.row_commit_version") > after).select(*now.columns)
        tracked.schema  # noqa: B018 - as in `Lake.read`
    except AnalysisException:  # made before its rows were tracked
        return now.exceptAll(lake.read(name, after))
    return tracked
