"""The root of every error tree of the project.

Each package derives one root of its own from it. The command prints the message of such an
error and nothing else, so a message says what was found, what was wanted and what to do,
and never holds a person's data or key material.
"""

from __future__ import annotations


class OneFileError(Exception):
    """An error whose message may be shown to anybody. `exit_code` is the command's."""

    exit_code = 1


class Busy(OneFileError):
    """Somebody else holds what this run needs."""

    exit_code = 5
