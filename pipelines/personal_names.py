"""Personal names keep their characters: rare ones by a listed table, NFC, one middle dot.

NFC is written out for what names contain: compatibility ideographs become the ones they stand
for, and a Latin, Greek or Cyrillic letter with marks after it becomes one character. Both
tables come from Python's Unicode data.
"""

from __future__ import annotations

import csv
import functools
import re
import unicodedata
from collections.abc import Mapping
from importlib.resources import files

from pipelines.characters import BLANKS, INVISIBLE, WIDTH_FROM, WIDTH_TO

MIDDLE_DOT = "·"
_DOTS = "•‧∙⋅・･●⸱ꞏ"
_HAN = (
    "[\u2e80-\u2e99\u2e9b-\u2ef3\u2f00-\u2fd5\u3005\u3007\u3021-\u3029\u3038-\u303b\u3400-\u4dbf\u4e00-\u9ffc"
    "\uf900-\ufa6d\ufa70-\ufad9\U00016ff0-\U00016ff1\U00020000-\U0002a6dd\U0002a700-\U0002b734\U0002b740-\U0002b81d"
    "\U0002b820-\U0002cea1\U0002ceb0-\U0002ebe0\U0002f800-\U0002fa1d\U00030000-\U0003134a]"
)
"""Characters of the script Han (Unicode 13)."""
_MARKS = re.compile("[\u0300-\u036f]")
_DOTTED = re.compile(rf" *{MIDDLE_DOT} *|(?<={_HAN}) *[.] *(?={_HAN})")
_LOOSE = re.compile(rf"(?<={_HAN}) +(?={_HAN})| +(?= )")

NOT_PLAIN = "[^\u4e00-\u9fff·]"
"""Found in every name that `personal_name` changes: all but Han characters with middle dots."""


def personal_name(text: str) -> str:
    """Return the name as it is kept.

    Full-width letters become half-width; private-use characters become what
    `rare_characters.csv` lists; every kind of middle dot becomes U+00B7 (a full stop between
    Han characters too), without blanks around it; blanks inside a Han name go, other runs of
    blanks become one space; blanks and invisible characters at the ends go.
    """
    plain = text.translate(_characters())
    if _MARKS.search(plain):
        for pair, one in _compositions():
            plain = plain.replace(pair, one)
    return _LOOSE.sub("", _DOTTED.sub(MIDDLE_DOT, plain)).strip(" ")


@functools.cache
def _characters() -> Mapping[int, str | None]:
    """Return what becomes of each character that does not stay; None: it goes."""
    rare = {chr(int(row["private_use"][2:], 16)): row["character"] for row in rare_characters()}
    single = {c: n for c in map(chr, _code_points()) if len(n := unicodedata.normalize("NFC", c)) == 1 and n != c}
    both = dict(zip(WIDTH_FROM, WIDTH_TO, strict=True))
    meant = dict.fromkeys(BLANKS, " ") | single | both | rare | dict.fromkeys(_DOTS, MIDDLE_DOT)
    return {ord(c): to for c, to in meant.items()} | dict.fromkeys(map(ord, INVISIBLE))


@functools.cache
def _compositions() -> tuple[tuple[str, str], ...]:
    """Return pairs: a letter with a mark after it, and the one character of both; fewer marks first."""
    pairs = []
    for character in map(chr, _code_points()):
        parts = unicodedata.decomposition(character).split()
        if len(parts) == 2 and 0x300 <= int(parts[1], 16) <= 0x36F:
            pair = "".join(chr(int(part, 16)) for part in parts)
            if unicodedata.normalize("NFC", pair) == character:
                pairs.append((len(unicodedata.normalize("NFD", character)), pair, character))
    return tuple((pair, character) for _, pair, character in sorted(pairs))


def rare_characters() -> tuple[dict[str, str], ...]:
    """Return the listed table: `private_use`, `character`, `code_point`, `gb18030` of each."""
    text = files("pipelines").joinpath("rare_characters.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))


def _code_points() -> range:
    return range(0x80, 0x30000)
