"""Questions that a networked database is asked ahead, in one trip, before the code that looks them up comes to it.

A counter's answer takes five or six look-ups, and a trip to PostgreSQL costs more than most of them. Whoever opens a
snapshot may say what will be looked up in it; `schemas.serving.connection.looked_up` then finds the answers there. In
one snapshot the same question has the same answer, so nobody sees a difference but in time. SQLite is not asked ahead:
there is no trip to save.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from types import SimpleNamespace
from typing import Any, NoReturn

from sqlalchemy import Connection

from schemas.serving.shape import Rows

Question = tuple[str, Mapping[str, object]]
"""A query with `:name` parameters, and their values."""
MOST_AT_ONCE = 500
_HELD = "onefile.asked_ahead"


class WouldWait(Exception):
    """What was asked for cannot be done at once. Never told to anybody: whoever asked does it where it may wait."""


class NotAsked(WouldWait):
    """Something has to be looked up that was not asked yet: `questions` in one trip would answer it."""

    def __init__(self, questions: Sequence[Question]) -> None:
        super().__init__("not asked yet")
        self.questions = questions


class Answers:
    """What a database answered, in the place of a connection to it: what it was not asked raises NotAsked."""

    dialect = SimpleNamespace(name="postgresql")

    def __init__(self, held: Mapping[object, Rows]) -> None:
        self._held = held

    def rows(self, query: str, values: Mapping[str, object]) -> Rows:
        """Return the answer to a question."""
        found = self._held.get(key_of(query, values))
        if found is None:
            raise NotAsked([(query, values)])
        return found

    def __getattr__(self, name: str) -> NoReturn:
        """Whatever else a connection can do, this one cannot."""
        raise WouldWait


def ask_ahead(connection: Connection, questions: Iterable[Question]) -> None:
    """Ask several questions in one trip. PostgreSQL only; what is answered is kept until `forget`."""
    driver: Any = connection.connection.dbapi_connection
    asked = list(questions)
    held = connection.info.setdefault(_HELD, {})
    for start in range(0, len(asked), MOST_AT_ONCE):
        part = asked[start : start + MOST_AT_ONCE]
        with driver.pipeline():
            cursors = [driver.execute(for_psycopg(query), values) for query, values in part]
        for (query, values), cursor in zip(part, cursors, strict=True):
            held[key_of(query, values)] = cursor.fetchall()


def answered(connection: Connection, query: str, values: Mapping[str, object]) -> Rows | None:
    """Return what was asked ahead in this snapshot; None where it was not."""
    held = connection.info.get(_HELD)
    found: Rows | None = held.get(key_of(query, values)) if held else None
    return found


def forget(connection: Connection) -> None:
    """Drop what was asked ahead: the snapshot ends."""
    connection.info.pop(_HELD, None)


@cache
def for_psycopg(query: str) -> str:
    """Return a query with its parameters as psycopg wants them."""
    return re.sub(r"(?<!:):([a-z_][a-z0-9_]*)", r"%(\1)s", query)


def key_of(query: str, values: Mapping[str, object]) -> tuple[str, tuple[tuple[str, object], ...]]:
    """Return what a question is known by."""
    return query, tuple(sorted(values.items()))
