"""Which rows of a data file are struck out: Delta's deletion vectors, as bytes and as files beside the data.

A vector is the set of the places, from 0 on, of the rows of a file that count no more: a Roaring bitmap. Several stand
in one file one after another, each with its length before it and its sum behind it.

Source: the Delta Transaction Log Protocol, "Deletion Vectors" and "Deletion Vector Format"; ZeroMQ RFC 32 (Z85).
"""

from __future__ import annotations

import base64
import struct
import uuid
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pyroaring import BitMap64

from pipelines import pen
from pipelines.errors import LakeDamaged
from pipelines.pen import Design

Vector = Mapping[str, Any]
"""What the log says of a vector: Delta's `deletionVector`."""
MAGIC = 1681511377
FORMAT = 1
IN_A_FILE, IN_THE_LOG = "u", "i"
UNREADABLE = "DELETION_VECTOR_UNREADABLE"
_Z85 = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
_B85 = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~"
_UUID_TEXT = 20
"""Letters of an id in Z85; what stands before them is a folder."""


def z85(content: bytes) -> str:
    """Return bytes, a multiple of four, as text."""
    return base64.b85encode(content).translate(bytes.maketrans(_B85, _Z85)).decode("ascii")


def from_z85(text: str) -> bytes:
    """Return the bytes of a text; ValueError: it is none."""
    letters = text.encode("ascii")
    if len(letters) % 5 or not {*letters} <= {*_Z85}:
        raise ValueError("no Z85")
    return base64.b85decode(letters.translate(bytes.maketrans(_Z85, _B85)))


def packed(places: BitMap64) -> bytes:
    """Return places as a vector's bytes."""
    return struct.pack("<i", MAGIC) + bytes(places.serialize())


def unpacked(content: bytes) -> BitMap64:
    """Return the places of a vector's bytes; ValueError: they are none."""
    if len(content) < 12 or struct.unpack_from("<i", content) != (MAGIC,):
        raise ValueError("no deletion vector")
    return BitMap64.deserialize(content[4:])


def place(vector: Vector) -> str | None:
    """Return the path, below the table's folder, of the file that a vector stands in; None: it stands in the log."""
    if vector["storageType"] == IN_THE_LOG:
        return None
    if vector["storageType"] != IN_A_FILE:
        raise ValueError("a deletion vector elsewhere")
    text = str(vector["pathOrInlineDv"])
    folder, unique = text[:-_UUID_TEXT], uuid.UUID(bytes=from_z85(text[-_UUID_TEXT:]))
    return "/".join(filter(None, (folder, f"deletion_vector_{unique}.bin")))


def read(folder: str, vector: Vector) -> BitMap64:
    """Return the places of the rows that are struck out.

    Raises:
        LakeDamaged: the vector's file is gone or altered.
    """
    table = "/".join(Path(folder).parts[-2:])
    named = None
    try:
        named = place(vector)
        size = int(vector["sizeInBytes"])
        content = from_z85(vector["pathOrInlineDv"])[:size] if named is None else _read(Path(folder, named), vector)
        found = unpacked(content)
        if len(found) != vector["cardinality"]:
            raise ValueError("another number of rows")
    except OSError as error:
        raise LakeDamaged(f"revise {table}", type(error).__name__, table, named) from None
    except (ValueError, struct.error):
        raise LakeDamaged(f"revise {table}", UNREADABLE, table, named) from None
    return found


def _read(path: Path, vector: Vector) -> bytes:
    """Return a vector's bytes from its file; ValueError: they are not what was written."""
    size = int(vector["sizeInBytes"])
    with path.open("rb") as file:
        version = file.read(1)
        file.seek(int(vector.get("offset", 1)))
        told = file.read(size + 8)
    if version != bytes([FORMAT]) or len(told) != size + 8 or struct.unpack_from(">i", told) != (size,):
        raise ValueError("no such vector")
    content = told[4:-4]
    if struct.unpack(">I", told[-4:]) != (zlib.crc32(content),):
        raise ValueError("sums differ")
    return content


def write(design: Design, struck: Mapping[str, BitMap64]) -> dict[str, Vector]:
    """Write the vectors of data files, which go by their paths, to one new file; return them as the log has them.

    Whoever is killed leaves a file that no version names, and that a vacuum removes.

    Raises:
        DiskFull: there is no room; nothing is left of the file.
    """
    if not struck:
        return {}
    unique = pen.unique()
    found: dict[str, Vector] = {}
    offset = 1
    with pen.making(Path(design.folder, f"deletion_vector_{unique}.bin"), design) as file:
        file.write(bytes([FORMAT]))
        for named, places in struck.items():
            content = packed(places)
            file.write(struct.pack(">i", len(content)) + content + struct.pack(">I", zlib.crc32(content)))
            found[named] = {
                "storageType": IN_A_FILE,
                "pathOrInlineDv": z85(unique.bytes),
                "offset": offset,
                "sizeInBytes": len(content),
                "cardinality": len(places),
            }
            offset += len(content) + 8
    return found
