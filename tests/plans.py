"""How SQLite goes about what a block of code asks of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, event

ASKED = ("SELECT", "UPDATE", "DELETE", "INSERT")


@contextmanager
def planned(connection: Connection) -> Iterator[list[str]]:
    """Hold a list; after the block it has each step by which SQLite did what was asked in it, as it tells by itself."""
    asked: list[tuple[str, Any]] = []
    plans: list[str] = []

    def note(*given: Any) -> None:
        asked.append((given[2], given[3]))

    event.listen(connection, "before_cursor_execute", note)
    try:
        yield plans
    finally:
        event.remove(connection, "before_cursor_execute", note)
    for statement, given in asked:
        if statement.startswith(ASKED):
            plans += (str(row[3]) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given))
