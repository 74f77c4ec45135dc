"""Working days by the yearly notices, and clocks that a bureau may shorten only."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import catalog
from schemas.working_days import LEGAL_CLOCKS, NoHolidayNotice
from tests.declared import lay, told

SHARING = catalog.load().sharing


@pytest.mark.parametrize(
    ("since", "days", "last"),
    [
        ("2026-11-23", 10, "2026-12-07"),
        ("2026-09-28", 10, "2026-10-16"),  # a week off, a Saturday worked
        ("2026-02-13", 1, "2026-02-14"),  # a make-up day before the spring festival
        ("2026-02-14", 1, "2026-02-24"),
        ("2026-11-20", 1, "2026-11-23"),
        ("2026-11-21", 1, "2026-11-23"),
    ],
)
def test_a_term_counts_working_days_from_the_next_day_on(since: str, days: int, last: str) -> None:
    assert SHARING.after(date.fromisoformat(since), days) == date.fromisoformat(last)


def test_a_year_without_a_holiday_notice_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(NoHolidayNotice, match="the holidays of 2027 are not declared: lay its notice"):
        SHARING.due("supply", date(2026, 12, 21))


def test_a_notice_that_is_laid_over_is_counted_with(tmp_path: Path) -> None:
    notice = 'years: {"2027": {holidays: [2027-01-01], workdays: [2027-01-02]}}\n'
    found = catalog.load((lay(tmp_path, {"calendar.yml": notice}),)).sharing
    assert found.after(date(2026, 12, 31), 2) == date(2027, 1, 4)


@given(st.dates(date(2019, 1, 1), date(2026, 10, 1)), st.integers(1, 30))
def test_a_longer_term_never_ends_earlier_and_its_last_day_is_worked(since: date, days: int) -> None:
    last = SHARING.after(since, days)
    assert SHARING.is_working(last)
    assert since + timedelta(days=days) <= last or days < 30
    assert SHARING.after(since, days + 1) > last


def test_a_bureau_may_shorten_a_clock_and_never_lengthen_it(tmp_path: Path) -> None:
    shorter = lay(tmp_path / "a", {"sharing.yml": "clocks: {conditional_answer: 5}\n"})
    assert catalog.load((shorter,)).sharing.clocks == {**LEGAL_CLOCKS, "conditional_answer": 5}
    (problem,) = told(tmp_path / "b", {"sharing.yml": "clocks: {conditional_answer: 11}\n"})
    assert "at most 10: a bureau may only shorten it" in problem


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('years: {"2026": {holidays: [], workdays: []}}', "the year 2026 again"),
        ('years: {"27": {holidays: [], workdays: []}}', "the year '27'"),
        ('years: {"2027": {holidays: [2027-01-02], workdays: []}}', "2027-01-02 among the holidays"),
        ('years: {"2027": {holidays: [], workdays: [2028-01-01]}}', "2028-01-01 among the workdays"),
        ('years: {"2027": {holidays: [soon], workdays: []}}', "'soon'"),
    ],
)
def test_a_notice_that_is_wrong_is_told(tmp_path: Path, text: str, said: str) -> None:
    assert any(said in problem for problem in told(tmp_path, {"calendar.yml": text + "\n"}))


def test_every_clock_of_the_law_is_as_the_law_has_it() -> None:
    order_809 = {
        "unconditional_answer": 1, "conditional_answer": 10, "extension": 10, "supply": 20, "verification": 10,
        "entry_update": 10, "entry_update_extension": 5, "entry_review": 2,
    }  # fmt: skip
    ours = {"objection", "correction", "dispute_consultation", "dispute_decision", "recall"}
    assert {name: days for name, days in LEGAL_CLOCKS.items() if name not in ours} == {**order_809, "telling": 5}
    assert SHARING.clocks == LEGAL_CLOCKS


def test_an_unknown_clock_is_told(tmp_path: Path) -> None:
    assert "the clock 'lunch'" in told(tmp_path, {"sharing.yml": "clocks: {lunch: 1}\n"})[0]
