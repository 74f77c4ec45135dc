"""XML, read strictly and in constant memory: each element at the declared path is a record, its children the fields.

A document type is refused before anything of it is read, so that no entity is ever declared, fetched
or written out.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Mapping, Sequence
from typing import BinaryIO
from xml.parsers import expat

from inbox.encodings import BYTE_ORDER_MARKS, encoding_differs, standard
from inbox.errors import FileBroken
from inbox.lines import MAX_LINE_BYTES

CHUNK_BYTES = 2**16
MAX_DEPTH = 64
_PROBLEMS = {
    "syntax": ("it is not well-formed XML", "不是格式良好的 XML"),
    "doctype": ("it has a document type", "含有文档类型声明（DOCTYPE）"),
    "nested": ("a field has elements or attributes of its own", "字段中还有元素或属性"),
    "repeated": ("a field stands twice in a record", "一条记录中有重复的字段"),
    "stray": ("text stands in a record outside of its fields", "记录中字段之外有文本"),
    "deep": (f"elements are nested deeper than {MAX_DEPTH}", f"元素嵌套超过 {MAX_DEPTH} 层"),
    "root": ("its outermost element is not that of the declared path", "最外层元素与声明的路径不同"),
}
_OF_XML = ("xmlns", "xml:", "xsi:")

Row = Mapping[str, str]


class Broken(Exception):
    """The file cannot be used; the argument is a key of `_PROBLEMS`, or `too_long`. Never leaves this module."""


class _Records:
    """Gathers the records of a document as the parser meets its elements."""

    def __init__(self, path: Sequence[str]) -> None:
        self._path = tuple(path)
        self._open: list[str] = []
        self._record: dict[str, str] | None = None
        self._text: list[str] = []
        self._size = 0
        self.rows: list[Row] = []

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._open.append(name)
        depth = len(self._open)
        if depth > MAX_DEPTH:
            raise Broken("deep")
        own = {f"@{key}": value for key, value in attributes.items() if not key.startswith(_OF_XML)}
        if self._record is not None:
            if depth > len(self._path) + 1 or own:
                raise Broken("nested")
            if name in self._record:
                raise Broken("repeated")
            self._record[name] = ""
            self._text.clear()
        elif depth == 1 and name != self._path[0]:
            raise Broken("root")
        elif tuple(self._open) == self._path:
            self._record, self._size = own, 0

    def text(self, text: str) -> None:
        if self._record is None:
            return
        self._size += len(text)
        if self._size > MAX_LINE_BYTES:
            raise Broken("too_long")
        if len(self._open) == len(self._path) + 1:
            self._text.append(text)
        elif text.strip():
            raise Broken("stray")

    def end(self, name: str) -> None:
        if self._record is not None:
            if len(self._open) == len(self._path):
                self.rows.append(self._record)
                self._record = None
            else:
                self._record[name] = "".join(self._text)
        self._open.pop()

    def doctype(self, *_: object) -> None:
        raise Broken("doctype")


def read(file: BinaryIO, encoding: str, path: Sequence[str]) -> Iterator[list[Row]]:
    """Yield the records of a file, some at a time, each as its fields' texts by name; `@name` is an attribute's.

    Args:
        file: read from where it stands.
        encoding: utf-8 or gb18030, as declared; what the document says of itself does not count.
        path: the names of the elements from the root to a record.

    Raises:
        FileBroken: `encoding`, `xml` or `line_too_long`, after the records before it.
    """
    found = _Records(path)
    parser = _parser(found)
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    done = 0
    is_last = False
    first = True
    while not is_last:
        chunk = file.read(CHUNK_BYTES)
        is_last = not chunk
        try:
            text = decoder.decode(chunk.removeprefix(BYTE_ORDER_MARKS[encoding]) if first else chunk, is_last)
            parser.Parse(standard(text) if encoding == "gb18030" else text, is_last)
        except UnicodeDecodeError:
            raise encoding_differs(chunk, encoding, done + len(found.rows) + 1) from None
        except (expat.ExpatError, Broken) as error:
            raise _broken(error, done + len(found.rows) + 1, path) from None
        first = False
        if found.rows:
            rows, found.rows = found.rows, []
            done += len(rows)
            yield rows


def _parser(found: _Records) -> expat.XMLParserType:
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = found.start
    parser.EndElementHandler = found.end
    parser.CharacterDataHandler = found.text
    parser.StartDoctypeDeclHandler = found.doctype
    return parser


def _broken(error: Exception, row: int, path: Sequence[str]) -> FileBroken:
    reason = error.args[0] if isinstance(error, Broken) else "syntax"
    if reason == "too_long":
        return FileBroken("line_too_long", row, limit=MAX_LINE_BYTES)
    problem, problem_zh = _PROBLEMS[reason]
    return FileBroken("xml", row, problem=problem, problem_zh=problem_zh, path="/" + "/".join(path))
