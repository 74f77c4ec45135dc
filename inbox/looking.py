"""Looks at a file that nobody has declared: its format, encoding, header and first rows. All of it is a guess."""

from __future__ import annotations

import codecs
import csv
import io
import json
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import BinaryIO
from xml.parsers import expat

from inbox import archives, looking_excel, xml_rows
from inbox.encodings import standard
from inbox.errors import FileBroken, NotDeliverable

MOST_ROWS, MOST_BYTES = 20_000, 32 * 2**20
_DELIMITERS = (",", ";", "|", "\t")
_MOST_LINES = 200
_LEAST_FIXED, _NARROWEST = 2, 20
_IN_ARCHIVES = ("csv", "jsonl", "xml", "xlsx")
_MARK = "\ufeff"


@dataclass(frozen=True)
class Look:
    """What a file looks like. `options` are keys of a resource that say how it is read; a row has a text by header."""

    format: str
    options: dict[str, str]
    headers: tuple[str, ...]
    rows: list[dict[str, str]]


def look(path: Path) -> Look:
    """Look at the first rows of a file; of a zip archive, at those of its first file.

    Raises:
        NotDeliverable: it has no header, or nothing that could be read.
        FileBroken: its structure is broken.
    """
    with path.open("rb") as file:
        if archives.is_archive(file, "xlsx"):
            return _archive(file)
        return _look(file)


def _look(file: BinaryIO) -> Look:
    """Look at a file that can be read anew from its begin."""
    if file.read(4) == archives.MAGIC:
        options, headers, rows = looking_excel.table(file)
        options |= {"sheet": quoted(options["sheet"])} if "sheet" in options else {}
        return Look("xlsx", options, tuple(headers), list(_first(iter([row]) for row in rows)))
    file.seek(0)
    content = file.read(MOST_BYTES)
    text, encoding = _text(content)
    options = {} if encoding == "utf-8" else {"encoding": encoding}
    first = text.lstrip()[:1]
    if first == "<":
        file.seek(0)
        return _xml(file, text, encoding, options)
    if first == "{":
        return _lines(text, options)
    if first == "[":
        raise NotDeliverable("the file is one list in JSON: JSON Lines is wanted, an object a line without a comma")
    return _csv(text, encoding, options)


def _archive(file: BinaryIO) -> Look:
    """Look at the first file of an archive, once all of its files are of one format."""
    try:
        with zipfile.ZipFile(file) as archive:
            every = [info.filename.lower() for info in archive.infolist() if not info.is_dir()]
    except archives.UNREADABLE:
        raise NotDeliverable("the file begins like a workbook or zip archive and is broken: get it anew") from None
    names = [name for name in every if not archives.is_leftover(name)]
    forms = [form for form in _IN_ARCHIVES if names and all(name.endswith(archives.ENDINGS[form]) for name in names)]
    if not forms:
        kinds = ", ".join(sorted({PurePosixPath(name).suffix or "none" for name in names})) or "no file"
        raise NotDeliverable(f"the archive has files with the endings {kinds}: one format's are wanted, and no others")
    for name, member in archives.members(file, forms[0]):
        content = io.BytesIO(member.read() if forms[0] == "xlsx" else member.read(MOST_BYTES))
        try:
            seen = _look(content)
        except FileBroken as error:
            raise error.in_file(name) from None
        told = f"zip  # of its {len(names):,} files the first was looked at" if len(names) > 1 else "zip"
        return Look(seen.format, seen.options | {"packed": told}, seen.headers, seen.rows)
    raise NotDeliverable("the archive holds no file")


def _text(content: bytes) -> tuple[str, str]:
    """Decode as UTF-8, else as GB 18030; a line cut off at the end is left out, unless there is no other."""
    is_whole = len(content) < MOST_BYTES
    cut = content if is_whole else content[: content.rfind(b"\n") + 1] or content
    for encoding in ("utf-8", "gb18030"):
        try:
            text = codecs.getincrementaldecoder(encoding)("strict").decode(cut, is_whole)
            return (standard(text) if encoding == "gb18030" else text).removeprefix(_MARK), encoding
        except UnicodeDecodeError:
            continue
    raise NotDeliverable("the file is neither UTF-8 nor GB 18030 text, nor an .xlsx workbook: save it as one of them")


