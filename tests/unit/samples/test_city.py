"""What is true in a city hangs together, on the first day and after days of changes."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.model import Catalogue
from samples.city import calendar, days, numbers, views, words
from samples.city.calendar import NEVER
from samples.city.city import City, make
from schemas.identifiers import citizen_number, credit_code

FIRST = calendar.number(date(2026, 10, 1))


@pytest.fixture(scope="module")
def city() -> City:
    made = make(11, 1500, 150, FIRST)
    for day in range(1, 6):
        days.live(made, FIRST + day)
    return made


def test_every_number_passes_its_check_and_is_the_only_one(city: City) -> None:
    people = [citizen_number(number.decode()) for number in city.people.number]
    assert len({person.text for person in people}) == len(people)
    births = [calendar.number(person.birth_on) for person in people]
    assert births == city.people.birth.tolist()
    assert [1 if person.sex == "male" else 2 for person in people] == city.people.sex.tolist()
    codes = {credit_code(code.decode()).text for code in city.firms.code}
    assert len(codes) == len(city.firms)


@given(st.integers(0, 5), st.dates(date(1900, 1, 1), date(2099, 12, 31)), st.integers(1, 2), st.integers(0, 497))
def test_a_number_says_the_day_and_sex_it_was_made_for(area: int, birth: date, sex: int, order: int) -> None:
    row = [np.array([value]) for value in (area, calendar.number(birth), sex, order)]
    found = citizen_number(numbers.citizen_numbers(*row)[0].decode())
    assert (found.birth_on, found.sex, found.area) == (birth, ("male", "female")[sex - 1], numbers.AREAS[area])


@given(st.dates(date(1850, 1, 1), date(2150, 12, 31)))
def test_days_are_counted_as_the_calendar_does(day: date) -> None:
    row = np.array([calendar.number(day)])
    assert calendar.compact(row)[0] == day.year * 10_000 + day.month * 100 + day.day
    assert calendar.years(row)[0] == day.year
    assert calendar.of_year(calendar.years(row), day.month, day.day)[0] == row[0]


def test_parents_are_older_and_of_the_right_sex(city: City) -> None:
    people = city.people
    child = np.flatnonzero(people.father >= 0)
    assert len(child) > 300
    assert (people.sex[people.father[child]] == 1).all()
    assert (people.sex[people.mother[child]] == 2).all()
    for parent in (people.father, people.mother):
        assert (people.birth[parent[child]] + 17 * calendar.YEAR < people.birth[child]).all()


def test_nobody_marries_twice_at_a_time_or_after_death(city: City) -> None:
    couples, people = city.couples, city.people
    for who in (couples.man, couples.woman):
        assert (couples.wedding < people.died[who]).all()
        standing = who[couples.ended == NEVER]
        assert len(np.unique(standing)) == len(standing)
        assert (people.died[standing] == NEVER).all()
    assert (couples.ended >= couples.wedding).all()


def test_the_dead_neither_work_nor_lead(city: City) -> None:
    running = city.jobs.ended == NEVER
    assert (city.people.died[city.jobs.person[running]] == NEVER).all()
    assert (city.firms.established[city.jobs.firm] <= city.jobs.began).all()


def test_the_shares_of_an_enterprise_add_up(city: City) -> None:
    standing = city.holdings.until == NEVER
    total = np.bincount(city.holdings.firm[standing], city.holdings.share[standing])
    assert set(total.tolist()) == {10_000}


@pytest.mark.parametrize("table", views.VIEWS)
def test_a_view_has_the_declared_columns_keys_and_codes(table: str, city: City, catalogue: Catalogue) -> None:
    declared = catalogue.declarations.tables[table]
    frame = pa.table(dict(views.VIEWS[table].frame(city, views.VIEWS[table].every(city)).columns))
    assert frame.num_rows
    assert set(frame.column_names) == {column.name for column in declared.columns}
    for column in declared.columns:
        values = frame.column(column.name)
        assert not column.required or not values.null_count, column.name
        if column.codes:
            assert set(values.unique().to_pylist()) - {None} <= set(catalogue.declarations.codes[column.codes].codes)
    keys = list(zip(*(frame.column(name).to_pylist() for name in declared.key), strict=True))
    assert len(set(keys)) == len(keys)


def test_what_a_day_does_not_name_reads_as_the_day_before(catalogue: Catalogue) -> None:
    made = make(12, 800, 80, FIRST)
    observed = [t for t in views.VIEWS if catalogue.declarations.tables[t].observed]
    before = {table: _texts(made, table) for table in observed}
    today = days.live(made, FIRST + 1)
    for table in observed:
        after = _texts(made, table)
        told = {*today.rows(table).tolist(), *today.gone(table).tolist()}
        silent = [row for row, text in before[table].items() if after[row] != text and row not in told]
        assert silent == [], table


def test_every_day_brings_something_of_each_kind(catalogue: Catalogue) -> None:
    made = make(13, 1500, 150, FIRST)
    today = days.live(made, FIRST + 1)
    still = {table for table in views.VIEWS if not len(today.rows(table))}
    assert still == {"registered_enterprise"}
    assert len(today.gone("population")) == 1
    assert not set(days.live(made, FIRST + 2).rows("population").tolist()) & set(today.gone("population").tolist())


def test_the_districts_are_those_of_the_code_list(catalogue: Catalogue) -> None:
    areas = catalogue.declarations.codes["area"].codes
    assert tuple(areas[code].name for code in numbers.AREAS) == words.AREA_NAMES
    assert areas["690100"].name == words.PREFECTURE


def _texts(city: City, table: str) -> dict[int, str]:
    rows = views.VIEWS[table].every(city)
    columns = views.VIEWS[table].frame(city, rows).columns
    lines = zip(*(column.to_pylist() for column in columns.values()), strict=True)
    return {row: str(line) for row, line in zip(rows.tolist(), lines, strict=True)}
