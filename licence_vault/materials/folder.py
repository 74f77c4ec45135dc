"""The store of sealed bytes: a folder. A name is there with all its bytes, or not at all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from licence_vault.materials.errors import StoreGone
from onefile.files import DiskFull, write_whole

FOLDER = "materials"
NAME = re.compile(r"[0-9a-f]{64}-[0-9a-f]{16}\Z")


class Store(Protocol):
    """Where sealed bytes lie, by names that say nothing. An object store would do the same four things."""

    def put(self, name: str, sealed: bytes) -> None:
        """Keep bytes under a name that is not there yet, whole or not at all."""

    def get(self, name: str) -> bytes:
        """Return what is kept under a name."""

    def remove(self, name: str) -> None:
        """Remove a name where it is there."""

    def names(self) -> Iterator[tuple[str, float]]:
        """Yield the names that are there, and since when, in seconds of the epoch."""


class Folder:
    """A folder as a store, mode 0700; two characters of the name are a folder below it.

    Each method raises StoreGone where the folder cannot be used, DiskFull where there is no room.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, name: str, sealed: bytes) -> None:
        """Keep bytes under a name, in one step."""
        try:
            write_whole(self._path(name), sealed)
        except DiskFull:
            raise
        except OSError:
            raise StoreGone from None

    def get(self, name: str) -> bytes:
        """Return what is kept under a name."""
        try:
            return self._path(name).read_bytes()
        except OSError:
            raise StoreGone from None

    def remove(self, name: str) -> None:
        """Remove a name where it is there."""
        try:
            self._path(name).unlink(missing_ok=True)
        except OSError:
            raise StoreGone from None

    def names(self) -> Iterator[tuple[str, float]]:
        """Yield the names that are there, and since when; what a killed writer left behind has no name."""
        for path in sorted(self._root.glob("??/*")):
            if NAME.match(path.name):
                yield path.name, path.stat().st_mtime

    def _path(self, name: str) -> Path:
        if not NAME.match(name):
            raise StoreGone
        return self._root / name[:2] / name
