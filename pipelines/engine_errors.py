"""What an engine's error means to us: which table and file is hurt, whether the disk is full. Nothing of it is quoted.

An engine's text quotes rows, so of all of it only what has the very form of a table's file below the lake is taken
over: those names are made of numbers and random ids.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException

from onefile.errors import OneFileError
from onefile.files import DiskFull
from pipelines.errors import EngineFailed, LakeDamaged, LakeStoreGone

_UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_FILE = re.compile(
    r"/((?:bronze|silver|gold|quarantine)/[\w.]+)/((?:[0-9A-Za-z]{2}/)?(?:"
    r"_delta_log/_last_checkpoint"
    r"|_delta_log/(?:_sidecars/)?[0-9]{20}[0-9a-z.\-]*\.(?:json|parquet|crc)"
    rf"|(?:_change_data/)?(?:part|cdc)-[0-9]{{5}}-{_UUID}[0-9a-z.\-]*\.parquet"
    rf"|deletion_vector_{_UUID}\.bin))"
)
# A file that cannot be read is named even where only what is struck out of it is hurt; then that is named, too.
_VECTOR = re.compile(
    rf"/((?:bronze|silver|gold|quarantine)/[\w.]+)/((?:[0-9A-Za-z]{{2}}/)?deletion_vector_{_UUID}\.bin)"
)
_TABLE = re.compile(r"/((?:bronze|silver|gold|quarantine)/\w+(?:\.\w+)*)(?:/_delta_log)?(?:[`'\"\s)]|[.:]\s|$)")
_FULL = re.compile("No space left on device|Disk quota exceeded")
# What Hadoop's S3A says of a store that does not answer, knows no such bucket, or takes no such key. Looked for first:
# a file that cannot be had for that is not damaged.
_STORE = re.compile(
    r"s3a\.(?:auth\.)?(AWS\w+Exception|UnknownStoreException|CredentialInitializationException|NoAwsCredentialsException)"
    r"|\b(SdkClientException)\b|nio\.file\.(AccessDeniedException): s3a:"
)
_DAMAGED = re.compile(
    "FAILED_READ_FILE|ChecksumException|Checksum error|FileNotFoundException|NoSuchFileException|not a Parquet file|"
    "ParquetDecodingException|DELTA_TRUNCATED_TRANSACTION_LOG|DELTA_LOG_FILE_NOT_FOUND|DELTA_FILE_NOT_FOUND|"
    "DELTA_VERSIONS_NOT_CONTIGUOUS|DELTA_STATE_RECOVER_ERROR|DELTA_MISSING_TRANSACTION_LOG|MALFORMED_RECORD|"
    "JsonParseException|JsonEOFException|JsonMappingException|MismatchedInputException|could not verify page integrity|"
    "CORRUPTED|DELTA_INVALID_PROTOCOL|DELTA_SCHEMA_NOT_SET|PATH_NOT_FOUND|CannotReadFile"
)


def translated(what: str, error: Exception) -> OneFileError | None:
    """Return the error of ours for an engine's; None for one that is no engine's.

    Args:
        what: what was being done, as it may be shown.
        error: what was raised.
    """
    if not isinstance(error, PySparkException | Py4JError):
        return None
    text = "\n".join(_texts(error))
    condition = _condition(error)
    if _FULL.search(text):
        return DiskFull(_where(text))
    if gone := _STORE.search(text):
        return LakeStoreGone(what, next(filter(None, gone.groups())))
    hurt = _VECTOR.search(text) or _FILE.search(text)
    if _DAMAGED.search(text) or _DAMAGED.search(condition):
        table = hurt or _TABLE.search(text)
        if table is not None:
            return LakeDamaged(what, condition, table[1], hurt[2] if hurt else None)
    return EngineFailed(what, condition)


def _where(text: str) -> str:
    found = _FILE.search(text) or _TABLE.search(text)
    return f"the lake, table {found[1]}" if found else "the home, or of Spark's scratch"


def _condition(error: Exception) -> str:
    if isinstance(error, PySparkException):
        return error.getCondition() or type(error).__name__
    return _java_class(error)


def _java_class(error: Exception) -> str:
    """Return the class of a Java exception, and of its cause; their texts stay where they are."""
    thrown = getattr(error, "java_exception", None)
    if thrown is None:
        return type(error).__name__
    cause = thrown.getCause()
    names = [thrown.getClass().getSimpleName()] + ([cause.getClass().getSimpleName()] if cause is not None else [])
    return "/".join(names)


def _texts(error: BaseException | None) -> Iterator[str]:
    """Yield all that an error and its causes say, on this side and in the engine."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield str(error)
        yield str(getattr(error, "_stackTrace", "") or "")
        yield str(getattr(error, "_server_stacktrace", "") or "")
        thrown = getattr(error, "java_exception", None) or getattr(error, "_origin", None)
        for _ in range(12):
            if thrown is None:
                break
            yield str(thrown.toString())
            thrown = thrown.getCause()
        error = getattr(error, "_cause", None) or error.__cause__
