"""JPEG and PNG, walked from first to last byte: their size in pixels, and that nothing stands behind their end."""

from __future__ import annotations

import struct
import zlib

from licence_vault.materials.errors import FileRefused

PNG = b"\x89PNG\r\n\x1a\n"
JPEG = b"\xff\xd8\xff"
MOST_PIXELS = 200_000_000
"""More than an A3 page scanned at 600 dpi; an image of more unpacks to a mountain."""
_FRAMES = {0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF}
_ALONE = {0x01, *range(0xD0, 0xD8)}
_SCAN, _END = 0xDA, 0xD9


def check_png(data: bytes) -> None:
    """Return where the bytes are one whole PNG with sound checksums; raise FileRefused."""
    place, is_first = len(PNG), True
    while True:
        if place + 12 > len(data):
            raise FileRefused("malformed")
        length, kind = struct.unpack_from(">I4s", data, place)
        end = place + 12 + length
        if end > len(data):
            raise FileRefused("malformed")
        if struct.unpack_from(">I", data, end - 4)[0] != zlib.crc32(data[place + 4 : end - 4]):
            raise FileRefused("malformed")
        if is_first:
            if kind != b"IHDR" or length != 13:
                raise FileRefused("malformed")
            _check_size(*struct.unpack_from(">II", data, place + 8))
        is_first, place = False, end
        if kind == b"IEND":
            break
    if place != len(data):
        raise FileRefused("polyglot")


def check_jpeg(data: bytes) -> None:
    """Return where the bytes are one whole JPEG; raise FileRefused."""
    place, has_size = 2, False
    while True:
        marker, place = _marker(data, place)
        if marker == _END:
            break
        if marker in _ALONE:
            continue
        if place + 2 > len(data):
            raise FileRefused("malformed")
        (length,) = struct.unpack_from(">H", data, place)
        if length < 2 or place + length > len(data):
            raise FileRefused("malformed")
        if marker in _FRAMES:
            _check_size(*_frame(data, place, length))
            has_size = True
        place += length
        if marker == _SCAN:
            place = _after_scan(data, place)
    if not has_size:
        raise FileRefused("malformed")
    if data[place:].strip(b"\x00"):
        raise FileRefused("polyglot")


def _frame(data: bytes, place: int, length: int) -> tuple[int, int]:
    if length < 8:
        raise FileRefused("malformed")
    height, width = struct.unpack_from(">HH", data, place + 3)
    return width, height


def _marker(data: bytes, place: int) -> tuple[int, int]:
    if place >= len(data) or data[place] != 0xFF:
        raise FileRefused("malformed")
    while place < len(data) and data[place] == 0xFF:
        place += 1
    if place >= len(data):
        raise FileRefused("malformed")
    return data[place], place + 1


def _after_scan(data: bytes, place: int) -> int:
    """Return where packed pixels end: at a marker that is neither a stuffed byte nor a restart."""
    while True:
        place = data.find(b"\xff", place)
        if place < 0 or place + 1 >= len(data):
            raise FileRefused("malformed")
        if data[place + 1] not in (0x00, 0xFF, *_ALONE):
            return place
        place += 1 if data[place + 1] == 0xFF else 2


def _check_size(width: int, height: int) -> None:
    if not width or not height:
        raise FileRefused("malformed")
    if width * height > MOST_PIXELS:
        raise FileRefused("bomb")
