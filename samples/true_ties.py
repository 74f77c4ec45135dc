"""Every tie between two subjects as it truly is: what files would show had no department anything wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from catalog.model import Catalogue
from samples.city.city import City
from samples.city.serving import view_of
from schemas.model import Relation, Resource

SCHEMA = pa.schema([(name, pa.string()) for name in ("kind", "relation", "number", "other_number")])
"""A row is a tie seen from the one side, as the declaration names it: kind and number of that subject, the other's.

Where both sides call it alike (spouses) it is a row from either.
"""
_CHUNK_ROWS = 50_000


def true_ties(city: City, catalogue: Catalogue, resources: Sequence[Resource]) -> Iterator[pa.Table]:
    """Yield the ties of the declared relations, some thousand rows at a time.

    Args:
        city: as it stands on the last day.
        resources: what is delivered; a relation whose table no resource fills ties nobody.
    """
    tables = {resource.table for resource in resources}
    for relation in (r for file in catalogue.declarations.files.values() for r in file.relations):
        if relation.table in tables:
            yield from _ties(city.honest(), catalogue, relation)


def _ties(city: City, catalogue: Catalogue, relation: Relation) -> Iterator[pa.Table]:
    view = view_of(relation.table, catalogue)
    rows = np.setdiff1d(view.every(city), city.gone.get(relation.table, np.zeros(0, dtype=np.int64)))
    for start in range(0, len(rows), _CHUNK_ROWS):
        columns = view.frame(city, rows[start : start + _CHUNK_ROWS]).columns
        one, other = columns[relation.one], columns[relation.other]
        is_tied = pc.and_(pc.is_valid(one), pc.is_valid(other))
        for column, values in relation.when.items():
            is_meant = pc.is_in(columns[column].cast(pa.string()), value_set=pa.array(list(values)))
            is_tied = pc.and_(is_tied, is_meant)
        named = [pa.array([text] * len(one), pa.string()) for text in (relation.one_kind, relation.name)]
        yield pa.table([*named, one, other], schema=SCHEMA).filter(is_tied)
        if relation.inverse == relation.name and relation.other_kind == relation.one_kind:
            yield pa.table([*named, other, one], schema=SCHEMA).filter(is_tied)
