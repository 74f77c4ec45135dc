"""JSON Lines, read strictly: one flat object a line becomes text, with each line's own bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from inbox.encodings import decode, encoding_differs
from inbox.errors import FileBroken

PROBLEMS = {
    "syntax": ("it is no JSON text", "不是 JSON"),
    "object": ("it is no JSON object", "不是 JSON 对象"),
    "nested": ("a value is a list or an object", "值为列表或对象"),
    "repeated": ("a key stands twice", "有重复的键"),
    "surrogate": ("half of a surrogate pair stands alone", "含有不成对的代理码元"),
    "nul": ("a text holds a NUL character", "文本含有 NUL 字符"),
}
_WORDS = {True: "true", False: "false", None: None}


def _no_constant(text: str) -> object:
    raise ValueError(text)


_DECODER = json.JSONDecoder(object_pairs_hook=tuple, parse_int=str, parse_float=str, parse_constant=_no_constant)


class Broken(Exception):
    """A line cannot be used; the argument is a key of `PROBLEMS`. Never leaves this module."""


class JsonLines:
    """Reads blocks of lines; `seen` collects the keys that occurred."""

    def __init__(self, encoding: str, known: Sequence[str]) -> None:
        self._encoding = encoding
        self._known = known
        self.seen: dict[str, None] = {}

    def read_block(self, block: bytes, first_row: int) -> tuple[list[bytes], list[list[str | None]]]:
        """Return each line's own bytes without its line end, and the values of the known keys, key by key.

        Numbers are text as written, booleans `true` and `false`; null and a missing key are None.

        Raises:
            FileBroken: `encoding` or `json`.
        """
        raw = [line.removesuffix(b"\r") for line in block.removesuffix(b"\n").split(b"\n")]
        rows = [self._row(line, first_row + index) for index, line in enumerate(raw)]
        return raw, [[row.get(key) for row in rows] for key in self._known]

    def _row(self, line: bytes, row: int) -> Mapping[str, str | None]:
        try:
            members = _members(decode(line, self._encoding))
        except UnicodeDecodeError:
            raise encoding_differs(line, self._encoding, row) from None
        except Broken as broken:
            problem, problem_zh = PROBLEMS[broken.args[0]]
            raise FileBroken("json", row, problem=problem, problem_zh=problem_zh) from None
        if not members.keys() <= self.seen.keys():
            self.seen.update(dict.fromkeys(members))
        return members


def _members(text: str) -> dict[str, str | None]:
    """Read one flat JSON object: the decoder gives it as a tuple of pairs, and a list as a list."""
    try:
        pairs = _DECODER.decode(text)
    except (ValueError, RecursionError):
        raise Broken("syntax") from None
    if not isinstance(pairs, tuple):
        raise Broken("object")
    members: dict[str, str | None] = dict(pairs)
    if len(members) != len(pairs):
        raise Broken("repeated")
    for key, value in pairs:
        if not isinstance(value, str):
            if isinstance(value, list | tuple):
                raise Broken("nested")
            members[key] = _WORDS[value]
    if "\\u" in text:
        _check_escapes(members)
    return members


def _check_escapes(members: Mapping[str, str | None]) -> None:
    """Refuse what escapes can spell and text cannot hold."""
    whole = "".join((*members, *(value for value in members.values() if value is not None)))
    if "\0" in whole:
        raise Broken("nul")
    if any("\ud800" <= character <= "\udfff" for character in whole):
        raise Broken("surrogate")
