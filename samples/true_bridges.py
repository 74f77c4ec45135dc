"""Every earlier number as it truly leads to a present one: what files would list had no row been spoilt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa

from catalog.model import Catalogue
from samples.city.city import City
from samples.city.serving import view_of
from schemas.identifiers.earlier import earlier_number
from schemas.model import Bridge, Resource

SCHEMA = pa.schema([(name, pa.string()) for name in ("kind", "earlier", "number")])
"""A row is an earlier number in canonical form, of a kind of subject, and the number that took its place."""
_CHUNK_ROWS = 50_000


def true_bridges(city: City, catalogue: Catalogue, resources: Sequence[Resource]) -> Iterator[pa.Table]:
    """Yield the bridges of the declared columns, some thousand rows at a time.

    Args:
        city: as it stands on the last day.
        resources: what is delivered; a table that no resource fills says nothing.
    """
    for name in sorted({resource.table for resource in resources}):
        table = catalogue.declarations.tables[name]
        for bridge in table.bridges:
            kind = next(subject.kind for subject in table.subjects if subject.column == bridge.to)
            yield from _bridges(city.honest(), catalogue, name, kind, bridge)


def _bridges(city: City, catalogue: Catalogue, table: str, kind: str, bridge: Bridge) -> Iterator[pa.Table]:
    view = view_of(table, catalogue)
    rows = np.setdiff1d(view.every(city), city.gone.get(table, np.zeros(0, dtype=np.int64)))
    for start in range(0, len(rows), _CHUNK_ROWS):
        columns = view.frame(city, rows[start : start + _CHUNK_ROWS]).columns
        pairs = zip(columns[bridge.earlier].to_pylist(), columns[bridge.to].to_pylist(), strict=True)
        told = [(_canonical(bridge, earlier), number) for earlier, number in pairs if earlier]
        yield pa.table([[kind] * len(told), [e for e, _ in told], [n for _, n in told]], schema=SCHEMA)


def _canonical(bridge: Bridge, earlier: str) -> str:
    read = None if bridge.type is None else earlier_number(earlier, (bridge.type,))
    return earlier if read is None else read[1]
