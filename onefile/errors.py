"""The root of every error tree of the project.

Each package derives one root of its own from it. The command prints the message of such an
error and nothing else, so a message says what was found, what was wanted and what to do,
and never holds a person's data or key material.
"""

from __future__ import annotations

import re


class OneFileError(Exception):
    """An error whose message may be shown to anybody. `exit_code` is the command's."""

    exit_code = 1


def quoted(asked: str) -> str:
    """Return a space and what was asked for in quotes; nothing where it is no id of ours, for it may be a person's."""
    return f" {asked!r}" if re.fullmatch("[A-Za-z][A-Za-z0-9_.-]*", asked) else ""


class Busy(OneFileError):
    """Somebody else holds what this run needs."""

    exit_code = 5
