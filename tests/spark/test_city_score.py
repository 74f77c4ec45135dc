"""A small city goes through the whole flow, and its truth says how much of what was planted was found."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from onefile.cli import city_score
from samples import making
from samples.errors import NotACity
from samples.scoring.score import Score, score
from samples.scoring.shares import total
from tests.house import House, narrowed

# Two departments that speak of the same people, with columns few enough to plan in seconds.
COLUMNS = {
    "population": ["number", "earlier_number", "number_changed_on", "name", "sex", "birth_on", "education_level", "area", "state", "died_on", "updated_on"],
    "education": ["certificate_no", "person_number", "name", "birth_on", "level", "result", "major", "graduated_on"],
}  # fmt: skip
ONLY = ("police.population", "education.certificates")
RATES = {
    "wrong_check": 30.0, "impossible_date": 30.0, "unknown_code": 30.0, "swapped_columns": 20.0, "formula": 20.0,
    "contradictory_rows": 15.0, "duplicate": 30.0, "missing_value": 20.0, "delivery_again": 500.0,
    "delivery_cut": 500.0, "contradiction": 50.0,
}  # fmt: skip


@dataclass(frozen=True)
class Taken:
    """A home that took a city in, the city, and its score."""

    house: House
    city: Path
    score: Score


@pytest.fixture(scope="module")
def taken(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Taken:
    house = House(tmp_path_factory.mktemp("home"), narrowed(COLUMNS))
    city = tmp_path_factory.mktemp("city") / "made"
    order = making.Order(8, 150, 20, 1, date(2026, 10, 1), False, RATES)
    making.make_city(order, house.catalogue, city, only=lambda resource: resource.id in ONLY)
    for manifest in city.glob("*/*/manifest.json"):
        shutil.copytree(manifest.parent, house.home / "inbox" / manifest.parent.parent.name / manifest.parent.name)
    house.on("2026-10-05")
    house.take_in()
    return Taken(house, city, score(house.home, city, house.catalogue))


def test_every_planted_defect_is_found_and_nothing_else(taken: Taken) -> None:
    found = taken.score
    assert [(k.kind, k.recall, k.precision) for k in found.kinds if (k.recall, k.precision) != (1.0, 1.0)] == []
    planted = {kind.kind for kind in found.kinds}
    assert planted >= {"wrong_check", "unknown_code", "swapped_columns", "duplicate", "delivery_again", "delivery_cut"}
    assert (found.missing, found.miscounted) == ((), ())


def test_every_value_is_the_declared_ranking_s_winner_and_most_are_true(taken: Taken) -> None:
    found = taken.score
    assert [name for name, share in found.winners.items() if share.share < 1] == []
    assert total(found.winners).of > 800
    assert 0.8 < total(found.true).share < 1
    assert found.is_good


def test_a_score_is_told_as_a_table_and_as_json(taken: Taken) -> None:
    assert "declared ranking's winner" in city_score.as_text(taken.score, "en")
    assert city_score.as_text(taken.score, "zh").endswith("合格")
    told = json.loads(city_score.as_json(taken.score))
    assert told["is_good"] is True
    assert told["kinds"]["wrong_check"]["recall"] == 1.0


def test_what_was_not_found_lowers_recall_and_what_was_not_planted_precision(taken: Taken, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(taken.city / "truth", other / "truth")
    defects = other / "truth" / "defects.csv"
    lines = defects.read_text(encoding="utf-8").splitlines()
    checks = [line for line in lines if line.endswith(",1,check")]
    duplicate = next(line for line in lines if ",duplicate,1,duplicate" in line)
    forged = duplicate.replace(",duplicate,1,duplicate", ",date_to_come,1,after")
    kept = [line for line in lines if line != checks[0]]
    defects.write_text("\n".join([*kept, forged]) + "\n", encoding="utf-8")
    found = {kind.kind: kind for kind in score(taken.house.home, other, taken.house.catalogue).kinds}
    assert found["wrong_check"].false_alarms == 1
    assert found["wrong_check"].precision < 1
    assert found["date_to_come"].found < found["date_to_come"].planted


def test_a_folder_without_truth_is_refused(taken: Taken, tmp_path: Path) -> None:
    with pytest.raises(NotACity, match="truth/defects"):
        score(taken.house.home, tmp_path, taken.house.catalogue)
    with pytest.raises(NotACity, match="trust"):
        score(tmp_path, taken.city, taken.house.catalogue)
