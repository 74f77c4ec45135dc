"""A name for a value inside a column expression, so that it stands in the plan once.

A Spark column is a tree: a value used in five places is written out five times, and five
times five where those are used again. Bound, it is a variable of one lambda.
"""

from __future__ import annotations

from collections.abc import Callable

from pyspark.sql import Column
from pyspark.sql import functions as f


def bound(value: Column, body: Callable[[Column], Column]) -> Column:
    """Return `body` of the value, which is computed once, however often `body` uses it."""
    return f.get(f.transform(f.array(value), body), f.lit(0))
