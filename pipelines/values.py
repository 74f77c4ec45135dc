"""Many columns read at once, each step a projection of its own.

Spark writes out an expression wherever it is used, so a chain of steps in one expression
doubles again and again: reading the population register took 18 s only to be planned. With a
projection between the steps, each reads plain columns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as f

from pipelines import cleaners, reading
from pipelines.outcome import Cleaned
from schemas.model import CodeList, Column, ColumnMapping


@dataclass(frozen=True)
class Source:
    """A declared column, the text it is read from, and how that is cleaned."""

    column: Column
    text: SparkColumn
    mapping: ColumnMapping


def read(
    rows: DataFrame, sources: Sequence[Source], empty: Sequence[str], codes: Mapping[str, CodeList], on: date
) -> DataFrame:
    """Clean, look up and read columns; the rows keep theirs.

    Args:
        rows: none of its columns begins with `_value_`, `_why_`, `_warning_`, `_text_` or `_found_`.
        empty: the resource's texts that mean "nothing".
        codes: code lists by name.
        on: the legal day of receipt.

    Returns:
        The rows with, for each declared column: `_value_<name>` typed, `_why_<name>` and
        `_warning_<name>` (string, codes of `schemas.reasons`, null where there is none).
    """
    frame = rows.withColumns({f"_text_{source.column.name}": source.text for source in sources})
    plans = {s.column.name: cleaners.steps(s.mapping.clean, s.mapping.lookup, empty) for s in sources}
    may_fail: set[str] = set()
    for place in range(max((len(plan) for plan in plans.values()), default=0)):
        made: dict[str, SparkColumn] = {}
        for name, plan in plans.items():
            if place < len(plan):
                after = plan[place](Cleaned(f.col(f"_text_{name}"), _reason(name, may_fail)))
                made |= _columns(name, after, may_fail)
        frame = frame.withColumns(made)
    looked = {s.column.name: reading.look(f.col(f"_text_{s.column.name}"), s.column, codes, on) for s in sources}
    found = (one.alias(f"_found_{name}") for name, one in looked.items() if one is not None)
    frame = frame.select("*", *found)
    kept = [f.col(f"`{name}`") for name in rows.columns]
    return frame.select(*kept, *(c for s in sources for c in _concluded(s.column, looked, codes, may_fail)))


def _columns(name: str, after: Cleaned, may_fail: set[str]) -> dict[str, SparkColumn]:
    if after.reason is None:
        return {f"_text_{name}": after.text}
    may_fail.add(name)
    return {f"_text_{name}": after.text, f"_why_{name}": after.reason}


def _reason(name: str, may_fail: set[str]) -> SparkColumn | None:
    return f.col(f"_why_{name}") if name in may_fail else None


def _concluded(
    column: Column, looked: Mapping[str, SparkColumn | None], codes: Mapping[str, CodeList], may_fail: set[str]
) -> tuple[SparkColumn, SparkColumn, SparkColumn]:
    name = column.name
    text = f.col(f"_text_{name}")
    made = reading.conclude(text, text if looked[name] is None else f.col(f"_found_{name}"), column, codes)
    before = _reason(name, may_fail)
    reason = made.reason if before is None else f.coalesce(before, made.reason)
    return made.value.alias(f"_value_{name}"), reason.alias(f"_why_{name}"), made.warning.alias(f"_warning_{name}")
