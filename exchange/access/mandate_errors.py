"""What can be wrong with a mandate."""

from __future__ import annotations

from exchange.errors import CounterError


class BadMandate(CounterError):
    """A mandate cannot be registered as it was said."""

    exit_code = 2

    def __init__(self, found: str, wanted: str) -> None:
        super().__init__(f"the mandate has {found}: wanted is {wanted}")


class NoSuchMandate(CounterError):
    """No mandate in force has that id."""

    exit_code = 2

    def __init__(self) -> None:
        super().__init__("no such mandate is in force: `onefile mandate list` names those that are")
