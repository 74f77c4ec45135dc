"""What the city's departments write is read back, column by column, as what is true."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pyarrow as pa
import pytest

import catalog
from pipelines import bronze, typed
from pipelines.columnwise import constant
from samples.city import calendar, serving
from samples.city.city import make
from samples.writing.texts import Rows, Writer

CATALOGUE = catalog.load()
FIRST = date(2026, 10, 1)
# Money with and without a declared unit, conditions, percentages, units, lookups, both ways of names.
RESOURCES = (
    "market.shareholders",
    "market.public_register",
    "human_resources.social_insurance",
    "civil_affairs.marriages",
    # Drawn from its declaration: another kind of number, two kinds of subject, days in order, areas of 9 and 12 digits.
    "dongwan_civil_affairs.assistance",
    *(
        pytest.param(name, marks=pytest.mark.only_in_full)
        for name in ("police.foreign_residents", "development.blacklists", "market.individual_businesses")
    ),
)


@pytest.mark.parametrize("name", RESOURCES)
def test_a_department_s_texts_are_read_as_the_values_they_were_written_from(name: str) -> None:
    resource = CATALOGUE.resource(name)
    city = make(3, 900, 120, calendar.number(FIRST))
    serving.open_registers(city, CATALOGUE, [resource])
    view = serving.view_of(resource.table, CATALOGUE)
    rows = view.every(city)[:400]
    frame = view.frame(city, rows)
    nothing_withdrawn = np.zeros(len(rows), dtype=np.bool_)
    texts = Writer(resource, CATALOGUE.declarations, city.chance).texts(
        Rows(frame.columns, rows, nothing_withdrawn, True)
    )
    called = bronze.columns(resource)
    numbers = {"_row_no": pa.array(rows), "_row_hash": pa.array(["00"] * len(rows))}
    count = len(rows)
    numbers |= {"_delivery": constant("d", pa.string(), count)}
    numbers["_recorded_at"] = constant(datetime(2026, 10, 2, tzinfo=UTC), pa.timestamp("us", "UTC"), count)
    received = pa.table(numbers | {called[header]: column for header, column in texts.items()})
    found = typed.rows(received, typed.plan(resource, CATALOGUE.declarations, FIRST, FIRST))
    assert set(map(str, found.column("_problems").to_pylist())) == {"[]"}
    for column in (m.column for m in resource.columns):
        assert found.column(column).to_pylist() == frame.columns[column].to_pylist(), column
