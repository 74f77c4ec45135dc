"""A table that the city has no words of its own for: its declaration is enough."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import catalog
from catalog.model import Catalogue
from inbox.checks import check_file
from inbox.manifest import read_manifest
from samples import making
from samples.city import calendar, days, patterns, registers, serving, told, views
from samples.city.city import City, make
from schemas.identifiers import credit_code, person_number
from schemas.model import Column, Declarations, Table
from tests.declared import SHOP, lay

FIRST = calendar.number(date(2026, 10, 1))
UNKNOWN = """\
name: inspection
label: 检查
grain: one row per inspection
source: made up
key: [area, kind, month_on]
columns:
  area: {type: area_code, required: true, label: 社区, about: The community}
  kind: {type: code, codes: shop_kind, required: true, label: 类别, about: Kind}
  month_on: {type: date, required: true, label: 月份, about: Month}
  cases: {type: long, min: 3, max: 9, label: 件数, about: Cases}
  is_open: {type: boolean, label: 公开, about: Whether anybody may know}
"""
FOREIGN = """\
name: guest
label: 境外人员
grain: one row per guest
source: made up
key: [number]
subject: {person: number}
observed: updated_on
columns:
  number: {type: person_number, required: true, label: 证件号码, about: Number}
  kind: {type: code, codes: identity_type, pattern: "^(553|571|572)$", required: true, label: 类型, about: Kind}
  name: {type: string, required: true, max_length: 60, label: 姓名, about: Name}
  born_on: {type: date, required: true, label: 出生日期, about: Day of birth}
  sex: {type: code, codes: sex, required: true, label: 性别, about: Sex}
  updated_on: {type: date, required: true, not_after: received, label: 更新日期, about: Since when}
"""
RESOURCE = """\
name: {name}
department: market
title: 某信息
title_en: Things
about: Things of the city
table: {table}
share: {{class: unconditional, basis: made up}}
update_cycle: monthly
format: csv
columns:
"""


@pytest.fixture(scope="module")
def laid_over(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    """The built-in declarations with a shop, a table about nobody, and one about people with other numbers."""
    inspections = RESOURCE.format(name="inspections", table="inspection") + "".join(
        f"  {name}: {{from: {name}列}}\n" for name in ("area", "kind", "month_on", "cases", "is_open")
    )
    guests = RESOURCE.format(name="guests", table="guest") + "".join(
        f"  {name}: {{from: {name}列}}\n" for name in ("number", "kind", "name", "born_on", "sex", "updated_on")
    )
    files = SHOP | {
        "tables/inspection.yml": UNKNOWN,
        "tables/guest.yml": FOREIGN,
        "resources/market/inspections.yml": inspections,
        "resources/market/guests.yml": guests,
    }
    return catalog.load((lay(tmp_path_factory.mktemp("laid"), files),))


@pytest.fixture(scope="module")
def city(laid_over: Catalogue) -> City:
    made = make(11, 1500, 150, FIRST)
    serving.open_registers(made, laid_over, laid_over.resources.values())
    for day in range(1, 4):
        days.live(made, FIRST + day)
    return made


def frame(city: City, declared: Catalogue, table: str) -> pa.Table:
    view = serving.view_of(table, declared)
    return pa.table(dict(view.frame(city, view.every(city)).columns))


def drawn(catalogue: Catalogue) -> list[str]:
    return sorted({r.table for r in catalogue.resources.values()} - views.VIEWS.keys())


def test_a_shop_is_one_of_an_enterprise_with_days_in_order(city: City, laid_over: Catalogue) -> None:
    shops = frame(city, laid_over, "shop").to_pylist()
    assert len(shops) > 40
    assert len({shop["shop_no"] for shop in shops}) == len(shops)
    assert all(re.fullmatch("[A-Z]{2}[0-9]{4}", shop["shop_no"]) for shop in shops)
    known = {code.decode() for code in city.firms.code}
    assert {shop["holder_code"] for shop in shops} - {None} <= known
    assert all(credit_code(shop["holder_code"]) for shop in shops)
    both = [shop for shop in shops if shop["closed_on"]]
    assert both
    assert all(shop["opened_on"] <= shop["closed_on"] for shop in both)


def test_a_table_about_nobody_has_each_key_once(city: City, laid_over: Catalogue) -> None:
    rows = frame(city, laid_over, "inspection").to_pylist()
    keys = [(row["area"], row["kind"], row["month_on"]) for row in rows]
    assert len(set(keys)) == len(keys) > 10
    assert {len(row["area"]) for row in rows} == {12}
    assert {row["cases"] for row in rows if row["cases"] is not None} <= set(range(3, 10))


def test_people_with_other_numbers_have_them_checked_and_nobody_can_have_them(city: City, laid_over: Catalogue) -> None:
    guests = frame(city, laid_over, "guest").to_pylist()
    kinds = {"553": "foreigner", "571": "hmt_resident", "572": "hmt_resident"}
    for guest in guests:
        number = person_number(guest["number"])
        assert number.kind == kinds[guest["kind"]]
        assert number.birth_on == guest["born_on"]
        assert guest["born_on"].year < 1900
        assert number.kind == "foreigner" or {"1": "male", "2": "female"}[guest["sex"]] == number.sex
    assert len({guest["number"] for guest in guests}) == len(guests)


def test_a_name_is_that_of_who_the_row_is_about(city: City, laid_over: Catalogue) -> None:
    people, firms = np.arange(len(city.people)), np.arange(len(city.firms))
    numbers = [number.decode() for number in (*city.people.number, *city.firms.code)]
    called = [*told.name(city, people).to_pylist(), *told.firm(city, firms).to_pylist()]
    known = dict(zip(numbers, called, strict=True))
    estates = frame(city, laid_over, "real_estate").to_pylist()
    wrong = [row for row in estates if row["holder_name"] != known[row["holder_number"] or row["holder_code"]]]
    assert {bool(row["holder_code"]) for row in estates} == {True, False}
    assert len(wrong) < 0.03 * len(estates)
    operators = frame(city, laid_over, "individual_business").to_pylist()
    assert {row["operator_number"] is None for row in operators} == {True, False}
    assert not any(row["operator_name"].endswith(("公司", "商行", "经营部")) for row in operators)


def test_every_drawn_view_has_the_declared_columns_keys_and_codes(city: City, laid_over: Catalogue) -> None:
    for name in drawn(laid_over):
        declared = laid_over.declarations.tables[name]
        made = frame(city, laid_over, name)
        assert made.num_rows, name
        assert set(made.column_names) == {column.name for column in declared.columns}
        keys = list(zip(*(made.column(key).to_pylist() for key in declared.key), strict=True))
        assert len(set(keys)) == len(keys), name
        for column in declared.columns:
            assert list(_faults(declared, column, made, laid_over.declarations)) == [], (name, column.name)


def _faults(table: Table, column: Column, made: pa.Table, declarations: Declarations) -> Iterator[str]:
    """Yield what does not hold of a column's values."""
    values = made.column(column.name).to_pylist()
    if column.required and None in values:
        yield "a required value is missing"
    there = [value for value in values if value is not None]
    if column.codes and not set(there) <= set(declarations.codes[column.codes].codes):
        yield "no code of the list"
    if column.type == "string" and column.pattern and not all(re.search(column.pattern, value) for value in there):
        yield "another form"
    if column.max_length and any(len(value) > column.max_length for value in there):
        yield "too long"
    if (
        column.type in ("long", "decimal")
        and column.minimum is not None
        and min(there, default=column.minimum) < column.minimum
    ):
        yield "too small"
    if column.not_before:
        pairs = zip(made.column(column.not_before).to_pylist(), values, strict=True)
        if any(before and after and after < before for before, after in pairs):
            yield "before the day it may not precede"
    if column.not_after == "received" and max(there, default=date.min) > date(2026, 10, 4):
        yield "a day to come"


