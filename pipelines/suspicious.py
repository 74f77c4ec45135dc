"""Texts that nobody should pass on: formulas, lost characters, control characters."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as f

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
FORMULA = (
    r"(?i)^\s*(?:"
    r"[=＝]\s*[^=＝\s]"  # =1+1, =cmd|…: no text of ordinary life begins so
    rf"|[{_SIGNS}][-+*/(.0-9\s]*(?:{_FUNCTIONS})\s*{_ARGUMENTS}"  # +SUM(…), -2+3+HYPERLINK(…)
    rf"|[@＠][a-z][a-z0-9._]*\s*{_ARGUMENTS}"  # @anything(…)
    rf"|[{_SIGNS}][^|]*[a-z][a-z0-9]*\|[^!]*!"  # +cmd|'/c calc'!A0
    r")"
)
"""What a spreadsheet would run. A sign followed by ordinary words (`-塑料制品`, `+86 139…`) is none."""

CONTROL = "[\\x00-\\x08\\x0B\\x0C\\x0E-\\x1F\\x7F-\\x84\\x86-\\x9F\\u202A-\\u202E\\u2066-\\u2069\\uFFFE\\uFFFF]"
"""Control characters and those that turn the reading direction; tab and line ends are text."""


_POSSIBLE = rf"^\s*[={_SIGNS}＝]|\uFFFD|{CONTROL}"
"""Found in every text that is not passed on: most texts are looked at by this alone."""


def fault(text: Column) -> Column:
    """Return `replacement_character`, `control_character` or `formula`; null where the text is none of them."""
    found = (
        f.when(text.contains("\ufffd"), "replacement_character")
        .when(text.rlike(CONTROL), "control_character")
        .when(text.rlike(FORMULA), "formula")
    )
    return f.when(text.rlike(_POSSIBLE), found)
