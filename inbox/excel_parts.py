"""The parts of an Excel workbook (.xlsx, ECMA-376): which sheet is meant, its shared texts, which cells hold days.

Parts are read as streams and never unpacked to a disk, so that no name in the archive leads anywhere;
what they come to is counted while they are read. A document type is refused as in any XML.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import IO, BinaryIO
from xml.parsers import expat

CHUNK_BYTES = 2**16
MAX_PARTS = 10_000
MAX_PART_BYTES = 512 * 2**20
_OLE = b"\xd0\xcf\x11\xe0"
_DATES = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}
_WITH_TIME = {18, 19, 20, 21, 22, 45, 46, 47}
_LITERAL = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.|\*.')
_PROBLEMS = {
    "no_workbook": ("it is no Excel workbook (.xlsx)", "不是 Excel 工作簿（.xlsx）"),
    "old": ("it is a workbook of the old format (.xls), or one with a password", "是旧格式（.xls）或加密的工作簿"),
    "too_large": (
        f"it unpacks to more than {MAX_PART_BYTES} bytes a part",
        f"解压后单个部分超过 {MAX_PART_BYTES} 字节",
    ),
    "no_sheet": ("it has no such sheet", "没有所声明的工作表"),
    "syntax": ("a part of it is not well-formed XML", "其中的 XML 格式不良"),
    "doctype": ("a part of it has a document type", "其中含有文档类型声明（DOCTYPE）"),
    "no_header": ("it ends before its header", "在表头之前就结束了"),
    "twice": ("a cell stands twice in a row", "一行中有重复的单元格"),
    "character": ("a cell spells a character that no text can hold", "单元格中含有文本不允许的字符"),
    "beyond": ("a cell stands beyond its header", "有单元格超出表头范围"),
}


class Broken(Exception):
    """The workbook cannot be used; the argument is a key of the problems. Never leaves the package of readers."""


def problem(key: str) -> tuple[str, str]:
    """Say a problem in English and Chinese."""
    return _PROBLEMS[key]


class Book:
    """An open workbook. Every method raises Broken."""

    def __init__(self, file: BinaryIO) -> None:
        begin = file.tell()
        is_old = file.read(4) == _OLE
        file.seek(begin)
        if is_old:
            raise Broken("old")
        try:
            self._zip = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, ValueError, OSError, OverflowError, RuntimeError) as error:
            raise Broken("no_workbook") from error
        if len(self._zip.infolist()) > MAX_PARTS:
            raise Broken("too_large")
        self._sheets, self.is_1904 = self._workbook()

    @property
    def names(self) -> list[str]:
        """The names of the sheets, in the workbook's order."""
        return list(self._sheets)

    def sheet(self, name: str | None) -> str:
        """Return the part that holds a sheet by its name, or the first."""
        if not self._sheets or (name is not None and name not in self._sheets):
            raise Broken("no_sheet")
        return self._sheets[name] if name is not None else next(iter(self._sheets.values()))

    def shared(self) -> list[str]:
        """Return the shared texts; phonetic readings are no part of them."""
        found: list[str] = []
        text: list[str] = []
        state = {"in_text": 0, "phonetic": 0}

        def start(name: str, _: Mapping[str, str]) -> None:
            state["in_text"] += name == "t"
            state["phonetic"] += name == "rPh"

        def end(name: str) -> None:
            state["in_text"] -= name == "t"
            state["phonetic"] -= name == "rPh"
            if name == "si":
                found.append("".join(text))
                text.clear()

        def characters(data: str) -> None:
            if state["in_text"] and not state["phonetic"]:
                text.append(data)

        if "xl/sharedStrings.xml" in self._zip.namelist():
            for _ in self.parse("xl/sharedStrings.xml", start, end, characters):
                continue
        return found

    def days(self) -> Mapping[int, bool]:
        """Return the styles of cells that hold days, each with whether they show a time of day too."""
        formats: dict[int, str] = {}
        styles: list[int] = []
        place = {"cells": False}

        def start(name: str, attributes: Mapping[str, str]) -> None:
            if name == "numFmt":
                formats[int(attributes["numFmtId"])] = attributes.get("formatCode", "")
            elif name == "cellXfs":
                place["cells"] = True
            elif name == "xf" and place["cells"]:
                styles.append(int(attributes.get("numFmtId", "0")))

        def end(name: str) -> None:
            place["cells"] = place["cells"] and name != "cellXfs"

        if "xl/styles.xml" in self._zip.namelist():
            for _ in self.parse("xl/styles.xml", start, end, lambda _: None):
                continue
        read = {place: _as_day(number, formats.get(number)) for place, number in enumerate(styles)}
        return {place: with_time for place, with_time in read.items() if with_time is not None}

    def parse(
        self,
        part: str,
        start: Callable[[str, Mapping[str, str]], None],
        end: Callable[[str], None],
        characters: Callable[[str], None],
    ) -> Iterator[None]:
        """Parse a part, yielding after each piece of it, so that the caller can hand on what it gathered."""
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = lambda name, attributes: start(name.rpartition(":")[2], attributes)
        parser.EndElementHandler = lambda name: end(name.rpartition(":")[2])
        parser.CharacterDataHandler = characters
        parser.StartDoctypeDeclHandler = _refuse
        size = 0
        try:
            with self._open(part) as file:
                while chunk := file.read(CHUNK_BYTES):
                    size += len(chunk)
                    if size > MAX_PART_BYTES:
                        raise Broken("too_large")
                    parser.Parse(chunk, False)
                    yield
                parser.Parse(b"", True)
                yield
        except (expat.ExpatError, ValueError, LookupError) as error:
            raise Broken("syntax") from error
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
            raise Broken("no_workbook") from error

    def _open(self, part: str) -> IO[bytes]:
        try:
            return self._zip.open(part)
        except KeyError as error:
            raise Broken("no_workbook") from error

    def _workbook(self) -> tuple[dict[str, str], bool]:
        """Return the parts of the sheets by name, in the workbook's order, and whether days count from 1904."""
        ids: dict[str, str] = {}
        targets: dict[str, str] = {}
        since = {"1904": False}

        def sheets(name: str, attributes: Mapping[str, str]) -> None:
            if name == "sheet":
                ids[attributes["name"]] = next((v for k, v in attributes.items() if k.endswith(":id")), "")
            elif name == "workbookPr":
                since["1904"] = attributes.get("date1904") in ("1", "true")

        def ties(name: str, attributes: Mapping[str, str]) -> None:
            if name == "Relationship" and attributes.get("Type", "").endswith("/worksheet"):
                targets[attributes["Id"]] = posixpath.normpath(posixpath.join("/xl", attributes["Target"])).lstrip("/")

        for part, start in (("xl/workbook.xml", sheets), ("xl/_rels/workbook.xml.rels", ties)):
            for _ in self.parse(part, start, lambda _: None, lambda _: None):
                continue
        return {name: targets[key] for name, key in ids.items() if key in targets}, since["1904"]


def _refuse(*_: object) -> None:
    raise Broken("doctype")


def _as_day(number: int, code: str | None) -> bool | None:
    """Say whether a number format shows a time of day; None where it shows no day at all."""
    if number in _DATES:
        return number in _WITH_TIME
    signs = _LITERAL.sub("", code or "").lower()
    if not re.search("[yd]|(?<![a-z])m", signs) or "general" in signs:
        return None
    return bool(re.search("[hs]", signs))
