"""Where the lake lies, looked at without an engine: a folder, or a bucket of a store like S3 (`pipelines.store`).

Whoever may be handed either takes a `Where` and asks `at` for the place; a path is a folder.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from onefile.settings import Settings
from pipelines.errors import LakeElsewhere, SwapUnfinished

if TYPE_CHECKING:
    from deltalake import DeltaTable

LOG = "_delta_log"
NOTE = "lake.json"
"""In a home whose lake lies in a store: in which, and by which mark the store knows the home."""
SWAP = "swap.json"
"""In a home in which a rebuilt lake is being put in the place of the present one: under which name that is kept."""


class Place(Protocol):
    """A place of tables, each by its name below the root. What is not there is empty, and no error."""

    @property
    def address(self) -> str:
        """The root, as the engine is told it."""
        ...

    def tables(self) -> list[str]:
        """Return the names of all tables there are, sorted."""
        ...

    def holds(self, table: str) -> bool:
        """Say whether there is such a table, readable or not."""
        ...

    def log(self, table: str) -> list[str]:
        """Return the names of the files of a table's log, sorted."""
        ...

    def read(self, table: str, name: str) -> bytes:
        """Return a file of a table's log.

        Raises:
            FileNotFoundError: there is none of that name.
        """
        ...

    def sizes(self, table: str = "") -> Iterator[tuple[str, int]]:
        """Yield each file below a table, or of the whole lake, by its name from there, with its bytes."""
        ...

    def opened(self, table: str) -> DeltaTable:
        """Open a table by its log."""
        ...

    def files(self, table: str) -> Any:
        """Return Arrow's file system of a table's folder: files go by their names from there."""
        ...


Where = Path | Place | str


def at(where: Where) -> Place:
    """Return the place that a path, or a place itself, stands for."""
    return Folder(Path(where)) if isinstance(where, str | Path) else where


def of(settings: Settings) -> Place:
    """Return where the lake of these settings lies. Nothing is asked over the network.

    Raises:
        LakeElsewhere: the home's lake lies in another place than the settings say.
        pipelines.errors.BadLake: what names the store cannot be used.
        SwapUnfinished: a rebuilt lake is being put in, or was when it was killed.
    """
    if (settings.home / SWAP).exists():
        raise SwapUnfinished
    noted = note(settings.home)
    if not settings.lake:
        if noted is not None:
            raise LakeElsewhere(noted["lake"])
        return Folder(settings.home / "lake")
    from pipelines.store import read_store

    store = read_store(settings.lake, settings.lake_key)
    if noted is not None and noted["lake"] != store.address:
        raise LakeElsewhere(noted["lake"])
    if noted is None and Folder(settings.home / "lake").tables():
        raise LakeElsewhere(str(settings.home / "lake"))
    return store


def note(home: Path) -> dict[str, Any] | None:
    """Return what the home notes of its lake's place; None where its lake lies in its own folder, or nowhere yet."""
    try:
        found: dict[str, Any] = json.loads((home / NOTE).read_bytes())
    except FileNotFoundError:
        return None
    return found


@dataclass(frozen=True)
class Folder:
    """A folder of this machine, or one that is mounted."""

    root: Path

    @property
    def address(self) -> str:
        return str(self.root)

    def tables(self) -> list[str]:
        return sorted(str(log.parent.relative_to(self.root)) for log in self.root.glob(f"*/*/{LOG}"))

    def holds(self, table: str) -> bool:
        return (self.root / table / LOG).is_dir()

    def log(self, table: str) -> list[str]:
        return sorted(path.name for path in (self.root / table / LOG).glob("*"))

    def read(self, table: str, name: str) -> bytes:
        return (self.root / table / LOG / name).read_bytes()

    def sizes(self, table: str = "") -> Iterator[tuple[str, int]]:
        top = self.root / table
        for folder, _, files in os.walk(top):
            for name in files:
                path = os.path.join(folder, name)  # noqa: PTH118 - a folder may hold very many
                try:
                    yield os.path.relpath(path, top), os.lstat(path).st_size
                except FileNotFoundError:  # one that is removed meanwhile weighs nothing
                    continue

    def opened(self, table: str) -> DeltaTable:
        from deltalake import DeltaTable

        return DeltaTable(str(self.root / table))

    def files(self, table: str) -> Any:
        from pyarrow import fs

        # Arrow's own file system: its threads may outlive the interpreter, and then must not call into it.
        return fs.SubTreeFileSystem(str(self.root / table), fs.LocalFileSystem())
