"""Why a case is not archived, or its package not given."""

from __future__ import annotations

from collections.abc import Iterable

from licence_vault.errors import VaultError


class ArchiveFault(VaultError):
    """The root of what can go wrong with archive packages."""


class NotArchivable(ArchiveFault):
    """A case cannot be archived yet: the message says what is missing and what to do."""


class NotPassed(ArchiveFault):
    """What would be archived does not pass one of the four checks."""

    def __init__(self, found: Iterable[str]) -> None:
        super().__init__(f"the package does not pass the four checks: {'; '.join(found)}; mend that, then archive anew")


class NoSuchArchive(ArchiveFault):
    """No package was made of a case."""

    def __init__(self) -> None:
        super().__init__("no archive package was made of that case: `onefile archive make CASE` makes it")


class PlaceThere(ArchiveFault):
    """The folder that a package is to be written to is there already."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is there already: name a folder that is not")
