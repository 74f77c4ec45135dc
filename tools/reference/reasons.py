"""docs/reference/reasons.md: why a row, or a whole delivery, was not taken."""

from __future__ import annotations

from inbox.wordings import WORDINGS
from schemas.reasons import REASONS, WARNINGS, Reason
from tools.reference.markdown import code, table
from tools.reference.markdown import page as made

INTRODUCTION = """
Codes stay as they are from release to release: receipts carry them. The words are for people, Chinese and English.
No wording ever holds a value of a row.
"""
ROWS = """
## A row

What a receipt's `rejected` and the quarantine carry: the department's own header and one of these codes. A row has
one reason for a column, and may have several columns with one. How to get it right: [correct rejected
rows](../how-to/correct-rejected-rows.md).
"""
WARNED = """
## A warning

The row is accepted; the warning is kept beside it in silver (`_warnings`).
"""
WHOLE = """
## A whole delivery

What a receipt's `refusal` carries. Structure is all or nothing: a delivery with a broken file gives no rows, and is
kept as it came. Words in braces are filled in: file names, counts, column names. What is wanted and what to do:
[deliver](../how-to/deliver.md).
"""


def page() -> str:
    """Return the page."""
    rows = [_row(reason) for name, reason in REASONS.items() if name not in WARNINGS]
    warnings = [_row(REASONS[name]) for name in WARNINGS]
    heading = ("code", "中文", "怎么改", "English", "what to do")
    refusals = [(code(name), WORDINGS[name]["zh"][0], WORDINGS[name]["en"][0]) for name in WORDINGS]
    return made(
        "Reasons",
        INTRODUCTION,
        ROWS,
        table(heading, rows),
        WARNED,
        table(heading, warnings),
        WHOLE,
        table(("code", "发现", "found"), refusals),
    )


def _row(reason: Reason) -> tuple[str, ...]:
    return (code(reason.code), reason.zh, reason.fix_zh, reason.en, reason.fix_en)
