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
    synonyms, and current entries before retired ones (which go without their parents). A
    text that two entries of the same
    standing have is ambiguous.
    """
    found = {code: _marked(entry) for code, entry in code_list.codes.items()}
    current = [entry for entry in code_list.codes.values() if entry.until is None]
    retired = [entry for entry in code_list.codes.values() if entry.until is not None]
    for words, groups in (
        (_name, (current, retired)),
        (lambda entry: _paths(entry, code_list.codes), (current,)),
        (_synonyms, (current, retired)),
    ):
        for group in groups:
            for word, marked in _by_word(group, words).items():
                found.setdefault(word, marked)
    return found


@functools.lru_cache(maxsize=8)
def regions(areas_listed: CodeList) -> Mapping[str, str]:
    """Return area codes by their first four digits: `01+04-` are a current and a retired one below.

    The areas of residence permits of Hong Kong, Macau and Taiwan residents count as listed.
    """
    found: dict[str, str] = {}
    standing = {code: RETIRED if entry.until else CURRENT for code, entry in areas_listed.codes.items()}
    for code, mark in sorted((standing | dict.fromkeys(areas.HMT_AREAS, CURRENT)).items()):
        found[code[:4]] = found.get(code[:4], "") + code[4:] + mark
    return found


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
