"""Typed columns become a department's file by what its resource declares."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from catalog.model import Catalogue
from inbox.records import records
from samples.city import calendar, serving
from samples.city.chance import Chance
from samples.city.city import make
from samples.city.columns import Column as Values
from samples.errors import CannotWrite
from samples.writing import files, forms
from samples.writing.texts import Rows, Writer
from schemas.model import Cleaner, Column, ColumnMapping, Place, Resource

PLACE = Place("test", 1)


def column(name: str, kind: str, codes: str | None = None) -> Column:
    return Column(name=name, type=kind, about=name, label=name, place=PLACE, codes=codes)


def mapping(name: str, *cleaners: Cleaner, lookup: dict[str, str] | None = None) -> ColumnMapping:
    return ColumnMapping(name, name.upper(), None, cleaners, lookup or {}, PLACE)


def written(
    resource: Resource, catalogue: Catalogue, columns: dict[str, Values], *, is_first: bool = True
) -> list[dict[str, str | None]]:
    """Return the texts of each row by header; columns that are not given are empty."""
    size = len(next(iter(columns.values())))
    table = catalogue.declarations.tables[resource.table]
    whole = {c.name: columns.get(c.name, pa.nulls(size, pa.string())) for c in table.columns}
    rows = Rows(whole, np.arange(size), np.zeros(size, dtype=np.bool_), is_first)
    texts = Writer(resource, catalogue.declarations, Chance(1)).texts(rows)
    return [dict(zip(texts, line, strict=True)) for line in zip(*(t.to_pylist() for t in texts.values()), strict=True)]


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("yyyy-MM-dd", "2026-03-01"),
        ("d/M/yyyy", "1/3/2026"),
        ("yyyy年M月d日", "2026年3月1日"),
        ("yyyyMMdd", "20260301"),
        ("yyyy/M/d H:mm:ss", "2026/3/1 8:30:00"),
        ("'am' dd.MM.yyyy", "am 01.03.2026"),
    ],
)
def test_a_day_is_written_by_its_pattern(pattern: str, text: str) -> None:
    assert forms.day(pattern, date(2026, 3, 1)) == text


@pytest.mark.parametrize(
    ("cleaner", "kind", "value", "text"),
    [
        (Cleaner("unit", {"factor": "100"}), "long", 123450, "1234.5"),
        (Cleaner("unit", {"factor": "1000000"}), "long", 50_000, "0.05"),
        (Cleaner("percent", None), "decimal", Decimal("0.33330000"), "33.33%"),
        (Cleaner("trim", None), "long", 1_000_000, "1000000"),
    ],
)
def test_a_figure_is_written_in_the_department_s_unit(cleaner: Cleaner, kind: str, value: int, text: str) -> None:
    (form,) = forms.forms(mapping("fee", cleaner), column("fee", kind), {})
    assert form(value) == text


def test_an_amount_names_what_the_declaration_does_not_supply(catalogue: Catalogue) -> None:
    currencies = catalogue.declarations.codes["currency"]
    usual = {"default_unit": "万元", "default_currency": "CNY"}
    assert forms.money(usual, 500_000_000, "CNY", currencies)[0] == "500"
    assert forms.money({}, 500_000_000, "CNY", currencies)[0] == "500万元"
    assert forms.money(usual, 5_000_000_000, "USD", currencies)[:2] == ("5000万美元", "5,000(万美元)")


def test_every_wording_of_a_code_stands_for_no_other_code(catalogue: Catalogue) -> None:
    codes = catalogue.declarations.codes
    for resource in catalogue.resources.values():
        table = catalogue.declarations.tables[resource.table]
        for mapped in (m for m in resource.columns if table.column(m.column).type == "code" and m.source):
            code_list = codes[table.column(mapped.column).codes or ""]
            words = {w: c.code for c in code_list.codes.values() for w in (*c.synonyms, c.name)} | mapped.lookup
            ways = forms.forms(mapped, table.column(mapped.column), codes)
            for code in code_list.codes:
                for form in ways:
                    text = form(code)
                    assert text == code or words[text or ""] == code, (resource.id, mapped.column, code)


def test_a_wording_that_a_cleaner_would_change_is_not_used(catalogue: Catalogue) -> None:
    state = column("state", "code", codes="enterprise_status")
    plain = mapping("state", Cleaner("width", None), Cleaner("remove", "未"))
    ways = {form("2") for form in forms.forms(plain, state, catalogue.declarations.codes)}
    assert ways
    assert not any("，" in (way or "") or "未" in (way or "") for way in ways)


def test_the_number_of_a_holder_stands_with_a_wording_that_its_condition_names(catalogue: Catalogue) -> None:
    columns = {
        "holder_kind": pa.array(["1", "2", "7"]),
        "holder_number": pa.array(["690101199001010012", None, None]),
        "holder_code": pa.array([None, "91690101MA0000006B", None]),
    }
    resource = catalogue.resource("market.shareholders")
    first, second, third = written(resource, catalogue, columns)
    allowed = {m.column: m.when["股东类型"] for m in resource.columns if m.when}
    assert first["股东类型"] in allowed["holder_number"]
    assert second["股东类型"] in allowed["holder_code"]
    assert [row["证照编号"] for row in (first, second, third)] == ["690101199001010012", "91690101MA0000006B", None]


def test_a_value_that_no_condition_lets_through_is_refused(catalogue: Catalogue) -> None:
    columns = {"holder_kind": pa.array(["7"]), "holder_number": pa.array(["690101199001010012"])}
    with pytest.raises(CannotWrite, match="股东类型"):
        written(catalogue.resource("market.shareholders"), catalogue, columns)


def test_an_operation_never_withdraws_by_mistake(catalogue: Catalogue) -> None:
    for resource in (r for r in catalogue.resources.values() if r.operation):
        for is_first in (True, False):
            (row,) = written(resource, catalogue, {"updated_on": pa.array([date(2026, 1, 1)])}, is_first=is_first)
            assert row[resource.operation.header] in resource.operation.state


def test_fields_are_quoted_where_they_must_be(catalogue: Catalogue) -> None:
    resource = catalogue.resource("market.food_permits")
    values = ["plain", 'a "b"', "c,d", "e\nf", ""]
    texts = {"x": pa.array(values), "y": pa.array([None] * 5, pa.string())}
    assert files.body(resource, texts, ()).decode("gb18030") == 'plain,\n"a ""b""",\n"c,d",\n"e\nf",\n,\n'


