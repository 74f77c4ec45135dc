"""Every subject's true file: what its one file would say had no department anything wrong and no row been spoilt.

It follows from the declarations, as the one files do: for each attribute the lead's value, then that of
the lowest rank, then the latest, over what the city's departments would deliver as they truly are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from catalog.model import Catalogue
from samples.city.chance import Ints
from samples.city.city import City
from samples.city.columns import Column
from samples.city.serving import view_of
from schemas.model import Attribute, AttributeSource, OneFile, Resource

_CHUNK_ROWS = 50_000
_NEVER_OBSERVED = -(1 << 40)

Key = tuple[str, str, str]
"""Table, column and subject column of a source."""


@dataclass(frozen=True)
class _Said:
    """What one source says: the `row` of `values` that speaks last of each subject (-1: none), and since when."""

    values: Column
    row: Ints
    observed: Ints


def true_files(city: City, catalogue: Catalogue, resources: Sequence[Resource], kind: str) -> Iterator[pa.Table]:
    """Yield the true files of a kind, some thousand subjects at a time, in order of their numbers.

    Args:
        city: as it stands on the last day.
        resources: what is delivered; a source that no resource fills says nothing.

    Yields:
        `number` and a text for each attribute as declared, null where nobody knows it.
    """
    file = catalogue.declarations.files[kind]
    departments: dict[str, set[str]] = {}
    for resource in resources:
        departments.setdefault(resource.table, set()).add(resource.department)
    frames = {table: _frame(city.honest(), catalogue, file, table) for table in _tables(file) if table in departments}
    subjects = [frames[t].column(s) for t in frames for s in {source.subject for source in _sources(file, t)}]
    if not subjects:
        return
    number = pc.unique(pa.chunked_array([chunk for c in subjects for chunk in c.chunks], pa.string())).drop_null()
    number = number.take(pc.array_sort_indices(number))
    said = {_key(s): _said(frames[t], s, number, _observed(catalogue, t)) for t in frames for s in _sources(file, t)}
    for start in range(0, len(number), _CHUNK_ROWS):
        some = slice(start, min(len(number), start + _CHUNK_ROWS))
        columns = {a.name: _best(_ranked(a, departments), said, some) for a in file.attributes}
        yield pa.table({"number": number[some]} | columns)


def _tables(file: OneFile) -> list[str]:
    return sorted({source.table for attribute in file.attributes for source in attribute.sources})


def _sources(file: OneFile, table: str) -> list[AttributeSource]:
    return [source for a in file.attributes for source in a.sources if source.table == table]


def _key(source: AttributeSource) -> Key:
    return source.table, source.column, source.subject


def _observed(catalogue: Catalogue, table: str) -> str | None:
    return catalogue.declarations.tables[table].observed


def _frame(city: City, catalogue: Catalogue, file: OneFile, table: str) -> pa.Table:
    """Return the columns of a table that the file asks for, of rows that were not taken back."""
    view = view_of(table, catalogue)
    rows = np.setdiff1d(view.every(city), city.gone.get(table, np.zeros(0, dtype=np.int64)))
    wanted = {name for source in _sources(file, table) for name in (source.column, source.subject)}
    observed = _observed(catalogue, table)
    wanted |= {observed} if observed is not None else set()
    parts = []
    for start in range(0, max(1, len(rows)), _CHUNK_ROWS):
        columns = view.frame(city, rows[start : start + _CHUNK_ROWS]).columns
        parts.append(pa.table({name: columns[name] for name in sorted(wanted)}))
    return pa.concat_tables(parts)


def _said(frame: pa.Table, source: AttributeSource, number: Column, observed: str | None) -> _Said:
    values, place = frame.column(source.column), pc.index_in(frame.column(source.subject), value_set=number)
    stands = np.asarray(pc.and_(values.is_valid(), place.is_valid()))
    days = np.zeros(len(frame), dtype=np.int64)
    if observed is not None:
        days = np.asarray(pc.fill_null(frame.column(observed).cast(pa.int32()), 0)).astype(np.int64)
    rows = np.flatnonzero(stands)
    rows = rows[np.argsort(days[rows], kind="stable")]
    row = np.full(len(number), -1, dtype=np.int64)
    row[np.asarray(pc.fill_null(place, 0))[rows]] = rows
    return _Said(values, row, np.where(row >= 0, days[row], _NEVER_OBSERVED) if len(frame) else row + _NEVER_OBSERVED)


def _ranked(attribute: Attribute, departments: Mapping[str, set[str]]) -> list[list[AttributeSource]]:
    """Return the sources in groups of one rank, those of the lead's tables first."""

    def rank(source: AttributeSource) -> tuple[bool, int]:
        return attribute.lead not in departments[source.table], source.rank

    there = [source for source in attribute.sources if source.table in departments]
    return [list(group) for _, group in groupby(sorted(there, key=rank), key=rank)]


def _best(groups: Sequence[Sequence[AttributeSource]], said: Mapping[Key, _Said], some: slice) -> Column:
    """Return the winning values of some subjects as texts."""
    found: Column = pa.nulls(some.stop - some.start, pa.string())
    for group in groups:
        latest: Column = pa.nulls(len(found), pa.string())
        since = np.full(len(found), _NEVER_OBSERVED)
        for source in group:
            told = said[_key(source)]
            row = told.row[some]
            later = (row >= 0) & (told.observed[some] >= since)
            values = _text(told.values.take(pa.array(np.maximum(row, 0), mask=row < 0)))
            latest = pc.if_else(pa.array(later), values, latest)
            since = np.where(later, told.observed[some], since)
        found = pc.coalesce(found, latest)
    return found


def _text(values: Column) -> Column:
    text = values.cast(pa.string())
    return text.combine_chunks() if isinstance(text, pa.ChunkedArray) else text
