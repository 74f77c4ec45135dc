"""Moving a home on to the formats of this release: everything is looked at before anything is changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from onefile.keeping import database_copy, formats, home_note
from pipelines import table_formats
from pipelines.places import Where
from schemas.serving.migration import upgrade as migrate
from schemas.serving.shape import SHAPES


@dataclass(frozen=True)
class Moved:
    """What was moved on: the serving database's shape before and after, a table by name."""

    what: str
    found: str
    wanted: str


def upgrade(
    home: Path, url: str, release: str, track_rows: Callable[[], None], lake: Where | None = None
) -> list[Moved]:
    """Bring the home and the serving database to this release's formats; return what was moved, nothing: all was well.

    Killed anywhere and called again, it does the rest.

    Args:
        home: the folder of all that the product writes.
        url: the serving database.
        release: this release, for the home's note.
        track_rows: lets the lake's table of releases track its rows; starts the engine, so called only where needed.
        lake: where the home's lake lies; None: in the home.

    Raises:
        NewerHome, schemas.serving.errors.NewerDatabase: a later release wrote something; nothing was changed.
        UnmovableHome: a development version wrote something; nothing was changed.
    """
    formats.refuse_other(home, lake)
    shape = database_copy.shape(url)
    tracks = table_formats.tracks_rows(lake or home / "lake")
    moved = []
    if shape is not None and shape != SHAPES[-1]:
        migrate(url)
        moved.append(Moved("serving database", shape, SHAPES[-1]))
    if not tracks:
        track_rows()
        moved.append(Moved("silver/release", "without row tracking", "with row tracking"))
    home_note.write(home, release)
    return moved
