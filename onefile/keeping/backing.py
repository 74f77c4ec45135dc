"""Making a backup beside whatever runs: the home is held still for moments, linked, and copied at leisure."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from onefile.files import lock, make_folder
from onefile.keeping import database_copy, distant, packing, parts, still
from onefile.keeping.errors import NoRoom, PlaceTaken
from onefile.keeping.packing import Note
from onefile.keeping.still import Held
from pipelines.places import Where
from schemas.serving.database import database

MARGIN = 64 * 2**20
"""Bytes that stay free beside a backup: what else runs goes on writing."""


@dataclass(frozen=True)
class Place:
    """What is backed up: a home, its serving database, and files in it that must not go along.

    `lake`: where the home's lake lies; None: in the home.
    """

    home: Path
    url: str
    secrets: tuple[Path, ...]
    resources: tuple[str, ...]
    kinds: tuple[str, ...]
    lake: Where | None = None


def back_up(place: Place, folder: Path, at: datetime) -> Note:
    """Write a backup into a new or empty folder; it is one only once its note is there, which comes last.

    Args:
        place: what is backed up.
        folder: where to.
        at: the present instant, for the note.

    Raises:
        PlaceTaken: the folder holds something, or lies within the home.
        NoRoom: it would not fit, or the disk was full on the way.
        LakeMoved, LakeFileGone, ProgramMissing, ProgramFailed, ServingError: as `still` and `database_copy` say.
    """
    if folder.exists() and any(folder.iterdir()):
        raise PlaceTaken("the folder", str(folder))
    if folder.absolute().is_relative_to(place.home.absolute()):
        raise PlaceTaken("the home", f"{place.home} would hold its own backup in {folder.name}, and")
    make_folder(folder)
    with lock(place.home / "locks" / "backup.lock", wait=False), _held(place) as (files, moment):
        _check_room(place, files, folder)
        digests = {_name(f): packing.copy(f.at, folder / _name(f), f.size) for f in files}
        try:
            copied = moment.copy(folder)
        except OSError as error:
            raise packing.full(error, folder, MARGIN) from None
    if copied is not None:
        digests[copied.name] = packing.digest(copied)
    return packing.seal(folder, digests, _note(folder, digests, copied, moment.shape, at))


def _name(file: Held) -> str:
    return f"{packing.HOME}/{file.path.as_posix()}"


def _note(folder: Path, digests: Mapping[str, str], copied: Path | None, shape: str | None, at: datetime) -> Note:
    return Note(
        format=packing.FORMAT,
        made_at=at.isoformat(),
        release=version("onefile"),
        files=len(digests),
        bytes=sum((folder / name).stat().st_size for name in digests),
        database=None if copied is None else copied.name,
        shape=shape,
        keys=_keys(folder / packing.HOME),
        digests="",
    )


@contextmanager
def _held(place: Place) -> Iterator[tuple[list[Held], database_copy.Moment]]:
    """Hold the home and the database as they are at one moment, while the block copies them; nobody waits for that."""
    scratch = place.home / "staging" / "backup"
    shutil.rmtree(scratch, ignore_errors=True)  # what a killed backup left
    file = database(place.url).file
    try:
        with ExitStack() as kept:
            with still.flow(place.home, place.resources, place.kinds):
                wanted = list(parts.files(place.home, file, place.secrets))
                held = still.hold(place.home, (p for p in wanted if p.parts[0] not in parts.VAULT), scratch)
                held += distant.hold(place.lake, scratch)
                with still.vault(place.home):
                    late = (p for p in parts.files(place.home, file, place.secrets) if p.parts[0] in parts.VAULT)
                    held += still.hold(place.home, late, scratch)
                    moment = kept.enter_context(database_copy.held(place.url))
            yield held, moment
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _check_room(place: Place, files: Iterable[Held], folder: Path) -> None:
    file = database(place.url).file
    wanted = sum(each.size for each in files) + (file.stat().st_size if file is not None and file.exists() else 0)
    free = shutil.disk_usage(folder).free
    if wanted + MARGIN > free:
        folder.rmdir()
        raise NoRoom(str(folder), wanted + MARGIN, free)


def _keys(home: Path) -> tuple[str, ...]:
    """Return the ids of the keys that the trust file names."""
    trust = home / "keys" / "trust.json"
    return tuple(sorted(key["id"] for key in json.loads(trust.read_bytes())["keys"])) if trust.exists() else ()
