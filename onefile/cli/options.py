"""Options that several verbs have, read alike by all of them."""

from __future__ import annotations

import re
from datetime import date, datetime

import click

# 15 digits, 18 of a person, 18 of an enterprise; not within a longer word.
_NUMBER = re.compile(
    r"(?<![0-9A-Za-z])(?:[0-9]{15}|[0-9]{17}[0-9Xx]|[0-9A-Za-z]{2}[0-9]{6}[0-9A-Za-z]{10})(?![0-9A-Za-z])"
)


def day(_context: click.Context, _parameter: click.Parameter, text: str | None) -> date | None:
    """Read a day, as click's callback."""
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise click.BadParameter("write a day like 2026-03-01") from None


def instant(_context: click.Context, _parameter: click.Parameter, text: str | None) -> datetime | None:
    """Read an instant with offset, as click's callback."""
    try:
        found = None if text is None else datetime.fromisoformat(text)
    except ValueError:
        found = None
    if text is not None and (found is None or found.tzinfo is None):
        raise click.BadParameter("write an instant like 2026-03-01T08:00:00+08:00")
    return found


def purpose(context: click.Context, parameter: click.Parameter, text: str) -> str:
    """Check what a look is for, as click's callback: it stands in the ledger as it is written."""
    if not text.strip():
        raise click.BadParameter("say what for: the item and the case")
    return saying(context, parameter, text)


def saying(_context: click.Context, _parameter: click.Parameter, text: str) -> str:
    """Check a text that is kept and shown as it is written, as click's callback; it may be empty."""
    if _NUMBER.search(text):
        raise click.BadParameter("leave numbers of people and enterprises out: the text is kept as it is")
    return text.strip()


PURPOSE = click.option(
    "--purpose", required=True, callback=purpose, help="What for: the item and the case; kept in the ledger."
)
