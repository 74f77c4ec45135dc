"""Texts that nobody should pass on: formulas, lost characters, control characters."""

from __future__ import annotations

import re

_FUNCTIONS = (
    "ABS|ADDRESS|AND|AVERAGE|CALL|CELL|CHAR|CHOOSE|CONCAT|CONCATENATE|COUNT|COUNTA|COUNTIF|DATE|ENCODEURL|EVALUATE|EXEC|"
    "FILTERXML|FORMULATEXT|GETPIVOTDATA|GOOGLEFINANCE|GOOGLETRANSLATE|HYPERLINK|IF|IFERROR|IMAGE|IMPORTDATA|IMPORTFEED|"
    "IMPORTHTML|IMPORTRANGE|IMPORTXML|INDEX|INDIRECT|INFO|INT|ISERROR|LEFT|LEN|LOOKUP|LOWER|MATCH|MAX|MID|MIN|MOD|NOT|NOW|"
    "OFFSET|OR|PI|POWER|PRODUCT|QUERY|RAND|RANDBETWEEN|REGISTER|REGISTER\\.ID|REPLACE|REPT|RIGHT|ROUND|ROW|RTD|SEARCH|"
    "SEQUENCE|SPARKLINE|SQRT|SUBSTITUTE|SUM|SUMIF|SUMPRODUCT|TEXT|TEXTJOIN|TODAY|TRANSPOSE|TRIM|UPPER|VALUE|VLOOKUP|WEBSERVICE|"
    "XLOOKUP|YEAR"
)
_SIGNS = "+\\-@＋－＠"
_ARGUMENTS = "\\((?!\\s*[\u4e00-\u9fff]+[^!\u4e00-\u9fff])"
"""What opens a function's arguments; after a bracket Han words explain, as in `-PI(聚酰亚胺)薄膜`, but for `表1!A1`."""
FORMULA = re.compile(
    r"\s*(?:"
    r"[=＝]\s*[^=＝\s]"  # =1+1, =cmd|…: no text of ordinary life begins so
    rf"|[{_SIGNS}][-+*/(.0-9\s]*(?:{_FUNCTIONS})\s*{_ARGUMENTS}"  # +SUM(…), -2+3+HYPERLINK(…)
    rf"|[@＠][a-z][a-z0-9._]*\s*{_ARGUMENTS}"  # @anything(…)
    rf"|[{_SIGNS}][^|]*[a-z][0-9]*\|[^!]*!"  # +cmd|'/c calc'!A0
    r")",
    re.ASCII | re.IGNORECASE,
)
"""What a spreadsheet would run. A sign followed by ordinary words (`-塑料制品`, `+86 139…`) is none."""

_CONTROLS = "\\x00-\\x08\\x0B\\x0C\\x0E-\\x1F\\x7F-\\x84\\x86-\\x9F\\u202A-\\u202E\\u2066-\\u2069\\uFFFE\\uFFFF"
CONTROL = re.compile(f"[{_CONTROLS}]")
"""Control characters and those that turn the reading direction; tab and line ends are text."""

_POSSIBLE = re.compile(f"[{_CONTROLS}\\uFFFD=＝{_SIGNS}]")
"""Found in every text that is not passed on: most texts are looked at by this alone."""


def fault(text: str) -> str | None:
    """Return `replacement_character`, `control_character` or `formula`; None where the text is none of them."""
    if not _POSSIBLE.search(text):
        return None
    if "\ufffd" in text:
        return "replacement_character"
    if CONTROL.search(text):
        return "control_character"
    return "formula" if FORMULA.match(text) else None
