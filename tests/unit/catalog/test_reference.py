"""The reference pages of what is declared are those that the declarations make."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.reference import codes, files, resources, tables

FOLDER = Path(__file__).parents[3] / "docs" / "reference"
MADE = {"tables.md": tables.page, "resources.md": resources.page, "codes.md": codes.page, "files.md": files.page}


@pytest.mark.parametrize("name", list(MADE))
def test_a_page_is_what_the_declarations_make(name: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == MADE[name]()
