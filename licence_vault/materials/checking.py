"""The one door for a material's bytes: their type by content, their pages, and that they harm nobody."""

from __future__ import annotations

from dataclasses import dataclass

from licence_vault.materials import images, office, pdf, scanning
from licence_vault.materials.errors import FileRefused
from licence_vault.materials.office import DOCX, OFD, XLSX
from licence_vault.materials.scanning import NONE, Scan

PDF, JPEG, PNG = "application/pdf", "image/jpeg", "image/png"
TYPES = (PDF, OFD, JPEG, PNG, DOCX, XLSX)
MOST_BYTES = 32 * 2**20
MOST_PAGES = 2_000
_UNSAID = ("", "application/octet-stream", "binary/octet-stream")
_ZIP = b"PK\x03\x04"


@dataclass(frozen=True)
class Checked:
    """Bytes that may be kept: their type by content, their pages, and what scanned them (`none`, `clamd`)."""

    type: str
    pages: int
    size: int
    scanned_by: str


def check(data: bytes, name: str = "", said_type: str = "", scan: Scan | None = None) -> Checked:
    """Look at a file as a stranger handed it in.

    Args:
        name: what it was called, for a path in it; the name is not kept, and says nothing of the type.
        said_type: the media type that came with it; empty, or one that says nothing, is not held against it.
        scan: a virus scanner; None: there is none, and only the common test string is looked for.

    Raises:
        FileRefused: it cannot be a material; the reason says why.
        ScannerGone: the scanner does not answer.
        ReaderMissing: the reader of its type is not installed.
    """
    if not data:
        raise FileRefused("empty")
    if len(data) > MOST_BYTES:
        raise FileRefused("too_large")
    if "/" in name or "\\" in name or "\x00" in name or name in (".", "..") or ":" in name:
        raise FileRefused("name")
    scanning.search(data)
    kind, pages = _kind(data)
    said = said_type.partition(";")[0].strip().lower()
    if said not in _UNSAID and said != kind and not (said == "image/jpg" and kind == JPEG):
        raise FileRefused("type_differs")
    if not 1 <= pages <= MOST_PAGES:
        raise FileRefused("pages")
    if scan is not None:
        scan(data)
    return Checked(kind, pages, len(data), NONE if scan is None else "clamd")


def _kind(data: bytes) -> tuple[str, int]:
    if data.startswith(pdf.BEGIN):
        return PDF, pdf.check(data, scanning.search)
    if data.startswith(_ZIP):
        return office.check(data, scanning.search)
    if data.startswith(images.PNG):
        images.check_png(data)
        return PNG, _alone(data)
    if data.startswith(images.JPEG):
        images.check_jpeg(data)
        return JPEG, _alone(data)
    raise FileRefused("polyglot" if pdf.BEGIN in data[:1024] else "type")


def _alone(data: bytes) -> int:
    """Return the one page of an image that is nothing else besides: no reader of another type would open it."""
    if pdf.BEGIN in data[:1024] or b"PK\x05\x06" in data[-65_557:] or b"<?php" in data or b"<script" in data.lower():
        raise FileRefused("polyglot")
    return 1
