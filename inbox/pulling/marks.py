"""How far a resource was pulled: the watermark, and the rows at its edge, which are not delivered twice."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Set
from dataclasses import dataclass, field
from pathlib import Path

from inbox.errors import RecordUnreadable
from onefile.files import make_folder, write_whole

FOLDER = "pulls"
FORMAT = "onefile.pulled/1"
MOST_SEEN = 500_000
"""Rows at the edge of which a mark is kept. Were it more, they come again, and count as duplicates."""


@dataclass(frozen=True)
class Mark:
    """How far it was pulled. `of` is the digest of the declaration it holds for; another one begins anew.

    `seen` are SHA-256 (32 hex digits of it) of the rows at the edge.
    """

    of: str
    watermark: str
    seen: Set[str] = field(default_factory=frozenset)


def mark_of(row: bytes) -> str:
    """Return what a row is known by."""
    return hashlib.sha256(row).hexdigest()[:32]


def read_mark(home: Path, resource: str) -> Mark | None:
    """Return how far a resource was pulled; None where it never was.

    Raises:
        RecordUnreadable: the note is not what this release writes.
    """
    path = _path(home, resource)
    try:
        kept = json.loads(path.read_bytes())
        if kept["format"] != FORMAT:
            raise ValueError("another format")
        return Mark(str(kept["of"]), str(kept["watermark"]), frozenset(kept["seen"]))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise RecordUnreadable(f"{FOLDER}/{path.parent.name}/{path.name}") from error


def write_mark(home: Path, resource: str, mark: Mark) -> None:
    """Keep how far a resource was pulled."""
    seen = sorted(mark.seen) if len(mark.seen) <= MOST_SEEN else []
    path = _path(home, resource)
    make_folder(path.parent)
    facts = {"format": FORMAT, "of": mark.of, "watermark": mark.watermark, "seen": seen}
    write_whole(path, json.dumps(facts, ensure_ascii=False).encode() + b"\n")


def _path(home: Path, resource: str) -> Path:
    department, _, name = resource.partition(".")
    return home / FOLDER / department / f"{name}.json"
