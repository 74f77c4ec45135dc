"""Paths into nested records: one small language for JSON, XML, CSV and RDF alike, with no pattern that could run long.

org.name            a value in a value; through a list into each of its elements
names[0] names[-1]  an element of a list
extras[key=cycle].value   the elements of a list in which `key` is `cycle`
data.*              every value of a mapping or list
^.name              of what the record lies in; ^.^.name one further up
@key                the key under which the record stands, where `records` is a mapping
a\\.b                a name with a dot in it
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_PICK = re.compile(r"\[([^\[\]]*)\]")
KEY = "@key"


@dataclass(frozen=True)
class Record:
    """One record as it was found: its value, what it lies in (the nearest last), its key, or why it is none."""

    value: Any
    parents: tuple[Any, ...] = ()
    key: str = ""
    fault: str = ""


@dataclass(frozen=True)
class Path:
    """A path that was read. `up` is how many levels it goes up first."""

    text: str
    up: int
    steps: tuple[tuple[str, tuple[str, ...]], ...]


def read_path(text: str) -> Path | None:
    """Return the path in a text; None where there is none."""
    steps: list[tuple[str, tuple[str, ...]]] = []
    up = 0
    for part in _parts(text):
        if part == "^" and not steps:
            up += 1
            continue
        name = _PICK.sub("", part)
        picks = tuple(_PICK.findall(part))
        is_ordered = part == name + "".join(f"[{pick}]" for pick in picks)
        if (
            not is_ordered
            or set(name) & set("[]")
            or not all(_is_pick(pick) for pick in picks)
            or (not name and not picks)
        ):
            return None
        steps.append((name.replace("\\.", "."), picks))
    return Path(text, up, tuple(steps)) if steps else None


def _parts(text: str) -> list[str]:
    """Split at dots that have no backslash before them and stand in no brackets."""
    parts, depth = [""], 0
    for at, character in enumerate(text):
        depth += (character == "[") - (character == "]")
        if character == "." and depth <= 0 and not text[:at].endswith("\\"):
            parts.append("")
        else:
            parts[-1] += character
    return parts


def _is_pick(pick: str) -> bool:
    return pick.lstrip("-").isdecimal() or pick == "*" or (pick.find("=") > 0)


def texts(record: Record, path: Path) -> list[str]:
    """Return the texts at a path, in order; numbers and truth values as JSON writes them."""
    return [text for each in found(record, path) if (text := _text(each)) is not None and text.strip()]


def found(record: Record, path: Path) -> list[Any]:
    """Return whatever is at a path, lists taken apart."""
    if path.up > len(record.parents):
        return []
    if path.steps[0][0] == KEY and path.up == 0:
        return [record.key]
    at = [record.value if path.up == 0 else record.parents[-path.up]]
    for name, picks in path.steps:
        at = list(_named(at, name))
        for pick in picks:
            at = list(_picked(at, pick))
    return list(_spread(at))


def _text(each: Any) -> str | None:
    if isinstance(each, bool):
        return "true" if each else "false"
    return str(each).strip() if isinstance(each, (str, int, float)) else None


def _named(at: list[Any], name: str) -> Iterator[Any]:
    for each in at if not name else _spread(at):
        if not name:
            yield each
        elif name == "*" and isinstance(each, dict):
            yield from each.values()
        elif name == "*":
            yield each
        elif isinstance(each, dict) and name in each:
            yield each[name]


def _picked(at: list[Any], pick: str) -> Iterator[Any]:
    for each in at:
        held = each if isinstance(each, list) else [each]
        if pick == "*":
            yield from held
        elif pick.lstrip("-").isdecimal():
            place = int(pick) if len(pick) < 8 else len(held)
            if -len(held) <= place < len(held):
                yield held[place]
        else:
            name, _, wanted = pick.partition("=")
            yield from (one for one in held if isinstance(one, dict) and _text(_only(one.get(name))) == wanted)


def _only(value: Any) -> Any:
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _spread(at: list[Any]) -> Iterator[Any]:
    stack = list(reversed(at))
    while stack:
        each = stack.pop()
        if isinstance(each, list):
            stack.extend(reversed(each))
        else:
            yield each


def listed(root: Any, path: Path | None) -> list[Record] | None:
    """Return the records at a path from the top, each with what it lies in; None where there is no list or mapping.

    A list gives its elements, a mapping its values with their keys.
    """
    level: list[tuple[Any, tuple[Any, ...]]] = [(root, ())]
    for name, picks in path.steps if path is not None else ():
        following: list[tuple[Any, tuple[Any, ...]]] = []
        for value, parents in level:
            for each in value if isinstance(value, list) else [value]:
                below = list(_named([each], name))
                for pick in picks:
                    below = list(_picked(below, pick))
                following += [(one, (*parents, each)) for one in below]
        level = following
    if not level or not any(_holds_records(value) for value, _ in level):
        return None
    return [record for value, parents in level for record in _elements(value, parents)]


def _holds_records(value: Any) -> bool:
    return isinstance(value, list) or (
        isinstance(value, dict) and len(value) > 0 and all(isinstance(each, dict) for each in value.values())
    )


def _elements(value: Any, parents: tuple[Any, ...]) -> Iterator[Record]:
    if isinstance(value, list):
        yield from (Record(each, parents) for each in value)
    elif isinstance(value, dict):
        yield from (Record(each, parents, str(key)) for key, each in value.items())
    else:
        yield Record(value, parents)
