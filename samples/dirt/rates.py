"""How often each kind of defect is planted, of 1,000: usual rates, and those that somebody asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from samples.dirt.kinds import KINDS
from samples.errors import UnknownKind

DUPLICATE, CONFLICT, SWAPPED = "duplicate", "contradictory_rows", "swapped_columns"
SENT_AGAIN, CORRECTED = "sent_again", "corrected"
PRIVATE_USE, OTHER_DOT = "private_use", "other_dot"
DELIVERY_AGAIN, DELIVERY_CUT, DELIVERY_LATE = "delivery_again", "delivery_cut", "delivery_late"
CONTRADICTION = "contradiction"

USUAL: Mapping[str, float] = {
    **{kind.name: kind.per_mille for kind in KINDS},
    DUPLICATE: 3,
    CONFLICT: 1,
    SWAPPED: 0.5,
    SENT_AGAIN: 100,
    CORRECTED: 300,
    PRIVATE_USE: 500,
    OTHER_DOT: 300,
    DELIVERY_AGAIN: 30,
    DELIVERY_CUT: 20,
    DELIVERY_LATE: 30,
}
"""Of 1,000 rows: those of each kind, sent twice alike, sent twice with another content, with two columns swapped.
Of a day's rows: those that were sent before as they are. Of the rows rejected so far: those handed in again, corrected.
Of the names that may be written so: those with a private-use character or another dot. Of daily deliveries: those that
come a second time, cut short before they come whole, or late."""


@dataclass(frozen=True)
class Rates:
    """Rates of a city: those asked for, else the usual ones."""

    asked: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for kind in self.asked:
            if kind not in USUAL and kind != CONTRADICTION:
                raise UnknownKind(kind, (*USUAL, CONTRADICTION))

    def of(self, kind: str) -> float:
        """Return how many of 1,000 have a kind of defect."""
        return self.asked.get(kind, USUAL.get(kind, 0.0))

    @property
    def slip_share(self) -> float | None:
        """The share of rows in which departments have each contradictable column wrong; None: as they usually do."""
        asked = self.asked.get(CONTRADICTION)
        return None if asked is None else asked / 1000
