"""Making a delivery: what a department does by hand or by program, done by `onefile deliver`."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from inbox import departments
from inbox.deliveries import find
from inbox.door import INBOX
from inbox.errors import FileBroken, NotDeliverable, Refused
from inbox.manifest import FileEntry, Manifest, Redriven, read_manifest, read_period, write_manifest
from inbox.names import MANIFEST, SIGNATURE, is_file_name, is_id
from inbox.plain_files import sha256_of
from inbox.records import records
from onefile.files import fsync_folder, lock, make_folder
from schemas.model import Resource

_COPY_BYTES = 2**20
_MAKING = ".making-"


@dataclass(frozen=True, slots=True)
class Made:
    """A delivery in the inbox. `state`: put there now, waiting there already, or taken before."""

    manifest: Manifest
    state: Literal["new", "waiting", "taken"]


def make(
    home: Path,
    resource: Resource,
    files: Sequence[Path],
    *,
    period: str,
    id: str | None = None,  # noqa: A002  the manifest's own word
    key: Path | None = None,
    redrives: Sequence[Redriven] = (),
    on_rows: Callable[[str, int], None] = lambda _name, _rows: None,
    is_judged: bool = True,
) -> Made:
    """Put a delivery of files into the inbox, whole or not at all.

    The files are copied under their own names, counted by the door's own reader and signed
    where a key is given. What is wrong with their structure is refused here as the door would.

    Args:
        files: in the order in which their rows are numbered.
        period: as a manifest has it.
        id: None makes `<department>-<resource>-<period>-<8 hex of the content>`, so that the same
            files for the same period are the same delivery.
        key: file of the department's private key, PEM.
        on_rows: called now and then with a file's name and the rows read of it, for progress.
        is_judged: False lets a file with a broken structure pass, counted as no rows: the door refuses it, and its
            department gets the receipt that says why.

    Raises:
        Refused: for what is wrong with it.
        NotDeliverable: the files cannot be read, or another delivery of that id waits.
        KeyFileUnusable: the key file holds no Ed25519 private key.
    """
    read_period(period)
    signer = None if key is None else _signer(key)
    if signer is None and resource.signature_required:
        raise Refused("signature_missing")
    check_names([file.name for file in files])
    inbox = home / INBOX / resource.department
    with scratch(inbox) as folder:
        entries = [_bring(file, folder, resource, on_rows, is_judged=is_judged) for file in files]
        name = id or default_id(resource, period, entries)
        if not is_id(name):
            raise Refused("bad_id")
        content = write_manifest(resource.id, name, period, entries, redrives)
        manifest = read_manifest(content)
        if signer is not None:
            write(folder / SIGNATURE, signer.sign(content))
        write(folder / MANIFEST, content)
        fsync_folder(folder)
        return Made(manifest, put(home, folder, inbox / name, manifest))


def _signer(key: Path) -> Ed25519PrivateKey:
    try:
        return departments.read_private_key(key.read_bytes())
    except OSError as error:
        raise NotDeliverable(f"key file {key.name!r} cannot be read ({error.strerror}): look at its path") from error


def check_names(names: Sequence[str]) -> None:
    """Refuse names that a manifest may not list.

    Raises:
        Refused: `no_files` or `bad_file_name`.
        NotDeliverable: a name stands twice.
    """
    if not names:
        raise Refused("no_files")
    for number, name in enumerate(names, 1):
        if not is_file_name(name):
            raise Refused("bad_file_name", number=number)
    if len(set(names)) != len(names):
        raise NotDeliverable("two of the files have the same name, and a delivery is one folder: rename one")


def default_id(resource: Resource, period: str, entries: Sequence[FileEntry]) -> str:
    """Return the id of these files for this period; other bytes give another."""
    content = json.dumps([[entry.name, entry.rows, entry.sha256] for entry in entries]).encode()
    mark = hashlib.sha256(content).hexdigest()[:8]
    return f"{resource.department}-{resource.name}-{period.replace('/', '_')}-{mark}"


@contextmanager
def scratch(inbox: Path, mark: str = "") -> Iterator[Path]:
    """Make a folder that the door does not see; what is left in it at the end is removed.

    Args:
        mark: tells it from others of this process.
    """
    make_folder(inbox)
    folder = inbox / f"{_MAKING}{os.getpid()}{mark}"
    with lock(inbox.parents[1] / "locks" / f"making-{inbox.name}.lock"):
        _clear(inbox)
        folder.mkdir(mode=0o700)
        held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        fcntl.flock(held, fcntl.LOCK_EX)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(held)


def _clear(inbox: Path) -> None:
    """Remove what makers left that were killed: their folders are locked by nobody, and may hold rows."""
    for left in inbox.glob(f"{_MAKING}*"):
        try:
            held = os.open(left, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:  # its maker just ended
            continue
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(left, ignore_errors=True)
        except BlockingIOError:
            continue
        finally:
            os.close(held)


def _bring(
    source: Path, folder: Path, resource: Resource, on_rows: Callable[[str, int], None], *, is_judged: bool
) -> FileEntry:
    """Copy a file, and read the copy through."""
    copy = folder / source.name
    try:
        with source.open("rb") as there, create(copy) as here:
            shutil.copyfileobj(there, here, _COPY_BYTES)
            here.flush()
            os.fsync(here.fileno())
    except OSError as error:
        what = error.strerror or type(error).__name__
        raise NotDeliverable(f"file {source.name!r} cannot be read or copied ({what}): look at its path") from error
    rows = 0
    with copy.open("rb") as file:
        try:
            for batch in records(file, resource):
                rows += len(batch)
                on_rows(source.name, rows)
        except FileBroken as error:
            if is_judged:
                raise error.in_file(source.name) from None
            rows = 0
        file.seek(0)
        return FileEntry(source.name, rows, sha256_of(file))


def put(home: Path, made: Path, place: Path, manifest: Manifest) -> Literal["new", "waiting", "taken"]:
    """Rename the folder into place, unless the same delivery is there or was taken."""
    known = find(home, manifest.id)
    if known is not None:
        if known.manifest != manifest:
            raise Refused("id_reused", id=manifest.id)
        return "taken"
    try:
        made.rename(place)
    except OSError as error:
        if _waits(place, manifest):
            return "waiting"
        raise NotDeliverable(f"another delivery {manifest.id} lies in the inbox: give this one another id") from error
    fsync_folder(place.parent)
    return "new"


def _waits(place: Path, manifest: Manifest) -> bool:
    try:
        return read_manifest((place / MANIFEST).read_bytes()) == manifest
    except (OSError, Refused):
        return False


def write(path: Path, content: bytes) -> None:
    """Write a new file and see it on the disk."""
    with create(path) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def create(path: Path) -> BinaryIO:
    """Open a new file that only its owner may read."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb")
