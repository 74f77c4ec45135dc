"""The ties of a city's truth: of people and enterprises that are there, and such as their declarations mean."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pyarrow as pa

from catalog.model import Catalogue
from samples import truth
from samples.scoring import ties
from tests.unit.samples.conftest import Made


def rows(made: Made, name: str) -> list[dict[str, str]]:
    with (made.folder / truth.FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_declared_relation_ties_people_and_enterprises_that_are_there(made: Made, catalogue: Catalogue) -> None:
    found = rows(made, "relations.csv")
    declared = {(r.one_kind, r.name) for file in catalogue.declarations.files.values() for r in file.relations}
    assert {(tie["kind"], tie["relation"]) for tie in found} == declared
    people = {row["number"]: row for row in rows(made, "people.csv")}
    fathers = [tie for tie in found if tie["relation"] == "father"]
    assert len(fathers) > 50
    assert all(people[tie["other_number"]]["birth_on"] < people[tie["number"]]["birth_on"] for tie in fathers)
    assert {people[tie["other_number"]]["sex"] for tie in fathers} == {"1"}
    spouses = {(tie["number"], tie["other_number"]) for tie in found if tie["relation"] == "spouse"}
    assert len(spouses) > 50
    assert spouses == {(other, one) for one, other in spouses}
    heads = Counter(tie["number"] for tie in found if tie["relation"] == "legal_representative")
    assert heads.keys() <= {row["code"] for row in rows(made, "enterprises.csv")}
    assert set(heads.values()) == {1}


def test_without_one_files_no_tie_is_shown(made: Made, catalogue: Catalogue, tmp_path: Path) -> None:
    told = rows(made, "relations.csv")
    table = pa.table({name: [row[name] for row in told] for name in ("kind", "relation", "number", "other_number")})
    found = ties.shares(tmp_path, catalogue.declarations.files, table)
    assert sum(share.of for share in found.values()) == len({tuple(row.values()) for row in told})
    assert {share.equal for share in found.values()} == {0}
    assert ("person", "relation father") in found
