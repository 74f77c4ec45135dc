"""Area codes, the list with its history, and how it is made from the packages' revisions."""

from __future__ import annotations

from datetime import date

import pytest

from schemas import declarations
from schemas.identifiers import InvalidIdentifier, area_code
from schemas.identifiers.areas import warning
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
    assert len([code for code in codes if not code.startswith("69")]) == 7110


def test_revisions_become_entries_with_first_and_last_day_former_names_and_successors() -> None:
    revisions = {
        date(1980, 12, 31): {
            "690000": "云省",
            "690100": "丁市",
            "690101": "甲县",
            "690102": "乙区",
            "690103": "市辖区",
        },
        date(1983, 12, 31): {
            "690000": "云省",
            "690100": "丁市",
            "690102": "丙区",
            "690181": "甲市",
            "690103": "市辖区",
        },
    }
    present = {"690000": "云省", "690100": "丁市", "690102": "丙区", "690181": "甲市"}
    assert area_rows(revisions, present) == [
        ("690000", "云省", "", "", "", "", "", ""),
        ("690100", "丁市", "", "690000", "", "", "", ""),
        ("690101", "甲县", "", "690100", "", "1980-12-31", "690181", ""),
        ("690102", "丙区", "", "690100", "", "", "", "乙区"),
        ("690103", "市辖区", "", "690100", "", "", "", ""),
        ("690181", "甲市", "", "690100", "1983-12-31", "", "", ""),
    ]
    assert max(revisions) < PRESENT
