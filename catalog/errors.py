"""What can be wrong when the catalogue is asked; faults of declarations are `schemas.errors.DeclarationsRefused`."""

from __future__ import annotations

from collections.abc import Iterable

from onefile.errors import OneFileError, quoted
from schemas.errors import one_of


class CatalogError(OneFileError):
    """The root of what `catalog` raises."""


class UnknownResource(CatalogError):
    """No resource has the id that was asked for."""

    def __init__(self, asked: str, known: Iterable[str]) -> None:
        super().__init__(f"no resource{quoted(asked)}: a resource is <department>.<name>, {one_of(known, asked)}")
        self.asked = asked


class UnknownDepartment(CatalogError):
    """No department has the id that was asked for."""

    def __init__(self, asked: str, known: Iterable[str]) -> None:
        super().__init__(f"no department{quoted(asked)}: {one_of(known, asked)}")
        self.asked = asked


class LifeCycleBroken(CatalogError):
    """A declaration takes an entry to a state that cannot follow its present one."""

    def __init__(self, entry_id: str, old: str, new: str, allowed: str) -> None:
        super().__init__(f"{entry_id} goes from {old} to {new}: after {old} comes one of {allowed}; correct its state")
        self.entry_id = entry_id


class UnknownVersion(CatalogError):
    """An entry has no version of the number that was asked for."""

    def __init__(self, entry_id: str, asked: int, newest: int) -> None:
        super().__init__(f"{entry_id} has no version {asked}: ask for 1 to {newest}, or record one first")
        self.entry_id = entry_id


class ExtraMissing(CatalogError):
    """A library that the catalogue needs for this is not installed."""

    def __init__(self, library: str) -> None:
        super().__init__(f"{library} is not installed here: install onefile[catalog], or run `make setup`")


class BadIndex(CatalogError):
    """The search index cannot be read."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the search index {name} cannot be read: remove it, and the next search makes it anew")
