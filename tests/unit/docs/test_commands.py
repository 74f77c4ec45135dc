"""Verbs, options, targets and settings that documents and messages name are there."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

import click
import pytest

from onefile.cli.main import VERBS, onefile
from onefile.settings import NAMES, SOURCE, TARGET
from tests.documents import ROOT, Page, commands, files, modules, pages, shown
from tools.reference.commands import commands as all_commands

PAGES = [page for page in pages() if page.name != "docs/reference/commands.md"]
COMMANDS = dict(all_commands())


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_every_command_in_a_document_is_one(page: Page) -> None:
    wrong = [(" ".join(words), fault) for words in _calls(page.shell) if (fault := _fault(words))]
    assert wrong == []


def test_every_command_that_a_message_names_is_one() -> None:
    wrong = []
    for path in modules():
        for text in re.findall(r"`(onefile [^`\"{}]+)`", path.read_text(encoding="utf-8")):
            wrong += [(shown(path), text, fault) for words in _calls(commands(text)) if (fault := _fault(words))]
    assert wrong == []


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_every_make_target_in_a_document_is_one(page: Page) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {words[1] for words in _stripped(page.shell) if words[0] == "make" and len(words) > 1}
    assert {name for name in named if re.fullmatch("[a-z]+", name)} <= targets


def test_every_make_target_says_what_it_is_for_and_is_phony() -> None:
    text = (ROOT / "Makefile").read_text()
    targets = re.findall(r"^([a-z]+):(.*)$", text, re.MULTILINE)
    phony = re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE)
    assert phony is not None
    assert sorted(name for name, _ in targets) == sorted(phony[1].split())
    assert [name for name, rest in targets if "## " not in rest and name != "python"] == []


def test_every_setting_that_is_named_anywhere_is_one() -> None:
    wrong = {
        (shown(path), name)
        for path in files(".py", ".md", ".yml", ".toml", "Makefile", "setup")
        for name in re.findall(r"\bONEFILE_[A-Z_]*[A-Z]\b", path.read_text(encoding="utf-8"))
        if name not in NAMES and not name.startswith((TARGET, SOURCE))
    }
    assert wrong == set()


def test_every_verb_and_every_option_says_what_it_does() -> None:
    assert set(VERBS) == set(onefile.list_commands(click.Context(onefile)))
    for name, command in COMMANDS.items():
        assert command.help, name
        for option in command.params:
            assert not isinstance(option, click.Option) or option.help, f"{name} {option.name}"


# Verbs that write or put something in; every other verb reads, and takes --json.
WRITING = {
    "onefile run", "onefile redrive", "onefile deliver", "onefile quarantine export", "onefile department keys add",
    "onefile department keys retire", "onefile receipt prove", "onefile city make",
    "onefile vault export", "onefile vault keys export", "onefile vault present", "onefile vault code use",
    "onefile vault bind", "onefile vault copy", "onefile vault keys request", "onefile vault stamp request",
    "onefile catalog export", "onefile ledger clock", "onefile ledger expire",
    "onefile ledger settle", "onefile ledger watch", "onefile incident report",
    "onefile serve", "onefile share profile", "onefile archive export", "onefile resource draft",
}  # fmt: skip


def test_every_verb_that_reads_takes_json() -> None:
    for name, command in COMMANDS.items():
        if not isinstance(command, click.Group) and name not in WRITING:
            assert any(param.name == "as_json" for param in command.params), name


def _stripped(found: Iterator[list[str]]) -> Iterator[list[str]]:
    """Leave out variables that are set for the length of a command."""
    for words in found:
        left = list(itertools.dropwhile(lambda word: re.match(r"[A-Z_]+=", word), words))
        if left:
            yield left


def _calls(found: Iterator[list[str]]) -> Iterator[list[str]]:
    """Keep the calls of our command."""
    for words in _stripped(found):
        if words[0] in ("onefile", ".venv/bin/onefile") and len(words) > 1:
            yield words


def _fault(words: list[str]) -> str | None:
    """Say what is wrong with a call; None when every verb and option of it is there."""
    name, command = "onefile", COMMANDS["onefile"]
    rest = list(words[1:])
    while rest:
        word = rest.pop(0)
        if word in ("--help", "-h", "-", "…", "..."):
            continue
        if word.startswith("-"):
            option = next((p for p in command.params if word.split("=")[0] in p.opts), None)
            if option is None:
                return f"{name} has no {word}"
            rest = rest if getattr(option, "is_flag", False) or "=" in word else rest[1:]
        elif isinstance(command, click.Group):
            name = f"{name} {word}"
            if name not in COMMANDS:
                return f"{name} is no verb"
            command = COMMANDS[name]
    return None
