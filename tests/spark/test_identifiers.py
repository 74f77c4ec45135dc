"""The Spark rules are the Python rules: the same reason, value and parts for thousands of texts in one frame."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from pyspark.sql import Column, SparkSession
from pyspark.sql import functions as f

import schemas
from pipelines import identifiers, reading
from schemas.code_lists import read_csv
from schemas.errors import Problems
from schemas.identifiers import InvalidIdentifier, area_code, credit_code, enterprises, licence_id, licences, persons
from schemas.identifiers import citizen_number as python_citizen_number
from schemas.identifiers import person_number as python_person_number
from schemas.identifiers.areas import warning
from schemas.model import CodeList, Place

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


def outcomes(
    spark: SparkSession, texts: list[str | None], rule: Callable[[Column], Column]
) -> list[tuple[object, ...]]:
    """Return what Spark says of each text: the fields of the struct, in the order of the texts."""
    frame = spark.createDataFrame(list(enumerate(texts)), "n int, text string").select(
        "n", rule(f.col("text")).alias("found")
    )
    return [tuple(row.found) for row in frame.orderBy("n").collect()]


def python_outcomes(texts: list[str | None], read: Callable[[str], object], *fields: str) -> list[tuple[object, ...]]:
    """Return the same in Python: text, reason and the fields."""
    nothing = (None,) * len(fields)
    found: list[tuple[object, ...]] = []
    for text in texts:
        try:
            value = None if text is None else read(text)
            made = nothing if value is None else tuple(getattr(value, name) for name in fields)
            found.append((getattr(value, "text", None), None, *made))
        except InvalidIdentifier as refused:
            found.append((None, refused.reason, *nothing))
    return found


PERSON = ("kind", "birth_on", "sex", "area")


def test_citizens_numbers_come_out_as_in_python(spark: SparkSession, texts: list[str | None]) -> None:
    assert outcomes(spark, texts, identifiers.citizen_number) == python_outcomes(texts, python_citizen_number, *PERSON)


def test_persons_numbers_come_out_as_in_python_on_a_day(spark: SparkSession, texts: list[str | None]) -> None:
    found = outcomes(spark, texts, lambda text: identifiers.person_number(text, f.lit(ON)))
    assert found == python_outcomes(texts, lambda text: python_person_number(text, on=ON), *PERSON)


def test_credit_codes_come_out_as_in_python(spark: SparkSession, texts: list[str | None]) -> None:
    fields = ("department", "category", "area", "organisation")
    assert outcomes(spark, texts, identifiers.credit_code) == python_outcomes(texts, credit_code, *fields)


def test_licence_identifiers_come_out_as_in_python(spark: SparkSession, texts: list[str | None]) -> None:
    fields = ("type", "issuer", "serial", "version")
    assert outcomes(spark, texts, identifiers.licence_id) == python_outcomes(texts, licence_id, *fields)


def test_area_codes_come_out_as_in_python(spark: SparkSession, texts: list[str | None]) -> None:
    some = [*texts[:500], *("360426", "36042", "360426001", "360426001002", "３60426", "36042x")]
    found = outcomes(spark, some, identifiers.area_code)
    expected = [(None, None)] + [_area(text) for text in some if text is not None]
    assert found == expected


def _area(text: str) -> tuple[str | None, str | None]:
    try:
        return area_code(text), None
    except InvalidIdentifier as refused:
        return None, refused.reason


def test_every_reason_is_met_so_that_the_comparison_means_something(texts: list[str | None]) -> None:
    given = [text for text in texts if text is not None]
    assert {persons.citizen_fault(t) for t in given} == {None, "length", "alphabet", "kind", "date", "check"}
    assert {enterprises.credit_fault(t) for t in given} == {None, "length", "alphabet", "check", "organisation_check"}
    assert {licences.licence_fault(t) for t in given} == {
        None, "alphabet", "root", "structure", "type", "issuer", "version", "check",
    }  # fmt: skip


def test_15_digits_are_upgraded_as_in_python(spark: SparkSession) -> None:
    chance = random.Random(7)
    some: list[str | None] = [f"{chance.randrange(10**15):015d}" for _ in range(500)]
    some += ["690101880229996", "690101880229997", "690101880229998", "690101880229999", "690101880229995"]
    found = outcomes(spark, some, lambda text: f.struct(identifiers.upgraded(text)))
    assert found == [(persons.upgrade(text),) for text in some if text is not None]


def test_areas_are_warned_of_as_in_python(spark: SparkSession) -> None:
    codes = [f"{n:06d}" for n in range(110000, 112000)] + ["362129", "810000", "820000", "830000", "690101", "999999"]
    found = outcomes(spark, list(codes), lambda text: f.struct(reading.region_warning(text, BUILT_IN)))
    assert found == [(warning(code),) for code in codes]
