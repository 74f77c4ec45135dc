"""A backup's folder: the home's files, the database's copy, their digests, and a note that comes last.

home/…            the files, under their names in the home
serving.db        or serving.pgdump: the serving database
files.sha256      a line a file, as `sha256sum --check` reads it
backup.json       which formats it holds, whose keys it belongs to, and the digest of files.sha256
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from onefile.files import fsync_folder, make_folder, write_whole
from onefile.keeping.errors import BackupDamaged, NewerHome, NoRoom

FORMAT = "onefile.backup/1"
NOTE, DIGESTS, HOME = "backup.json", "files.sha256", "home"
BYTES_AT_ONCE = 1 << 20


@dataclass(frozen=True)
class Note:
    """What a backup says of itself. `keys` are the ids of the keys that the keystore held; `shape` the database's."""

    format: str
    made_at: str
    release: str
    files: int
    bytes: int
    database: str | None
    shape: str | None
    keys: tuple[str, ...]
    digests: str


class Source(Protocol):
    """What can be copied: a file of this machine, or one of a store."""

    @property
    def name(self) -> str:
        """Its name, as it may be shown."""
        ...

    def open(self, mode: Literal["rb"], /) -> Any:
        """Open it to be read from its beginning."""
        ...


def copy(source: Source, to: Path, size: int) -> str:
    """Copy the first `size` bytes of a file, make them last, and return their SHA-256 in hex.

    Raises:
        NoRoom: the disk is full.
        BackupDamaged: the source ends before.
    """
    make_folder(to.parent)
    taken, left = hashlib.sha256(), size
    try:
        with source.open("rb") as read, to.open("xb") as write:
            os.fchmod(write.fileno(), 0o600)
            while left and (block := read.read(min(left, BYTES_AT_ONCE))):
                taken.update(block)
                write.write(block)
                left -= len(block)
            write.flush()
            os.fsync(write.fileno())
    except OSError as error:
        raise full(error, to.parent, size) from None
    if left:
        raise BackupDamaged(source.name, "ended before all of it was read")
    return taken.hexdigest()


def full(error: OSError, place: Path, wanted: int) -> Exception:
    """Return the error of ours for a disk that is full, or over its quota; another one as it is."""
    if error.errno not in (errno.ENOSPC, errno.EDQUOT):
        return error
    return NoRoom(str(place), wanted, shutil.disk_usage(place).free)


def seal(folder: Path, digests: Mapping[str, str], note: Note) -> Note:
    """Make all names last, write the digests, then the note: from then on it is a backup."""
    for each in {folder / parent for path in digests for parent in Path(path).parents}:
        fsync_folder(each)
    content = "".join(f"{said}  {path}\n" for path, said in sorted(digests.items())).encode()
    sealed = Note(**asdict(note) | {"digests": hashlib.sha256(content).hexdigest(), "keys": tuple(note.keys)})
    write_whole(folder / DIGESTS, content)
    write_whole(folder / NOTE, json.dumps(asdict(sealed), indent=2, sort_keys=True).encode() + b"\n")
    fsync_folder(folder)
    return sealed


def read(folder: Path) -> Note:
    """Read a backup's note.

    Raises:
        BackupDamaged: there is none, or none that can be read.
        NewerHome: a later release wrote it.
    """
    try:
        kept = json.loads((folder / NOTE).read_bytes())
        if kept["format"] != FORMAT:
            raise NewerHome(f"the backup {folder}", str(kept["format"]), FORMAT)
        return Note(**kept | {"keys": tuple(kept["keys"])})
    except OSError:
        raise BackupDamaged(NOTE, "is not there: it was never finished") from None
    except (ValueError, KeyError, TypeError):
        raise BackupDamaged(NOTE, "cannot be read") from None


def verified(folder: Path, note: Note) -> dict[str, str]:
    """Read every byte of a backup; return the digest of each file by its path.

    Raises:
        BackupDamaged: a file is missing, altered, or not on the list.
    """
    try:
        content = (folder / DIGESTS).read_bytes()
    except OSError:
        raise BackupDamaged(DIGESTS, "is not there") from None
    if hashlib.sha256(content).hexdigest() != note.digests:
        raise BackupDamaged(DIGESTS, "is not what was written")
    listed = {path: said for said, _, path in (line.partition("  ") for line in content.decode().splitlines())}
    present = {path.relative_to(folder).as_posix() for path in _files(folder)} - {NOTE, DIGESTS}
    for path in sorted(listed.keys() ^ present):
        raise BackupDamaged(path, "is missing" if path in listed else "is not on its list")
    for path, wanted in listed.items():
        if digest(folder / path) != wanted:
            raise BackupDamaged(path, "is not what was written")
    return listed


def digest(path: Path) -> str:
    """Return a file's SHA-256 in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())
