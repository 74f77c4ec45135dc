"""A look at the database with the ledger's index caught up: what was recorded an instant ago is found."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from exchange.counter import Counter
from ledger import index


@contextmanager
def indexed(counter: Counter) -> Iterator[Connection]:
    """Hold a snapshot in which every look that is in the ledger by now is indexed."""
    folder = counter.ledger.ledger.folder
    with counter.database.looking() as connection:
        is_behind = index.behind(connection, folder)
    if is_behind:
        with counter.database.writing() as connection:
            index.caught_up(connection, folder)
    with counter.database.looking() as connection:
        yield connection
