"""What columns are read by is what `schemas.identifiers` says: the same reason and value for thousands of texts."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import schemas
from pipelines import cleaners, reading
from schemas.code_lists import read_csv
from schemas.errors import Problems
from schemas.identifiers import (
    InvalidIdentifier,
    area_code,
    areas,
    citizen_number,
    credit_code,
    enterprises,
    licence_id,
    licences,
    person_number,
    persons,
)
from schemas.identifiers.areas import warning
from schemas.identifiers.earlier import EARLIER_TYPES, earlier_number
from schemas.model import Cleaner, CodeList, Column, Place

ON = date(2026, 11, 23)
AREA_FILE = Path(schemas.__file__).with_name("codes") / "area.csv"
BUILT_IN = CodeList(
    "area", "", "", "", "", "", False, "built-in", read_csv(AREA_FILE, "area.csv", Problems()), Place("test", 1)
)
ALPHABET = enterprises.ALPHABET
ODD = [
    "",
    " ",
    "\n",
    "X",
    "#",
    "\u3000",
    "\u200b",
    "\U00020000",
    "e\u0301",
    "１１０１０５１９４９１２３１００２X",
    "٠١٢٣٤٥٦٧٨٩٠١٢٣٤٥٦٧",
    "11010519491231002X\n",
    " 11010519491231002X",
    "11010519491231002Ｘ",
    "11010519491231002x",
    "110105491231002",
    "110105491231002\n",
    "-1010519491231002X",
    "+10105194912310021",
    "110105000012310025",
    "110105194902290025",
    "110105999912310025",
    "690101180001010017",
    "690101179912310018",
    "690101880229996",
    "690101870229999",
    "91350100m000100y43",
    "91110000600037341\u212a",
    "91110000600037341ß",
    "9111000060003734ıL",
    "91110000600037341I",
    "113700000045046442",
    "1.2.156.3005.2",
    "1.2.156.3005.2.",
    "1.2.156.3005.2.....",
    "1.2.156.3003.2.11100000000013338W011.11430000006122244L.20230000403.001.U",
    "1.2.156.3005.2.a.b.c.d.e.f",
    "𝟏𝟏𝟎𝟏𝟎𝟓",
]


def person(chance: random.Random) -> str:
    area = chance.choice(["690101", "690102", "110105", "362129", "810000", "820000", "830000", "911560"])
    year, month, day = chance.randint(1790, 2030), chance.randint(0, 13), chance.randint(0, 32)
    body = f"{area}{year}{month:02d}{day:02d}{chance.randint(0, 999):03d}"
    return body[:6] + body[8:] if chance.random() < 0.2 else body + persons.check_character(body)


def enterprise(chance: random.Random) -> str:
    organisation = "".join(chance.choices(ALPHABET, k=8))
    body = f"{chance.choice('19YG')}1{chance.choice(['690100', '100000', '362129'])}{organisation}"
    body += enterprises.organisation_check(organisation) if chance.random() < 0.9 else "7"
    return body + enterprises.check_character(body)


def licence(chance: random.Random) -> str:
    serial = "".join(chance.choices(licences.ALPHABET, k=chance.randint(1, 60)))
    version = chance.choice(["001", "002", "999", "000", "1"])
    parts = ["11100000000013338W011", chance.choice(["11430000006122244L", "340100", "340100001002"]), serial, version]
    return ".".join([licences.ROOT, *parts, licences.check_character("".join(parts))])


def mutated(chance: random.Random, text: str) -> str:
    at = chance.randrange(len(text))
    other = chance.choice("0123456789XxAaOoIiZz.-_ \n０Ｘé中\U00020000")
    return chance.choice(
        [text[:at] + other + text[at + 1 :], text[:at] + text[at + 1 :], text[:at] + other + text[at:], text.lower()]
    )


@pytest.fixture(scope="module")
def texts() -> list[str | None]:
    """6,000 texts: made by the standards, changed in one place, and odd from the start; one is null."""
    chance = random.Random(20261123)
    made = [make(chance) for make in (person, enterprise, licence) for _ in range(1_000)]
    changed = [mutated(chance, text) for text in made]
    return [None, *ODD, *made, *changed]


def outcomes(texts: list[str | None], kind: str, on: date | None = None, **facts: Any) -> list[tuple[Any, ...]]:
    """Return value, reason and warning that a column of that type is read to."""
    read = reading.reader(Column("c", kind, "", "", Place("test", 1), **facts), {"area": BUILT_IN}, on)
    return [tuple(read(text)) for text in texts]


def rules(texts: list[str | None], read: Callable[[str], Any]) -> list[tuple[Any, ...]]:
    """Return the same by the rule itself; of its warnings, that of the area of a person's number."""
    found: list[tuple[Any, ...]] = []
    for text in texts:
        try:
            value = None if text is None else read(text)
            warned = value.warnings if isinstance(value, persons.PersonNumber) else ()
            found.append((getattr(value, "text", None), None, warned[0] if warned else None))
        except InvalidIdentifier as refused:
            found.append((None, refused.reason, None))
    return found


