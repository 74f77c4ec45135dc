"""The files of few subjects, made in this process from what the lake's files say: the engine plans nothing for them.

What is touched, what counts and what a file is made of are the definitions of `touching`, `present` and `assembly`;
`tests/spark/test_gold_here.py` holds both ways against each other.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from pipelines import assembly, bridges, erasing, statements
from pipelines.bridging import Bridges
from pipelines.lake import Lake
from pipelines.present import RECORD
from pipelines.statements import Statements, texts
from schemas import feeds
from schemas.model import Declarations, OneFile

_THEIRS = ("_delivery",)


@dataclass(frozen=True)
class Feed:
    """What files of a kind are made of: the statements of the tables that feed them."""

    said: Statements
    file: OneFile
    declarations: Declarations

    @property
    def columns(self) -> dict[str, tuple[str, ...]]:
        """By table, of those that anything was stated in, the columns that name such a subject."""
        every = feeds.subject_columns(self.file, self.declarations)
        return {table: columns for table, columns in every.items() if self.said.has(table)}

    def are_few(self, limit: int | None = None) -> bool:
        """Say whether so few statements feed the files that they can be gone through in this process."""
        return self.said.are_few(self.columns, limit)

    def every(self, known: Bridges) -> pa.Table:
        """Return the files of all subjects; columns as `assembly.schema_of` has them."""
        said = {table: statements.present(self.said.every(table)) for table in self.columns}
        return assembly.files_here(said, self.file, self.declarations, known)

    def of(self, numbers: pa.Array, known: Bridges) -> pa.Table:
        """Return the files of some subjects, and maybe of others.

        Args:
            numbers: all numbers of each, earlier ones too.
        """
        said = {
            table: statements.present(self.said.of_records(table, self.said.naming(table, columns, numbers)))
            for table, columns in self.columns.items()
        }
        return assembly.files_here(said, self.file, self.declarations, known)

    def touched(
        self, lake: Lake, deliveries: Sequence[str], differing: Mapping[str, set[str]], now: Bridges
    ) -> pa.Array:
        """Return the numbers of the subjects whose files may be other, with all that lead to the same.

        Args:
            deliveries: those that were released since.
            differing: by kind, the numbers of whom bridges say something else.
        """
        found = self._about(deliveries) | self._erased(lake)
        for kind, numbers in differing.items():
            found |= self._bridged(kind, numbers) if numbers else set()
        for family in now.families(self.file.kind).values():
            if not found.isdisjoint(family):
                found |= family
        return texts(sorted(found))

    def _about(self, deliveries: Collection[str]) -> set[str]:
        """Return whom the deliveries' rows are about, or were about before."""
        wanted, found = texts(deliveries), set[str]()
        for table, columns in self.columns.items():
            theirs = self.said.where(table, RECORD, _THEIRS, lambda rows: pc.is_in(rows["_delivery"], wanted))
            found |= self._named(self.said, table, columns, theirs)
        return found

    def _erased(self, lake: Lake) -> set[str]:
        """Return whom statements name that are ordered to be erased and still there."""
        if not erasing.is_any_ordered(lake):
            return set()
        kept, found = Statements(lake, is_erased_kept=True), set[str]()
        records = pa.table([texts(column) for column in zip(*kept.ordered, strict=True)] or [texts(())] * 2, [*RECORD])
        for table, columns in self.columns.items():
            found |= self._named(kept, table, columns, records)
        return found

    def _bridged(self, kind: str, numbers: Collection[str]) -> set[str]:
        """Return whom it touches that bridges say something else of some numbers."""
        found = {*numbers} if kind == self.file.kind else set()
        for table, others in bridges.tied(self.file, kind, self.declarations).items():
            if table in self.columns:
                records = self.said.naming(table, others, texts(numbers))
                found |= self._named(self.said, table, self.columns[table], records)
        return found

    def _named(self, said: Statements, table: str, columns: Sequence[str], records: pa.Table) -> set[str]:
        """Return the numbers that any statement of some records names."""
        if not len(records):
            return set()
        return {*statements.named(said.of_records(table, records, columns), columns).to_pylist()}
