"""A grant's quota of looks a day, kept by all processes together.

A process takes looks from the database in small blocks and hands them out from memory, so that not every answer waits
for a write; near the quota's end a block is one look. What a process took and did not hand out when it ended is lost
for that day: never is more handed out than was granted.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from threading import Lock

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from catalog.grants import Given
from schemas.serving.ahead import WouldWait
from schemas.serving.pool import Pool
from schemas.serving.tables import SHARING_USE

LARGEST_BLOCK, SHARE_OF_REST = 64, 32


class Quotas:
    """Hands out looks. One for a process."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._held: dict[tuple[str, str], int] = {}
        self._lock = Lock()

    def take(self, given: Given, count: int, on: date, may_wait: bool = True) -> bool:
        """Take looks under a grant; false when there are not so many left today, and then none is taken.

        Args:
            given: the grant as it is in force; its `left_today` is the whole quota.
            count: how many subjects are looked at.
            may_wait: whether looks may be fetched from the database; WouldWait where they would have to be.
        """
        key = (given.grant_id, on.isoformat())
        with self._locked(may_wait):
            held = self._held.get(key, 0)
            if held < count:
                if not may_wait:
                    raise WouldWait
                held += self._fetch(given, count - held, on)
            if held < count:
                self._held[key] = held
                return False
            self._held = {k: v for k, v in self._held.items() if k[1] == key[1]}
            self._held[key] = held - count
            return True

    def put_back(self, given: Given, count: int, on: date) -> None:
        """Put back looks that were taken a moment ago and are not used."""
        key = (given.grant_id, on.isoformat())
        with self._lock:
            self._held[key] = self._held.get(key, 0) + count

    def give_back(self) -> None:
        """Return what was taken and not handed out: when the process ends."""
        with self._lock, self._pool.writing() as connection:
            for (grant_id, day), held in self._held.items():
                _add(connection, grant_id, day, -held)
            self._held = {}

    @contextmanager
    def _locked(self, may_wait: bool) -> Iterator[None]:
        if not self._lock.acquire(blocking=may_wait):
            raise WouldWait
        try:
            yield
        finally:
            self._lock.release()

    def _fetch(self, given: Given, least: int, on: date) -> int:
        day = on.isoformat()
        with self._pool.writing() as connection:
            _begin(connection, given.grant_id, day)
            used = _used(connection, given.grant_id, day)
            left = given.left_today - used
            if left < least:
                return 0
            block = max(least, min(LARGEST_BLOCK, left // SHARE_OF_REST))
            _add(connection, given.grant_id, day, block)
            return block


def _begin(connection: Connection, grant_id: str, day: str) -> None:
    """Let there be a row for the grant and day, and hold it to the end of the transaction."""
    row = SHARING_USE.c
    where = (row.grant_id == grant_id) & (row.field == "") & (row.used_on == day)
    if connection.execute(update(SHARING_USE).where(where).values(times=row.times)).rowcount:
        return
    try:
        with connection.begin_nested():
            connection.execute(insert(SHARING_USE).values(grant_id=grant_id, field="", used_on=day, times=0))
    except IntegrityError:
        connection.execute(update(SHARING_USE).where(where).values(times=row.times))


def _used(connection: Connection, grant_id: str, day: str) -> int:
    row = SHARING_USE.c
    asked = select(row.times).where(row.grant_id == grant_id, row.field == "", row.used_on == day)
    return int(connection.execute(asked).scalar_one())


def _add(connection: Connection, grant_id: str, day: str, count: int) -> None:
    row = SHARING_USE.c
    where = (row.grant_id == grant_id) & (row.field == "") & (row.used_on == day)
    connection.execute(update(SHARING_USE).where(where).values(times=row.times + count))
