"""How texts are taken apart for search: Chinese words, pairs of characters, pinyin, initials.

The libraries are loaded when the first text is taken apart: a verb that does not search pays nothing for them.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from types import ModuleType
from typing import Any

from catalog.errors import ExtraMissing

_HAN = re.compile(r"[㐀-鿿豈-﫿\U00020000-\U0003ffff]+")
_LATIN = re.compile(r"[a-z0-9]+")
LONGEST_QUERY = 200


def plain(text: str) -> str:
    """Return a text as it is compared: NFKC, small letters, simplified characters, ü as v."""
    folded = unicodedata.normalize("NFKC", text).lower().replace("ü", "v")
    return str(_converter().convert(folded)) if _HAN.search(folded) else folded


def han_runs(text: str) -> list[str]:
    """Return the runs of Chinese characters of a plain text."""
    return _HAN.findall(text)


def latin_words(text: str) -> list[str]:
    """Return the runs of Latin letters and digits of a plain text."""
    return _LATIN.findall(text)


@lru_cache(maxsize=100_000)
def words(run: str) -> tuple[str, ...]:
    """Return the words of a run of Chinese characters, as a dictionary cuts them, and the shorter words in them."""
    return tuple(_load("rjieba").cut_for_search(run))


def pairs(run: str) -> list[str]:
    """Return the pairs of neighbouring characters; of a single character itself."""
    return [run[at : at + 2] for at in range(len(run) - 1)] or [run]


@lru_cache(maxsize=100_000)
def syllables(run: str) -> tuple[str, ...]:
    """Return the pinyin of a run of Chinese characters without tones, a syllable each, read by its words."""
    return tuple(_load("pypinyin").lazy_pinyin(run))


def tails(parts: tuple[str, ...]) -> list[str]:
    """Return the parts joined from each one on, so that a search may begin with any syllable."""
    return ["".join(parts[at:]) for at in range(len(parts))]


@cache
def _converter() -> Any:
    return _load("opencc").OpenCC("t2s")


@cache
def _load(name: str) -> ModuleType:
    import importlib

    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        raise ExtraMissing(name) from None
