"""Columns of values outside the engine: as text, as JSON, in order; spelled as the engine spells them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_TO_ESCAPE = r'["\\\x00-\x1f]'
_ESCAPES = {code: f"\\u{code:04X}" for code in range(0x20)} | {
    8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r", ord('"'): '\\"', ord("\\"): "\\\\",
}  # fmt: skip


def text(values: pa.Array) -> pa.Array:
    """Return values as text, as a cast to string has them; instants are taken for UTC."""
    if pa.types.is_string(values.type):
        return values
    if pa.types.is_decimal(values.type):
        return by_distinct(values, lambda figure: format(figure, "f"))
    if pa.types.is_timestamp(values.type):
        return by_distinct(values, lambda at: _trimmed(f"{at:%Y-%m-%d %H:%M:%S.%f}"))
    return values.cast(pa.string())


def json_of(values: pa.Array) -> pa.Array:
    """Return values as JSON: figures and truths bare, the rest in quotes; null stays null."""
    if pa.types.is_string(values.type):
        return join('"', _escaped(values), '"')
    if pa.types.is_decimal(values.type):
        return by_distinct(values, str)
    if pa.types.is_timestamp(values.type):
        return by_distinct(values, lambda at: f'"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"')
    bare = values.cast(pa.string())
    return join('"', bare, '"') if pa.types.is_date(values.type) else bare


def join(*pieces: Any) -> pa.Array:
    """Return texts put together piece by piece; null where one of them is."""
    return pc.binary_join_element_wise(*pieces, "")


def json_fields(fields: Sequence[tuple[str, pa.Array]]) -> pa.Array:
    """Return the inside of JSON objects of fields with JSON values; null ones are left out."""
    named = [join(f'"{name}":', values) for name, values in fields]
    if not all(values.null_count for values in named):
        return pc.binary_join_element_wise(*named, ",", null_handling="skip")
    # Arrow leaves out the rows in which all are null: one that is not is put in front, and its comma taken off.
    nothing = constant("", pa.string(), len(named[0]))
    return pc.utf8_slice_codeunits(pc.binary_join_element_wise(nothing, *named, ",", null_handling="skip"), 1)


def json_lists(lists: pa.Array) -> pa.Array:
    """Return lists of JSON values as JSON."""
    return join("[", pc.binary_join(lists, ","), "]")


def ranks(values: pa.Array) -> np.ndarray:
    """Return the place of each value in their order, equal ones alike; texts are ordered by their bytes, null first."""
    encoded = values.dictionary_encode(null_encoding="encode")
    order = pc.array_sort_indices(encoded.dictionary, null_placement="at_start").to_numpy()
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    found: np.ndarray = place[encoded.indices.to_numpy()]
    return found


def codes(values: pa.Array) -> tuple[np.ndarray, pa.Array]:
    """Return values as places in an array of the distinct ones, and that array; none may be null."""
    encoded = values.dictionary_encode()
    return encoded.indices.to_numpy(), encoded.dictionary


def lists(of: np.ndarray, count: int, values: pa.Array) -> pa.Array:
    """Return `count` lists; `of` says, ascending, to which each value belongs."""
    offsets = np.zeros(count + 1, np.int32)
    np.cumsum(np.bincount(of, minlength=count), out=offsets[1:])
    return pa.ListArray.from_arrays(pa.array(offsets), values)


def maps(keys: Sequence[str], values: Sequence[pa.Array], count: int) -> pa.Array:
    """Return `count` maps of the same keys to the texts of a column each."""
    width = len(keys)
    offsets = pa.array(np.arange(count + 1, dtype=np.int32) * width)
    every = pa.concat_arrays([pa.array([], pa.string()), *values])
    row_by_row = pa.array(np.arange(width * count).reshape(width, count).T.ravel())
    return pa.MapArray.from_arrays(offsets, pa.array([*keys] * count, pa.string()), every.take(row_by_row))


def constant(value: object, kind: pa.DataType, count: int) -> pa.Array:
    """Return an array of one value."""
    return pa.repeat(pa.scalar(value, kind), count)


def by_distinct(values: pa.Array, spelled: Callable[[Any], str]) -> pa.Array:
    """Return what is made of each value, null where there is none; each distinct one is asked about once."""
    encoded = values.dictionary_encode()
    made = pa.array([spelled(value) for value in encoded.dictionary.to_pylist()], pa.string())
    return made.take(encoded.indices)


def _trimmed(moment: str) -> str:
    return moment.rstrip("0").rstrip(".")


def _escaped(values: pa.Array) -> pa.Array:
    special = pc.fill_null(pc.match_substring_regex(values, _TO_ESCAPE), False)
    if not pc.any(special).as_py():
        return values
    made = [value.translate(_ESCAPES) for value in values.filter(special).to_pylist()]
    return pc.replace_with_mask(values, special, pa.array(made, pa.string()))
