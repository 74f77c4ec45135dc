"""Texts that match a declared pattern, one for each whole number: what a table's numbers and signs look like.

Reads the part of regular expressions that declarations need: characters, classes, groups, choices
(the first is taken) and repetitions. What it makes is not checked here; a test holds every declared
pattern against it.
"""

from __future__ import annotations

import re
from functools import lru_cache

import numpy as np
import pyarrow as pa

from samples.city.chance import Ints
from samples.city.columns import Column, joined, listed

ANY = "0123456789ABCDEFGHJKLMNPQRTUWXY"
MOST = 1 << 60
_USUAL_REPEATS = 8
_MOST_SIGNS = 512
_REPEAT = re.compile(r"\{([0-9]+)(,?)([0-9]*)\}|[?*+]")
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})|\\(.)")


@lru_cache(maxsize=256)
def slots(pattern: str) -> tuple[str, ...]:
    """Return for each character of a matching text the characters that may stand there."""
    found, _ = _sequence(pattern, 0)
    return tuple(found)


def capacity(pattern: str) -> int:
    """Return how many different texts there are, at most `MOST`."""
    size = 1
    for slot in slots(pattern):
        size = min(MOST, size * len(slot))
    return size


def texts(pattern: str, numbers: Ints) -> Column:
    """Return the text of each number from 0 to below `capacity`: another number, another text."""
    left, parts = np.asarray(numbers, dtype=np.int64), []
    for slot in reversed(slots(pattern)):
        parts.append(slot if len(slot) == 1 else listed(list(slot), left % len(slot)))
        left = left // len(slot)
    if all(isinstance(part, str) for part in parts):
        return pa.repeat(pa.scalar("".join(reversed(parts)), pa.string()), len(left))
    return joined(*reversed(parts))


def _sequence(pattern: str, at: int) -> tuple[list[str], int]:
    """Read up to the end, or to the bracket that closes a group; of choices the first is kept."""
    found: list[str] = []
    kept: list[str] | None = None
    while at < len(pattern) and pattern[at] != ")":
        sign = pattern[at]
        if sign == "|":
            kept, found, at = found if kept is None else kept, [], at + 1
            continue
        if sign in "^$":
            at += 1
            continue
        part, at = _part(pattern, at)
        repeat = _REPEAT.match(pattern, at)
        if repeat is not None:
            at = repeat.end()
            part = part * _times(repeat)
        found += part
    return (found if kept is None else kept), at


def _part(pattern: str, at: int) -> tuple[list[str], int]:
    """Read one character, class or group."""
    sign = pattern[at]
    if sign == "(":
        inside = at + 3 if pattern.startswith("(?:", at) else at + 1
        found, end = _sequence(pattern, inside)
        return found, end + 1
    if sign == "[":
        return _class(pattern, at + 1)
    if sign == ".":
        return [ANY], at + 1
    character, at = _character(pattern, at)
    return [character], at


def _class(pattern: str, at: int) -> tuple[list[str], int]:
    is_other = pattern.startswith("^", at)
    at += is_other
    signs: dict[str, None] = {}
    first = at
    while pattern[at] != "]" or at == first:
        low, at = _character(pattern, at)
        high = low
        if pattern[at] == "-" and pattern[at + 1] != "]":
            high, at = _character(pattern, at + 1)
        for code in range(ord(low), min(ord(high), ord(low) + _MOST_SIGNS) + 1):
            signs[chr(code)] = None
    found = "".join(sign for sign in ANY if sign not in signs) if is_other else "".join(signs)
    return [found], at + 1


def _character(pattern: str, at: int) -> tuple[str, int]:
    escaped = _ESCAPED.match(pattern, at)
    if escaped is None:
        return pattern[at], at + 1
    code = escaped.group(1) or escaped.group(2)
    return (chr(int(code, 16)) if code else escaped.group(3)), escaped.end()


def _times(repeat: re.Match[str]) -> int:
    """Return how often a part stands: as often as it must, or some times where that is open."""
    if repeat.group() in ("?", "*"):
        return 1
    if repeat.group() == "+":
        return _USUAL_REPEATS
    least = int(repeat.group(1))
    most = least if not repeat.group(2) else int(repeat.group(3) or max(least, _USUAL_REPEATS))
    return min(most, max(least, _USUAL_REPEATS + 4))
