"""The shape of the serving database: which one this release wants, and which one is found. Standard library only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from schemas.serving.errors import NewerDatabase, NothingPublished, OlderDatabase

SHAPES = (
    "0001", "0002", "0003", "0004", "0006", "0005", "0008", "0007", "0009", "0010", "0011", "0012", "0013",
    "0016", "0014", "0015", "0017", "0018",
)  # fmt: skip
"""Alembic's revisions in order; the last is this release's. A test holds them equal to the scripts."""

Rows = Sequence[Sequence[Any]]

_TABLE_THERE = {
    "sqlite": "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = :name",
    "postgresql": "SELECT 1 FROM pg_class WHERE oid = to_regclass(:name)",
}


@dataclass(frozen=True)
class Snapshot:
    """An open database to ask. `rows` runs a query with `:name` parameters; `place` names it to people."""

    engine: str
    place: str
    rows: Callable[[str, Mapping[str, str | bytes]], Rows]


def found(snapshot: Snapshot) -> str | None:
    """Return the database's shape, None where there are no tables yet.

    Raises:
        NewerDatabase: this release does not know the shape.
    """
    if not snapshot.rows(_TABLE_THERE[snapshot.engine], {"name": "alembic_version"}):
        return None
    ((shape,),) = snapshot.rows("SELECT version_num FROM alembic_version", {})
    if shape not in SHAPES:
        raise NewerDatabase(snapshot.place, shape, SHAPES[-1])
    return str(shape)


def check(snapshot: Snapshot) -> None:
    """Raise unless the database has the shape of this release.

    Raises:
        NothingPublished, OlderDatabase, NewerDatabase: as the shape found says.
    """
    shape = found(snapshot)
    if shape is None:
        raise NothingPublished(snapshot.place)
    if shape != SHAPES[-1]:
        raise OlderDatabase(snapshot.place, shape, SHAPES[-1])
