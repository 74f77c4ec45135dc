"""The rows of a table that the city has no words of its own for, as arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from samples.city.chance import Ints

PERSONS, FIRMS = "person", "enterprise"


@dataclass
class Register:
    """Arrays by row. `subjects` has by subject column rows of people or enterprises (-1: nobody); `began` and
    `updated` are days, `version` counts how often the row has changed."""

    subjects: Mapping[str, Ints]
    began: Ints
    updated: Ints
    version: Ints

    def __len__(self) -> int:
        return len(self.began)

    def take(self, rows: Ints) -> Register:
        """Return some of the rows."""
        subjects = {column: found[rows] for column, found in self.subjects.items()}
        return Register(subjects, self.began[rows], self.updated[rows], self.version[rows])

    def joined(self, other: Register) -> Register:
        """Return the rows of both, one after the other."""
        subjects = {column: np.concatenate([found, other.subjects[column]]) for column, found in self.subjects.items()}
        both = (np.concatenate([getattr(self, n), getattr(other, n)]) for n in ("began", "updated", "version"))
        return Register(subjects, *both)
