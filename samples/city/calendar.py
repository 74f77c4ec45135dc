"""Days as whole numbers since 1970-01-01, the way Arrow keeps them."""

from __future__ import annotations

from datetime import date

import numpy as np

from samples.city.chance import Ints

YEAR = 365.2425
NEVER = 1 << 40
"""Stands for a day that has not come: later than any."""

_EPOCH = date(1970, 1, 1)


def number(day: date) -> int:
    """Return a day's number."""
    return (day - _EPOCH).days


def years(days: Ints) -> Ints:
    """Return the calendar year of each day."""
    found: Ints = days.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970
    return found


def compact(days: Ints) -> Ints:
    """Return each day as the number YYYYMMDD."""
    months = days.astype("datetime64[D]").astype("datetime64[M]")
    first = months.astype("datetime64[D]").astype(np.int64)
    month = months.astype(np.int64)
    found: Ints = (month // 12 + 1970) * 10_000 + (month % 12 + 1) * 100 + (days - first + 1)
    return found


def of_year(year: Ints, month: int, day: int) -> Ints:
    """Return the number of a day of the calendar in each year."""
    months = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
    found: Ints = months.astype("datetime64[D]").astype(np.int64) + day - 1
    return found
