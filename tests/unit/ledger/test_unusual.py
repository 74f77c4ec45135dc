"""Unusual looks: volume, hours, enumeration, watched subjects; each found once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from ledger import findings, unusual
from ledger.unusual import watch
from schemas.watching import Watch
from tests.disclosed import DAY, SEEN, ZONE, Disclosed
from tests.papers import AT

LOW = Watch(least_looks=10, times_median=3.0, days_before=4, subjects_a_case=3, subjects_an_hour=6)


def found(house: Disclosed, day: date = DAY, *, is_working: bool = True) -> list[findings.Kept]:
    with house.db() as db:
        unusual.find(db, day, ZONE, AT, lambda _day: is_working, LOW)
        assert unusual.find(db, day, ZONE, AT, lambda _day: is_working, LOW) == 0
        return findings.listed(db)


def test_far_more_looks_than_on_other_days_are_found(house):
    for back in (4, 3, 2, 1):
        house.looks(*[replace(SEEN, at=AT - timedelta(days=back))] * 3)
    house.looks(*[SEEN] * 10)
    (kept,) = found(house)
    assert (kept.kind, kept.department) == ("volume", "market")
    assert kept.document == {"who": "market-1", "looks": 10, "usual": 3}


def test_many_looks_of_one_who_always_has_many_are_usual(house):
    for back in (4, 3, 2, 1):
        house.looks(*[replace(SEEN, at=AT - timedelta(days=back))] * 5)
    house.looks(*[SEEN] * 12)
    assert found(house) == []


def test_officials_at_night_or_on_days_off_are_found_and_systems_are_not(house):
    night = AT.replace(hour=15)  # 23:02 where the bureau is
    official = replace(SEEN, operator="official idp#7", client="")
    house.looks(SEEN, official, replace(official, at=night), replace(SEEN, at=night))
    (kept,) = found(house)
    assert (kept.kind, kept.document) == ("hours", {"who": "official idp#7", "looks": 1, "is_working_day": True})


def test_on_a_day_off_every_hour_is_unusual(house):
    house.looks(replace(SEEN, operator="official idp#7", client=""))
    assert [kept.kind for kept in found(house, is_working=False)] == ["hours"]


def test_very_many_subjects_under_one_case_or_in_one_hour_are_found(house):
    house.looks(*[replace(SEEN, subject_id=f"p-{n}", case="C-1") for n in range(4)])
    house.looks(*[replace(SEEN, subject_id=f"p-{n}", case=f"C-{n}", client="tax-1") for n in range(7)])
    assert [(kept.kind, kept.document["where"], kept.document["subjects"]) for kept in found(house)] == [
        ("enumeration", "C-1", 4), ("enumeration", "2026-11-23T01Z", 7)
    ]  # fmt: skip


def test_every_look_at_a_watched_subject_is_found(house):
    with house.db() as db:
        watch(db, house.ledger.subject_hash("p-star"), "公众人物", "auditor-1", AT)
    house.looks(SEEN, replace(SEEN, subject_id="p-star"))
    assert [(kept.kind, kept.seq) for kept in found(house)] == [("famous", 2)]
    with house.db() as db:
        watch(db, house.ledger.subject_hash("p-star"), "", "auditor-1", AT)
    house.looks(replace(SEEN, subject_id="p-star"))
    assert len(found(house)) == 1
