"""Holding a home still for as long as it takes to link its files: no run has to stop, each step waits a moment.

A step of the flow holds a lock of its own. Whoever has them all sees the home between two steps, which is
a state that a run killed there would leave, and every run goes on from such a one.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from onefile.files import lock, make_folder
from onefile.keeping import parts
from onefile.keeping.errors import LakeMoved
from onefile.keeping.packing import Source

# Whoever holds one of these may wait for one further on, and never for one before it.
FIRST = ("maintain", "inbox", "departments", "items")
LAST = ("log", "ledger.flush", "ledger")


@dataclass(frozen=True)
class Held:
    """A file held still under another name, or one that nobody writes over: `size` bytes belong to the moment."""

    path: Path
    at: Source
    size: int


@contextmanager
def flow(home: Path, resources: Iterable[str], kinds: Iterable[str]) -> Iterator[None]:
    """Hold what the steps of the flow hold: the door, each resource, the one files, publication, upkeep."""
    names = [*FIRST, *(f"resource-{name}" for name in sorted(resources))]
    names += [f"{step}-{kind}" for step in ("gold", "publish") for kind in (*sorted(kinds), "licence")]
    with ExitStack() as stack:
        for name in names:
            stack.enter_context(lock(home / "locks" / f"{name}.lock"))
        if (home / "quality").is_dir():
            stack.enter_context(lock(home / "quality" / ".lock"))
        yield


@contextmanager
def vault(home: Path) -> Iterator[None]:
    """Hold what issuers and the ledger's writers hold. They give up after ten seconds: be short."""
    with ExitStack() as stack:
        for name in LAST:
            stack.enter_context(lock(home / "locks" / f"{name}.lock"))
        yield


def hold(home: Path, wanted: Iterable[Path], into: Path) -> list[Held]:
    """Give each file a second name below `into`; copy where its bytes may be written over.

    Raises:
        LakeMoved: another lake took the place of the one that was being looked at.
    """
    lake = _place(home / "lake")
    found = [held for path in wanted if (held := _held(home, path, into / path)) is not None]
    if _place(home / "lake") != lake:
        raise LakeMoved
    return found


def _held(home: Path, path: Path, at: Path) -> Held | None:
    make_folder(at.parent)
    source = home / path
    try:
        if path.parts[0] in parts.LINKED and path.as_posix() not in parts.REWRITTEN:
            _link(source, at)
        else:
            shutil.copyfile(source, at)
    except FileNotFoundError:  # taken away just now by who wrote it, as Delta does with old parts of its log
        return None
    return Held(path, at, at.stat().st_size)


def _link(source: Path, at: Path) -> None:
    try:
        os.link(source, at)
    except OSError as error:
        if isinstance(error, FileNotFoundError):
            raise
        shutil.copyfile(source, at)  # another file system, or one without links


def _place(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino
