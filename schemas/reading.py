"""Strict reading of YAML: every value knows its file and line, and every fault is told.

A file becomes PyYAML's tree of nodes; no object is constructed from it, so that `no`, `on`,
`0123` or a tag cannot turn a text into something else unseen: a value is asked for as what it
should be, and what it is not is a problem. After a problem the reader goes on with a
stand-in, so that all problems of a file are told together; `Document.is_broken` says that
nothing of the file may be used.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import yaml

from schemas.errors import Problems, one_of
from schemas.model import Place

MAX_BYTES = 1_000_000
MAX_NODES = 100_000
MAX_DEPTH = 30
_TAG = "tag:yaml.org,2002:"
_KINDS = {f"{_TAG}{kind}": kind for kind in ("str", "map", "seq", "bool", "int", "float", "null", "timestamp")}
_WORDS = {
    "str": "a text", "bool": "a boolean", "int": "a number", "float": "a number", "null": "nothing",
    "timestamp": "a date", "seq": "a list", "map": "a mapping", "merge": "a merge key",
}  # fmt: skip


class Document:
    """A file that is being read: its name as shown, and the problems found in it."""

    def __init__(self, path: str, problems: Problems) -> None:
        self.path = path
        self.problems = problems
        self.is_broken = False

    def refuse(self, line: int, found: str, allowed: str) -> None:
        self.is_broken = True
        self.problems.add(Place(self.path, line), found, allowed)


class Value(NamedTuple):
    """A value of a file. Its readers return what was asked for, or tell a problem and return a stand-in."""

    document: Document
    node: yaml.Node

    @property
    def place(self) -> Place:
        return Place(self.document.path, self.node.start_mark.line + 1)

    def refuse(self, found: str, allowed: str) -> None:
        self.document.refuse(self.place.line, found, allowed)

    @property
    def kind(self) -> str:
        """Return what YAML takes the value for: str, bool, int, float, null, timestamp, seq, map, …"""
        return _KINDS.get(self.node.tag) or str(self.node.tag).removeprefix(_TAG)

    def shown(self) -> str:
        """Say the value in a message."""
        what = _WORDS.get(self.kind, f"the tag {self.node.tag}")
        return f"{self.node.value!r} ({what})" if isinstance(self.node, yaml.ScalarNode) else what

    def _is(self, kind: str, allowed: str) -> bool:
        if self.kind == kind:
            return True
        self.refuse(self.shown(), allowed)
        return False

    def text(self) -> str:
        """Read a text, not empty."""
        scalar = self.kind in ("bool", "int", "float", "null", "timestamp")
        hint = f'a text: write it in quotes, "{self.node.value}"' if scalar and self.node.value else "a text"
        if self._is("str", hint) and not self.node.value.strip():
            self.refuse("an empty text", "a text")
        return str(self.node.value)

    def text_or_empty(self) -> str:
        """Read a text that may be empty (written `""`)."""
        return str(self.node.value) if self._is("str", 'a text in quotes, like "" or "N/A"') else ""

    def whole(self, least: int | None = None) -> int:
        """Read a whole number, written in decimal digits without leading zeros."""
        digits = str(self.node.value)
        if not self._is("int", "a whole number"):
            return 0
        if not digits.lstrip("-").isdecimal() or (digits.lstrip("-").startswith("0") and digits not in ("0", "-0")):
            self.refuse(f"{digits!r}", "a whole number in plain decimal digits")
            return 0
        if least is not None and int(digits) < least:
            self.refuse(digits, f"a whole number from {least}")
        return int(digits)

    def number(self) -> str:
        """Read a decimal number and return its text."""
        digits = str(self.node.value)
        if self.kind not in ("int", "float") or not digits.replace(".", "", 1).lstrip("-").isdecimal():
            self.refuse(self.shown(), "a number in plain decimal digits, like 0.05 or 10000")
            return "0"
        return digits

    def flag(self) -> bool:
        """Read `true` or `false`; YAML's other words for them are refused."""
        if self.kind == "bool" and self.node.value in ("true", "false"):
            return bool(self.node.value == "true")
        self.refuse(self.shown(), "true or false")
        return False

    def day(self) -> date | None:
        """Read a day, YYYY-MM-DD, quoted or not."""
        with suppress(ValueError):  # told below, as every other text that is no day
            if self.kind in ("timestamp", "str"):
                return date.fromisoformat(self.node.value) if len(self.node.value) == 10 else _no_day()
        self.refuse(self.shown(), "a day, YYYY-MM-DD")
        return None

    def choice(self, allowed: Iterable[str]) -> str:
        """Read a text that must be one of those allowed."""
        names = tuple(allowed)
        found = self.text()
        if self.kind == "str" and found not in names:
            self.refuse(f"{found!r}", one_of(names, found))
        return found

    def has(self, key: str) -> bool:
        """Tell whether it is a mapping with that key; tells no problem."""
        return isinstance(self.node, yaml.MappingNode) and any(k.value == key for k, _ in self.node.value)

    def items(self) -> list[Value]:
        """Read a list."""
        if not isinstance(self.node, yaml.SequenceNode) or not self._is("seq", "a list, like [a, b]"):
            if self.kind != "seq":
                self._is("seq", "a list, like [a, b]")
            return []
        return [Value(self.document, node) for node in self.node.value]

    def texts(self, may_be_single: bool = False) -> tuple[str, ...]:
        """Read a list of texts, none twice and none empty; with `may_be_single` also one text."""
        if may_be_single and isinstance(self.node, yaml.ScalarNode):
            return (self.text(),)
        items = self.items()
        found = [item.text() for item in items]
        for item, text in zip(items, found, strict=True):
            if found.count(text) > 1:
                item.refuse(f"{text!r} twice", "each once")
        return tuple(dict.fromkeys(found))

    def entries(self) -> list[tuple[str, Value, Value]]:
        """Read a mapping with free keys: key, the key's value (for its place), value. Keys are texts, each once."""
        if not isinstance(self.node, yaml.MappingNode) or self.kind != "map":
            self.refuse(self.shown(), "a mapping, like {key: value}")
            return []
        found: dict[str, tuple[str, Value, Value]] = {}
        for key_node, node in self.node.value:
            key = Value(self.document, key_node)
            if key.kind == "merge":
                key.refuse("the merge key <<", "the keys written out (an anchor may stand for a whole value)")
            elif name := self._key(key, found):
                found[name] = (name, key, Value(self.document, node))
        return list(found.values())

    def _key(self, key: Value, found: dict[str, tuple[str, Value, Value]]) -> str | None:
        """Return the key's text, or tell why it is none."""
        if not isinstance(key.node, yaml.ScalarNode) or key.kind != "str":
            written = key.node.value if isinstance(key.node, yaml.ScalarNode) else "key"
            key.refuse(f"the key {key.shown()}", f'a text as key: write it in quotes, "{written}":')
            return None
        name = str(key.node.value)
        if name in found:
            key.refuse(f"the key {name!r} twice", f"it once (the first is in line {found[name][1].place.line})")
            return None
        return name or None

    def fields(self, required: Sequence[str], optional: Sequence[str] = ()) -> Fields:
        """Read a mapping with known keys."""
        known = (*required, *optional)
        values = {}
        for name, key, value in self.entries():
            if name not in known:
                key.refuse(f"the key {name!r}", one_of(known, name))
            else:
                values[name] = value
        if self.kind == "map":
            for name in required:
                if name not in values:
                    self.refuse(f"no {name!r}", f"the key {name!r}")
        return Fields(self, values)


def _no_day() -> date:
    raise ValueError


@dataclass(frozen=True)
class Fields:
    """The values of a mapping with known keys; those missing were told already where they are required."""

    whole_value: Value
    values: dict[str, Value]

    @property
    def place(self) -> Place:
        return self.whole_value.place

    def get(self, name: str) -> Value | None:
        return self.values.get(name)

    def text(self, name: str) -> str:
        """Return the text, or an empty one when it is not there."""
        return self.values[name].text() if name in self.values else ""

    def maybe(self, name: str) -> str | None:
        """Return the text, or None when it is not there."""
        return self.values[name].text() if name in self.values else None

    def whole(self, name: str, least: int | None = None) -> int | None:
        return self.values[name].whole(least) if name in self.values else None

    def flag(self, name: str) -> bool:
        """Return the flag; false when it is not there."""
        return self.values[name].flag() if name in self.values else False

    def choice(self, name: str, allowed: Iterable[str], default: str = "") -> str:
        return self.values[name].choice(allowed) if name in self.values else default

    def texts(self, name: str, may_be_single: bool = False) -> tuple[str, ...]:
        return self.values[name].texts(may_be_single) if name in self.values else ()

    def items(self, name: str) -> list[Value]:
        return self.values[name].items() if name in self.values else []

    def entries(self, name: str) -> list[tuple[str, Value, Value]]:
        return self.values[name].entries() if name in self.values else []


