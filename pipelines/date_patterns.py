"""Days read by declared patterns, the letters of which are Java's (y, M, d, H, m, s, quotes).

A pattern becomes a regular expression, and the calendar is asked by making the day.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, timedelta

from schemas.patterns import EXCEL

Days = Callable[[str], date | None]

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
_EPOCH, _NO_DAY, _LAST_DAY = date(1899, 12, 30), 60, 2_958_465
_COUNT = re.compile(r"([1-9][0-9]{0,6})(?:\.[0-9]+)?\Z")
_TOKEN = re.compile(r"'(?P<quoted>[^']*)'|(?P<word>([A-Za-z])\3*)|(?P<other>.)", re.DOTALL)


def days(patterns: Sequence[str]) -> Days:
    """Return what reads a day by the first pattern that the whole text fits; None by none.

    A time of day in a pattern must be there and is dropped. Days that the calendar lacks are None. `EXCEL` reads the
    number of a day from 1900 on; the 60th, which Excel has and the calendar lacks, is None.
    """
    ways = tuple(_counted if pattern == EXCEL else _by(pattern) for pattern in patterns)
    if len(ways) == 1:
        return ways[0]

    def day(text: str) -> date | None:
        for way in ways:
            found = way(text)
            if found is not None:
                return found
        return None

    return day


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
    return rf"{made}\Z", (order.index("y") + 1, order.index("M") + 1, order.index("d") + 1)


def _by(pattern: str) -> Days:
    expression, (year, month, of_month) = regex(pattern)
    match = re.compile(expression).match

    def day(text: str) -> date | None:
        found = match(text)
        if found is None:
            return None
        try:
            return date(int(found[year]), int(found[month]), int(found[of_month]))
        except ValueError:
            return None

    return day


def _counted(text: str) -> date | None:
    """Read a day's number of one to seven figures; parts of a day are dropped."""
    found = _COUNT.match(text)
    number = int(found[1]) if found is not None else _NO_DAY
    if number == _NO_DAY or number > _LAST_DAY:
        return None
    return _EPOCH + timedelta(days=number + (number < _NO_DAY))
