"""What can be wrong when the catalogue is asked; faults of declarations are `schemas.errors.DeclarationsRefused`."""

from __future__ import annotations

from collections.abc import Iterable

from onefile.errors import OneFileError
from schemas.errors import one_of


class CatalogError(OneFileError):
    """The root of what `catalog` raises."""


class UnknownResource(CatalogError):
    """No resource has the id that was asked for."""

    def __init__(self, asked: str, known: Iterable[str]) -> None:
        super().__init__(f"no resource {asked!r}: a resource is <department>.<name>, {one_of(known, asked)}")
        self.asked = asked


class UnknownDepartment(CatalogError):
    """No department has the id that was asked for."""

    def __init__(self, asked: str, known: Iterable[str]) -> None:
        super().__init__(f"no department {asked!r}: {one_of(known, asked)}")
        self.asked = asked
