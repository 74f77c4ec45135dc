"""What the engine keeps beside each data file of a lake in a folder: a sum of each 512 bytes of it.

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
_HEAD, _SUM, _END = 8, 4, 8
"""Bytes before the first sum, of a sum, and of what ends a Parquet file: the length of its footer, and `MAGIC`."""


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
        (width,) = struct.unpack(">i", told[4:_HEAD])
        first = begin // width if width > 0 else 0
        content = source.read_at(size - first * width, first * width)
    wanted = told[_HEAD + _SUM * first :]
    if width <= 0 or wanted != sums(content, width):
        raise pa.ArrowInvalid("sums differ")


def sums(content: bytes, width: int) -> bytes:
    """Return the sum of each `width` bytes, one after the other."""
    found = [zlib.crc32(content[begin : begin + width]) for begin in range(0, len(content), width)]
    return struct.pack(f">{len(found)}I", *found)


def _beside(files: Any, place: str) -> bytes | None:
    folder, slash, name = place.rpartition("/")
    try:
        with files.open_input_file(f"{folder}{slash}.{name}.crc") as source:
            return bytes(source.read())
    except FileNotFoundError:
        return None