def _csv(text: str, encoding: str, options: dict[str, str]) -> Look:
    head = text.splitlines()[:_MOST_LINES]
    delimiter = max(_DELIMITERS, key=lambda sign: sum(line.count(sign) for line in head))
    _refuse_fixed(head, encoding, delimiter)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    common = Counter(len(line) for line in csv.reader(head, delimiter=delimiter) if line).most_common(1)
    width, titles, line = common[0][0] if common else 0, 0, next(lines, [])
    while titles < looking_excel.MOST_TITLES and looking_excel.is_title(
        len([cell for cell in line if cell.strip()]), width
    ):
        titles, line = lines.line_num, next(lines, [])
    headers = tuple(cell.strip() for cell in line)
    if len(set(headers)) != len(headers) or not all(headers) or not headers:
        where = f"line {titles + 1}" if titles else "the first line"
        raise NotDeliverable(
            f"{where} has an empty name or one twice: it has to be the header, a name in each column, each another"
        )
    rows = [dict(zip(headers, line, strict=False)) for line in islice(lines, MOST_ROWS)]
    if delimiter != ",":
        options = options | {"delimiter": '"\\t"' if delimiter == "\t" else f'"{delimiter}"'}
    if titles:
        options = options | {"header_row": f"{titles + 1}  # titles stand above"}
    return Look("csv", options, headers, rows)


def _refuse_fixed(lines: Sequence[str], encoding: str, delimiter: str) -> None:
    """Tell lines that are all as wide as each other and have no delimiter: nothing says where their fields end."""
    if len(lines) < _LEAST_FIXED or any(delimiter in line for line in lines):
        return
    for unit, widths in (
        ("characters", {len(line) for line in lines}), ("bytes", {len(line.encode(encoding)) for line in lines})
    ):  # fmt: skip
        if len(widths) == 1 and max(widths) >= _NARROWEST:
            raise NotDeliverable(
                f"each line has {max(widths)} {unit} and no delimiter: it looks like fixed width, and where its fields "
                "end cannot be guessed. Ask for the record's layout, declare 'format: fixed' with 'widths' (and "
                f"'widths_in: {unit}'), then run `onefile resource try`"
            )


def _lines(text: str, options: dict[str, str]) -> Look:
    rows: list[dict[str, str]] = []
    for number, line in enumerate(islice(text.splitlines(), MOST_ROWS), 1):
        try:
            read = json.loads(line, parse_int=str, parse_float=str)
        except (ValueError, RecursionError):
            read = None
        if not isinstance(read, dict):
            raise NotDeliverable(f"line {number} is no JSON object: JSON Lines has one a line")
        rows.append({key: _written(value) for key, value in read.items() if value is not None})
    return Look("jsonl", options, tuple(dict.fromkeys(key for row in rows for key in row)), rows)


def _written(value: object) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def _xml(file: BinaryIO, text: str, encoding: str, options: dict[str, str]) -> Look:
    steps = _record_path(text)
    rows = list(_first(xml_rows.read(file, encoding, steps)))
    headers = tuple(dict.fromkeys(name for row in rows for name in row))
    return Look("xml", options | {"path": quoted("/" + "/".join(steps))}, headers, rows)


def _record_path(text: str) -> Sequence[str]:
    """Return the path of the elements that are met most often and have fields below them."""
    opened: list[str] = []
    met: Counter[tuple[str, ...]] = Counter()

    def start(name: str, _: object) -> None:
        opened.append(name)
        met[tuple(opened)] += 1

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _: opened.pop()
    parser.StartDoctypeDeclHandler = _refuse
    try:
        parser.Parse(text, False)
    except expat.ExpatError as error:
        raise NotDeliverable(f"the file begins like XML and is none ({error}): look at it first") from None
    parents = {steps[:-1] for steps in met}
    records = [steps for steps in met if steps in parents and len(steps) > 1]
    if not records:
        raise NotDeliverable("the XML has no element with fields below its root: nothing in it is a record")
    return max(records, key=lambda steps: (met[steps], len(steps)))


def _refuse(*_: object) -> None:
    raise NotDeliverable("the XML has a document type, which is never read: have it written without one")


def quoted(text: str) -> str:
    """Return a text as it stands in YAML, whatever signs and line ends it has."""
    return json.dumps(text, ensure_ascii=False)


def _first(parts: Iterable[Iterable[Mapping[str, str]]]) -> Iterator[dict[str, str]]:
    return (dict(row) for row in islice((row for part in parts for row in part), MOST_ROWS))
