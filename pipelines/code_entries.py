"""Code lists as they are read: by code, by name, by synonym, by the names of all parents."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping

from schemas.identifiers import areas
from schemas.model import Code, CodeList

AMBIGUOUS = "?"
CURRENT, RETIRED = "+", "-"
_GROUPINGS = ("市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划")


@functools.lru_cache(maxsize=64)
def entries(code_list: CodeList) -> Mapping[str, str]:
    """Return by text the code it stands for, marked `CURRENT` or `RETIRED` in front, or `AMBIGUOUS`.

    A code stands for itself; then names go before names with all their parents, those before
    synonyms, and current entries before retired ones. A text that two entries of the same
    standing have is ambiguous.
    """
    found = {code: _marked(entry) for code, entry in code_list.codes.items()}
    current = [entry for entry in code_list.codes.values() if entry.until is None]
    retired = [entry for entry in code_list.codes.values() if entry.until is not None]
    for words in (_name, lambda entry: _paths(entry, code_list.codes), _synonyms):
        for group in (current, retired):
            for word, marked in _by_word(group, words).items():
                found.setdefault(word, marked)
    return found


@functools.cache
def region_warnings() -> Mapping[str, str]:
    """Return by listed area code its warning: `region_retired`, or nothing."""
    return {code: "" if is_current else "region_retired" for code, is_current in areas.known().items()}


def _by_word(group: Iterable[Code], words: Callable[[Code], tuple[str, ...]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for entry in group:
        for word in dict.fromkeys(words(entry)):
            found[word] = AMBIGUOUS if word in found else _marked(entry)
    return found


def _marked(entry: Code) -> str:
    return (CURRENT if entry.until is None else RETIRED) + entry.code


def _name(entry: Code) -> tuple[str, ...]:
    return (entry.name,)


def _synonyms(entry: Code) -> tuple[str, ...]:
    return entry.synonyms


def _paths(entry: Code, codes: Mapping[str, Code]) -> tuple[str, ...]:
    """Return the name with those of its parents in front, like 江西省九江市濂溪区; with groupings and without."""
    names, at, seen = [entry.name], entry, {entry.code}
    while at.parent is not None and at.parent not in seen:
        seen.add(at.parent)
        at = codes[at.parent]
        names.append(at.name)
    return "".join(reversed(names)), "".join(name for name in reversed(names) if name not in _GROUPINGS)
