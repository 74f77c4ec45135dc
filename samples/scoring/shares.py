"""Of many values how many are as they should be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Share:
    """Values that are as they should be, of all that there are."""

    equal: int
    of: int

    @property
    def share(self) -> float:
        """From 0 to 1; 1 where there are none."""
        return self.equal / self.of if self.of else 1.0


def total(shares: Mapping[tuple[str, str], Share]) -> Share:
    """Return all shares as one."""
    return Share(sum(s.equal for s in shares.values()), sum(s.of for s in shares.values()))
