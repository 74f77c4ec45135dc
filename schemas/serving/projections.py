"""What was projected for grants in bulk: which folder has which fields of which rows, made from what of the lake."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, delete, insert, select

from schemas.serving.share_tables import SHARE_PROJECTION

FOLDER = "shares"


@dataclass(frozen=True)
class Projection:
    """A row of `share_projection`. `limited_to` is the grant's text of rows, empty: all of them."""

    grant_id: str
    generation: int
    resource: str
    fields: tuple[str, ...]
    limited_to: str
    declared: str
    lake_table: str
    lake_version: int
    order_version: int
    erased: int
    area_version: str
    made_at: str

    @property
    def place(self) -> str:
        """The folder of the table, below `shares/` of the home."""
        return place(self.grant_id, self.generation)

    def gives(self, fields: tuple[str, ...], limited_to: str) -> bool:
        """Say whether it has just these fields of just these rows."""
        return (self.fields, self.limited_to) == (fields, limited_to)


def place(grant_id: str, generation: int) -> str:
    """Return the folder of a grant's table of a generation, below `shares/` of the home."""
    return f"{grant_id}/g{generation}"


def projections(connection: Connection) -> dict[str, Projection]:
    """Return what is projected, by grant."""
    rows = connection.execute(select(SHARE_PROJECTION)).mappings().all()
    return {row["grant_id"]: Projection(**{**row, "fields": tuple(json.loads(row["fields"]))}) for row in rows}


def keep(connection: Connection, found: Projection) -> None:
    """Note what is projected for a grant now."""
    drop(connection, found.grant_id)
    values = {**asdict(found), "fields": json.dumps(found.fields)}
    connection.execute(insert(SHARE_PROJECTION).values(**values))


def drop(connection: Connection, grant_id: str) -> None:
    """Note that nothing is projected for a grant."""
    connection.execute(delete(SHARE_PROJECTION).where(SHARE_PROJECTION.c.grant_id == grant_id))
