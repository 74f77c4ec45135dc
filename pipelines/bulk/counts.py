"""What each shared table comes to, day by day: rows and digest at its newest version, for recipients to hold theirs by.

The digest of a day follows from that of the day before and what changed; where that cannot be told, all is read.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select

from onefile.verify.reading import instant_text
from onefile.verify.rows import Tally
from pipelines.bulk.tables import Handed
from pipelines.workshop import Workshop
from schemas.serving.connection import looking, writing
from schemas.serving.share_tables import SHARE_COUNT


@dataclass(frozen=True)
class Count:
    """What a grant's table came to on a day. `counted_on` is a legal day, `counted_at` RFC 3339, UTC."""

    grant_id: str
    counted_on: str
    generation: int
    version: int
    rows: int
    digest: str
    counted_at: str

    @property
    def tally(self) -> Tally:
        """The count as a tally."""
        return Tally.read(self.rows, self.digest)


def count(shop: Workshop, handed: Handed) -> Count:
    """Return what a table comes to at its newest version, and keep it as today's count.

    Raises:
        TableMoved: it was made anew meanwhile.
    """
    with looking(shop.settings.database_url) as connection:
        last = next(reversed(counts(connection, handed.given.grant_id)), None)
    tally = _tally(handed, last)
    made = Count(
        handed.given.grant_id, shop.legal_day(shop.at).isoformat(), handed.projection.generation, handed.version,
        tally.rows, tally.digest, instant_text(shop.at),
    )  # fmt: skip
    if last is not None and (last.counted_on, last.generation, last.version) == (
        made.counted_on, made.generation, made.version,
    ):  # fmt: skip
        return last
    with writing(shop.settings.database_url) as connection:
        _keep(connection, made)
    return made


def counts(connection: Connection, grant_id: str) -> list[Count]:
    """Return a grant's counts, by day."""
    row = SHARE_COUNT.c
    asked = select(SHARE_COUNT).where(row.grant_id == grant_id).order_by(row.counted_on)
    return [Count(**each) for each in connection.execute(asked).mappings()]


def _tally(handed: Handed, last: Count | None) -> Tally:
    is_same = last is not None and last.generation == handed.projection.generation and last.version <= handed.version
    changed = handed.since(last.version) if last is not None and is_same else None
    if last is not None and changed is not None:
        return last.tally.minus(changed.went).plus(changed.came)
    found = Tally()
    for rows in handed.rows():
        found = found.plus((row.record, *row.values) for row in rows)
    return found


def _keep(connection: Connection, made: Count) -> None:
    row = SHARE_COUNT.c
    same = (row.grant_id == made.grant_id) & (row.counted_on == made.counted_on)
    connection.execute(delete(SHARE_COUNT).where(same))
    connection.execute(insert(SHARE_COUNT).values(**vars(made)))
