"""What documents point at is there."""

from __future__ import annotations

import re

import pytest

from tests.documents import ROOMS, ROOT, Page, page, pages

PAGES = pages()
# These are folders of the home as well as rooms: only what is surely a file of ours is looked for.
ALSO_IN_THE_HOME = ("inbox/", "ledger/")
PATH = re.compile(rf"^(?:{'|'.join((*ROOMS, 'tests', 'tools', 'docs', 'requirements'))})/[\w./-]*$")


@pytest.mark.parametrize("found", PAGES, ids=lambda p: p.name)
def test_every_link_within_the_repository_leads_somewhere(found: Page) -> None:
    assert [link for link in found.links if not _leads_somewhere(found, link)] == []


@pytest.mark.parametrize("found", PAGES, ids=lambda p: p.name)
def test_every_file_that_is_named_is_there(found: Page) -> None:
    named = [text for text in found.inline if PATH.match(text) and not _is_of_the_home(text)]
    assert [text for text in named if not (ROOT / text).exists()] == []


def test_every_page_is_reached_from_the_readme() -> None:
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        path = waiting.pop()
        if path in reached:
            continue
        reached.add(path)
        for link in page(path).links:
            target = (path.parent / link.partition("#")[0]).resolve()
            waiting += [target] if target.suffix == ".md" and target.exists() else []
            waiting += sorted(target.glob("*.md")) if target.is_dir() else []
    unreached = {p.path for p in PAGES} - reached - {ROOT / "requirements" / "README.md"}
    assert sorted(path.name for path in unreached) == []


def test_every_document_that_the_code_names_is_there() -> None:
    named = {
        (path.name, text)
        for room in (*ROOMS, "tools")
        for path in (ROOT / room).rglob("*.py")
        for text in re.findall(r"\bdocs/[\w/.-]+\.md", path.read_text(encoding="utf-8"))
    }
    assert sorted(place for place in named if not (ROOT / place[1]).exists()) == []


def test_decision_records_have_a_number_each_and_name_their_date_and_status() -> None:
    """Who writes at the same time takes numbers from a range of their own: gaps are no fault, doubles are."""
    records = sorted((ROOT / "docs" / "adr").glob("*.md"))
    numbers = [path.name[:4] for path in records]
    assert len(set(numbers)) == len(numbers)
    for record in records[1:]:
        text = record.read_text(encoding="utf-8")
        assert re.match(rf"# {record.name[:4]}\. \S", text), record.name
        assert re.search(r"^Date: \d{4}-\d\d-\d\d · Status: (proposed|accepted|replaced by \d{4})$", text, re.M), (
            record.name
        )
        assert list(re.findall(r"^## (.+)$", text, re.M)) == HEADINGS, record.name


HEADINGS = ["What made it necessary", "What we do", "What follows"]


def _leads_somewhere(found: Page, link: str) -> bool:
    if link.startswith(("https://", "http://")):
        return True
    name, _, anchor = link.partition("#")
    target = (found.path.parent / name).resolve() if name else found.path
    if not target.exists():
        return False
    return not anchor or anchor in page(target).anchors


def _is_of_the_home(text: str) -> bool:
    return text.startswith(ALSO_IN_THE_HOME) and not text.endswith((".py", ".yml"))
