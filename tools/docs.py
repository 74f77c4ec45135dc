"""Writes the pages of docs/reference that follow from the code: `python -m tools.docs`, or `make docs`.

With --check nothing is written: pages that differ from the code are named, and the exit code
is 1. A test runs that.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from tools.reference import (
    codes,
    commands,
    counter,
    dags,
    exit_codes,
    files,
    items,
    lake,
    licences,
    reasons,
    resources,
    settings,
    sharing,
    tables,
)

FOLDER = Path(__file__).parent.parent / "docs" / "reference"
PAGES: dict[str, Callable[[], str]] = {
    "commands.md": commands.page,
    "settings.md": settings.page,
    "exit-codes.md": exit_codes.page,
    "reasons.md": reasons.page,
    "lake.md": lake.page,
    "dags.md": dags.page,
    "tables.md": tables.page,
    "resources.md": resources.page,
    "codes.md": codes.page,
    "files.md": files.page,
    "licences.md": licences.page,
    "items.md": items.page,
    "sharing.md": sharing.page,
    "counter.md": counter.page,
}


def main(arguments: Sequence[str]) -> int:
    """Write the pages, or with --check say which differ."""
    is_check, stale = list(arguments) == ["--check"], []
    for name, page in PAGES.items():
        wanted, path = page(), FOLDER / name
        if path.exists() and path.read_text(encoding="utf-8") == wanted:
            continue
        stale.append(name)
        if not is_check:
            path.write_text(wanted, encoding="utf-8")
    if stale:
        print(f"{'differ from the code' if is_check else 'written'}: {', '.join(stale)}")
    return 1 if is_check and stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
