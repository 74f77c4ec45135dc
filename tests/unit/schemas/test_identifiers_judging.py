"""Identifiers judged by the million: kinds guessed, findings counted, nobody's number repeated."""

from __future__ import annotations

import random
import time
from datetime import date, timedelta

import pytest

from schemas.identifiers import areas, enterprises, licences, persons
from schemas.identifiers.judging import KINDS, Finding, Tally, judge, lint
from tests.yardstick import slowness

LICENCE = "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U"


@pytest.mark.parametrize(
    ("text", "kind", "reason"),
    [
        ("11010519491231002X", "person_number", None),
        ("110105491231002", "person_number", None),
        ("110105194912310021", "person_number", "check"),
        ("1101051949123100", "person_number", "length"),
        ("１１０１０５１９４９１２３１００２X", "person_number", "alphabet"),
        ("113700000045046442", "credit_code", None),
        ("91110000600037341L", "credit_code", None),
        ("91110000600037341l", "credit_code", None),
        ("91110000600037341M", "credit_code", "check"),
        ("abc", "credit_code", "length"),
        ("360426", "area_code", None),
        ("360426001002", "area_code", None),
        (LICENCE, "licence_id", None),
        (LICENCE[:-1] + "V", "licence_id", "check"),
    ],
)
def test_the_kind_is_guessed_from_the_shape(text: str, kind: str, reason: str | None) -> None:
    found = judge(text)
    assert (found.kind, found.reason) == (kind, reason)


def test_a_persons_number_with_a_wrong_check_is_never_a_good_credit_code() -> None:
    chance = random.Random(11)
    counties = [code for code in areas.known() if not code.endswith("00")]
    for _ in range(20_000):
        born_on = date(1930, 1, 1) + timedelta(days=chance.randrange(33_000))
        body = f"{chance.choice(counties)}{born_on:%Y%m%d}{chance.randint(0, 999):03d}"
        wrong = chance.choice([c for c in "0123456789" if c != persons.check_character(body)])
        assert judge(body + wrong).reason == "check", "one of 31 fits the credit code's check by chance"


def test_an_enterprise_s_code_of_digits_is_one_though_its_area_is_not_listed() -> None:
    """Development zones have areas of their own: 360108 is in no list, and a day such as 84 is no foreigner's."""
    chance, seen = random.Random(5), 0
    for _ in range(2_000):
        organisation = f"{chance.randrange(10_000_000, 99_999_999)}"
        body = f"91360108{organisation}{enterprises.organisation_check(organisation)}"
        code = body + enterprises.check_character(body)
        if code.isdecimal() and persons.person_fault(code) == "date":
            seen += 1
            assert judge(code) == Finding("credit_code", None, "region_unknown")
    assert seen > 500


def test_a_kind_that_is_said_is_not_guessed() -> None:
    foreigner = "91156119900101001"
    foreigner += persons.check_character(foreigner)
    assert [judge(foreigner, kind).reason for kind in KINDS] == ["kind", None, "organisation_check", "root", "length"]


def test_the_repaired_licence_is_proposed() -> None:
    found = judge(LICENCE.replace("3005", "3003"))
    assert (found.reason, found.faults, found.repaired) == ("root", ("wrong_root",), LICENCE)


def test_warnings_are_counted_and_are_no_fault() -> None:
    tally = Tally()
    body = "69010119900101001"
    texts = [body + persons.check_character(body), "360426", "362129", "", "11100000000013338W"]
    assert list(lint(texts, tally)) == []
    assert tally.warnings == {("person_number", "region_unknown"): 1, ("area_code", "region_retired"): 1}
    assert (tally.kinds.total(), tally.bad) == (4, 0)


def test_bad_lines_are_told_by_number() -> None:
    tally = Tally()
    bad = list(lint(["360426", "", "110105194912310021", LICENCE + "."], tally, on=date(2026, 11, 23)))
    assert [(line, finding.reason) for line, finding in bad] == [(3, "check"), (4, "structure")]
    assert tally.reasons == {("person_number", "check"): 1, ("licence_id", "structure"): 1}


def test_a_hundred_thousand_identifiers_take_less_than_a_tenth_of_ten_seconds_of_work() -> None:
    bodies = [f"690101{1930 + n % 90}{1 + n % 12:02d}{1 + n % 28:02d}{n % 1000:03d}" for n in range(50_000)]
    numbers = [body + persons.check_character(body) for body in bodies]
    parts = ["11100000000013338W01111430000006122244L" + f"{n:09d}001" for n in range(50_000)]
    texts = [
        f"{licences.ROOT}.{p[:21]}.{p[21:39]}.{p[39:48]}.001.{licences.check_character(p)}" for p in parts
    ] + numbers
    began = time.process_time()
    assert list(lint(texts, Tally())) == []
    assert time.process_time() - began < 2 * slowness()
