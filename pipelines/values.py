"""One declared column read: its texts cleaned, looked up and typed, each distinct text once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

import pyarrow as pa

from pipelines import cleaners, reading
from pipelines.outcome import Cleaned, Reading
from schemas.model import CodeList, Column, ColumnMapping


class Values(NamedTuple):
    """A column as it was read: typed values, why there is none, and what was noticed that is no error.

    Reasons and warnings are codes of `schemas.reasons`, null where there is nothing to say.
    """

    value: pa.Array
    reason: pa.Array
    warning: pa.Array


class ColumnReader:
    """Reads the texts of one column as they are declared to be cleaned and typed."""

    def __init__(
        self,
        column: Column,
        mapping: ColumnMapping,
        empty: Sequence[str],
        codes: Mapping[str, CodeList],
        on: date,
        kind: pa.DataType,
    ) -> None:
        """Prepare reading.

        Args:
            empty: the resource's texts that mean "nothing".
            codes: code lists by name.
            on: the legal day of receipt.
            kind: the type of the values.
        """
        self._one = _in_turn(cleaners.prepared(mapping, empty), reading.reader(column, codes, on))
        self._kind = kind

    def read(self, texts: pa.Array) -> Values:
        """Return what the texts say; null ones, too, may have a reason: that something is required."""
        encoded = texts.dictionary_encode(null_encoding="encode")
        found = [self._one(text) for text in encoded.dictionary.to_pylist()]
        values, reasons, warnings = zip(*found, strict=True) if found else ((), (), ())
        return Values(
            pa.array(values, self._kind).take(encoded.indices),
            _said(reasons, encoded.indices),
            _said(warnings, encoded.indices),
        )


def _in_turn(
    clean: Callable[[str | None], Cleaned], read: Callable[[str | None], Reading]
) -> Callable[[str | None], Reading]:
    """Return both as one; where a text could not be cleaned, that is the reason."""

    def one(text: str | None) -> Reading:
        cleaned, reason = clean(text)
        return read(cleaned) if reason is None else Reading(None, reason)

    return one


def _said(told: Sequence[str | None], places: pa.Array) -> pa.Array:
    if any(told):
        return pa.array(told, pa.string()).take(places)
    return pa.nulls(len(places), pa.string())
