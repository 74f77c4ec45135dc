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

from catalog import spending
from catalog.grants import Given
from schemas.serving.ahead import WouldWait
from schemas.serving.pool import Pool

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
                spending.add(connection, grant_id, day, -held)
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
        with self._pool.writing() as connection:
            return spending.take(connection, given, least, on, LARGEST_BLOCK, SHARE_OF_REST)
