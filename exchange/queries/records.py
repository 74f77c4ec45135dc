"""The rows of a resource about subjects, as silver had them when they were published last.

Held at the counter are resources that somebody has a grant for, with the granted columns (`pipelines.records` brings
them). What was granted since then is not here yet, and is never told as if it were not there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Connection

from exchange.errors import RowsNotSupplied
from schemas.serving.connection import looked_up
from schemas.subjects import NotASubjectNumber, subject_numbers

SUBJECTS_AT_ONCE = 500
_HELD = "SELECT fields, lake_version FROM record_publication WHERE resource = :resource ORDER BY batch_no DESC LIMIT 1"
_COLUMNS = "record, subject_id, observed_on, document"


@dataclass(frozen=True)
class Row:
    """One record: its values by column (null: the department stated none), and since when it is true."""

    record: str
    subject_id: str
    observed_on: str
    values: Mapping[str, Any] = field(repr=False)


def version_of(connection: Connection, resource_id: str, fields: Iterable[str]) -> int:
    """Return the version of the releases that a resource's rows at the counter were made from.

    Raises:
        RowsNotSupplied: there are none yet, or not with all of these columns.
    """
    found = looked_up(connection, _HELD, {"resource": resource_id})
    if not found or set(fields) - set(json.loads(found[0][0])):
        raise RowsNotSupplied
    return int(found[0][1])


def rows(connection: Connection, resource_id: str, subject_ids: Iterable[str]) -> dict[str, list[Row]]:
    """Return the records of a resource by the subject that they are about, the latest first."""
    ids, found = list(dict.fromkeys(subject_ids)), dict[str, list[Row]]()
    for start in range(0, len(ids), SUBJECTS_AT_ONCE):
        for row in _rows(connection, resource_id, ids[start : start + SUBJECTS_AT_ONCE]):
            found.setdefault(row.subject_id, []).append(row)
    for each in found.values():
        each.sort(key=lambda row: (row.observed_on, row.record), reverse=True)
    return found


def shown(row: Row, fields: tuple[str, ...], resource_id: str, on: date) -> dict[str, Any]:
    """Return a record with its granted columns; null: the department stated none."""
    return {
        "record": row.record,
        "values": {name: row.values.get(name) for name in fields},
        "source": {"resource": resource_id, "department": resource_id.partition(".")[0]},
        "observed_on": row.observed_on,
        "age_days": (on - date.fromisoformat(row.observed_on)).days,
    }


def named(row: Row, columns: Iterable[str]) -> Iterator[str]:
    """Yield the internal ids of those whom a row names in some columns, as far as these are held."""
    for column in columns:
        with suppress(NotASubjectNumber):
            yield from (known.subject_id for known in subject_numbers(str(row.values.get(column) or "")))


def _rows(connection: Connection, resource_id: str, ids: list[str]) -> Iterator[Row]:
    named = {f"s{number}": each for number, each in enumerate(ids)}
    query = (
        f"SELECT {_COLUMNS} FROM subject_record WHERE resource = :resource"
        f" AND subject_id IN ({', '.join(f':{name}' for name in named)})"
    )
    for record, subject_id, observed_on, document in looked_up(connection, query, {**named, "resource": resource_id}):
        yield Row(record, subject_id, observed_on, json.loads(document, parse_float=str))
