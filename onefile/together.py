"""Work that many ask for at once, done together: while one write runs, what the next one takes gathers."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Sequence
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Generic, TypeVar

Asked = TypeVar("Asked")
Done = TypeVar("Done")


class Together(ABC, Generic[Asked, Done]):
    """A process's one door to a write: a thread, started by the first `put`, after any fork, and ended by `close`.

    Attributes:
        most: how much one write takes, by `size`; what is put at once is never parted.
        one_s_own: errors that are about one of those who asked, and not about all: each is then done alone.
    """

    most: int
    one_s_own: tuple[type[Exception], ...] = ()

    def __init__(self, name: str) -> None:
        self._name = name
        self._queue: SimpleQueue[tuple[Asked, Future[Done]] | None] = SimpleQueue()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._is_busy = False

    @abstractmethod
    def do(self, asked: Sequence[Asked]) -> Sequence[Done]:
        """Do all of it, or nothing; return what came of each, in the same order."""

    def size(self, _asked: Asked) -> int:
        """Return how much of `most` this takes."""
        return 1

    def linger(self) -> None:
        """Wait for more, where several came together last time."""

    def put(self, asked: Asked) -> Future[Done]:
        """Have it done; the future raises as `do`."""
        if self._thread is None:
            self._start()
        future: Future[Done] = Future()
        self._queue.put((asked, future))
        return future

    def close(self) -> None:
        """Do what still waits, and end."""
        with self._starting:
            if self._thread is not None:
                self._queue.put(None)
                self._thread.join()
                self._thread = None

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while (first := self._queue.get()) is not None:
            batch, is_last = self._gathered(first)
            self._is_busy = len(batch) > 1
            self._together(batch)
            if is_last:
                return

    def _gathered(self, first: tuple[Asked, Future[Done]]) -> tuple[list[tuple[Asked, Future[Done]]], bool]:
        if self._is_busy:
            self.linger()
        batch, taken = [first], self.size(first[0])
        while taken < self.most and not self._queue.empty():
            found = self._queue.get()
            if found is None:
                return batch, True
            batch.append(found)
            taken += self.size(found[0])
        return batch, False

    def _together(self, batch: list[tuple[Asked, Future[Done]]]) -> None:
        """Do what waits in one go, and tell each who waits."""
        try:
            done = self.do([asked for asked, _ in batch])
        except Exception as error:  # noqa: BLE001  # whoever waits must hear of anything
            if len(batch) > 1 and isinstance(error, self.one_s_own):
                for each in batch:
                    self._together([each])
                return
            for _, future in batch:
                future.set_exception(error)
            return
        for (_, future), found in zip(batch, done, strict=True):
            future.set_result(found)
