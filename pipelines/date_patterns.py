"""Days read by declared patterns, the letters of which are Java's (y, M, d, H, m, s, quotes).

Java's own reader throws and catches inside Spark for each row that a pattern does not fit,
so a pattern becomes a regular expression here, and the calendar is asked by a cast.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pyspark.sql import Column
from pyspark.sql import functions as f

from schemas.patterns import EXCEL

_WORDS = {
    "yyyy": "([1-9][0-9]{3})",
    "MM": "([0-9]{2})",
    "M": "([0-9]{1,2})",
    "dd": "([0-9]{2})",
    "d": "([0-9]{1,2})",
    "HH": "(?:[01][0-9]|2[0-3])",
    "H": "(?:[01]?[0-9]|2[0-3])",
    "mm": "[0-5][0-9]",
    "m": "[0-5]?[0-9]",
    "ss": "[0-5][0-9]",
    "s": "[0-5]?[0-9]",
}
_NO_DAY, _LAST_DAY = 60, 2_958_465
_TOKEN = re.compile(r"'(?P<quoted>[^']*)'|(?P<word>([A-Za-z])\3*)|(?P<other>.)", re.DOTALL)


def day(text: Column, patterns: Sequence[str]) -> Column:
    """Return the day (date) by the first pattern that the whole text fits; null by none.

    A time of day in a pattern must be there and is dropped. Days that the calendar lacks are null. `EXCEL` reads the
    number of a day from 1900 on; the 60th, which Excel has and the calendar lacks, is null.
    """
    return f.coalesce(*(_counted(text) if pattern == EXCEL else _by(text, pattern) for pattern in patterns))


def regex(pattern: str) -> tuple[str, tuple[int, int, int]]:
    """Return the regular expression of a pattern, and which groups are year, month and day."""
    made, order = "^", ""
    for token in _TOKEN.finditer(pattern):
        word = token["word"]
        if word is not None:
            made += _WORDS[word]
            order += word[0] if word[0] in "yMd" else ""
        else:
            made += re.escape(token["quoted"] or token["other"] or "'")
    return rf"{made}\z", (order.index("y") + 1, order.index("M") + 1, order.index("d") + 1)


def _by(text: Column, pattern: str) -> Column:
    expression, groups = regex(pattern)
    parts = "-".join(f"${group}" for group in groups)
    return f.when(text.rlike(expression), f.regexp_replace(text, expression, parts).try_cast("date"))


def _counted(text: Column) -> Column:
    """Read a day's number of one to seven figures; parts of a day are dropped."""
    number = f.regexp_extract(text, r"^([1-9][0-9]{0,6})(?:\.[0-9]+)?\z", 1).try_cast("int")
    epoch = f.lit("1899-12-30").cast("date")
    is_day = (number != _NO_DAY) & (number <= _LAST_DAY)
    return f.when(is_day, f.date_add(epoch, number + (number < _NO_DAY).cast("int")))
