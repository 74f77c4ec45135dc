"""Files that a department's own tool leaves in a folder, over SFTP say: each that is whole becomes a delivery.

What is still being written waits. A writer may set the time of a file's last change to any time, but not that of its
last change of status: a file is taken for whole once neither is younger than the resource says.
"""

from __future__ import annotations

import fnmatch
import os
import re
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from inbox.errors import Refused
from inbox.making import create
from inbox.manifest import read_period
from inbox.names import is_file_name
from inbox.plain_files import open_plain
from inbox.pulling.addresses import Address
from inbox.pulling.errors import SourceFailed, SourceOdd, SourceUnusable
from inbox.pulling.marks import mark_of
from onefile.files import make_folder
from schemas.sources import FilesSource

UNFINISHED = (".part", ".partial", ".tmp", ".temp", ".filepart", ".crdownload", ".swp", "~")
"""Endings of names that tools give to files they are still writing."""
_COPY_BYTES = 2**20


@dataclass(frozen=True)
class Dropped:
    """A file that is whole. `changed_at` is the instant of its last change (UTC)."""

    path: Path
    changed_at: datetime

    @property
    def name(self) -> str:
        """Its name, which goes into the delivery."""
        return self.path.name


def folder_of(address: Address) -> Path:
    """Return the folder of an address `file:///PATH`.

    Raises:
        SourceUnusable: it is none, or not there.
    """
    if address.options:
        raise SourceUnusable(address.setting, "a folder has no lines below its address", "write file:///PATH alone")
    parts = urlsplit(address.url)
    path = Path(unquote(parts.path))
    if parts.scheme != "file" or parts.netloc or not path.is_absolute():
        raise SourceUnusable(address.setting, "it is no address of a folder", "write file:///PATH")
    if not path.is_dir():
        raise SourceUnusable(address.setting, "there is no such folder", "look at the path and who may read it")
    return path


def whole(folder: Path, way: FilesSource, clock: datetime, setting: str) -> tuple[list[Dropped], str]:
    """Return the files that are whole, in order of their names, and what lies there that no delivery can be of.

    Args:
        clock: the machine's own instant, which the files' times are held against.

    Raises:
        SourceFailed: the folder cannot be read.
    """
    odd: list[str] = []
    try:
        return sorted(_whole(folder, way, clock, odd), key=lambda each: each.name), "; ".join(dict.fromkeys(odd))
    except OSError as error:
        raise SourceFailed(setting, type(error).__name__, 1) from None


def _whole(folder: Path, way: FilesSource, clock: datetime, odd: list[str]) -> Iterator[Dropped]:
    for path in folder.iterdir():
        name = path.name
        if name.startswith(".") or name.lower().endswith(UNFINISHED) or not fnmatch.fnmatchcase(name, way.name):
            continue
        status = path.lstat()
        if not is_file_name(name) or not stat.S_ISREG(status.st_mode):
            is_name = not is_file_name(name)
            odd.append("a file whose name cannot be used" if is_name else "a link or folder where a file should be")
            continue
        now = clock.timestamp()  # a writer's own clock may be ahead, and its times with it
        last = max(status.st_mtime, status.st_ctime) if status.st_mtime <= now else status.st_ctime
        is_settled = now - last >= way.settled_seconds
        if is_settled and (not way.ready or (folder / f"{name}{way.ready}").exists()):
            yield Dropped(path, datetime.fromtimestamp(min(status.st_mtime, last), UTC))


def take(dropped: Dropped, folder: Path, setting: str) -> Path | None:
    """Copy a file into a folder; None where somebody wrote it meanwhile, or took it away.

    Raises:
        Refused: it is no plain file.
        SourceFailed: it cannot be read.
    """
    shutil.rmtree(folder, ignore_errors=True)
    make_folder(folder)
    try:
        return _copied(dropped, folder / dropped.name)
    except FileNotFoundError:
        return None
    except PermissionError as error:
        raise SourceFailed(setting, type(error).__name__, 1) from None


def _copied(dropped: Dropped, copy: Path) -> Path | None:
    with open_plain(dropped.path) as there, create(copy) as here:
        before = os.fstat(there.fileno())
        shutil.copyfileobj(there, here, _COPY_BYTES)
        here.flush()
        after = os.fstat(there.fileno())
    is_same = _state(before) == _state(after) and copy.stat().st_size == after.st_size
    return copy if is_same else None


def mark(dropped: Dropped) -> str:
    """Return what a file is known by without reading it; of one that is gone, what none is known by."""
    try:
        return mark_of(repr((dropped.name, _state(dropped.path.stat()))).encode())
    except FileNotFoundError:
        return ""


def _state(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_size, status.st_mtime_ns, status.st_ino


def period_of(dropped: Dropped, way: FilesSource, day: str, setting: str) -> str:
    """Return the days that a file is about, from its name, or `day`.

    Raises:
        SourceOdd: its name does not say what the resource declares.
    """
    if not way.period:
        return day
    found = re.search(way.period, dropped.name)
    if found is None or found.group(1) is None:
        raise SourceOdd(setting, "a file whose name tells no period", "names as 'period' says")
    text = found.group(1)
    if re.fullmatch("[0-9]{8}|[0-9]{6}", text):
        text = "-".join(filter(None, (text[:4], text[4:6], text[6:])))
    try:
        read_period(text)
    except Refused:
        raise SourceOdd(setting, "a file whose name tells a period that is none", "2026-10 or 20261031, say") from None
    return text


def remove(dropped: Dropped, way: FilesSource, known: str, setting: str) -> None:
    """Remove a file that was delivered, and its marker; one that was written anew meanwhile stays.

    Raises:
        SourceFailed: it may not be removed.
    """
    if mark(dropped) != known:
        return
    try:
        dropped.path.unlink(missing_ok=True)
        if way.ready:
            dropped.path.with_name(f"{dropped.name}{way.ready}").unlink(missing_ok=True)
    except OSError as error:
        raise SourceFailed(setting, type(error).__name__, 1) from None
