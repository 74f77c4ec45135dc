"""Patterns that mean the same in Python and in Java: regular expressions and date formats.

A declared pattern is used by Spark (Java) and by tools in Python, so only what both read
alike is allowed.
"""

from __future__ import annotations

import re
import warnings

_UNEQUAL = (
    (r"\\[dDwWsSbB]", "\\d, \\w, \\s and \\b mean ASCII in Java and Unicode in Python: write a class like [0-9]"),
    (r"\\[ZzGhHRXQEK]", "this escape is known to one of Java and Python only: write the characters"),
    (r"\\[pPNU]", "character properties and names differ: write ranges like [\\u4e00-\\u9fff]"),
    (r"\\0", "octal escapes differ: write \\x00"),
    (r"\(\?P|\(\?<(?![=!])", "named groups differ: use plain groups (…) or (?:…)"),
    (r"\(\?\(", "conditional groups are not known to Java"),
    (r"\(\?[#aiLmsux]", "inline flags and comments differ: write the classes out"),
    (r"\{,", "an open lower bound differs: write {0,n}"),
)


def regex_fault(pattern: str) -> str | None:
    """Return what is wrong with a declared regular expression, or None."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            re.compile(pattern)
    except FutureWarning:
        return "what Java and Python read alike: write \\[ and \\& inside a class"
    except (re.error, OverflowError, RecursionError) as error:
        return f"a regular expression that compiles ({error})"
    plain = re.sub(r"\\\\", "", pattern)
    for unequal, advice in _UNEQUAL:
        if re.search(unequal, plain):
            return f"what Java and Python read alike: {advice}"
    if _nests_a_class(plain):
        return "what Java and Python read alike: write \\[ and \\& inside a class"
    if not (pattern.startswith("^") and pattern.endswith("$")) or _has_bare_choice(plain):
        return "a pattern for the whole value: ^…$, choices in brackets ^(a|b)$"
    return None


def _nests_a_class(pattern: str) -> bool:
    """Tell whether an unescaped `[` or `&&` stands inside a character class."""
    for inside in re.findall(r"(?<!\\)\[\^?\]?((?:\\.|[^\]\\])*)\]", pattern):
        bare = re.sub(r"\\.", "", inside)
        if "[" in bare or "&&" in bare:
            return True
    return False


def _has_bare_choice(pattern: str) -> bool:
    """Tell whether a `|` stands outside all brackets, so that ^ and $ bind one side only."""
    depth = 0
    for char in re.sub(r"\\.|\[(?:\\.|[^\]\\])*\]", "", pattern):
        depth += (char == "(") - (char == ")")
        if char == "|" and depth == 0:
            return True
    return False


_DATE_ADVICE = {
    "Y": "yyyy (Y is the year of weeks)", "u": "yyyy", "D": "d (D is the day of the year)", "m": "M (m is the minute)",
    "S": "no fractions of a second", "h": "H (h counts to 12)", "a": "H without a", "E": "no names of days",
    "L": "M", "e": "d", "G": "no era", "z": "no zone", "Z": "no zone", "X": "no zone", "T": "'T' in quotes",
}  # fmt: skip


EXCEL = "excel"
"""Instead of a pattern: a day as Excel counts it, 44197 for 2021-01-01, where its cell is written as a number."""


def date_fault(pattern: str) -> str | None:
    """Return what is wrong with a Java date pattern or `EXCEL`, or None. A time of day may follow the day."""
    if pattern == EXCEL:
        return None
    bare = re.sub(r"'[^']*'", " ", pattern)
    if "'" in bare:
        return "each ' closed"
    tokens = re.findall(r"([A-Za-z])\1*", bare)
    words = [m.group() for m in re.finditer(r"([A-Za-z])\1*", bare)]
    day = [t for t in tokens if t in "yMd"]
    for letter in tokens:
        if letter not in "yMdHms" or (letter == "m" and "H" not in tokens):
            return f"y, M, d (and H, m, s) only: {_DATE_ADVICE.get(letter, 'other texts in quotes')}"
    if sorted(day) != sorted("yMd"):
        return "year, month and day, each once"
    allowed = ("yyyy", "M", "MM", "d", "dd", "H", "HH", "m", "mm", "s", "ss")
    for word in words:
        if word not in allowed:
            return f"one of {', '.join(allowed)} for {word!r}"
    return None
