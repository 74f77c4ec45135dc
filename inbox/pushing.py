"""A delivery that a department's system pushes: laid before the door as it came, which judges it like any other."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from inbox.door import INBOX
from inbox.errors import Refused
from inbox.making import Made, create, put, scratch, write
from inbox.manifest import read_manifest
from inbox.names import MANIFEST, SIGNATURE
from onefile.files import fsync_folder

_COPY_BYTES = 2**20


def push(
    home: Path, department: str, manifest: bytes, signature: bytes | None, files: Mapping[str, BinaryIO], mark: str
) -> Made:  # fmt: skip
    """Put a delivery into the inbox, whole or not at all; hashes, counts and signature are the door's to judge.

    Args:
        department: whose system pushes it: the resource must be its own.
        manifest: its bytes as the department wrote, and perhaps signed, them.
        files: by name, exactly those that the manifest lists.
        mark: tells this push from others at the same time.

    Raises:
        Refused: the manifest is none, of another department's resource, or lists other files; or the id was used.
        NotDeliverable: another delivery of that id waits.
    """
    told = read_manifest(manifest)
    if told.resource.partition(".")[0] != department:
        raise Refused("wrong_department", resource=told.resource, department=department)
    listed = {entry.name for entry in told.files}
    if set(files) - listed:
        raise Refused("file_surplus", count=len(set(files) - listed))
    if listed - set(files):
        raise Refused("file_missing", file=min(listed - set(files)))
    inbox = home / INBOX / department
    with scratch(inbox, mark) as folder:
        for name, content in files.items():
            with create(folder / name) as here:
                shutil.copyfileobj(content, here, _COPY_BYTES)
                here.flush()
                os.fsync(here.fileno())
        if signature is not None:
            write(folder / SIGNATURE, signature)
        write(folder / MANIFEST, manifest)
        fsync_folder(folder)
        return Made(told, put(home, folder, inbox / told.id, told))
