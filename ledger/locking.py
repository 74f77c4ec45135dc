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
SHORT_PAUSE, LONG_PAUSE = 0.0003, 0.005
SECONDS_OF_SHORT_PAUSES = 0.05
"""Locks are held for as long as a disk takes: for so long a waiter looks often, then seldom."""


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold a lock for the length of the block.

    Raises:
        LedgerUnwritable: somebody held it for ten seconds.
    """
    with ExitStack() as stack:
        began = time.monotonic()
        while not _taken(stack, path):
            waited = time.monotonic() - began
            if waited > SECONDS_TO_WAIT:
                raise LedgerUnwritable(f"another process has held {path.name} for {SECONDS_TO_WAIT:.0f} s")
            time.sleep(SHORT_PAUSE if waited < SECONDS_OF_SHORT_PAUSES else LONG_PAUSE)
        yield


@contextmanager
def held_at_once(path: Path) -> Iterator[bool]:
    """Hold a lock for the length of the block where nobody else does; the value says whether it is held."""
    with ExitStack() as stack:
        yield _taken(stack, path)


def _taken(stack: ExitStack, path: Path) -> bool:
    try:
        stack.enter_context(lock(path, wait=False))
    except Busy:
        return False
    return True
