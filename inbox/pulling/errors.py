"""Why nothing was pulled: one class a reason. None quotes a row, an address or what a system said of itself."""

from __future__ import annotations

from inbox.errors import InboxError

SETTING = "ONEFILE_SOURCE_"
"""With what the names of settings begin that have the addresses of departments' systems."""


class SourceUnusable(InboxError):
    """A department's system cannot be asked as its setting, or the resource's `source`, is."""

    def __init__(self, setting: str, why: str, do: str) -> None:
        super().__init__(f"{SETTING}{setting} cannot be pulled from: {why}; {do}")


class SourceFailed(InboxError):
    """A department's system did not answer, or broke off, as often as it was tried; `kind` is its name for that."""

    def __init__(self, setting: str, kind: str, attempts: int) -> None:
        super().__init__(
            f"{SETTING}{setting} failed with {kind} ({attempts} tried), and nothing of it was delivered: see whether "
            "it can be reached, and its log, then pull again"
        )
        self.kind, self.attempts = kind, attempts


class SourceOdd(InboxError):
    """A department's system answered otherwise than its declaration says; nothing of that was delivered.

    Where not `is_all` of it was so, the rest was delivered.
    """

    def __init__(self, setting: str, found: str, wanted: str, *, is_all: bool = True) -> None:
        what = "nothing was delivered" if is_all else "all else was delivered"
        super().__init__(f"{SETTING}{setting} answered with {found}, and {what}: wanted is {wanted}")
        self.found = found


class NoSource(InboxError):
    """A resource is to be pulled that its department delivers."""

    exit_code = 2

    def __init__(self, resource: str) -> None:
        super().__init__(
            f"{resource} has no 'source': declare the system that it is pulled from, or use `onefile deliver`"
        )
