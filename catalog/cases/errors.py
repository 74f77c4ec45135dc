"""What can be wrong with a case."""

from __future__ import annotations

from catalog.errors import CatalogError


class CaseThere(CatalogError):
    """A case of that number is registered already, with another content."""

    def __init__(self) -> None:
        super().__init__("a case of that number is registered already: report its steps, or take a number of its own")


class StepNotAllowed(CatalogError):
    """A step is reported that cannot follow the state that a case is in."""

    def __init__(self, step: str, state: str, allowed: str) -> None:
        super().__init__(f"{step} cannot follow the state {state}: what can is {allowed}")
        self.step = step


class CaseRefused(CatalogError):
    """A case or a step says what cannot be."""

    def __init__(self, found: str, wanted: str) -> None:
        super().__init__(f"the case has {found}: wanted is {wanted}")