def test_what_a_day_does_not_name_reads_as_the_day_before(laid_over: Catalogue) -> None:
    made = make(12, 800, 80, FIRST)
    serving.open_registers(made, laid_over, laid_over.resources.values())
    before = {name: frame(made, laid_over, name).to_pylist() for name in drawn(laid_over)}
    today = days.live(made, FIRST + 1)
    for name, rows in before.items():
        after = frame(made, laid_over, name).to_pylist()
        told = {*today.rows(name).tolist(), *today.gone(name).tolist()}
        silent = [place for place, row in enumerate(rows) if after[place] != row and place not in told]
        assert silent == [], name
        assert len(today.rows(name)), name


def test_a_table_laid_over_is_delivered_with_nothing_else_to_write(laid_over: Catalogue, tmp_path: Path) -> None:
    order = making.Order(seed=5, people=300, enterprises=60, days=1, first_day=date(2026, 10, 1), is_signed=False)
    only = {"market.shops", "market.inspections", "market.guests"}
    made = making.make_city(order, laid_over, tmp_path / "city", only=lambda resource: resource.id in only)
    assert {delivered.resource for delivered in made} == only
    for delivered in made:
        place = tmp_path / "city" / "market" / delivered.id
        for entry in read_manifest((place / "manifest.json").read_bytes()).files:
            check_file(place / entry.name, entry, laid_over.resource(delivered.resource))
    with next((tmp_path / "city" / "market").glob("market-shops-*/*.csv")).open(encoding="utf-8") as file:
        assert next(csv.DictReader(file)).keys() == {"编号", "信用代码", "开业", "类别", "备注"}


PATTERNS = (
    "^[A-Z]{2}-[0-9]{6}$",
    "^JY[123][0-9]{13}$",
    "^(20|21|40)$",
    "^[0-9+][0-9 -]{4,18}[0-9]$",
    r"^样\(20[0-9]{2}\)第[0-9]{4,6}号$",
    "^[^0-9]{2}x?[ab]+$",
    "^(?:A|B)[\\u4e00-\\u9fa5]{2}$",
    "^[A-P][0-9A-P]{0,12}$",
)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_text_for_a_pattern_matches_it_and_no_two_numbers_give_one(pattern: str) -> None:
    count = min(patterns.capacity(pattern), 3000)
    made = patterns.texts(pattern, np.arange(count)).to_pylist()
    assert [text for text in made if not re.search(pattern, text)] == []
    assert len(set(made)) == count


def test_every_declared_pattern_has_texts(catalogue: Catalogue) -> None:
    columns = [c for t in catalogue.declarations.tables.values() for c in t.columns if c.type == "string" and c.pattern]
    for column in columns:
        made = patterns.texts(column.pattern or "", np.arange(3)).to_pylist()
        assert all(re.search(column.pattern or "", text) for text in made), column.name


def test_a_table_is_planned_by_who_its_rows_are_about(laid_over: Catalogue) -> None:
    def plan(table: str) -> registers.Plan:
        declared = laid_over.declarations
        return registers.planned(declared.tables[table], declared.codes, may_withdraw=False)

    assert (plan("shop").kind, plan("shop").is_one_each) == ("enterprise", False)
    assert plan("inspection").kind is None
    assert plan("guest").is_of_strangers
    assert (plan("real_estate").first, plan("real_estate").instead) == ("holder_number", "holder_code")
    assert plan("birth_record").beside == {"mother_number": "person", "father_number": "person"}
