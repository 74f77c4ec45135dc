"""Refused deliveries after an erasure by law: their files are taken away, and a note says why.

Nobody can say which records stand in a file that could not be taken, so all of it goes. What stays is the
manifest, where it is one, its signature, where it verified, and the refusal. No reader of `deliveries/`
opens more of a refused delivery than that.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from inbox.deliveries import Received
from inbox.errors import Refused
from inbox.manifest import MAX_BYTES, Manifest, read_manifest
from inbox.names import MANIFEST, RECEIVED, SIGNATURE, TAKEN_AWAY
from inbox.plain_files import open_plain
from onefile.files import fsync_folder, write_whole
from schemas.model import Resource

FORMAT = "onefile.taken-away/1"
WHY = {
    "zh": "本批次未被接收，无法确认其文件含有哪些记录；其所属资源有记录须依法删除，故文件已全部移除",
    "en": "this delivery was refused, so nobody can say which records its files held; as records of its resource had "
    "to be erased by law, all of them were taken away",
}


@dataclass(frozen=True, order=True)
class Ground:
    """Why files are taken away: demand or term, the law, and the instant of the order (ISO 8601, UTC)."""

    cause: str
    basis: str
    ordered_at: str

    @classmethod
    def of(cls, cause: str, basis: str, ordered_at: datetime) -> Ground:
        """Return the ground of an order given at an instant."""
        return cls(cause, basis, ordered_at.astimezone(UTC).isoformat())


def may_be_of(folder: Path, resource: Resource, declared: Iterable[Resource]) -> bool:
    """Tell whether a refused delivery of a resource's department may hold records of the resource.

    It may where its manifest names it, and where that cannot be read or names none of the department's.
    """
    manifest = _manifest(folder)
    others = {r.id for r in declared if r.department == resource.department and r.id != resource.id}
    return manifest is None or manifest.resource not in others


def take_away(folder: Path, note: Received, grounds: Collection[Ground]) -> None:
    """Take the files of a refused delivery away and note why; done again, or after a kill, it ends the same.

    Args:
        grounds: of the orders that it came before; where there is none, nothing is done.
    """
    kept = {RECEIVED, TAKEN_AWAY}
    if _manifest(folder) is not None:
        kept |= {MANIFEST} if note.signed_by is None else {MANIFEST, SIGNATURE}
    files = sorted(path for path in folder.iterdir() if path.name not in kept)
    if not files or not grounds:
        return
    told = {"format": FORMAT, "why": WHY, "orders": [asdict(ground) for ground in sorted(set(grounds))]}
    # The note first: a file that is missing without one would be a loss.
    write_whole(folder / TAKEN_AWAY, json.dumps(told, ensure_ascii=False, indent=2).encode() + b"\n")
    for path in files:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    fsync_folder(folder)


def _manifest(folder: Path) -> Manifest | None:
    """Return the manifest; None where what stands there is none: then anything may."""
    try:
        with open_plain(folder / MANIFEST) as file:
            return read_manifest(file.read(MAX_BYTES + 1))
    except (FileNotFoundError, Refused):
        return None
