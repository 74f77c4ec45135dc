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
