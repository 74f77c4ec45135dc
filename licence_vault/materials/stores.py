"""Which store the materials of a home lie in: a folder of the home, or a bucket."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from licence_vault.materials.folder import FOLDER, Folder, Store
from licence_vault.materials.s3 import Bucket, read_place


def store_of(home: Path, url: str, key_file: Path | None, clock: Callable[[], datetime]) -> Store:
    """Return the store of a home's materials.

    Args:
        url: `s3://…`; empty: a folder of the home.
        key_file: with the bucket's key, where it is one.
        clock: the machine's, in UTC: a bucket holds what requests are dated by against its own.

    Raises:
        BadStore: the URL names no bucket, or the file has no key.
    """
    return Bucket(read_place(url, key_file), clock) if url else Folder(home / FOLDER)
