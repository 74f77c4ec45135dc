"""Several files in one zip archive: read one after the other as streams, and never unpacked to a disk.

Nothing of an archive is believed: names lead nowhere, what comes out is counted while it is read, and what only
somebody has who wants to do harm (entries that overlap, archives in archives, links) refuses it.
"""

from __future__ import annotations

import io
import stat
import zipfile
import zlib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import PurePosixPath
from typing import BinaryIO, cast

from inbox.errors import FileBroken
from inbox.names import is_file_name

MAGIC = b"PK\x03\x04"
EMPTY = b"PK\x05\x06"
MOST_FILES = 10_000
MOST_RATIO = 200
FREE_BYTES = 64 * 2**20
"""What may come out whatever went in; also what a workbook, which has to lie in memory, may have."""
UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError, OverflowError)
"""What the library raises of an archive that is broken; RuntimeError of one of a version that it does not know."""
ENDINGS = {
    "csv": (".csv", ".txt"), "jsonl": (".jsonl", ".json", ".ndjson", ".txt"), "xml": (".xml",), "xlsx": (".xlsx",),
    "fixed": (".txt", ".dat", ".csv"),
}  # fmt: skip
LEFTOVERS = {"__macosx", ".ds_store", "thumbs.db", "desktop.ini"}
"""What desktops put into archives of their own accord, in small letters: files and folders that hold nobody's data."""
_PROBLEMS = {
    "broken": ("it is no zip archive, or one that is broken", "不是 zip 压缩包，或已损坏"),
    "outside": ("a name in it leads out of its folder", "其中有文件名指向文件夹之外"),
    "link": ("it holds a link", "其中有链接"),
    "locked": ("a file in it has a password", "其中有加密的文件"),
    "packing": ("a file in it is packed otherwise than by deflate", "其中有文件未用 deflate 方式压缩"),
    "other": ("it holds a file of another kind, or an archive", "其中有其他类型的文件或压缩包"),
    "bomb": ("far more comes out of it than goes into it", "解压后的数据量异常"),
    "large": (f"a workbook in it has more than {FREE_BYTES} bytes", f"其中的工作簿超过 {FREE_BYTES} 字节"),
    "many": (f"it holds more than {MOST_FILES} files", f"其中的文件超过 {MOST_FILES} 个"),
    "none": ("it holds no file", "其中没有文件"),
    "twice": ("two files in it have one name", "其中有重名的文件"),
}


def is_archive(file: BinaryIO, form: str) -> bool:
    """Say whether a file is an archive of files, and not itself a file of that form; it stays where it stands."""
    begin = file.tell()
    try:
        if file.read(4) not in (MAGIC, EMPTY):
            return False
        file.seek(begin)
        if form != "xlsx":
            return True
        with zipfile.ZipFile(file) as archive:
            return "xl/workbook.xml" not in archive.namelist()
    except UNREADABLE:
        return True
    finally:
        file.seek(begin)


def members(file: BinaryIO, form: str) -> Iterator[tuple[str, BinaryIO]]:
    """Yield the files of an archive by name, each to be read before the next is asked for.

    A name may stand in a message: one that may not is given as its number.

    Raises:
        FileBroken: `archive`.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            found = _checked(archive, form)
            budget = _Budget(sum(info.compress_size for _, info in found))
            for number, (name, info) in enumerate(found, 1):
                with archive.open(info) as member:
                    stream: io.RawIOBase = _Counted(cast("BinaryIO", member), budget)
                    shown = name if is_file_name(name) else f"#{number}"
                    if form == "xlsx":
                        content = stream.read(FREE_BYTES)
                        if stream.read(1):
                            raise _broken("large")
                        yield shown, io.BytesIO(content)
                    else:
                        yield shown, cast("BinaryIO", stream)
    except UNREADABLE:
        raise _broken("broken") from None


def _checked(archive: zipfile.ZipFile, form: str) -> list[tuple[str, zipfile.ZipInfo]]:
    """Return the files in order of their names, once nothing about them is odd."""
    infos = [info for info in archive.infolist() if not info.is_dir()]
    if len(infos) > MOST_FILES:
        raise _broken("many")
    placed = sorted(archive.infolist(), key=lambda info: info.header_offset)
    if any(one.header_offset + one.compress_size > other.header_offset for one, other in pairwise(placed)):
        raise _broken("bomb")
    found = []
    for info in infos:
        name = _name(info)
        fault = _fault(name, info, form)
        if fault is not None:
            raise _broken(fault)
        if not is_leftover(name):
            found.append((name, info))
    if not found:
        raise _broken("none")
    if len({name for name, _ in found}) != len(found):
        raise _broken("twice")
    return sorted(found, key=lambda each: each[0])


def _fault(name: str, info: zipfile.ZipInfo, form: str) -> str | None:
    """Return what is odd about a file of an archive, a key of the problems."""
    if name.startswith(("/", "\\")) or ".." in name.replace("\\", "/").split("/") or ":" in name[:2]:
        return "outside"
    if stat.S_ISLNK(info.external_attr >> 16):
        return "link"
    if info.flag_bits & 1:
        return "locked"
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "packing"
    if is_leftover(name):
        return None
    is_file = name.lower().endswith(ENDINGS[form]) and not PurePosixPath(name).name.startswith(".")
    return None if is_file else "other"


def is_leftover(name: str) -> bool:
    """Say whether a desktop put a file into an archive of its own accord."""
    parts = name.replace("\\", "/").lower().split("/")
    return any(part in LEFTOVERS for part in parts) or parts[-1].startswith("._")


def _name(info: zipfile.ZipInfo) -> str:
    """Return a name as it was meant: without the mark for UTF-8 it is mostly GBK here, and the library reads CP437."""
    if info.flag_bits & 0x800:
        return info.filename
    content = info.orig_filename.encode("cp437", "replace")
    for encoding in ("utf-8", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return info.filename


class _Budget:
    """How much may come out of an archive of so many packed bytes."""

    def __init__(self, packed: int) -> None:
        self._left = max(FREE_BYTES, packed * MOST_RATIO)

    def spend(self, size: int) -> None:
        """Count bytes that came out; FileBroken once they are too many."""
        self._left -= size
        if self._left < 0:
            raise _broken("bomb")


class _Counted(io.RawIOBase):
    """A file of an archive that counts what is read of it."""

    def __init__(self, member: BinaryIO, budget: _Budget) -> None:
        self._member, self._budget = member, budget

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """Return up to so many bytes; fewer only at the end."""
        pieces = []
        while size:
            try:
                piece = self._member.read(min(size, 2**20) if size > 0 else 2**20)
            except (zipfile.BadZipFile, zlib.error, EOFError):
                raise _broken("broken") from None
            if not piece:
                break
            self._budget.spend(len(piece))
            pieces.append(piece)
            size -= len(piece) if size > 0 else 0
        return b"".join(pieces)


def _broken(problem: str) -> FileBroken:
    said, said_zh = _PROBLEMS[problem]
    return FileBroken("archive", None, problem=said, problem_zh=said_zh)
