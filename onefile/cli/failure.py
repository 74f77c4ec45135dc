"""The one place that prints a failure.

An error of ours says what was found, wanted and to do, and never a person's data. Any
other error is a fault of ours: its class and place are shown, its text is not, because an
engine's text may quote a row.
"""

from __future__ import annotations

import traceback

import click

from onefile.errors import OneFileError
from onefile.files import DiskFull, is_full


class Failure(OneFileError):
    """A verb failed for a reason that its message gives in full; `exit_code` as `--help` says."""

    def __init__(self, message: str, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def report(error: BaseException) -> int:
    """Print the failure on standard error and return the exit code."""
    said, code = told(error)
    click.echo(f"onefile: {said}", err=True)
    return code


def told(error: BaseException) -> tuple[str, int]:
    """Return what is said of a failure, and its exit code."""
    if isinstance(error, OneFileError):
        return str(error), error.exit_code
    if is_full(error):
        named = getattr(error, "filename", None)
        return str(DiskFull(str(named) if named else "the home, or of the place written to")), DiskFull.exit_code
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{frames[-1].filename.rsplit('/', 2)[-1]}:{frames[-1].lineno}" if frames else "?"
    return f"a fault of the program ({type(error).__name__} at {where}): please report it", 1
