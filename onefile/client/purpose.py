"""Under which grant, for which item and case something is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Purpose:
    """What every call cites. `grant`: several, of several resources, with commas; `mandate`: acting for another."""

    grant: str
    item: str
    case: str
    mandate: str = ""

    def headers(self) -> Mapping[str, str]:
        """Return it as the headers that a request carries."""
        found = {"Onefile-Grant": self.grant, "Onefile-Item": self.item, "Onefile-Case": self.case}
        return {**found, "Onefile-For": self.mandate} if self.mandate else found
