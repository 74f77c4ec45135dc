"""docs/reference/codes.md: every code list with its source; short ones in full."""

from __future__ import annotations

import catalog
from schemas.model import CodeList
from tools.reference.markdown import code, table
from tools.reference.markdown import page as made

LONGEST = 60
INTRODUCTION = """
Code lists of the declared tables. A text is read as a code when it is the code, its name or one of its other
spellings. A retired code stays readable: a row that has one is accepted with a warning. How to write a list:
[declarations](declarations.md).
"""


def page() -> str:
    """Return the page."""
    lists = catalog.load().declarations.codes.values()
    rows = [
        (f"[{found.name}](#{found.name})", found.label, str(len(found.codes)), found.version, found.licence)
        for found in lists
    ]
    every = table(("list", "名称", "codes", "version", "licence"), rows)
    return made("Code lists", INTRODUCTION, every, *(_section(found) for found in lists))


def _section(found: CodeList) -> str:
    retired = sum(entry.until is not None for entry in found.codes.values())
    history = f" {retired} of its codes are retired." if retired else ""
    origin = " It is synthetic." if found.is_synthetic else ""
    head = f"## {found.name}\n\n{found.label}. {found.about}{history}{origin} Source: {found.source}."
    if len(found.codes) > LONGEST:
        return f"{head} Its {len(found.codes)} codes stand in `schemas/codes/{found.name}.csv`."
    rows = [(code(c.code), c.name, c.name_en, ", ".join(c.synonyms)) for c in found.codes.values()]
    return f"{head}\n\n{table(('code', '名称', 'name', 'also written'), rows)}"
