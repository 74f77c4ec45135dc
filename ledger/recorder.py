"""Records the looks of many requests together: while one flush runs, the looks of the next gather."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from itertools import islice

from ledger.entry import Entry, Look, require_whole
from ledger.record import Ledger
from onefile.together import Together

LINGER_SECONDS, SLICE_SECONDS = 0.008, 0.001
"""How long a write waits for looks that are being made, where several came together last time: a flush costs as much as
twenty. It waits in slices, and no longer once nobody is at work who may bring one.
"""
MOST_LOOKS = 5_000
"""How many looks one write takes: a request's looks are never parted."""


class Expected:
    """Somebody at work who may bring looks, until it says that it brought them or brings none."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder: Recorder | None = recorder

    def met(self) -> None:
        """Say that nothing more comes; more than once is as once."""
        if self._recorder is not None:
            self._recorder._expected -= 1
            self._recorder = None


class Recorder(Together[list[Look], list[Entry]]):
    """A process's one door to the ledger. Started by the first `record`, after any fork; ended by `close`."""

    most = MOST_LOOKS

    def __init__(self, ledger: Ledger) -> None:
        super().__init__("ledger")
        self.ledger = ledger
        self._expected = 0

    @contextmanager
    def expected(self) -> Iterator[Expected]:
        """Say that somebody is at work who may bring looks; called, like what it gives, by one thread alone."""
        self._expected += 1
        somebody = Expected(self)
        try:
            yield somebody
        finally:
            somebody.met()

    def record(self, looks: Sequence[Look]) -> Future[list[Entry]]:
        """Record the looks of one answer, together; the answer may leave once the result is there.

        The future raises as `Ledger.append_all` does; BadEntry is raised at once.
        """
        for look in looks:
            require_whole(look)
        return self.put(list(looks))

    def append(self, looks: Sequence[Look]) -> list[Entry]:
        """Record the looks of one answer and wait until they are on the disk; raises as `Ledger.append_all` does."""
        return self.record(looks).result()

    def do(self, asked: Sequence[list[Look]]) -> list[list[Entry]]:
        """Append the looks of several answers in one write; return the entries of each."""
        entries = iter(self.ledger.append_all([look for looks in asked for look in looks]))
        return [list(islice(entries, len(looks))) for looks in asked]

    def size(self, asked: list[Look]) -> int:
        """Return how many looks these are."""
        return len(asked)

    def linger(self) -> None:
        """Wait while more looks may come, but not for long."""
        until = time.monotonic() + LINGER_SECONDS
        while self._expected and time.monotonic() < until:
            time.sleep(SLICE_SECONDS)
