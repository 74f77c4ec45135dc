"""A lock that is waited for, but not for ever: an answer that cannot be recorded must fail in time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from ledger.errors import LedgerUnwritable
from onefile.errors import Busy
from onefile.files import lock

SECONDS_TO_WAIT = 10.0
FIRST_PAUSE, LONGEST_PAUSE = 0.0002, 0.005


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold a lock for the length of the block.

    Raises:
        LedgerUnwritable: somebody held it for ten seconds.
    """
    with ExitStack() as stack:
        until, pause = time.monotonic() + SECONDS_TO_WAIT, FIRST_PAUSE
        while not _taken(stack, path):
            if time.monotonic() > until:
                raise LedgerUnwritable(f"another process has held {path.name} for {SECONDS_TO_WAIT:.0f} s")
            time.sleep(pause)
            pause = min(pause * 1.5, LONGEST_PAUSE)
        yield


def _taken(stack: ExitStack, path: Path) -> bool:
    try:
        stack.enter_context(lock(path, wait=False))
    except Busy:
        return False
    return True
