"""Asks a PostgreSQL many questions in one trip, for a thread that must not wait: an event loop's.

The questions of one trip are one snapshot: sent together and unparted by a commit, they are one read-only transaction.
What fails here is not told here: the asker does it again where it may wait, and hears of it there.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

from psycopg import AsyncConnection, Error
from psycopg_pool import AsyncConnectionPool, PoolTimeout
from sqlalchemy import make_url

from schemas.serving.ahead import Answers, Question, WouldWait, for_psycopg, key_of
from schemas.serving.shape import Rows

CONNECTIONS = 8
SECONDS_FOR_A_CONNECTION, SECONDS_FOR_A_TRIP = 2.0, 5.0
_READING = "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"


class Trips:
    """A process's connections to a PostgreSQL for its event loop, opened by the first trip."""

    def __init__(self, url: str) -> None:
        self._place = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._pool: AsyncConnectionPool[AsyncConnection[Any]] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def answers(self, questions: Sequence[Question]) -> Answers:
        """Return the answers to questions, all from one snapshot; WouldWait where the database does not give them."""
        try:
            async with asyncio.timeout(SECONDS_FOR_A_TRIP):
                rows = await self._asked(questions)
        except (Error, PoolTimeout, TimeoutError):
            raise WouldWait from None
        return Answers({key_of(*question): found for question, found in zip(questions, rows, strict=True)})

    async def _asked(self, questions: Sequence[Question]) -> list[Rows]:
        pool = await self._opened()
        async with pool.connection() as connection:
            async with connection.pipeline():
                cursors = [await connection.execute(for_psycopg(query), values) for query, values in questions]
            return [await cursor.fetchall() for cursor in cursors]

    async def close(self) -> None:
        """Close every connection."""
        if self._pool is not None:
            await self._pool.close()
            self._pool = None

    async def _opened(self) -> AsyncConnectionPool[AsyncConnection[Any]]:
        loop = asyncio.get_running_loop()
        if self._pool is None or loop is not self._loop:
            logging.getLogger("psycopg.pool").setLevel(logging.CRITICAL)
            self._pool = AsyncConnectionPool(
                self._place, kwargs={"autocommit": True, "application_name": "onefile counter"}, min_size=1,
                max_size=CONNECTIONS, timeout=SECONDS_FOR_A_CONNECTION, configure=_configure, open=False,
            )  # fmt: skip
            self._loop = loop
            await self._pool.open()
        return self._pool


async def _configure(connection: AsyncConnection[Any]) -> None:
    await connection.execute(_READING)
