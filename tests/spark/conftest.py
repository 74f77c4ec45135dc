"""One Spark session for all tests, made by the product's own code; a lake of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from onefile import settings
from pipelines.lake import Lake
from pipelines.session import session


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    home = tmp_path_factory.mktemp("spark-home")
    started = session(settings.read({"ONEFILE_HOME": str(home), "ONEFILE_SPARK_MEMORY": "2g"}))
    yield started
    started.stop()


@pytest.fixture
def lake(spark: SparkSession, tmp_path: Path) -> Lake:
    return Lake(spark, str(tmp_path / "lake"))
