"""A city has earlier numbers, knows which present one each leads to, and some of its rows are written under one."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date
from pathlib import Path

import pyarrow as pa

from catalog.model import Catalogue
from samples import truth
from samples.scoring import earlier
from schemas.identifiers.earlier import earlier_number
from schemas.identifiers.persons import person_number
from tests.unit.samples.conftest import Made


def rows(made: Made, name: str) -> list[dict[str, str]]:
    with (made.folder / truth.FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_earlier_number_is_sound_and_leads_to_one_who_is_there(made: Made) -> None:
    found = rows(made, "earlier_numbers.csv")
    people, firms = ({row[key] for row in rows(made, name)} for name, key in (
        ("people.csv", "number"), ("enterprises.csv", "code"),
    ))  # fmt: skip
    persons = [row for row in found if row["kind"] == "person"]
    assert persons
    assert all(person_number(row["earlier"]).birth_on == person_number(row["number"]).birth_on for row in persons)
    assert {row["number"] for row in persons} <= people
    others = {(row["earlier"], row["number"]) for row in found if row["kind"] == "enterprise"}
    read = [earlier_number(number, ("registration_number", "organisation_code")) for number, _ in others]
    assert {kind[0] for kind in read if kind} == {"registration_number", "organisation_code"}
    assert None not in read
    assert {code for _, code in others} <= firms
    assert set(Counter(number for number, _ in others).values()) == {1}


def test_some_rows_are_written_under_an_earlier_number(made: Made) -> None:
    earlier_ones = {row["earlier"] for row in rows(made, "earlier_numbers.csv")}
    insured = list(made.folder.glob("human_resources/*/*.csv"))
    texts = {
        cell for path in insured for line in path.read_text("utf-8", "replace").splitlines() for cell in line.split(",")
    }
    assert texts & earlier_ones


STATED = pa.schema(
    [
        ("earlier_number", pa.string()),
        ("number", pa.string()),
        ("number_changed_on", pa.date32()),
        ("_valid_from", pa.date32()),
        ("_resource", pa.string()),
        ("_key", pa.string()),
        ("_withdrawn", pa.bool_()),
    ]
)
Statement = tuple[str | None, str, int, int | None]
"""An earlier number, the present one, the day of January when it was stated, and the day of the change."""


def led(catalogue: Catalogue, *present: Statement, before: tuple[Statement, ...] = ()) -> dict[str, str]:
    """Return where the present records of a register lead; `before` is what they said earlier."""

    def table(said: tuple[Statement, ...]) -> pa.Table:
        day = {n: date(2026, 1, n) for n in range(1, 32)}
        columns = {
            "earlier_number": [e for e, *_ in said],
            "number": [number for _, number, *_ in said],
            "number_changed_on": [day.get(changed or 0) for *_, changed in said],
            "_valid_from": [day[stated] for _, _, stated, _ in said],
            "_resource": ["police.population"] * len(said),
            "_key": [number for _, number, *_ in said],
            "_withdrawn": [False] * len(said),
        }
        return pa.table(columns, schema=STATED)

    every = {"population": table((*before, *present))}
    return earlier.ends({"population": table(present)}, every, catalogue.declarations, "person")


def test_where_earlier_numbers_lead_is_reckoned_apart(catalogue: Catalogue) -> None:
    def ends(*pairs: tuple[str, str]) -> dict[str, str]:
        return led(catalogue, *((one, other, 1, None) for one, other in pairs))

    assert ends(("a", "b"), ("b", "c")) == {"a": "c", "b": "c"}
    assert ends(("a", "b"), ("a", "c"), ("d", "e")) == {"d": "e"}
    assert ends(("a", "b"), ("b", "a"), ("c", "a")) == {}


def test_a_number_that_its_register_goes_on_using_leads_nowhere(catalogue: Catalogue) -> None:
    bridge = ("a", "b", 10, 5)
    assert led(catalogue, bridge, (None, "a", 10, None)) == {"a": "b"}
    assert led(catalogue, bridge, (None, "a", 11, None)) == {}
    assert led(catalogue, ("a", "b", 20, 5), (None, "a", 15, None), before=(bridge,)) == {}
    assert led(catalogue, ("a", "b", 10, 20), (None, "a", 15, None)) == {"a": "b"}


def test_a_home_of_before_the_column_was_declared_has_no_bridges(catalogue: Catalogue) -> None:
    frame = {"population": STATED.empty_table().drop_columns(["earlier_number", "number_changed_on"])}
    assert earlier.ends(frame, frame, catalogue.declarations, "person") == {}


def test_without_one_files_no_earlier_number_is_listed(made: Made, catalogue: Catalogue, tmp_path: Path) -> None:
    told = rows(made, "earlier_numbers.csv")
    table = pa.table({name: [row[name] for row in told] for name in ("kind", "earlier", "number")})
    found = earlier.shares(tmp_path, catalogue.declarations.files, table)
    assert {share.equal for share in found.values()} == {0}
    assert {*found} == {("person", "earlier numbers"), ("enterprise", "earlier numbers")}