def test_json_lines_escape_texts_and_keep_numbers(catalogue: Catalogue) -> None:
    resource = catalogue.resource("market.penalties")
    texts = {"n": pa.array(["0.05", "赵青云", None]), "t": pa.array(['a "b"\\', "007", "x\ty"])}
    lines = [json.loads(line) for line in files.body(resource, texts, {"n"}).splitlines()]
    assert lines == [{"n": 0.05, "t": 'a "b"\\'}, {"n": "赵青云", "t": "007"}, {"n": None, "t": "x\ty"}]


def whole(folder: Path, resource: Resource, texts: dict[str, Values]) -> bytes:
    """Return texts as a file of the resource's format."""
    sink = files.Sink(folder / resource.id, resource, list(texts), ())
    sink.add(texts, len(next(iter(texts.values()))))
    sink.close()
    return (folder / resource.id).read_bytes()


@pytest.mark.parametrize(("encoding", "unit"), [("gb18030", "bytes"), ("utf-8", "characters")])
def test_lines_of_fixed_width_are_read_by_the_door_s_reader(catalogue: Catalogue, encoding: str, unit: str) -> None:
    headers = catalogue.resources["police.population"].headers
    resource = replace(catalogue.resources["police.population"], format="fixed", encoding=encoding, ignore=(),
                       widths=dict.fromkeys(headers, 12), widths_in=unit)  # fmt: skip
    texts = {header: pa.array(["甲乙", None]) for header in headers}
    content = files.head(resource, headers) + files.body(resource, texts, ())
    [batch] = records(io.BytesIO(content), resource)
    assert [values for _, _, values in batch] == [("甲乙",) * len(headers), (None,) * len(headers)]


def test_what_is_written_is_read_by_the_door_s_reader(catalogue: Catalogue, tmp_path: Path) -> None:
    city = make(3, 900, 120, calendar.number(date(2026, 10, 1)))
    serving.open_registers(city, catalogue, catalogue.resources.values())
    for resource in catalogue.resources.values():
        view = serving.view_of(resource.table, catalogue)
        rows = view.every(city)
        frame = view.frame(city, rows)
        none = np.zeros(len(rows), dtype=np.bool_)
        texts = Writer(resource, catalogue.declarations, city.chance).texts(Rows(frame.columns, rows, none, True))
        batches = list(records(io.BytesIO(whole(tmp_path, resource, texts)), resource))
        assert sum(map(len, batches)) == len(rows)
        for place, header in enumerate(batches[0].header):
            read = [value or None for batch in batches for value in batch.values[place]]
            assert read == [value or None for value in texts[header].to_pylist()], (resource.id, header)