_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Base):  # type: ignore[misc]
    """The safe loader, which remembers what it took a plain scalar for: most of them are met again and again."""

    _taken_for: ClassVar[dict[str, str]] = {}

    def resolve(self, kind: type[yaml.Node], value: str, implicit: tuple[bool, bool]) -> str:
        if kind is not yaml.ScalarNode or not implicit[0]:
            return str(super().resolve(kind, value, implicit))
        tag = self._taken_for.get(value)
        if tag is None:
            if len(self._taken_for) >= MAX_NODES:
                self._taken_for.clear()
            tag = self._taken_for[value] = str(super().resolve(kind, value, implicit))
        return tag


def read(path: Path, shown: str, problems: Problems) -> Value | None:
    """Read a YAML file into a value whose readers tell what is wrong.

    Returns:
        The file's one document; None when it is no YAML at all, which was told.
    """
    document = Document(shown, problems)
    text = _decoded(path, document)
    if text is None:
        return None
    try:
        node = yaml.compose(text, Loader=_Loader)
        if "!" in text and (tag := next((t for t in yaml.scan(text) if isinstance(t, yaml.TagToken)), None)):
            document.refuse(tag.start_mark.line + 1, "a tag (`!…`)", "the value alone, in quotes where it is a text")
            return None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        document.refuse(mark.line + 1 if mark else 1, _said(error), _advice(error))
        return None
    except yaml.YAMLError as error:
        document.refuse(1, f"what is no YAML ({type(error).__name__})", "a YAML file of printable characters")
        return None
    if node is None:
        document.refuse(1, "an empty file", "a declaration")
        return None
    return Value(document, node) if _is_bounded(node, document) else None


def _decoded(path: Path, document: Document) -> str | None:
    try:
        data = path.read_bytes()
    except OSError as error:
        document.refuse(1, f"a file that cannot be read ({error.strerror})", "a readable file")
        return None
    if len(data) > MAX_BYTES:
        document.refuse(1, f"{len(data)} bytes", f"at most {MAX_BYTES}; a long code list belongs into a CSV file")
        return None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        document.refuse(line, f"the byte 0x{data[error.start]:02x}, which is no UTF-8", "the file saved as UTF-8")
        return None
    return text if _is_shallow(text, document) else None


def _is_shallow(text: str, document: Document) -> bool:
    """Tell text that nests deeper than any declaration does: the parser, in C, would overflow its stack."""
    depth = 0
    for line_no, line in enumerate(text.splitlines(), 1):
        depth = max(0, depth + line.count("[") + line.count("{") - line.count("]") - line.count("}"))
        indented = len(line) - len(line.lstrip(" -?"))
        if depth > 10 * MAX_DEPTH or indented > 20 * MAX_DEPTH:
            document.refuse(line_no, "values nested without end", f"at most {MAX_DEPTH} levels")
            return False
    return True


def _said(error: yaml.MarkedYAMLError) -> str:
    return f"what is no YAML ({error.problem or error.context})"


def _advice(error: yaml.MarkedYAMLError) -> str:
    said = f"{error.context} {error.problem}"
    if "\\t" in said or "tab" in said:
        return "spaces instead of tabs"
    if "document" in said:
        return "one document a file (no second '---')"
    return "well-formed YAML; quote texts with ': ', ' #' or a leading sign"


def _is_bounded(root: yaml.Node, document: Document) -> bool:
    """Tell a tree that is too deep or, its aliases written out, too large; one may hold itself."""
    count, depth, level = 0, 0, [root]
    while level:
        count, depth = count + len(level), depth + 1
        if depth > MAX_DEPTH or count > MAX_NODES:
            document.refuse(level[0].start_mark.line + 1, "values nested without end, or too many",
                            f"at most {MAX_DEPTH} levels and {MAX_NODES} values, aliases written out")  # fmt: skip
            return False
        below: list[yaml.Node] = []
        for node in level:
            if isinstance(node, yaml.SequenceNode):
                below += node.value
            elif isinstance(node, yaml.MappingNode):
                below += chain.from_iterable(node.value)
            if len(below) > MAX_NODES:
                break
        level = below
    return True
