"""What an engine says becomes the table and file that are hurt, or a full disk; nothing that it quotes goes along."""

from __future__ import annotations

import pytest
from pyspark.errors import AnalysisException, PySparkException

from onefile.files import DiskFull
from pipelines.engine_errors import translated
from pipelines.errors import EngineFailed, LakeDamaged, LakeStoreGone

SECRET = "69010119900101123X"
CHECKPOINT = "gold/person_file/_delta_log/00000000000000000010.checkpoint.parquet"
DATA = "part-00001-d0792b8d-4ec0-4d08-adaa-6471d431a261-c000.snappy.parquet"


def failed(text: str, condition: str = "FAILED_READ_FILE.NO_HINT") -> PySparkException:
    """An engine's error as it comes, with a row in it."""
    error = PySparkException(f"{text}\n Row: {SECRET}")
    error._errorClass = condition  # type: ignore[assignment]
    return error


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (f"[FAILED_READ_FILE.NO_HINT] reading file file:///h/lake/silver/shop/{DATA}.", f"lake/silver/shop/{DATA}"),
        (
            "FAILED_READ_FILE file:///h/lake/bronze/market.shops/_delta_log/00000000000000000002.json. SQLSTATE",
            "lake/bronze/market.shops/_delta_log/00000000000000000002.json",
        ),
        (
            f"ChecksumException: file:/h/lake/{CHECKPOINT} at 0",
            f"lake/{CHECKPOINT}",
        ),
        ("DELTA_TRUNCATED_TRANSACTION_LOG: /h/lake/gold/person_file/_delta_log: Unable", "lake/gold/person_file"),
    ],
)
def test_what_is_hurt_is_named_below_the_lake_and_nothing_else_is(text, place):
    error = translated("read it", failed(text))
    assert isinstance(error, LakeDamaged)
    assert f"{place} is damaged or gone" in str(error)
    assert "/h/" not in str(error)
    assert SECRET not in str(error)


def test_a_name_that_is_no_table_s_file_is_not_taken_over():
    error = translated("read it", failed(f"FAILED_READ_FILE file:///h/lake/silver/shop/{SECRET}.parquet"))
    assert SECRET not in str(error)
    assert type(error) is EngineFailed


@pytest.mark.parametrize("said", ["java.io.IOException: No space left on device", "IOException: Disk quota exceeded"])
def test_a_full_disk_is_one(said):
    error = translated(
        "append", failed(f"TASK_WRITE_FAILED file:/h/lake/silver/shop/{DATA}: {said}", "TASK_WRITE_FAILED")
    )
    assert isinstance(error, DiskFull)
    assert "the lake, table silver/shop: make room" in str(error)
    assert "the home, or of Spark's scratch" in str(translated("append", failed(said)))


@pytest.mark.parametrize(("said", "condition"), [
    ("org.apache.hadoop.fs.s3a.AWSClientIOException: open s3a://b/lake: SdkClientException", "AWSClientIOException"),
    ("org.apache.hadoop.fs.s3a.UnknownStoreException: `s3a://b/lake/': getBucket", "UnknownStoreException"),
    ("java.nio.file.AccessDeniedException: s3a://b/lake/silver/shop: open: (403)", "AccessDeniedException"),
])  # fmt: skip
def test_a_store_that_is_away_or_says_no_has_no_damaged_file(said, condition):
    error = translated("read it", failed(f"[FAILED_READ_FILE] s3a://b/lake/silver/shop/{DATA}: {said}"))
    assert isinstance(error, LakeStoreGone)
    assert error.condition == condition
    assert "s3a://" not in str(error)
    assert SECRET not in str(error)


def test_all_else_keeps_its_condition_and_what_is_no_engine_s_is_left_alone():
    error = translated("merge", failed("two rows", "DELTA_CONCURRENT_APPEND"))
    assert isinstance(error, EngineFailed)
    assert error.condition == "DELTA_CONCURRENT_APPEND"
    assert isinstance(translated("open", AnalysisException("no such column")), EngineFailed)
    assert translated("divide", ZeroDivisionError()) is None
