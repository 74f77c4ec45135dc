"""The documents on declarations are held against the code: their examples load, and no key or value is left out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import catalog
from catalog.resources import ENCODINGS, FORMATS
from schemas.cleaners import CLEANERS, MONEY_GIVES, MONEY_UNITS
from schemas.declarations import DEPARTMENT_LEVELS
from schemas.model import COLUMN_TYPES, SENSITIVITIES, SHARE_CLASSES, SUBJECT_KINDS, UPDATE_CYCLES
from tests.declared import told
from tests.documents import examples

DOCS = Path(__file__).parents[3] / "docs"
REFERENCE = DOCS / "reference" / "declarations.md"
PAGES = [REFERENCE, DOCS / "how-to" / "connect-a-department.md"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_examples_of_a_page_load_as_they_stand(page: Path, tmp_path: Path) -> None:
    shown = examples(page)
    assert len(shown) >= 5
    assert told(tmp_path, shown) == []


def test_the_how_to_tells_the_headers_that_its_file_has(tmp_path: Path) -> None:
    page = PAGES[1]
    told(tmp_path, examples(page))
    resource = catalog.load((tmp_path,)).resource("water.meters")
    header = next(line.strip() for line in page.read_text(encoding="utf-8").splitlines() if "户表号," in line)
    assert set(resource.headers) | set(resource.ignore) == set(header.split(","))


@pytest.mark.parametrize(
    "words",
    [COLUMN_TYPES, SENSITIVITIES, SHARE_CLASSES, SUBJECT_KINDS, UPDATE_CYCLES, FORMATS, ENCODINGS, DEPARTMENT_LEVELS,
     MONEY_GIVES, CLEANERS],
)  # fmt: skip
def test_the_reference_names_every_allowed_word(words: tuple[str, ...]) -> None:
    text = REFERENCE.read_text(encoding="utf-8")
    assert [word for word in words if not re.search(rf"(?<![a-z_]){re.escape(word)}(?![a-z_])", text)] == []


def test_the_reference_names_every_unit_of_money() -> None:
    text = REFERENCE.read_text(encoding="utf-8")
    assert "、".join(MONEY_UNITS).replace("、", ", ") in text


def test_the_reference_shows_each_cleaner_as_it_is_written() -> None:
    text = REFERENCE.read_text(encoding="utf-8")
    missing = [name for name, kind in CLEANERS.items() if f"`{kind.example}`" not in text]
    assert missing == ["lower", "money"]  # in one row with upper; and told with a shorter example
