"""From where on looks are unusual is declared, read strictly, and kept for three years at least."""

from __future__ import annotations

from pathlib import Path

import pytest

import catalog
from schemas.watching import Watch
from tests.declared import lay, told


def test_the_built_in_figures_are_those_that_the_file_says() -> None:
    assert catalog.load().watch == Watch()


def test_a_bureau_lays_single_figures_over_them(tmp_path: Path) -> None:
    own = lay(tmp_path, {"watching.yml": "late_hour: 20\ntimes_median: 2.5\nkept_years: 5\n"})
    assert catalog.load((own,)).watch == Watch(late_hour=20, times_median=2.5, kept_years=5)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kept_years: 2", "a whole number from 3"),
        ("event_days: 6", "a whole number from 7"),
        ("late_hour: 25", "an hour of the day, 0 to 24"),
        ("times_median: 0.5", "a number from 1"),
        ("subjects_a_case: 0", "a whole number from 1"),
        ("subjects_a_case: many", "a whole number"),
        ("lunch: 1", "'lunch'"),
    ],
)
def test_a_figure_that_cannot_be_is_told(tmp_path: Path, text: str, said: str) -> None:
    assert any(said in problem for problem in told(tmp_path, {"watching.yml": text + "\n"}))
