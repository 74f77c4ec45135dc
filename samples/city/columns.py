"""Columns of typed values as Arrow has them, made from numpy's arrays without a loop over rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from samples.city.calendar import NEVER
from samples.city.chance import Flags, Ints
from samples.city.numbers import Codes

Column = Any
"""A pyarrow.Array: pyarrow ships no types."""


def codes(values: Codes, is_missing: Flags | None = None) -> Column:
    """Return numbers of 18 characters as text."""
    offsets = np.arange(len(values) + 1, dtype=np.int32) * 18
    data = pa.py_buffer(np.ascontiguousarray(values).tobytes())
    made = pa.StringArray.from_buffers(len(values), pa.py_buffer(offsets.tobytes()), data)
    return made if is_missing is None else without(made, is_missing)


def listed(words: Sequence[str | None], at: Ints) -> Column:
    """Return for each row the word at its place."""
    return pa.array(words, pa.string()).take(pa.array(at))


def days(values: Ints) -> Column:
    """Return days; NEVER becomes null."""
    missing = values >= NEVER
    return pa.array(np.where(missing, 0, values).astype(np.int32), pa.int32(), mask=missing).cast(pa.date32())


def whole(values: Ints, is_missing: Flags | None = None) -> Column:
    """Return whole numbers."""
    return pa.array(values, pa.int64(), mask=is_missing)


def decimals(units: Ints, precision: int, scale: int) -> Column:
    """Return decimals from whole units of their last place."""
    pairs = np.stack([units, np.where(units < 0, -1, 0)], axis=1).astype(np.int64)
    return pa.Array.from_buffers(pa.decimal128(precision, scale), len(units), [None, pa.py_buffer(pairs.tobytes())])


def figures(values: Ints, width: int = 0) -> Column:
    """Return whole numbers as text, with zeros in front up to a width."""
    text = pa.array(values, pa.int64()).cast(pa.string())
    return pc.utf8_lpad(text, width, "0") if width else text


def same(text: str | None, rows: Ints) -> Column:
    """Return the same text for each row."""
    return pa.repeat(pa.scalar(text, pa.string()), len(rows))


def without(column: Column, is_missing: Flags) -> Column:
    """Return the column with nothing where it is missing."""
    return pc.if_else(pa.array(is_missing), pa.scalar(None, column.type), column)


def either(condition: Flags, one: Column, other: Column) -> Column:
    """Return the one where the condition holds, else the other."""
    return pc.if_else(pa.array(condition), one, other)


def joined(*parts: Column | str) -> Column:
    """Return the parts of each row one after the other."""
    return pc.binary_join_element_wise(*parts, "")
