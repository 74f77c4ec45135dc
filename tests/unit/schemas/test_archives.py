"""Fonds numbers and retention periods are declared for every department and item, and read strictly."""

from __future__ import annotations

from pathlib import Path

import pytest

import catalog
from schemas.archives import RETENTION, keep_until
from tests.declared import lay, told


def test_every_department_has_a_fonds_number_of_its_own_and_every_item_a_period() -> None:
    known = catalog.load()
    assert set(known.archives.fonds) == set(known.declarations.departments)
    assert len(set(known.archives.fonds.values())) == len(known.archives.fonds)
    assert set(known.archives.retention) == set(known.declarations.items)
    assert set(known.archives.retention.values()) == set(RETENTION)


def test_a_bureau_lays_single_ones_over_them(tmp_path: Path) -> None:
    own = lay(tmp_path, {"archives.yml": 'fonds: {market: "J001"}\nretention: {food_permit: permanent}\n'})
    found = catalog.load((own,)).archives
    assert (found.fonds["market"], found.retention["food_permit"], found.fonds["tax"]) == ("J001", "permanent", "0106")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('fonds: {nobody: "1"}', "the department 'nobody'"),
        ("fonds: {market: j-1}", "the fonds number 'j-1'"),
        ("retention: {lunch: 10}", "the item 'lunch'"),
        ("retention: {food_permit: 15}", "the retention '15'"),
        ("years: {food_permit: 15}", "'years'"),
    ],
)
def test_what_cannot_be_is_told(tmp_path: Path, text: str, said: str) -> None:
    assert any(said in problem for problem in told(tmp_path, {"archives.yml": text + "\n"}))


def test_years_run_from_the_year_after_the_case_closed() -> None:
    assert [keep_until(period, 2026) for period in ("10", "30", "permanent")] == ["2036-12-31", "2056-12-31", None]
