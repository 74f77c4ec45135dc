"""A file held against a resource's declaration, by the very code that takes deliveries in, and written nowhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice
from typing import Any

import pyarrow as pa

from inbox.records import Batch
from pipelines import names, settle, typed
from schemas.model import Declarations, Resource

MOST_ROWS = 200_000
"""Rows of a file that are tried; what they show, the others hardly change."""

_EXAMPLES = 3


@dataclass
class ColumnTrial:
    """What became of one column: how many texts were there, read as they stand, read after cleaning.

    `cleaned` has examples of a text and what it was read as, `failed` by reason how many, `wrong` an example of each.
    """

    header: str | None
    column: str
    there: int = 0
    as_written: int = 0
    cleaned: dict[str, str] = field(default_factory=dict)
    failed: Counter[str] = field(default_factory=Counter)
    wrong: dict[str, str] = field(default_factory=dict)

    @property
    def was_cleaned(self) -> int:
        """Texts that were read as something else than they stand."""
        return self.there - self.as_written - self.failed.total()


@dataclass(frozen=True)
class Trial:
    """The rows tried, how they came out, and each column. `is_whole` is false where the file has more rows."""

    rows: int
    is_whole: bool
    verdicts: Mapping[str, int]
    columns: tuple[ColumnTrial, ...]


def tried(
    batches: Iterable[Batch],
    resource: Resource,
    declarations: Declarations,
    when: tuple[datetime, date],
) -> Trial:
    """Conform the rows of a file as a first delivery of today.

    Args:
        batches: as `inbox.records` yields them; reading them may raise what the door would refuse.
        when: instant of receipt, UTC, and the legal day of it.
    """
    at, on = when
    received, is_whole = _received(batches, resource, at)
    plan = typed.plan(resource, declarations, on, on)
    made = typed.rows(received, plan)
    judged = settle.judged(settle.asked(made))
    problems = settle.problems_of(made, judged, settle.conflict(resource, plan.table))
    columns = {m.column: ColumnTrial(m.source, m.column) for m in resource.columns}
    called = {header: name for header, name in names.columns_of(resource).items() if name in received.column_names}
    texts = {header: received[name].to_pylist() for header, name in called.items()}
    for name, trial in columns.items():
        _count(trial, texts.get(trial.header or ""), made[name].to_pylist(), problems.to_pylist())
    verdicts = Counter(judged["_verdict"].to_pylist())
    return Trial(received.num_rows, is_whole, dict(verdicts), tuple(columns.values()))


def _received(batches: Iterable[Batch], resource: Resource, at: datetime) -> tuple[pa.Table, bool]:
    """Return the first rows as bronze would hold them, and whether they are all."""
    called = names.columns_of(resource)
    rows = _rows(batches)
    first = list(islice(rows, MOST_ROWS))
    columns: dict[str, Any] = {
        "_delivery": pa.array(["trial"] * len(first), pa.string()),
        "_row_no": pa.array(range(1, len(first) + 1), pa.int64()),
        "_row_hash": pa.array(["0" * 64] * len(first), pa.string()),
        "_recorded_at": pa.array([at] * len(first), pa.timestamp("us", "UTC")),
    }
    columns |= {name: pa.array([row.get(header) for row in first], pa.string()) for header, name in called.items()}
    return pa.table(columns), next(rows, None) is None


def _rows(batches: Iterable[Batch]) -> Iterator[Mapping[str, str | None]]:
    for batch in batches:
        for _, _, values in batch:
            yield dict(zip(batch.header, values, strict=True))


def _count(
    trial: ColumnTrial, texts: list[str | None] | None, values: list[Any], problems: list[list[dict[str, str]]]
) -> None:
    """Count what became of a column's texts (None: it is read from no header), row by row."""
    for text, value, found in zip(texts or [None] * len(values), values, problems, strict=True):
        reason = {each["column"]: each["reason"] for each in found}.get(trial.header or trial.column)
        if reason is not None:
            trial.there += 1
            trial.failed[reason] += 1
            trial.wrong.setdefault(reason, text or "")
        elif text and value is not None:
            trial.there += 1
            if str(value) == text:
                trial.as_written += 1
            elif len(trial.cleaned) < _EXAMPLES:
                trial.cleaned.setdefault(text, str(value))
