"""Files that are there whole or not at all, and locks that die with their holder.

The lowest layer: standard library only. Whoever reads a file written here sees the old
bytes or the new ones, never a part, whenever the writer or the machine stopped.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from onefile.errors import Busy

TEMPORARY_SUFFIX = ".tmp"


def write_whole(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Write a file under its name in one step: temporary name, fsync, rename, fsync of the folder.

    The folder is made, mode 0700, where it is missing. A leftover of a killed writer is
    `.<name>.<pid>.tmp` beside it, and means nothing.
    """
    make_folder(path.parent)
    temporary = path.with_name(f".{path.name}.{os.getpid()}{TEMPORARY_SUFFIX}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, mode)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, mode)
        file.write(content)
        file.flush()
        os.fsync(descriptor)
    temporary.replace(path)
    fsync_folder(path.parent)


def make_folder(path: Path) -> None:
    """Make a folder and its missing parents, each mode 0700."""
    missing = []
    while not path.exists():
        missing.append(path)
        path = path.parent
    for folder in reversed(missing):
        folder.mkdir(mode=0o700, exist_ok=True)


def fsync_folder(path: Path) -> None:
    """Make the names in a folder (renames, new files) outlast a power cut."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def lock(path: Path, wait: bool = True) -> Iterator[None]:
    """Hold an exclusive lock (fcntl.flock) on a file for the length of the block.

    The file is made where it is missing, and stays. The kernel lets go when the process
    ends, however it ends. Not reentrant: a second `lock` of the same path waits, in the
    same process too.

    Raises:
        Busy: somebody else holds it and `wait` is false.
    """
    make_folder(path.parent)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            raise Busy(f"{path.name} is held by another run: wait until it ends, then run this again") from None
        yield
    finally:
        os.close(descriptor)
