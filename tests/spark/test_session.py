"""The session that every test here has."""

from __future__ import annotations

from typing import Any

from pyspark.sql import SparkSession
from pyspark.sql import functions as f

from pipelines.session import ASKED_FOR


def test_what_pyspark_asks_the_engine_for_with_each_column_is_looked_up_once(spark: SparkSession) -> None:
    f.upper(f.col("a"))
    jvm: Any = spark.sparkContext._jvm
    kept = {name: vars(jvm)[name] for name in ASKED_FOR}
    assert kept["PythonUtils"].toSeq is kept["PythonUtils"].toSeq
    assert any("upper" in vars(each) for each in kept.values())
