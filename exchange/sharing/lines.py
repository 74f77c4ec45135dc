"""What the protocol's answers are made of: lines of JSON for the protocol, the table and each of its files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from exchange.sharing.delta import DataFile, Snapshot

NDJSON = "application/x-ndjson; charset=utf-8"
VERSION_HEADER = "Delta-Table-Version"
CAPABILITIES = {"delta-sharing-capabilities": "responseformat=parquet"}


def written(lines: Iterable[dict[str, Any]]) -> bytes:
    """Return lines as the bytes that leave."""
    return "".join(json.dumps(each, ensure_ascii=False, separators=(",", ":")) + "\n" for each in lines).encode()


def head(found: Snapshot) -> list[dict[str, Any]]:
    """Return the two lines that every answer about a table begins with."""
    metadata = {
        "id": found.table_id, "format": {"provider": "parquet"}, "schemaString": found.schema, "partitionColumns": [],
        "configuration": found.configuration, "version": found.version,
    }  # fmt: skip
    return [{"protocol": {"minReaderVersion": 1}}, {"metaData": metadata}]


def file_line(file: DataFile, url: str, until: int) -> dict[str, Any]:
    """Return the line of a file of a version. Of its rows it tells the number, and no value."""
    stats = json.dumps({"numRecords": file.rows})
    return {"file": {**_told(file, url, until), "stats": stats}}


def change_line(file: DataFile, url: str, until: int) -> dict[str, Any]:
    """Return the line of a file that tells of a change."""
    return {file.kind: {**_told(file, url, until), "version": file.version, "timestamp": file.at_ms}}


def few(files: Iterable[DataFile], limit: int | None) -> list[DataFile]:
    """Return as many files as hold so many rows: the rest need not be fetched."""
    found, rows = list[DataFile](), 0
    for each in files:
        if limit is not None and rows >= limit:
            break
        found.append(each)
        rows += each.rows
    return found


def _told(file: DataFile, url: str, until: int) -> dict[str, Any]:
    name = hashlib.sha256(file.path.encode()).hexdigest()[:32]
    return {"url": url, "id": name, "partitionValues": {}, "size": file.size, "expirationTimestamp": until * 1000}
