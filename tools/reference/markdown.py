"""Markdown as the generated pages have it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

MADE = "*This page is made from the code by `make docs`; a test holds it to that.*"


def page(title: str, *parts: str) -> str:
    """Return a page: its title, the line that says how it is made, and its parts with a blank line between them."""
    return "\n\n".join([f"# {title}", MADE, *(part.strip("\n") for part in parts)]) + "\n"


def table(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table. A bar in a cell is escaped, and a line end becomes a space."""
    lines = [f"| {' | '.join(_cell(cell) for cell in row)} |" for row in (heading, *rows)]
    return "\n".join([lines[0], f"|{' --- |' * len(heading)}", *lines[1:]])


def code(text: str) -> str:
    """Return a text in the shape of code."""
    return f"`{text}`"


def block(text: str) -> str:
    """Return lines as a code block."""
    return f"```\n{text.strip(chr(10))}\n```"


def _cell(text: str) -> str:
    return " ".join(text.split("\n")).replace("|", "\\|")
