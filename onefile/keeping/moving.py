"""The serving database moved to another engine or place: all rows of all tables, in one transaction.

The one files could be published anew from the lake. Licences, grants, cases, objections and
notices stand in the database alone, so they have to be taken along.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, Integer, Table, func, select, text

from onefile.keeping.errors import DatabaseTaken, NothingToMove, SameDatabase
from schemas.serving import migration
from schemas.serving.connection import snapshot, writing
from schemas.serving.database import database
from schemas.serving.shape import SHAPES, found
from schemas.serving.tables import METADATA
from schemas.serving.writing import fill

ROWS_A_CHUNK = 5_000


def move(source: str, target: str) -> dict[str, int]:
    """Copy what one database holds into another that holds nothing; return the rows of each table.

    Nobody writes to the source meanwhile: they wait, as for a publication. The source is left as it is.
    Cut off and called again, it begins anew.

    Args:
        source: SQLAlchemy URL of the database in use until now.
        target: the URL of one without tables, or with empty ones.

    Raises:
        SameDatabase: both name one database.
        NothingToMove: the source has no tables, or those of an earlier release.
        DatabaseTaken: the target holds rows.
        ServingError: as `schemas.serving.connection.writing`.
    """
    old, new = database(source), database(target)
    place = old.place
    if old.file == new.file and (old.file is not None or place == new.place):
        raise SameDatabase(place)
    if old.file is not None and not old.file.exists():
        raise NothingToMove(place, None)
    with writing(source) as giving:
        shape = found(snapshot(giving, place))
        if shape != SHAPES[-1]:
            raise NothingToMove(place, shape)
        migration.upgrade(target)
        with writing(target) as taking:
            if any(_holds_any(taking, table) for table in METADATA.sorted_tables):
                raise DatabaseTaken(new.place)
            return {table.name: _copy(giving, taking, table) for table in METADATA.sorted_tables}


def _copy(giving: Connection, taking: Connection, table: Table) -> int:
    rows = 0
    for chunk in _chunks(giving, table):
        fill(taking, table, chunk)
        rows += len(chunk)
    if rows and taking.dialect.name == "postgresql":
        _count_on(taking, table)
    return rows


def _chunks(giving: Connection, table: Table) -> Iterator[list[tuple[object, ...]]]:
    ordered = select(table).order_by(*table.primary_key.columns)
    told = giving.execution_options(yield_per=ROWS_A_CHUNK).execute(ordered)
    for chunk in told.partitions():
        yield [tuple(row) for row in chunk]


def _holds_any(connection: Connection, table: Table) -> bool:
    return connection.execute(select(text("1")).select_from(table).limit(1)).first() is not None


def _count_on(connection: Connection, table: Table) -> None:
    """Let PostgreSQL number new rows from where the old ones end."""
    numbered = table.autoincrement_column
    if numbered is None or not isinstance(numbered.type, Integer):
        return
    sequence = func.pg_get_serial_sequence(table.name, numbered.name)
    connection.execute(select(func.setval(sequence, select(func.max(numbered)).scalar_subquery())))
