"""The state of a licence on a day, as it was known at an instant: drawn as a table."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from licence_vault.standing import standing
from licence_vault.store import Version

# recorded, since, state, first day, last day
HISTORY = """
    2026-01-10 | 2026-01-01 | valid     | 2026-01-01 | 2026-12-31
    2026-03-10 | 2026-03-01 | suspended | 2026-01-01 | 2026-12-31
    2026-04-10 | 2026-04-01 | valid     | 2026-01-01 | 2026-12-31
    2026-06-10 | 2026-02-01 | revoked   | 2026-01-01 | 2026-12-31
"""

# on, known at, state
QUESTIONS = """
    2026-01-05 | 2026-01-09 | -
    2026-01-05 | 2026-01-11 | valid
    2025-12-31 | 2026-12-01 | -
    2026-03-05 | 2026-03-09 | valid
    2026-03-05 | 2026-03-11 | suspended
    2026-04-05 | 2026-04-11 | valid
    2026-03-15 | 2026-04-11 | suspended
    2026-03-05 | 2026-06-11 | revoked
    2026-01-15 | 2026-06-11 | valid
    2027-01-01 | 2026-05-01 | lapsed
    2026-12-31 | 2026-05-01 | valid
    2027-01-01 | 2026-07-01 | revoked
"""


def rows(drawn: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")] for line in drawn.strip().splitlines()]


def versions() -> list[Version]:
    return [
        Version(
            "t.i.s", number, number, f"{recorded}T00:00:00Z", "", state, "", since, first, last, b"", b"", b"", b"", ""
        )
        for number, (recorded, since, state, first, last) in enumerate(rows(HISTORY), 1)
    ]


@pytest.mark.parametrize(("on", "known_at", "state"), rows(QUESTIONS))
def test_what_was_so_on_a_day_as_it_was_known_then(on, known_at, state):
    told = standing(versions(), date.fromisoformat(on), datetime.fromisoformat(f"{known_at}T00:00:00+00:00"))
    assert (told[0] if told else "-") == state


def test_before_its_first_day_a_licence_is_not_yet_in_force():
    (version, *_) = versions()
    early = [Version(**{**{n: getattr(version, n) for n in Version.__slots__}, "valid_from": "2026-02-01"})]
    told = standing(early, date(2026, 1, 20), datetime.fromisoformat("2026-02-01T00:00:00+00:00"))
    assert told == ("not_yet", early[0])
