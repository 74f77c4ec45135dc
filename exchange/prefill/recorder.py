"""Keeps how cases stand, of many requests together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import date

from catalog.cases.store import CaseFile
from catalog.prefill import store
from onefile.together import Together
from schemas.serving.errors import DatabaseFailed
from schemas.serving.pool import Pool


@dataclass(frozen=True)
class Standing:
    """How a case stands on a day: by item's code its document and its department."""

    case: CaseFile
    documents: Mapping[str, str] = field(repr=False)
    departments: Mapping[str, str]
    on: date


class Standings(Together[Standing, None]):
    """A process's one door to what is kept of prefills."""

    most = 200
    one_s_own = (DatabaseFailed,)  # of a case that somebody removed meanwhile

    def __init__(self, pool: Pool) -> None:
        super().__init__("standings")
        self._pool = pool

    def keep(self, standing: Standing) -> Future[None]:
        """Keep how a case stands; the answer may leave once that is done. The future raises as `Pool.writing`."""
        return self.put(standing)

    def do(self, asked: Sequence[Standing]) -> list[None]:
        """Keep several in one transaction, in the order of their cases: no two processes wait for each other."""
        with self._pool.writing() as connection:
            for each in sorted(asked, key=lambda standing: standing.case.case_id):
                store.put_needs(connection, each.case, each.documents, each.departments, each.on.isoformat())
        return [None] * len(asked)
