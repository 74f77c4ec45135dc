"""A ZIP package from a stranger, read whole or refused: nothing hidden in it, nothing that grows without end.

1. It begins with an entry and ends with its directory: nothing stands before or behind.
2. It has no more entries, and unpacks to no more bytes, than an original can have.
3. Entries have plain names, each once; none is encrypted, a link, or packed in an odd way.
4. What stands at an entry is the entry of the directory, and entries lie side by side, in no other's place.
5. Each unpacks to the size and checksum that the directory says.
"""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib

from licence_vault.originals.errors import OriginalHostile, OriginalMalformed

MOST_ENTRIES = 5_000
MOST_UNPACKED = 200 * 1024 * 1024
MOST_TIMES = 200
SMALL = 1024 * 1024
BROKEN = (
    zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, struct.error, RuntimeError, EOFError, ValueError,
    OSError,
)  # fmt: skip
_DESCRIBED_LATER = 0x8
_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_LONGEST_DESCRIPTOR = 24


def unpacked(data: bytes) -> dict[str, bytes]:
    """Return the entries of a package by their names.

    Raises:
        OriginalMalformed: it is cut short, or not a package as described.
        OriginalHostile: it is made to harm.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            entries = package.infolist()
            _check_ends(data, package)
            _check_sizes(len(data), entries)
            for entry in entries:
                _check_entry(entry)
            _check_places(data, package.start_dir, entries)
            return {e.filename: _content(package, e) for e in entries if not e.is_dir()}
    except BROKEN as error:
        raise OriginalMalformed(f"no whole ZIP package: {type(error).__name__}") from None


def _check_ends(data: bytes, package: zipfile.ZipFile) -> None:
    if not data.startswith(b"PK\x03\x04") or data[-22:-18] != b"PK\x05\x06":
        raise OriginalHostile("something stands before or behind the package")
    if package.comment:
        raise OriginalHostile("the package has a comment")


def _check_sizes(size: int, entries: list[zipfile.ZipInfo]) -> None:
    whole = sum(entry.file_size for entry in entries)
    if len(entries) > MOST_ENTRIES:
        raise OriginalHostile(f"more than {MOST_ENTRIES} entries")
    if whole > MOST_UNPACKED or (whole > SMALL and whole > MOST_TIMES * size):
        raise OriginalHostile("it unpacks to far more than it is")
    if len({entry.filename for entry in entries}) != len(entries):
        raise OriginalHostile("two entries of one name")


def _check_entry(entry: zipfile.ZipInfo) -> None:
    name, mode = entry.orig_filename, entry.external_attr >> 16
    parts = name.removesuffix("/").split("/")
    is_plain = all(part not in ("", ".", "..") for part in parts) and "\\" not in name and ":" not in name
    if not is_plain or not name.isprintable() or name != entry.filename:
        raise OriginalHostile("an entry's name leads out of the package")
    if entry.flag_bits & 0x1 or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise OriginalMalformed("an entry is encrypted, or packed in an odd way")
    if stat.S_ISLNK(mode):
        raise OriginalHostile("an entry is a link")


def _check_places(data: bytes, directory: int, entries: list[zipfile.ZipInfo]) -> None:
    """Hold each entry against what stands at its place, and the places against each other."""
    place = 0
    for entry in sorted(entries, key=lambda e: e.header_offset):
        gap = entry.header_offset - place
        if gap < 0 or gap > (_LONGEST_DESCRIPTOR if place else 0):
            raise OriginalHostile("entries overlap, or something lies between them")
        header = _LOCAL.unpack_from(data, entry.header_offset)
        name = data[entry.header_offset + _LOCAL.size :][: header[9]]
        written = entry.orig_filename.encode("utf-8" if entry.flag_bits & 0x800 else "cp437")
        if header[0] != b"PK\x03\x04" or name != written or header[3] != entry.compress_type:
            raise OriginalHostile("an entry is another one than the directory says")
        sizes = (entry.CRC, entry.compress_size, entry.file_size)
        if not entry.flag_bits & _DESCRIBED_LATER and header[6:9] != sizes:
            raise OriginalHostile("an entry is another one than the directory says")
        place = entry.header_offset + _LOCAL.size + header[9] + header[10] + entry.compress_size
    if not 0 <= directory - place <= _LONGEST_DESCRIPTOR:
        raise OriginalHostile("something lies between the entries and the directory")


def _content(package: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    with package.open(entry) as packed:
        content = packed.read(entry.file_size + 1)
    if len(content) != entry.file_size:
        raise OriginalHostile("an entry unpacks to another size than the directory says")
    return content
