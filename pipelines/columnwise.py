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
_FLAT = (
    pa.types.is_string, pa.types.is_boolean, pa.types.is_integer, pa.types.is_decimal, pa.types.is_date,
    pa.types.is_timestamp,
)  # fmt: skip
Spelled = tuple[str, pa.Array, str]
"""Values as JSON that is not put together yet: what begins each, what it says (null: there is none), what ends it."""


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
    """Return values as JSON, see `flat`."""
    return whole(flat(values))


def flat(values: pa.Array) -> Spelled:
    """Spell values as JSON: figures and truths bare, the rest in quotes; instants are taken for UTC."""
    if pa.types.is_string(values.type):
        return '"', _escaped(values), '"'
    if pa.types.is_decimal(values.type):
        return "", by_distinct(values, str), ""
    if pa.types.is_timestamp(values.type):
        return '"', by_distinct(values, lambda at: f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"), '"'
    quote = '"' if pa.types.is_date(values.type) else ""
    return quote, values.cast(pa.string()), quote


def whole(spelled: Spelled) -> pa.Array:
    """Return JSON put together; null stays null."""
    begin, told, end = spelled
    return join(begin, told, end) if begin or end else told


def json_whole(values: pa.Array) -> pa.Array:
    """Return values of any kind as JSON, as the engine's `to_json` has them; null stays null.

    A field of a struct that is null is left out; in lists and maps it stays. Instants are in UTC, to the microsecond.

    Raises:
        TypeError: of a kind that no table of ours has; see `has_json`.
    """
    return whole(_spelled(values))


def has_json(kind: pa.DataType) -> bool:
    """Say whether `json_whole` knows how values of a type are spelled."""
    if pa.types.is_map(kind):
        return pa.types.is_string(kind.key_type) and has_json(kind.item_type)
    if pa.types.is_list(kind):
        return has_json(kind.value_type)
    if pa.types.is_struct(kind):
        return all(has_json(field.type) for field in kind)
    return any(is_it(kind) for is_it in _FLAT)


def join(*pieces: Any) -> pa.Array:
    """Return texts put together piece by piece; null where one of them is."""
    return pc.binary_join_element_wise(*pieces, "")


def json_object(fields: Sequence[tuple[str, Spelled]], inside: pa.Array | None = None) -> pa.Array:
    """Return JSON objects of fields, null ones left out; all is put together at once: most values are copied once.

    Args:
        inside: what stands behind them in each object, fields as text; None: nothing.
    """
    always = len(fields) if inside is not None else _never_null(fields)
    if always is None:
        return join("{", json_fields(fields), "}")
    pieces: list[Any] = ["{"]
    for place, (name, (begin, told, end)) in enumerate(fields):
        # What may be left out takes its comma along: towards what is always there.
        head, tail = f'{"," * (place > always)}"{name}":{begin}', end + "," * (place < always)
        pieces += [head, told, tail] if not told.null_count else [join(head, told, tail)]
    pieces += ["}"] if inside is None else [inside, "}"]
    return pc.binary_join_element_wise(*_merged(pieces), "", null_handling="replace", null_replacement="")


def json_fields(fields: Sequence[tuple[str, Spelled]]) -> pa.Array:
    """Return the inside of JSON objects of fields; null ones are left out."""
    if any(told.null_count for _, (_, told, _) in fields):
        named = [join(f'"{name}":{begin}', told, end) for name, (begin, told, end) in fields]
        # Arrow leaves out the rows in which all are null: one that is not is put in front, and its comma taken off.
        nothing = constant("", pa.string(), len(named[0]))
        return pc.utf8_slice_codeunits(pc.binary_join_element_wise(nothing, *named, ",", null_handling="skip"), 1)
    pieces = [piece for name, (begin, told, end) in fields for piece in (f',"{name}":{begin}', told, end)]
    return join(pieces[0][1:], *pieces[1:])


def json_lists(lists: pa.Array) -> Spelled:
    """Spell lists of JSON values as JSON."""
    return "[", pc.binary_join(lists, ","), "]"


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


def places(columns: Sequence[pa.Array]) -> np.ndarray:
    """Return a number for each combination of values that stand in a row, from 0; null is a value like others."""
    found = np.zeros(len(columns[0]), np.int64)
    for column in columns:
        encoded = column.dictionary_encode(null_encoding="encode")
        combined = found * max(1, len(encoded.dictionary)) + encoded.indices.to_numpy()
        _, found = np.unique(combined, return_inverse=True)
    return found


def objects(values: pa.ChunkedArray) -> list[Any]:
    """Return values as Python has them; equal ones are one object, which is made once."""
    encoded = values.combine_chunks().dictionary_encode()
    made = [*encoded.dictionary.to_pylist(), None]
    return [made[place] for place in encoded.indices.fill_null(len(made) - 1).to_pylist()]


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


def _spelled(values: pa.Array) -> Spelled:
    """Spell values of any kind as `json_whole` does."""
    kind = values.type
    if pa.types.is_struct(kind):
        return "", _of_those_there(values, _objects), ""
    if pa.types.is_map(kind):
        keys, items = json_of(_inside(values, values.keys)), json_whole(_inside(values, values.items))
        return "{", pc.binary_join(_relisted(values, join(keys, ":", items.fill_null("null"))), ","), "}"
    if pa.types.is_list(kind):
        return json_lists(_relisted(values, json_whole(_inside(values, values.values)).fill_null("null")))
    if pa.types.is_timestamp(kind):
        told = values.cast(pa.timestamp("us")).cast(pa.string())  # the zone only says how an instant is shown
        return '"', pc.replace_substring(told, " ", "T", max_replacements=1), 'Z"'
    if not has_json(kind):
        raise TypeError(f"values of type {kind} have no JSON here")
    return flat(values)


def _objects(values: pa.Array) -> pa.Array:
    """Return structs as JSON, of which none is null."""
    fields = zip((field.name for field in values.type), values.flatten(), strict=True)
    there = [(name, _spelled(each)) for name, each in fields if each.null_count < len(each)]
    return json_object(there) if there else constant("{}", pa.string(), len(values))


def _never_null(fields: Sequence[tuple[str, Spelled]]) -> int | None:
    return next((place for place, (_, (_, told, _)) in enumerate(fields) if not told.null_count), None)


def _merged(pieces: Sequence[Any]) -> list[Any]:
    """Return pieces with what stands between two columns as one text."""
    merged: list[Any] = []
    for piece in pieces:
        if isinstance(piece, str) and merged and isinstance(merged[-1], str):
            merged[-1] += piece
        else:
            merged.append(piece)
    return merged


def _of_those_there(values: pa.Array, made: Callable[[pa.Array], pa.Array]) -> pa.Array:
    """Return what is made of the values that are not null, each in its place."""
    if not values.null_count:
        return made(values)
    is_there = values.is_valid().to_numpy(zero_copy_only=False)
    return made(values.drop_null()).take(pa.array(np.cumsum(is_there) - 1, mask=~is_there))


def _inside(lists: pa.Array, flat: pa.Array) -> pa.Array:
    """Return the part of the values of lists that is theirs: a slice of lists still has those of all."""
    first, end = lists.offsets[0].as_py(), lists.offsets[len(lists)].as_py()
    return flat.slice(first, end - first)


def _relisted(lists: pa.Array, values: pa.Array) -> pa.Array:
    """Return lists of other values in the place of those that `_inside` gives."""
    offsets = lists.offsets.to_numpy()
    mask = pc.is_null(lists) if lists.null_count else None
    return pa.ListArray.from_arrays(pa.array(offsets - offsets[0]), values, mask=mask)


def _trimmed(moment: str) -> str:
    return moment.rstrip("0").rstrip(".")


def _escaped(values: pa.Array) -> pa.Array:
    if not _may_have_special(values):
        return values
    special = pc.fill_null(pc.match_substring_regex(values, _TO_ESCAPE), False)
    if not pc.any(special).as_py():
        return values
    made = [value.translate(_ESCAPES) for value in values.filter(special).to_pylist()]
    return pc.replace_with_mask(values, special, pa.array(made, pa.string()))


def _may_have_special(values: pa.Array) -> bool:
    """Look at all bytes at once, which is much quicker than at each text; that there is none is what is usual."""
    _, offsets, data = values.buffers()
    if data is None or not len(values):
        return False
    ends = np.frombuffer(offsets, np.int32)
    held = np.frombuffer(data, np.uint8)[ends[values.offset] : ends[values.offset + len(values)]]
    return bool((held < 0x20).any() or (held == ord('"')).any() or (held == ord("\\")).any())
