"""One Spark session for all tests of a process, made by the product's own code; a lake of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:  # the quick tests need no Spark, and do not wait for it to be imported
    from pyspark.sql import SparkSession

    from pipelines.lake import Lake


@pytest.fixture(scope="session")
def spark_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home that the session's engine keeps its log and its scratch in."""
    return tmp_path_factory.mktemp("spark-home")


@pytest.fixture(scope="session")
def spark(spark_home: Path) -> Iterator[SparkSession]:
    from onefile import settings
    from pipelines.session import session

    started = session(settings.read({"ONEFILE_HOME": str(spark_home), "ONEFILE_SPARK_MEMORY": "2g"}), is_brief=False)
    yield started
    started.stop()


@pytest.fixture
def lake(spark: SparkSession, tmp_path: Path) -> Lake:
    from pipelines.lake import Lake

    return Lake(spark, str(tmp_path / "lake"))
