"""Markdown taken apart, and the repository's own files, for the tests that hold documents against the code."""

from __future__ import annotations

import ast
import os
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
ROOMS = (
    "schemas",
    "catalog",
    "licence_vault",
    "inbox",
    "ledger",
    "pipelines",
    "exchange",
    "dags",
    "onefile",
    "samples",
)
NOT_OURS = {"var", "dist", "__pycache__", "spark-warehouse", "metastore_db"}
OPERATORS = {"|", "||", "&&", ";", ">", ">>", "<", "&", "then", "do", "done"}


def files(*suffixes: str) -> list[Path]:
    """Return the repository's files with one of the suffixes (all text files when none is given), sorted."""
    found = []
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in NOT_OURS and (not name.startswith(".") or name == ".ci")]
        found += [Path(folder, name) for name in names if not suffixes or name.endswith(suffixes)]
    return sorted(path for path in found if path.suffix not in {".jar", ".pyc", ".png"})


def examples(page: Path) -> dict[str, str | bytes]:
    """Return the files that a page shows: YAML blocks whose first line is a comment with the path."""
    blocks = re.findall(r"^```yaml\n# (\S+)\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return dict(blocks)


def modules() -> list[Path]:
    """Return the Python files of the product, without tests and tools."""
    return [path for path in files(".py") if path.relative_to(ROOT).parts[0] in ROOMS]


def shown(path: Path) -> str:
    """Return a file's place in the repository."""
    return path.relative_to(ROOT).as_posix()


def names_of(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Yield every dotted name that a tree speaks of (`datetime.now`), and its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute | ast.Name):
            yield ast.unparse(node), node.lineno


@dataclass(frozen=True)
class Page:
    """One Markdown file. `prose` is the text without its code blocks, `blocks` the code blocks."""

    path: Path
    text: str
    prose: str
    blocks: tuple[str, ...]

    @property
    def name(self) -> str:
        return shown(self.path)

    @property
    def headings(self) -> list[tuple[int, str]]:
        """Level and text of each heading."""
        return [(len(level), text) for level, text in re.findall(r"^(#+) +(.+?) *$", self.prose, re.MULTILINE)]

    @property
    def anchors(self) -> set[str]:
        """What a link may name after `#`, as GitHub makes it of the headings."""
        return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for _, text in self.headings}

    @property
    def links(self) -> list[str]:
        """Targets of the links, in order."""
        return re.findall(r"\]\(([^)\s]+)\)", self._without_code())

    @property
    def inline(self) -> list[str]:
        """What stands between backticks in the prose."""
        return re.findall(r"`([^`\n]+)`", self.prose)

    @property
    def shell(self) -> Iterator[list[str]]:
        """Each simple shell command in the code, as words: of inline code, and of the lines of code blocks."""
        lines = [line for block in self.blocks for line in block.replace("\\\n", " ").splitlines()]
        for line in (*self.inline, *lines):
            yield from commands(line)

    def _without_code(self) -> str:
        return re.sub(r"`[^`\n]+`", "", self.prose)


def commands(line: str) -> Iterator[list[str]]:
    """Yield the simple commands of a line of shell; a line that is no shell gives words that mean nothing."""
    try:
        words = shlex.split(line.strip().removeprefix("$ "), comments=True)
    except ValueError:
        return
    found: list[str] = []
    for word in words:
        if word in OPERATORS:
            yield from ([found] if found else [])
            found = []
            continue
        is_last = word.endswith(";")
        found.append(word.removesuffix(";"))
        if is_last:
            yield found
            found = []
    if found:
        yield found


def page(path: Path) -> Page:
    """Read a Markdown file."""
    text = path.read_text(encoding="utf-8")
    fenced = re.compile(r"^```[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
    indented = re.compile(r"(?:(?<=\n\n)|\A)(?:    [^\n]*\n|\n(?=    ))+", re.MULTILINE)
    prose = fenced.sub("", text)
    blocks = [*fenced.findall(text), *(re.sub("^    ", "", b, flags=re.MULTILINE) for b in indented.findall(prose))]
    return Page(path, text, indented.sub("", prose), tuple(blocks))


def pages() -> list[Page]:
    """Return all Markdown files."""
    return [page(path) for path in files(".md")]