def test_citizens_numbers_are_read_by_the_rule(texts: list[str | None]) -> None:
    assert outcomes(texts, "citizen_number") == rules(texts, citizen_number)


def test_persons_numbers_are_read_by_the_rule_on_a_day(texts: list[str | None]) -> None:
    assert outcomes(texts, "person_number", ON) == rules(texts, lambda text: person_number(text, on=ON))


def test_credit_codes_are_read_by_the_rule(texts: list[str | None]) -> None:
    assert outcomes(texts, "credit_code") == rules(texts, credit_code)


def test_licence_identifiers_are_read_by_the_rule(texts: list[str | None]) -> None:
    assert outcomes(texts, "licence_id") == rules(texts, licence_id)


def test_parts_of_numbers_are_those_that_are_written(texts: list[str | None]) -> None:
    """What the rules take out of a number stands in it, at the place that its standard says."""
    given = [text for text in texts if text is not None]
    for person in (person_number(text) for text in given if persons.person_fault(text) is None):
        assert person.text[6:14] == person.birth_on.strftime("%Y%m%d")
        assert person.area == (None if person.kind == "foreigner" else person.text[:6])
        assert (person.kind == "foreigner") == person.text.startswith("9")
        assert person.sex == (None if person.area is None else "male" if person.text[16] in "13579" else "female")
        assert (person.kind == "hmt_resident") == (person.area in areas.HMT_AREAS)
    for firm in (credit_code(text) for text in given if enterprises.credit_fault(text) is None):
        assert firm.text == firm.department + firm.category + firm.area + firm.organisation + firm.text[17]
    for licence in (licence_id(text) for text in given if licences.licence_fault(text) is None):
        parts = (licences.ROOT, licence.type, licence.issuer, licence.serial, f"{licence.version:03d}", licence.check)
        assert ".".join(parts) == licence.text


def test_area_codes_have_their_shape(texts: list[str | None]) -> None:
    some = [*texts[:500], *("360426", "36042", "360426001", "360426001002", "360426", "36042x")]
    for text in (text for text in some if text is not None):
        digits = all(character in "0123456789" for character in text)
        of_a_length = None if digits else "alphabet"
        assert _area(text) == (of_a_length if len(text) in (6, 9, 12) else "length")


def _area(text: str) -> str | None:
    try:
        assert area_code(text) == text
        return None
    except InvalidIdentifier as refused:
        return refused.reason


def test_every_reason_is_met_so_that_the_comparison_means_something(texts: list[str | None]) -> None:
    given = [text for text in texts if text is not None]
    assert {persons.citizen_fault(t) for t in given} == {None, "length", "alphabet", "kind", "date", "check"}
    assert {enterprises.credit_fault(t) for t in given} == {None, "length", "alphabet", "check", "organisation_check"}
    assert {licences.licence_fault(t) for t in given} == {
        None, "alphabet", "root", "structure", "type", "issuer", "version", "check",
    }  # fmt: skip


def test_15_digits_are_upgraded_as_their_standard_says() -> None:
    chance = random.Random(7)
    some = [f"{chance.randrange(10**15):015d}" for _ in range(500)]
    some += ["690101880229996", "690101880229997", "690101880229998", "690101880229999", "690101880229995"]
    for text in some:
        century = "18" if text[12:] in ("996", "997", "998", "999") else "19"
        body = text[:6] + century + text[6:]
        check = persons.CHECKS[sum(w * int(d) for w, d in zip(persons.WEIGHTS, body, strict=True)) % 11]
        assert persons.upgrade(text) == body + check
        assert cleaners.clean(text, [Cleaner("citizen_18", None)]) == (body + check, None)


def test_areas_are_warned_of_by_the_list() -> None:
    codes = [f"{n:06d}" for n in range(110000, 112000)] + ["362129", "810000", "820000", "830000", "690101", "999999"]
    assert [reading.region_warning(code, BUILT_IN) for code in codes] == [warning(code) for code in codes]


def test_a_credit_code_may_stand_under_an_earlier_number_of_a_declared_type() -> None:
    registration, organisation, tax_15 = "690101000000128", "MA0000031", "690101MA0000031"
    texts = [
        registration, "690101000000127", organisation, "MA0000032", tax_15, "690101MA0000032", "ma0000031", "",
        "1" * 20, "110108600037341", "11010860003734X", "9111000060003734", "统一社会信用代码测试一二三四五六七",
        "1" * 21,
    ]  # fmt: skip
    for types in (*((t,) for t in EARLIER_TYPES), EARLIER_TYPES[:2], EARLIER_TYPES[1:]):
        wanted = [found[1] if (found := earlier_number(text, types)) else None for text in texts]
        found = outcomes([*texts, "91690101MA00000158"], "credit_code", earlier=types)
        assert [value for value, _, _ in found] == [*wanted, "91690101MA00000158"]
        told = zip(texts, wanted, strict=True)
        reasons = [enterprises.credit_fault(text) if value is None else None for text, value in told]
        assert [reason for _, reason, _ in found] == [*reasons, None]
