"""Records the looks of many requests together: while one flush runs, the looks of the next gather."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from queue import SimpleQueue

from ledger.entry import Entry, Look, require_whole
from ledger.record import Ledger

LINGER_SECONDS, SLICE_SECONDS = 0.008, 0.001
"""How long a write waits for looks that are being made, where several came together last time: a flush costs as much as
twenty. It waits in slices, and no longer once nobody is at work who may bring one.
"""
MOST_LOOKS = 5_000
"""How many looks one write takes: a request's looks are never parted."""

_Asked = tuple[list[Look], "Future[list[Entry]]"]


class Expected:
    """Somebody at work who may bring looks, until it says that it brought them or brings none."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder: Recorder | None = recorder

    def met(self) -> None:
        """Say that nothing more comes; more than once is as once."""
        if self._recorder is not None:
            self._recorder._expected -= 1
            self._recorder = None


class Recorder:
    """A process's one door to the ledger. Started by the first `record`, after any fork; ended by `close`."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self._queue: SimpleQueue[_Asked | None] = SimpleQueue()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._is_busy = False
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
        if self._thread is None:
            self._start()
        future: Future[list[Entry]] = Future()
        self._queue.put((list(looks), future))
        return future

    def append(self, looks: Sequence[Look]) -> list[Entry]:
        """Record the looks of one answer and wait until they are on the disk; raises as `Ledger.append_all` does."""
        return self.record(looks).result()

    def close(self) -> None:
        """Record what still waits, and end."""
        with self._starting:
            if self._thread is not None:
                self._queue.put(None)
                self._thread.join()
                self._thread = None

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="ledger", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while (first := self._queue.get()) is not None:
            batch, is_last = self._gathered(first)
            self._is_busy = len(batch) > 1
            self._together(batch)
            if is_last:
                return

    def _gathered(self, first: _Asked) -> tuple[list[_Asked], bool]:
        if self._is_busy:
            self._linger()
        batch, count = [first], len(first[0])
        while count < MOST_LOOKS and not self._queue.empty():
            found = self._queue.get()
            if found is None:
                return batch, True
            batch.append(found)
            count += len(found[0])
        return batch, False

    def _linger(self) -> None:
        """Wait while more looks may come, but not for long."""
        until = time.monotonic() + LINGER_SECONDS
        while self._expected and time.monotonic() < until:
            time.sleep(SLICE_SECONDS)

    def _together(self, batch: list[_Asked]) -> None:
        """Record what waits in one go, and tell each who waits."""
        try:
            entries = self.ledger.append_all([look for looks, _ in batch for look in looks])
        except Exception as error:  # noqa: BLE001  # whoever waits must hear of anything
            for _, future in batch:
                future.set_exception(error)
            return
        place = 0
        for looks, future in batch:
            future.set_result(entries[place : place + len(looks)])
            place += len(looks)
