"""Personal names keep their characters: rare ones by a listed table, NFC, one middle dot.

Spark has no function for NFC, so it is written out for what names contain: compatibility
ideographs become the ones they stand for, and a Latin, Greek or Cyrillic letter with marks
after it becomes one character. Both tables come from Python's Unicode data.
"""

from __future__ import annotations

import csv
import functools
import json
import unicodedata
from importlib.resources import files

from pyspark.sql import Column
from pyspark.sql import functions as f

from pipelines.characters import BLANKS, INVISIBLE, WIDTH_FROM, WIDTH_TO

MIDDLE_DOT = "·"
_DOTS = "•‧∙⋅・･●⸱ꞏ"
_HAN = r"[\p{IsHan}〇]"
_MARKS = "\u0300-\u036f"


NOT_PLAIN = "[^\u4e00-\u9fff·]|^·|·\\z"
"""Found in every name that `personal_name` changes: all but Han characters with middle dots."""


def personal_name(text: Column, _: object) -> Column:
    """Return the name as it is kept.

    Full-width letters become half-width; private-use characters become what
    `rare_characters.csv` lists; every kind of middle dot becomes U+00B7 (a full stop between
    Han characters too), without blanks around it; blanks inside a Han name go, other runs of
    blanks become one space; blanks and invisible characters at the ends go.
    """
    known, meant = _characters()
    plain = f.translate(f.translate(text, INVISIBLE, ""), known, meant)
    composed = f.when(plain.rlike(f"[{_MARKS}]"), _composed(plain)).otherwise(plain)
    dotted = f.regexp_replace(composed, rf" *{MIDDLE_DOT} *|(?<={_HAN}) *[.] *(?={_HAN})", MIDDLE_DOT)
    return f.btrim(f.regexp_replace(dotted, rf"(?<={_HAN}) +(?={_HAN})| +(?= )", ""))


def _composed(text: Column) -> Column:
    """Put letters together with the marks after them, pair by pair; only few rows come here."""
    pairs = f.from_json(f.lit(_compositions()), "array<array<string>>")
    return f.aggregate(pairs, text, lambda made, pair: f.replace(made, pair[0], pair[1]))


@functools.cache
def _characters() -> tuple[str, str]:
    """Return the characters that become another, and place by place what they become."""
    rare = {chr(int(row["private_use"][2:], 16)): row["character"] for row in rare_characters()}
    single = {c: n for c in map(chr, _code_points()) if len(n := unicodedata.normalize("NFC", c)) == 1 and n != c}
    both = dict(zip(WIDTH_FROM, WIDTH_TO, strict=True))
    meant = dict.fromkeys(BLANKS, " ") | single | both | rare | dict.fromkeys(_DOTS, MIDDLE_DOT)
    return "".join(meant), "".join(meant.values())


@functools.cache
def _compositions() -> str:
    """Return JSON pairs: a letter with a mark after it, and the one character of both; fewer marks first."""
    pairs = []
    for character in map(chr, _code_points()):
        parts = unicodedata.decomposition(character).split()
        if len(parts) == 2 and 0x300 <= int(parts[1], 16) <= 0x36F:
            pair = "".join(chr(int(part, 16)) for part in parts)
            if unicodedata.normalize("NFC", pair) == character:
                pairs.append((len(unicodedata.normalize("NFD", character)), pair, character))
    return json.dumps([pair[1:] for pair in sorted(pairs)])


def rare_characters() -> tuple[dict[str, str], ...]:
    """Return the listed table: `private_use`, `character`, `code_point`, `gb18030` of each."""
    text = files("pipelines").joinpath("rare_characters.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))


def _code_points() -> range:
    return range(0x80, 0x30000)
