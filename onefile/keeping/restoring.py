"""Restoring a backup into an empty home, here or elsewhere: all of it is compared before anything is written."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from licence_vault.errors import VaultError
from licence_vault.keystore import Keystore, passphrase
from onefile.files import fsync_folder, make_folder, write_whole
from onefile.keeping import database_copy, formats, packing, parts
from onefile.keeping.errors import BackupDamaged, DatabaseTaken, NoRoom, OtherKeystore, PlaceTaken
from onefile.keeping.packing import Note
from onefile.verify.errors import VerificationError
from onefile.verify.trust import read_trust
from schemas.serving.database import database

KEYSTORE_FORMAT = "onefile.keystore/"


@dataclass(frozen=True)
class Target:
    """Where to restore to. `passphrase_file` opens the keystore that is handed over, where it is there already."""

    home: Path
    url: str
    passphrase_file: Path


def restore(folder: Path, target: Target, keystore: Path | None) -> Note:
    """Bring a home and its serving database to what they were when the backup was made.

    Cut off and called again, it begins anew: until it has ended, a note in the home keeps every other verb away.

    Args:
        folder: the backup.
        target: an empty home, or none yet; a database without tables.
        keystore: the encrypted keystore, kept apart from the backup; None: it is put there by hand.

    Raises:
        BackupDamaged: a file is missing or altered; nothing was restored.
        NewerHome: a later release wrote the backup.
        PlaceTaken, DatabaseTaken: there is something already.
        OtherKeystore: the keystore does not hold the keys that the backup was made with.
        NoRoom: it does not fit.
    """
    note = packing.read(folder)
    home = target.home
    formats.refuse_newer_shape(note.shape, f"the database in {folder.name}")
    digests = packing.verified(folder, note)
    formats.refuse_newer(folder / packing.HOME)
    if keystore is not None:
        _check_keystore(keystore, target.passphrase_file, folder / packing.HOME, note)
    _clear(home)
    if note.database is not None and not database_copy.is_empty(target.url):
        raise DatabaseTaken(database(target.url).place)
    _check_room(home, note)
    write_whole(home / parts.MARKER, json.dumps({"backup": str(folder.absolute())}).encode())
    _bring(folder, home, digests)
    if keystore is not None:
        write_whole(home / "keys" / "keystore.json", keystore.read_bytes())
    if note.database is not None:
        database_copy.restore(folder / note.database, target.url)
    for each in {path.parent for path in home.rglob("*")}:
        fsync_folder(each)
    (home / parts.MARKER).unlink()
    fsync_folder(home)
    return note


def _bring(folder: Path, home: Path, digests: dict[str, str]) -> None:
    for path, wanted in digests.items():
        where, source = Path(path), folder / path
        if where.parts[0] != packing.HOME:
            continue
        if packing.copy(source, home / where.relative_to(packing.HOME), source.stat().st_size) != wanted:
            raise BackupDamaged(path, "changed while it was being restored")


def _clear(home: Path) -> None:
    """Take away what a restore that was cut off left, and refuse a home with anything else in it."""
    if (home / parts.MARKER).exists():
        for entry in home.iterdir():
            if entry.name != parts.MARKER:
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    elif home.exists() and any(home.iterdir()):
        raise PlaceTaken("the home", str(home))
    make_folder(home)


def _check_room(home: Path, note: Note) -> None:
    free = shutil.disk_usage(home).free
    if note.bytes > free:
        raise NoRoom(str(home), note.bytes, free)


def _check_keystore(file: Path, passphrase_file: Path, home: Path, note: Note) -> None:
    """Hold the keystore against the keys of the backup; without a passphrase only its form can be seen."""
    try:
        form = json.loads(file.read_bytes())["format"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise OtherKeystore(f"{file.name} cannot be read ({type(error).__name__})") from None
    if not str(form).startswith(KEYSTORE_FORMAT):
        raise OtherKeystore(f"{file.name} is no keystore")
    if not passphrase_file.exists():
        return
    try:
        opened = Keystore.open(file, passphrase(passphrase_file))
        read_trust((home / "keys" / "trust.json").read_bytes())
    except (VaultError, VerificationError, OSError) as error:
        raise OtherKeystore(
            f"{file.name} does not open, or the trust file is not sound ({type(error).__name__})"
        ) from None
    missing = set(note.keys) - {key.id for key in opened.keys}
    if missing:
        raise OtherKeystore(f"{file.name} lacks {len(missing)} of the {len(note.keys)} keys of the backup")
