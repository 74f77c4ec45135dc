"""Names that others choose: delivery ids and file names, before they reach a path, a log or a page."""

from __future__ import annotations

import re
import unicodedata

MANIFEST = "manifest.json"
SIGNATURE = "manifest.json.sig"
RECEIVED = "received.json"
ERASED = "erased.json"
TAKEN_AWAY = "taken-away.json"

# Our own notes beside the kept files; `pipelines` writes the last four.
RESERVED_NAMES = frozenset(
    {
        MANIFEST,
        SIGNATURE,
        RECEIVED,
        ERASED,
        TAKEN_AWAY,
        "landed.json",
        "conformed.json",
        "finished.json",
        "read-again.json",
    }
)

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_REFUSED = re.compile(r"\.refused-[0-9a-f]{8}\Z")
_MAX_NAME_BYTES = 200

# The shapes of a citizen's number (18 characters, and the 15 digits of old), with any check digit:
# a mistyped number is still somebody's.
_DAY = r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"
_PERSON_NUMBER = re.compile(
    rf"(?<![0-9])[1-9][0-9]{{5}}(?:(?:18|19|20)[0-9]{{2}}{_DAY}[0-9]{{3}}[0-9Xx]|[0-9]{{2}}{_DAY}[0-9]{{3}})(?![0-9])"
)


def has_person_number(text: str) -> bool:
    """Say whether a text holds what has the shape of a citizen's number, in half or full width."""
    return _PERSON_NUMBER.search(unicodedata.normalize("NFKC", text)) is not None


def is_id(text: str) -> bool:
    """Say whether a text may be a delivery's id: it becomes a folder's and a receipt's name."""
    return (
        _ID.fullmatch(text) is not None
        and ".." not in text
        and _REFUSED.search(text) is None
        and not has_person_number(text)
    )


def is_file_name(text: str) -> bool:
    """Say whether a text may be the name of a delivered file. Spaces and quotes may stand in it."""
    if not text or text.startswith(".") or text in RESERVED_NAMES or "/" in text or "\\" in text:
        return False
    if any(unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") for character in text):
        return False
    return len(text.encode()) <= _MAX_NAME_BYTES and not has_person_number(text)
