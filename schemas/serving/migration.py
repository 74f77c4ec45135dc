"""Brings the serving database to the shape of this release, by Alembic, from code: no alembic.ini anywhere.

Alembic itself is imported only when there is something to migrate.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection

from schemas.serving.connection import snapshot, writing
from schemas.serving.database import database
from schemas.serving.shape import SHAPES, found

SCRIPTS = Path(__file__).parent.parent / "migrations"


def upgrade(url: str) -> None:
    """Make the tables, or bring them up to date; one transaction, safe to run at the same time twice.

    Raises:
        NewerDatabase: the database was written by a later release; nothing is changed.
        ServingError: as `connection.writing`.
    """
    with writing(url) as connection:
        if found(snapshot(connection, database(url).place)) != SHAPES[-1]:
            _upgrade(connection)


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, SHAPES[-1])
