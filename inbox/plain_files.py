"""Opening what others put there: plain files, and nothing else is ever opened."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from pathlib import Path
from typing import BinaryIO

from inbox.errors import Refused

_READ_BYTES = 2**20


def open_plain(path: Path) -> BinaryIO:
    """Open a plain file for reading. Links are not followed, and a pipe is not waited for.

    Raises:
        Refused: `symbolic_link` or `not_a_file`.
        OSError: it is not there or may not be read.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise Refused("symbolic_link", count=1) from None
        if error.errno == errno.ENXIO:  # a socket
            raise Refused("not_a_file", count=1) from None
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise Refused("not_a_file", count=1)
    return os.fdopen(descriptor, "rb")


def sha256_of(file: BinaryIO) -> str:
    """Return the SHA-256 of what is left of a file, in lower-case hex."""
    digest = hashlib.sha256()
    while chunk := file.read(_READ_BYTES):
        digest.update(chunk)
    return digest.hexdigest()


def fingerprint(place: Path) -> str:
    """Return a hash (hex) of what lies at a place: names, kinds, and the bytes of plain files.

    Equal for the same content whenever it comes; no link is followed, no special file opened.
    """
    digest = hashlib.sha256()
    for path in [place, *sorted(_below(place))]:
        mode = path.lstat().st_mode
        name = os.fsencode(path.relative_to(place))
        digest.update(b"%d:%s %d " % (len(name), name, stat.S_IFMT(mode)))
        if stat.S_ISREG(mode):
            with open_plain(path) as file:
                digest.update(sha256_of(file).encode())
    return digest.hexdigest()


def _below(place: Path) -> list[Path]:
    if place.is_symlink() or not place.is_dir():
        return []
    return [Path(folder, name) for folder, folders, names in os.walk(place) for name in (*folders, *names)]
