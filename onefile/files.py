"""Files that are there whole or not at all, and locks that die with their holder.

The lowest layer: standard library only. Whoever reads a file written here sees the old
bytes or the new ones, never a part, whenever the writer or the machine stopped.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from onefile.errors import Busy, OneFileError

TEMPORARY_SUFFIX = ".tmp"


class DiskFull(OneFileError, OSError):
    """There is no room left to write; what is there stays as it was, and nothing half-written counts.

    An OSError too, for whoever is ready for any failure of writing. `errno` is not kept.
    """

    def __init__(self, place: str, detail: str = "") -> None:
        super().__init__(
            f"no room left on the disk of {place}{detail}: make room (`onefile lake maintain` removes what no version "
            "needs), then run it again; what was begun counts for nothing and is done anew"
        )


def write_whole(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Write a file under its name in one step: temporary name, fsync, rename, fsync of the folder.

    The folder is made, mode 0700, where it is missing. A leftover of a killed writer is
    `.<name>.<pid>.tmp` beside it, and means nothing.

    Raises:
        DiskFull: there is no room for it; the old file is as it was.
    """
    with _room_for(path):
        _write_whole(path, content, mode)


def _write_whole(path: Path, content: bytes, mode: int) -> None:
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


@contextmanager
def _room_for(path: Path) -> Iterator[None]:
    """Turn a full disk into an error of ours, and take away what was written of the file."""
    try:
        yield
    except OSError as error:
        if not is_full(error):
            raise
        path.with_name(f".{path.name}.{os.getpid()}{TEMPORARY_SUFFIX}").unlink(missing_ok=True)
        raise DiskFull(str(path.parent)) from error


def is_full(error: BaseException) -> bool:
    """Say whether an error means that the disk, or a quota on it, is full."""
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


def check_room(folder: Path, wanted: int) -> None:
    """Look at the free room before something is begun.

    Raises:
        DiskFull: less than `wanted` bytes are free where `folder` is.
    """
    free = shutil.disk_usage(folder).free
    if free < wanted:
        raise DiskFull(str(folder), f", {free // 2**20} MiB are free and {-(-wanted // 2**20)} MiB wanted")


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
