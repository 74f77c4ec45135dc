"""The rows of a resource about a subject, put together again from what its one file states of each record.

A one file keeps with every value the record that it came from, winner and losers alike, and so do its ties. So a row
here has the columns that one files are made of; a column that no file takes up is not held at the counter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from catalog.model import Catalogue
from schemas.model import OneFile, Relation
from schemas.serving.reading import PublishedFile

Values = Mapping[str, Any]


@dataclass
class Row:
    """One record: its values by column, and since when it is true."""

    record: str
    subject_id: str
    observed_on: str | None = None
    values: dict[str, Any] = field(default_factory=dict)


def rows(document: Values, published: PublishedFile, resource_id: str, catalogue: Catalogue) -> list[Row]:
    """Return the records of a resource about a subject, the latest first.

    Args:
        published: the file whose document it is; its number stands in the column that says whom a row is about.
    """
    file, table = catalogue.declarations.files[published.kind], catalogue.resources[resource_id].table
    found: dict[str, Row] = {}
    for record, observed_on, column, value in _stated(document, file, table, resource_id):
        row = found.setdefault(record, Row(record, published.subject_id))
        row.observed_on = max(filter(None, (row.observed_on, observed_on)), default=None)
        row.values.setdefault(column, value)
    own = {source.subject for attribute in file.attributes for source in attribute.sources if source.table == table}
    for row in found.values():
        row.values.update(dict.fromkeys(own if len(own) == 1 else (), published.number))
    return sorted(found.values(), key=lambda row: (row.observed_on or "", row.record), reverse=True)


def shown(row: Row, fields: tuple[str, ...], resource_id: str, on: date) -> dict[str, Any]:
    """Return a record with its granted columns; null: not stated, or not held here."""
    return {
        "record": row.record,
        "values": {name: row.values.get(name) for name in fields},
        "source": {"resource": resource_id, "department": resource_id.partition(".")[0]},
        "observed_on": row.observed_on,
        "age_days": (on - date.fromisoformat(row.observed_on)).days if row.observed_on else None,
    }


Stated = Iterator[tuple[str, str | None, str, Any]]


def _stated(document: Values, file: OneFile, table: str, resource_id: str) -> Stated:
    """Yield record, observed day, column and value of everything that a resource states in a file."""
    for attribute in file.attributes:
        columns = [source.column for source in attribute.sources if source.table == table]
        others = [each for each in document.get("contradictions") or [] if each["attribute"] == attribute.name]
        for stated in (document.get(attribute.name) or {}, *others):
            if columns and stated.get("resource") == resource_id:
                yield str(stated.get("record")), stated.get("observed_on"), columns[0], stated.get("value")
    for tie in document.get("relations") or []:
        if tie.get("resource") == resource_id:
            relation = next(
                (r for r in file.relations if r.table == table and tie["relation"] in (r.name, r.inverse)), None
            )
            if relation is not None:
                yield from _of_tie(tie, relation)


def _of_tie(tie: Values, relation: Relation) -> Stated:
    record, observed_on = str(tie.get("record")), tie.get("observed_on")
    is_one = tie["relation"] == relation.name
    columns = {relation.other if is_one else relation.one: tie.get("other_number")}
    name = relation.other_name if is_one else relation.one_name
    for column, value in ((name, tie.get("other_name")), (relation.since, tie.get("since")),
                          (relation.until, tie.get("until"))):  # fmt: skip
        if column is not None:
            columns[column] = value
    for column, value in {**columns, **(tie.get("details") or {})}.items():
        yield record, observed_on, column, value
