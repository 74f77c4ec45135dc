"""The home's own note of its format: looked at before every verb, so light in what it imports."""

from __future__ import annotations

import json
import re
from pathlib import Path

from onefile.files import write_whole
from onefile.keeping.errors import NewerHome

HOME_FORMAT = "onefile.home/1"
NOTE = "format.json"
_NUMBERED = re.compile(r"(.+)/([0-9]+)")


def refuse_newer(home: Path) -> None:
    """Raise NewerHome where the home's note is of a later release."""
    try:
        found = str(json.loads((home / NOTE).read_bytes())["format"])
    except (OSError, ValueError, KeyError, TypeError):
        found = "none"
    if is_newer(found, HOME_FORMAT):
        raise NewerHome(f"the home {home}", found, HOME_FORMAT)


def write(home: Path, release: str) -> None:
    """Note the home's format, and the release that saw to it."""
    content = json.dumps({"format": HOME_FORMAT, "release": release}, sort_keys=True).encode() + b"\n"
    if not (home / NOTE).exists() or (home / NOTE).read_bytes() != content:
        write_whole(home / NOTE, content)


def is_newer(found: str, known: str) -> bool:
    """Say whether a format is a later one of the same name: `onefile.receipt/2` of `onefile.receipt/1`."""
    read, mine = _NUMBERED.fullmatch(found), _NUMBERED.fullmatch(known)
    return read is not None and mine is not None and read[1] == mine[1] and int(read[2]) > int(mine[2])
