"""Holds what a recipient's tables have against what they have to come to: count and digest, day by day.

Both sides have the figures: the bureau in `share_count`, the recipient in its own `onefile_count`, which the rows came
with, and where what was found in its table is written beside them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, Table, select, update

from catalog import shares
from onefile.verify.batch_files import RECORD
from onefile.verify.reading import instant_text
from onefile.verify.rows import Cells, Tally, text_of
from pipelines.bulk import counts
from pipelines.bulk.errors import NotHandedOut
from pipelines.bulk.putting import target, targets
from pipelines.bulk.tables import AT_ONCE, Handed, handed
from pipelines.bulk.targets import books, opened, table_of
from pipelines.errors import PipelineError
from pipelines.workshop import Workshop
from schemas.serving.connection import looking
from schemas.serving.migration import upgrade

SAME, DIFFERS, BEHIND, NOT_PUT = "same", "differs", "behind", "not_put"
"""As it has to be; other rows; as it has to be, of a version before the newest; no rows were put yet."""


@dataclass(frozen=True)
class Reconciled:
    """How a recipient's table stands. `rows` and `digest` are wanted at `version`, `found_…` is what it has."""

    table: str
    counted_on: str
    state: str
    version: int
    newest: int
    rows: int
    digest: str
    found_rows: int
    found_digest: str


def reconcile(shop: Workshop, share_id: str) -> list[Reconciled]:
    """Read each of a recipient's tables and hold it against the bureau's count of the version that was put.

    Raises:
        UnknownShare, NoTarget, NotHandedOut, TableMoved: nothing can be held against anything.
        TargetUnusable, TargetFailed: the database cannot be read.
    """
    upgrade(shop.settings.database_url)
    with looking(shop.settings.database_url) as connection:
        where = target(connection, share_id)
        found = handed(shop, connection, shares.require(connection, share_id))
        kept = {each.given.grant_id: counts.counts(connection, each.given.grant_id) for each in found}
    with opened(shop.settings.targets, where.name, shop.settings.database_url) as engine, engine.begin() as connection:
        for book in books(where.schema):
            book.create(connection, checkfirst=True)
        at = instant_text(shop.at)
        return [_reconciled(connection, each, kept[each.given.grant_id], where.schema, at) for each in found]


def reconcile_all(shop: Workshop) -> tuple[int, list[str]]:
    """Reconcile every share that is put somewhere; return how many tables were looked at, and what is wrong."""
    upgrade(shop.settings.database_url)
    with looking(shop.settings.database_url) as connection:
        waiting = targets(connection)
    looked, failed = 0, list[str]()
    for each in waiting:
        try:
            found = reconcile(shop, each.share_id)
        except PipelineError as error:
            failed.append(f"{each.share_id}: {error}")
            continue
        looked += len(found)
        wrong = [done.table for done in found if done.state == DIFFERS]
        if wrong:
            failed.append(f"{each.share_id}: {', '.join(wrong)} has other rows (`onefile share put --full`)")
    return looked, failed


def count_all(shop: Workshop) -> int:
    """Keep today's count of every table that a share in force gives; return how many there are.

    A table that gives nothing now has no count of today.
    """
    upgrade(shop.settings.database_url)
    with looking(shop.settings.database_url) as connection:
        active = [each for each in shares.shares(connection) if each.is_active]
    found: dict[str, Handed] = {}
    for share in active:
        for table in share.tables:
            with looking(shop.settings.database_url) as connection:
                try:
                    (each,) = handed(shop, connection, share, f"{table.schema}.{table.name}")
                except NotHandedOut:
                    continue
            found[each.given.grant_id] = each
    for each in found.values():
        counts.count(shop, each)
    return len(found)


def _reconciled(
    connection: Connection, handed: Handed, kept: list[counts.Count], schema: str, at: str
) -> Reconciled:  # fmt: skip
    table, (state, book) = table_of(handed, schema), books(schema)
    asked = select(state.c.generation, state.c.version).where(state.c.table_name == table.name)
    put = connection.execute(asked).one_or_none()
    wanted = None if put is None else _wanted(connection, book, table.name, handed, kept, (put[0], put[1]))
    if wanted is None:
        return Reconciled(table.fullname, "", NOT_PUT, -1, handed.version, 0, "", 0, "")
    found = Tally()
    for rows in _rows(connection, table, handed):
        found = found.plus(rows)
    mine = (book.c.table_name == table.name) & (book.c.counted_on == wanted.counted_on)
    connection.execute(update(book).where(mine).values(
        found_count=found.rows, found_digest=found.digest, found_at=at))  # fmt: skip
    is_newest = (wanted.generation, wanted.version) == (handed.projection.generation, handed.version)
    state_now = DIFFERS if found != wanted.tally else SAME if is_newest else BEHIND
    return Reconciled(
        table.fullname, wanted.counted_on, state_now, wanted.version, handed.version, wanted.rows, wanted.digest,
        found.rows, found.digest,
    )  # fmt: skip


def _wanted(
    connection: Connection, book: Table, name: str, handed: Handed, kept: list[counts.Count], put: tuple[int, int]
) -> counts.Count | None:
    """Return what a version that was put comes to: as we kept it, else as the recipient was told with the rows."""
    ours = next((each for each in reversed(kept) if (each.generation, each.version) == put), None)
    of = (book.c.table_name == name) & (book.c.generation == put[0]) & (book.c.version == put[1])
    newest = select(book).where(of).order_by(book.c.counted_on.desc()).limit(1)
    told = connection.execute(newest).one_or_none()
    if ours is not None or told is None:
        return ours
    return counts.Count(handed.given.grant_id, told.counted_on, *put, told.row_count, told.digest, "")


def _rows(connection: Connection, table: Table, handed: Handed) -> Iterator[list[Cells]]:
    """Yield the rows that a recipient's table has, as texts, some thousand at a time."""
    columns = [table.columns[name] for name in (RECORD, *handed.names)]
    with connection.execute(select(*columns), execution_options={"yield_per": AT_ONCE}) as found:
        for some in found.partitions():
            yield [tuple(text_of(value) for value in row) for row in some]
