"""Columns spelled as the engine spells them, also where there is nothing to spell."""

from __future__ import annotations

import pyarrow as pa

from pipelines import columnwise


def test_rows_without_any_value_are_objects_without_a_field() -> None:
    texts, figures = pa.array(["甲", None, None]), pa.array([None, None, 3], pa.int64())
    fields = [("a", columnwise.json_of(texts)), ("b", columnwise.json_of(figures))]
    assert columnwise.json_fields(fields).to_pylist() == ['"a":"甲"', "", '"b":3']
    nothing = [(name, columnwise.json_of(pa.nulls(2, pa.string()))) for name in "ab"]
    assert columnwise.json_fields(nothing).to_pylist() == ["", ""]


def test_maps_have_the_same_keys_in_every_row() -> None:
    made = columnwise.maps(["k", "l"], [pa.array(["1", None]), pa.array(["2", "3"])], 2)
    assert made.to_pylist() == [[("k", "1"), ("l", "2")], [("k", None), ("l", "3")]]
    assert columnwise.maps([], [], 2).to_pylist() == [[], []]
