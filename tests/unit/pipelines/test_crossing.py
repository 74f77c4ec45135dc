"""The days of a row are held against each other and against the day of receipt."""

from __future__ import annotations

from datetime import date
from typing import Any

import pyarrow as pa

from pipelines import crossing
from schemas.model import Column, Place, Table

PLACE = Place("test", 1)
ON = date(2026, 11, 23)


def test_days_of_a_row_are_held_against_each_other_and_the_day_of_receipt() -> None:
    facts: dict[str, dict[str, Any]] = {
        "issued_on": {"not_after": "received"},
        "expires_on": {"not_before": "issued_on"},
        "plain_on": {},
    }
    columns = tuple(Column(name, "date", name, name, PLACE, **given) for name, given in facts.items())
    table = Table("t", "t", "g", "s", ("issued_on",), (), columns, PLACE)
    rows = [
        (date(2026, 11, 23), date(2026, 11, 23), None),
        (date(2026, 11, 24), date(2026, 11, 23), None),
        (date(2026, 1, 1), None, ON),
        (None, date(2026, 1, 1), ON),
    ]
    typed = {name: pa.array(values, pa.date32()) for name, values in zip(facts, zip(*rows, strict=True), strict=True)}
    late = crossing.cross(table, typed, ON)
    assert set(late) == {"issued_on", "expires_on"}
    found = [*zip(late["issued_on"].to_pylist(), late["expires_on"].to_pylist(), strict=True)]
    assert found == [(None, None), ("after", "before"), (None, None), (None, None)]
