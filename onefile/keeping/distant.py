"""The lake of a home that lies in a store, for a backup: its log as it is at the moment, its data files at leisure.

Whoever restores the backup has a lake in the home: in which store it goes on, if in any, is theirs to say.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from onefile.files import make_folder
from onefile.keeping.errors import LakeFileGone
from onefile.keeping.still import Held
from pipelines.places import LOG, Where
from pipelines.store import MARK, Store


@dataclass(frozen=True)
class Object:
    """A file of the store: what `packing.copy` reads of it."""

    store: Store
    name: str

    def open(self, _: str) -> Any:
        """Open it to be read from its beginning.

        Raises:
            LakeFileGone: it is there no longer.
        """
        place = PurePosixPath(self.name)
        try:
            return self.store.files(str(place.parent)).open_input_stream(place.name)
        except FileNotFoundError:
            raise LakeFileGone(self.name) from None


def hold(lake: Where | None, into: Path) -> Iterator[Held]:
    """Yield what is to be kept of a lake in a store: nothing of one in a folder, which `parts` knows.

    Logs are copied below `into` at once, while nobody commits; data files are never written over, and only named.

    Raises:
        LakeFileGone: the store has a file that cannot be one of ours.
    """
    if not isinstance(lake, Store):
        return
    for name, size in lake.sizes():
        path = PurePosixPath("lake", name)
        if name == MARK:
            continue
        if ".." in path.parts or path.is_absolute() or len(path.parts) < 4:
            raise LakeFileGone(name)
        if LOG not in path.parts:
            yield Held(Path(path), Object(lake, name), size)
            continue
        at = into / path
        make_folder(at.parent)
        at.write_bytes(lake.ask("GET", name)[1])
        yield Held(Path(path), at, at.stat().st_size)
