"""What holds for watermarks as texts: which is higher, from where rows are read again, which lies ahead."""

from __future__ import annotations

from datetime import date

import pytest

from inbox.pulling import watermarks

TODAY = date(2026, 11, 30)


@pytest.mark.parametrize(
    ("watermark", "overlap", "wanted"),
    [
        ("2026-03-01 08:00:00", 60, "2026-03-01 07:59:00"),
        ("2026-03-01 08:00:00.123456+08:00", 1, "2026-03-01 07:59:59.123456+08:00"),
        ("2026-03-01T08:00:00Z", 60, "2026-03-01T07:59:00Z"),
        ("2026-03-01T08:00:00.5Z", 60, "2026-03-01T07:59:00.500000Z"),
        ("2026-03-01", 60, "2026-02-28 23:59:00"),
        ("1000", 60, "940"),
        ("-5", 60, "-65"),
        ("0001-01-01 00:00:00", 60, "0001-01-01 00:00:00"),
        ("v17", 60, "v17"),
        ("2026-03-01 08:00:00", 0, "2026-03-01 08:00:00"),
        ("", 60, ""),
    ],
)
def test_rows_are_read_again_from_some_time_before(watermark: str, overlap: int, wanted: str) -> None:
    assert watermarks.before(watermark, overlap) == wanted


def test_a_day_after_tomorrow_lies_ahead_and_a_number_never_does() -> None:
    ahead = ("infinity", "9999-12-31", "2026-12-02 00:00:00", "10000-01-01", "2206-11-30T08:00:00Z")
    here = ("2026-12-01 23:59:59", "2026-11-30", "20991231", "-infinity", "9999-01-01 BC", "v17")
    assert all(watermarks.is_ahead(each, TODAY) for each in ahead)
    assert not any(watermarks.is_ahead(each, TODAY) for each in here)


def test_what_is_lower_or_of_another_kind_cannot_have_grown_from_a_mark() -> None:
    grown = [("9", "10"), ("9", "9"), ("2026-03-01 23:00:00+08:00", "2026-03-01 16:00:00+00:00"), ("v1", "v2")]
    not_grown = [("10", "9"), ("5", "2026-03-01"), ("2026-03-01", "5"), ("2026-03-01 10:00", "2026-03-01 09:59")]
    assert all(watermarks.goes_on(*each) for each in grown)
    assert not any(watermarks.goes_on(*each) for each in not_grown)
