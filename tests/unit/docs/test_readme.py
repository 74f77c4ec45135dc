"""The two READMEs say the same, and so do the two halves of the glossary."""

from __future__ import annotations

import re

from tests.documents import ROOT, Page, page

ENGLISH, CHINESE = page(ROOT / "README.md"), page(ROOT / "README.zh-CN.md")


def test_both_readmes_have_the_same_sections() -> None:
    assert [level for level, _ in ENGLISH.headings] == [level for level, _ in CHINESE.headings]


def test_both_readmes_have_the_same_links_but_to_each_other() -> None:
    assert set(ENGLISH.links) - {"README.zh-CN.md"} == set(CHINESE.links) - {"README.md"}


def test_both_readmes_have_the_same_commands_in_the_same_order() -> None:
    assert _commands(ENGLISH) == _commands(CHINESE)


def test_the_same_table_rows_stand_in_both() -> None:
    assert len(re.findall(r"^\|", ENGLISH.text, re.MULTILINE)) == len(re.findall(r"^\|", CHINESE.text, re.MULTILINE))


def test_every_word_of_the_glossary_stands_there_once_in_both_languages_and_in_order() -> None:
    text = (ROOT / "GLOSSARY.md").read_text(encoding="utf-8")
    for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        rows = [[cell.strip() for cell in line.strip("| \n").split(" | ")] for line in table.splitlines()[2:]]
        words = [row[0] for row in rows]
        assert words == sorted(set(words))
        for row in rows:
            assert len(row) == 4
            assert all(re.search("[一-鿿]", cell) for cell in (row[1], row[3])), row[0]


def _commands(found: Page) -> list[list[str]]:
    """Return the commands, without what is said in words in them."""
    calls = [
        words
        for words in found.shell
        if words[0].rsplit("/")[-1] in ("onefile", "make", "python", "echo", "sed", "git")
    ]
    return [[word for word in words if word.isascii() and " " not in word] for words in calls]
