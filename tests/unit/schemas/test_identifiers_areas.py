"""Area codes, the list with its history, and how it is made from the packages' revisions."""

from __future__ import annotations

from datetime import date

import pytest

from schemas import declarations
from schemas.identifiers import InvalidIdentifier, area_code
from schemas.identifiers.areas import warning
from tools.area_history import Event
from tools.codes import PRESENT, area_rows


@pytest.mark.parametrize("text", ["360426", "360426001", "360426001002"])
def test_a_county_a_street_and_a_community_have_6_9_and_12_digits(text: str) -> None:
    assert area_code(text) == text


@pytest.mark.parametrize(
    ("text", "reason"), [("36042", "length"), ("", "length"), ("36042x", "alphabet"), ("３60426", "alphabet")]
)
def test_a_bad_area_code_is_refused_with_its_reason(text: str, reason: str) -> None:
    with pytest.raises(InvalidIdentifier) as refused:
        area_code(text)
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    ("code", "noticed"),
    [
        ("110105", None),
        ("360426001002", None),
        ("810000", None),
        ("830000", None),
        ("362129", "region_retired"),
        ("110110", "region_retired"),
        ("690101", "region_unknown"),
    ],
)
def test_a_retired_and_an_unknown_area_are_noticed(code: str, noticed: str | None) -> None:
    assert warning(code) == noticed


def test_the_list_keeps_abolished_codes_with_their_end_and_who_took_up_the_name() -> None:
    codes = declarations.load().codes["area"].codes
    gone = codes["362129"]
    assert (gone.name, gone.since, gone.until, gone.successor) == ("定南县", None, date(1997, 12, 31), "360728")
    assert codes["360402"].name == "濂溪区"
    assert "庐山区" in codes["360402"].synonyms
    assert (codes["360426"].parent, codes["360400"].parent, codes["360000"].parent) == ("360400", "360000", None)
    assert len([code for code in codes if not code.startswith("69")]) == 7117


def test_a_successor_is_known_by_an_official_reply_or_by_lists_that_agree_and_the_row_says_which() -> None:
    codes = declarations.load().codes["area"].codes
    merged, renamed = codes["330104"], codes["362129"]
    assert (merged.name, merged.until, merged.successor) == ("江干区", date(2021, 12, 31), "330102")
    assert merged.source == "GB/T 2260 2019-04; successor: 国函〔2021〕29号"
    assert renamed.source == "GB/T 2260 1997-12; successor: GB/T 2260, lists of 1997 and 1998"
    assert codes["140203"].successor is None, "the source's own slip: another prefecture's district of that name"
    assert codes["653229"].since == date(2024, 1, 1)
    assert all(code.source for code in codes.values() if code.code[:2] != "69")


REVISIONS = {
    date(1982, 12, 31): {
        "690000": "云省",
        "690100": "丁市",
        "690101": "甲县",
        "690102": "乙区",
        "690103": "市辖区",
        "690104": "戊县",
        "690105": "己县",
    },
    date(1983, 12, 31): {
        "690000": "云省",
        "690100": "丁市",
        "690102": "丙区",
        "690181": "甲市",
        "690182": "己市",
        "690103": "市辖区",
    },
}
NOW = {"690000": "云省", "690100": "丁市", "690102": "丙区", "690181": "甲市", "690182": "己市"}


def test_revisions_become_entries_with_first_and_last_day_former_names_and_sourced_successors() -> None:
    events = [
        Event(1983, "690101", "690181"),  # the lists show it, and so does our comparison
        Event(1983, "690104", "690102", "国函〔1983〕1号"),  # merged into a neighbour: only an official word tells
        Event(1983, "690103", "690181", "国函〔1983〕2号"),  # of a code that is in force
    ]
    old, now, told = "GB/T 2260 1982-12", "china-division 2023-06", "; successor: "
    lists = "GB/T 2260, lists of 1982 and 1983"
    assert area_rows(REVISIONS, NOW, NOW, events) == [
        ("690000", "云省", "", "", "", "", "", "", now),
        ("690100", "丁市", "", "690000", "", "", "", "", now),
        ("690101", "甲县", "", "690100", "", "1982-12-31", "690181", "", f"{old}{told}{lists}"),
        ("690102", "丙区", "", "690100", "", "", "", "乙区", now),
        ("690103", "市辖区", "", "690100", "", "", "", "", "GB/T 2260 1983-12"),
        ("690104", "戊县", "", "690100", "", "1982-12-31", "690102", "", f"{old}{told}国函〔1983〕1号"),
        ("690105", "己县", "", "690100", "", "1982-12-31", "", "", old),
        ("690181", "甲市", "", "690100", "1983-12-31", "", "", "", now),
        ("690182", "己市", "", "690100", "1983-12-31", "", "", "", now),
    ]
    assert max(REVISIONS) < PRESENT


@pytest.mark.parametrize(
    "events",
    [
        [Event(1983, "690104", "690102", "国函〔1983〕1号"), Event(1983, "690104", "690181", "国函〔1983〕1号")],
        [Event(1990, "690104", "690102", "国函〔1990〕1号")],
        [Event(1983, "690101", "690102")],
        [Event(1983, "690104", None, "国函〔1983〕1号")],
    ],
    ids=["split among two", "of another year", "the comparison says another", "ended"],
)
def test_no_successor_is_guessed(events: list[Event]) -> None:
    assert {row[6] for row in area_rows(REVISIONS, NOW, NOW, events)} == {""}


def test_what_began_or_ended_after_the_last_revision_is_dated_by_the_year_that_is_named() -> None:
    later = {**NOW, "690191": "庚区"}
    del later["690182"]
    events = [Event(2024, "690182", "690191", "国函〔2024〕1号")]
    rows = {row[0]: row for row in area_rows(REVISIONS, NOW, later, events)}
    assert (rows["690182"][5], rows["690182"][6], rows["690191"][4]) == ("2024-12-31", "690191", "2024-01-01")
