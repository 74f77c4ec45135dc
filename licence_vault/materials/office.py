"""OFD, DOCX and XLSX: ZIP packages that hold what their type holds and nothing that runs, links out or is carried."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from licence_vault.materials.errors import FileRefused
from licence_vault.originals import package
from licence_vault.originals.errors import OriginalHostile, OriginalRefused

OFD, DOCX, XLSX = "application/ofd", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", \
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"  # fmt: skip
_MAIN = {"word/document.xml": DOCX, "xl/workbook.xml": XLSX}
_CONTENT_TYPES, _OFD_ROOT = "[Content_Types].xml", "OFD.xml"
_ACTIVE_NAMES = re.compile(
    r"vbaProject|vbaData|activeX|/embeddings/|oleObject|customUI|externalLinks|macrosheets|\.(?:bin|exe|dll|js|vbs)$",
    re.IGNORECASE,
)
_ACTIVE_TYPES = re.compile(rb"macroEnabled|vbaProject|activeX|oleObject", re.IGNORECASE)
_OUTSIDE = re.compile(rb"<[^>]*TargetMode\s*=\s*[\"']External[\"'][^>]*>", re.IGNORECASE)
_HYPERLINK = re.compile(rb"Type\s*=\s*[\"'][^\"']*/hyperlink[\"']", re.IGNORECASE)
_WEB = re.compile(rb"Target\s*=\s*[\"'](?:https?|mailto):", re.IGNORECASE)
_FIELDS = re.compile(rb"DDEAUTO|\bDDE\s|INCLUDETEXT|INCLUDEPICTURE|<ddeLink|<oleLink", re.IGNORECASE)
_OFD_ACTIVE = re.compile(rb"<(?:\w+:)?(?:Attachments|Attachment|GotoA|Sound|Movie)[\s>/]")
_ENTITIES = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_OFD_PAGE = re.compile(rb"<(?:\w+:)?Page\s[^>]*BaseLoc")
_SHEET = re.compile(rb"<(?:\w+:)?sheet\s")
_PAGES = re.compile(rb"<Pages>(\d{1,6})</Pages>")
_PROGRAMS = (b"MZ", b"\x7fELF", b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"#!/", b"Rar!", b"7z\xbc\xaf")


def check(data: bytes, search: Callable[[bytes], None]) -> tuple[str, int]:
    """Return type and pages of a package: OFD pages, sheets, or what a text says of itself (one at least).

    Args:
        search: looks at every entry, and raises where it finds something.

    Raises:
        FileRefused: it is none of the three, or is dangerous.
    """
    entries = _entries(data)
    for name, content in entries.items():
        _check_entry(name, content)
        search(content)
    if _OFD_ROOT in entries:
        return OFD, sum(len(_OFD_PAGE.findall(content)) for content in entries.values())
    found = [kind for name, kind in _MAIN.items() if name in entries]
    if len(found) != 1 or _CONTENT_TYPES not in entries:
        raise FileRefused("type")
    if _ACTIVE_TYPES.search(entries[_CONTENT_TYPES]):
        raise FileRefused("active")
    return found[0], _length(found[0], entries)


def _entries(data: bytes) -> Mapping[str, bytes]:
    try:
        return package.unpacked(data)
    except OriginalHostile as error:
        raise FileRefused("bomb" if "unpacks" in str(error) or "more than" in str(error) else "polyglot") from None
    except OriginalRefused:
        raise FileRefused("malformed") from None


def _check_entry(name: str, content: bytes) -> None:
    if _ACTIVE_NAMES.search(name) or content.startswith(_PROGRAMS):
        raise FileRefused("active")
    if not name.endswith((".xml", ".rels", ".vml")):
        return
    if _ENTITIES.search(content):
        raise FileRefused("bomb")
    outside = [each for each in _OUTSIDE.findall(content) if not (_HYPERLINK.search(each) and _WEB.search(each))]
    if outside or _FIELDS.search(content) or _OFD_ACTIVE.search(content):
        raise FileRefused("active")


def _length(kind: str, entries: Mapping[str, bytes]) -> int:
    if kind == XLSX:
        return len(_SHEET.findall(entries["xl/workbook.xml"]))
    told = _PAGES.search(entries.get("docProps/app.xml", b""))
    return max(1, int(told[1])) if told else 1
