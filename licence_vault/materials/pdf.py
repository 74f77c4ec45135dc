"""PDF: one document from first to last byte, readable, of so many pages, with nothing in it that runs or is carried.

Read by pyHanko, every object that can be reached from the document's root; a name written in hexadecimal is the same
name. What stands between streams is searched as text besides, and every packed stream is unpacked within bounds.
"""

from __future__ import annotations

import io
import logging
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import Any

from licence_vault.materials.errors import FileRefused
from licence_vault.materials.images import MOST_PIXELS
from licence_vault.originals.errors import ReaderMissing
from licence_vault.originals.pdf import AT_ONCE, BROKEN

BEGIN = b"%PDF-"
MOST_UNPACKED = 256 * 1024 * 1024
MOST_OBJECTS = 500_000
ACTIVE_KEYS = frozenset(("/JS", "/JavaScript", "/AA", "/EmbeddedFiles", "/EF", "/XFA", "/RichMediaContent"))
ACTIVE_NAMES = frozenset((
    "/JavaScript", "/Launch", "/RichMedia", "/EmbeddedFile", "/SubmitForm", "/ImportData", "/Movie", "/Rendition",
    "/GoToR", "/GoToE", "/FileAttachment", "/Screen", "/3D", "/Sound",
))  # fmt: skip
"""Kinds of action and annotation (`/S`, `/Subtype`, `/Type`) that run, leave the file, or carry another."""
_STREAM = re.compile(rb"(?<!end)stream\r?\n")
_INSIDE = re.compile(rb"(?<!end)stream\r?\n.*?endstream", re.DOTALL)
_HEX = re.compile(rb"#([0-9A-Fa-f]{2})")
_RUNS = re.compile(rb"/(?:JavaScript|JS|Launch|RichMedia|EmbeddedFiles?|XFA|SubmitForm|ImportData)(?![A-Za-z0-9_])")
_OVERLAP = 128


def check(data: bytes, search: Callable[[bytes], None]) -> int:
    """Return how many pages a PDF has.

    Args:
        search: looks at every piece of it that was unpacked, and raises where it finds something.

    Raises:
        FileRefused: it is not one, or is dangerous.
        ReaderMissing: pyHanko is not installed.
    """
    if zipfile.is_zipfile(io.BytesIO(data)):
        raise FileRefused("polyglot")
    if not data.rstrip(b"\r\n \x00").endswith(b"%%EOF") or b"startxref" not in data[-2048:]:
        raise FileRefused("polyglot" if b"%%EOF" in data else "malformed")
    if _RUNS.search(_HEX.sub(lambda found: bytes([int(found[1], 16)]), _INSIDE.sub(b"", data))):
        raise FileRefused("active")
    for piece in _unpacked(data):
        search(piece)
    try:
        return _look(data)
    except ImportError:
        raise ReaderMissing("pdf") from None
    except BROKEN as error:
        raise FileRefused("malformed") from error


def _unpacked(data: bytes) -> Iterator[bytes]:
    """Yield what every packed stream unpacks to; pieces overlap."""
    unpacked = 0
    for found in _STREAM.finditer(data):
        packed, rest, before = zlib.decompressobj(), memoryview(data)[found.end() :], b""
        try:
            piece = packed.decompress(rest, AT_ONCE)
            while piece:
                unpacked += len(piece)
                if unpacked > MOST_UNPACKED:
                    raise FileRefused("bomb")
                yield before + piece
                before = piece[-_OVERLAP:]
                piece = packed.decompress(packed.unconsumed_tail, AT_ONCE)
        except zlib.error:
            continue  # packed otherwise, or not at all


def _look(data: bytes) -> int:
    from pyhanko.pdf_utils.misc import PdfError
    from pyhanko.pdf_utils.reader import PdfFileReader

    logging.getLogger("pyhanko").setLevel(logging.CRITICAL)
    try:
        reader = PdfFileReader(io.BytesIO(data), strict=True)
        if reader.encrypted:
            raise FileRefused("encrypted")
        _check_objects(reader.root)
        return _pages(reader.root["/Pages"])
    except PdfError as error:
        raise FileRefused("malformed") from error


def _check_objects(root: Any) -> None:
    """Look at every object that leads from the root, each once."""
    from pyhanko.pdf_utils.generic import ArrayObject, DictionaryObject, IndirectObject

    waiting, seen, count = [root], set[tuple[int, int]](), 0
    while waiting:
        each = waiting.pop()
        count += 1
        if count > MOST_OBJECTS:
            raise FileRefused("bomb")
        if isinstance(each, IndirectObject):
            place = (each.idnum, each.generation)
            if place not in seen:
                seen.add(place)
                waiting.append(each.get_object())  # type: ignore[no-untyped-call]
        elif isinstance(each, DictionaryObject):
            _check_dictionary(each)
            waiting.extend(each.raw_get(key) for key in each)
        elif isinstance(each, ArrayObject):
            waiting.extend(each.raw_get(index) for index in range(len(each)))


def _check_dictionary(each: Any) -> None:
    if ACTIVE_KEYS & set(map(str, each)):
        raise FileRefused("active")
    if any(str(each.get(key, "")) in ACTIVE_NAMES for key in ("/S", "/Subtype", "/Type")):
        raise FileRefused("active")
    packings = each.get("/Filter", None)
    if isinstance(packings, list) and len(packings) != len(set(map(str, packings))):
        raise FileRefused("bomb")  # packed twice the same way: what it unpacks to cannot be bounded beforehand
    width, height = each.get("/Width", 0), each.get("/Height", 0)
    if isinstance(width, int) and isinstance(height, int) and width * height > MOST_PIXELS:
        raise FileRefused("bomb")


def _pages(tree: Any) -> int:
    """Count the pages by walking their tree: what it says of itself may be wrong."""
    waiting, seen, count = [tree], 0, 0
    while waiting:
        node = waiting.pop()
        seen += 1
        if seen > MOST_OBJECTS:
            raise FileRefused("bomb")
        if "/Kids" in node:
            kids = node["/Kids"]
            waiting.extend(kids[index] for index in range(len(kids)))
        elif str(node.get("/Type", "/Page")) == "/Page":
            count += 1
    return count
