"""Columns spelled as the engine spells them, also where there is nothing to spell."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from pipelines import columnwise


def test_rows_without_any_value_are_objects_without_a_field() -> None:
    texts, figures = pa.array(["甲", None, None]), pa.array([None, None, 3], pa.int64())
    fields = [("a", columnwise.flat(texts)), ("b", columnwise.flat(figures))]
    assert columnwise.json_fields(fields).to_pylist() == ['"a":"甲"', "", '"b":3']
    assert columnwise.json_object(fields).to_pylist() == ['{"a":"甲"}', "{}", '{"b":3}']
    inside = pa.array(['"z":0', '"z":1', '"z":2'])
    assert columnwise.json_object(fields, inside).to_pylist() == ['{"a":"甲","z":0}', '{"z":1}', '{"b":3,"z":2}']
    always = [fields[0], ("c", columnwise.flat(pa.array([1, 2, 3]))), fields[1]]
    assert columnwise.json_object(always).to_pylist() == ['{"a":"甲","c":1}', '{"c":2}', '{"c":3,"b":3}']
    nothing = [(name, columnwise.flat(pa.nulls(2, pa.string()))) for name in "ab"]
    assert columnwise.json_fields(nothing).to_pylist() == ["", ""]


def test_maps_have_the_same_keys_in_every_row() -> None:
    made = columnwise.maps(["k", "l"], [pa.array(["1", None]), pa.array(["2", "3"])], 2)
    assert made.to_pylist() == [[("k", "1"), ("l", "2")], [("k", None), ("l", "3")]]
    assert columnwise.maps([], [], 2).to_pylist() == [[], []]


TEXT, WHOLE, DAY = pa.string(), pa.int64(), pa.date32()
DEEP = pa.struct([("a", TEXT), ("b", WHOLE)])
AT = datetime(2026, 1, 2, 3, 4, 5, 100000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "values", "told"),
    [
        (TEXT, ['a"\\/\n\x01\x1f\x7f𠮷', "", None], [r'"a\"\\/\n\u0001\u001F' + '\x7f𠮷"', '""', None]),
        (pa.bool_(), [True, False, None], ["true", "false", None]),
        (WHOLE, [-5, None], ["-5", None]),
        (pa.decimal128(20, 8), [Decimal("0E-8"), Decimal("1.5"), None], ["0E-8", "1.50000000", None]),
        (DAY, [date(1, 1, 1), None], ['"0001-01-01"', None]),
        (pa.timestamp("us", "UTC"), [AT, None], ['"2026-01-02T03:04:05.100000Z"', None]),
        (pa.timestamp("us"), [AT.replace(tzinfo=None)], ['"2026-01-02T03:04:05.100000Z"']),
        (pa.list_(TEXT), [[], ["a", None, ""], None, [None]], ["[]", '["a",null,""]', None, "[null]"]),
        (pa.list_(pa.list_(WHOLE)), [[[], None, [1, None]], []], ["[[],null,[1,null]]", "[]"]),
        (pa.map_(TEXT, WHOLE), [[], [("k", None), ('"', 1)], None], ["{}", r'{"k":null,"\"":1}', None]),
        (DEEP, [{"a": "x", "b": 1}, {}, None, {"b": 2}, {"a": "y"}],
         ['{"a":"x","b":1}', "{}", None, '{"b":2}', '{"a":"y"}']),
        (DEEP, [{"a": "x", "b": 1}, {"a": "y"}], ['{"a":"x","b":1}', '{"a":"y"}']),
        (DEEP, [{"a": "x", "b": 1}, {"b": 2}], ['{"a":"x","b":1}', '{"b":2}']),
        (DEEP, [{}, {}], ["{}", "{}"]),
        (DEEP, [], []),
        (pa.struct([("on", DAY), ("a", TEXT), ("deep", DEEP)]),
         [{"on": date(2026, 1, 1), "a": "x", "deep": {}}, {"a": "y"}, {"a": "z", "deep": {"b": 1}}],
         ['{"on":"2026-01-01","a":"x","deep":{}}', '{"a":"y"}', '{"a":"z","deep":{"b":1}}']),
        (pa.list_(DEEP), [[None, {}, {"a": "x"}], None], ['[null,{},{"a":"x"}]', None]),
        (pa.map_(TEXT, DEEP), [[("a", {}), ("b", None)]], ['{"a":{},"b":null}']),
    ],
)  # fmt: skip
def test_every_kind_of_value_is_spelled_as_the_engine_spells_it(kind: pa.DataType, values: Any, told: Any) -> None:
    made = pa.array(values, kind)
    assert columnwise.has_json(kind)
    assert columnwise.json_whole(made).to_pylist() == told
    for begin in range(len(values)):
        assert columnwise.json_whole(made.slice(begin)).to_pylist() == told[begin:]


def test_a_kind_that_no_table_has_is_refused() -> None:
    for kind in (pa.float64(), pa.list_(pa.binary()), pa.map_(DAY, TEXT)):
        assert not columnwise.has_json(kind)
    with pytest.raises(TypeError, match="double have no JSON"):
        columnwise.json_whole(pa.array([0.5]))
