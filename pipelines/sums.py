"""What is kept beside each data file of a lake in a folder: a sum of each 512 bytes of it, or of more.

Pages of Parquet have sums of their own, which are held against what is read. What says where which column lies, and
what it is called, has none: one altered byte of it makes a column be missing, and with it a value of everybody.
"""

from __future__ import annotations

import struct
import zlib
from typing import Any

import pyarrow as pa
import pyarrow.fs as pafs

LOCAL = pafs.LocalFileSystem()
MAGIC = b"PAR1"
_VERSION = b"crc\x00"
_HEAD, _SUM, _END = 8, 4, 8
"""Bytes before the first sum: `_VERSION`, and of how many bytes each is; of a sum; and of what ends a Parquet file:
the length of its footer, and `MAGIC`."""


def hold_footer(files: Any, place: str) -> None:
    """Hold the footer of a Parquet file against the sums beside it; where there are none nothing speaks against it.

    Args:
        files: Arrow's file system, or one of a folder; a store keeps sums by itself.
        place: where the file lies in it.

    Raises:
        pyarrow.ArrowInvalid: the footer is not what was written.
        OSError: the file cannot be read.
    """
    if getattr(files, "base_fs", files).type_name != LOCAL.type_name:
        return
    told = _beside(files, place)
    if told is None:
        return
    with files.open_input_file(place) as source:
        size = source.size()
        end = source.read_at(_END, max(size - _END, 0))
        begin = size - _END - int.from_bytes(end[:4], "little")
        if end[4:] != MAGIC or begin < 0 or len(told) < _HEAD:
            raise pa.ArrowInvalid("the footer is cut off")
        width = _width(told)
        first = begin // width if width > 0 else 0
        content = source.read_at(size - first * width, first * width)
    if width <= 0 or told[_HEAD + _SUM * first :] != _sums(content, width):
        raise pa.ArrowInvalid("sums differ")


def beside(content: bytes, width: int) -> bytes:
    """Return what is kept beside a file: the sum of each `width` bytes of it, as the engine reads them."""
    return _VERSION + struct.pack(">i", width) + _sums(content, width)


def is_of(told: bytes, content: bytes) -> bool:
    """Say whether what is kept beside a file is of that file."""
    return len(told) >= _HEAD and _width(told) > 0 and told == beside(content, _width(told))


def _width(told: bytes) -> int:
    return int.from_bytes(told[len(_VERSION) : _HEAD], signed=True)


def _sums(content: bytes, width: int) -> bytes:
    view = memoryview(content)
    found = [zlib.crc32(view[begin : begin + width]) for begin in range(0, len(content), width)]
    return struct.pack(f">{len(found)}I", *found)


def _beside(files: Any, place: str) -> bytes | None:
    folder, slash, name = place.rpartition("/")
    try:
        with files.open_input_file(f"{folder}{slash}.{name}.crc") as source:
            return bytes(source.read())
    except FileNotFoundError:
        return None
