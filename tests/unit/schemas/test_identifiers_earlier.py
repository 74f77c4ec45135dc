"""Numbers of enterprises before the credit code are read by the type that a column declares, or not at all."""

from __future__ import annotations

import pytest

from schemas.identifiers.earlier import EARLIER_TYPES, ORGANISATION, REGISTRATION, TAX, earlier_number, type_of
from schemas.identifiers.persons import person_number
from schemas.subjects import NotASubjectNumber, subject_numbers

CREDIT_CODE = "91110000600037341L"


@pytest.mark.parametrize(
    ("text", "types", "read"),
    [
        ("110108000000016", EARLIER_TYPES, (REGISTRATION, "110108000000016")),
        ("110108000000015", EARLIER_TYPES, None),
        ("600037341", EARLIER_TYPES, (ORGANISATION, "600037341")),
        ("600037342", EARLIER_TYPES, None),
        ("ma0000031", [ORGANISATION], (ORGANISATION, "MA0000031")),
        ("110108MA0000031", [TAX], (ORGANISATION, "MA0000031")),
        ("110108MA0000032", [TAX], None),
        ("110108MA0000031", [ORGANISATION], None),
        ("110108600037341", [TAX], (ORGANISATION, "600037341")),
        ("110108600037341", EARLIER_TYPES, (REGISTRATION, "110108600037341")),
        ("11010819491231002001", [TAX], (TAX, "11010819491231002001")),
        ("11010819491231002001", [REGISTRATION, ORGANISATION], None),
        (CREDIT_CODE, EARLIER_TYPES, None),
        ("", EARLIER_TYPES, None),
    ],
)
def test_a_text_is_an_earlier_number_of_a_type_or_none(text: str, types: list[str], read: tuple[str, str]) -> None:
    assert earlier_number(text, types) == read
    if read is not None:
        assert type_of(read[1]) == read[0]


def test_an_enterprise_is_asked_for_by_its_earlier_number() -> None:
    (found,) = subject_numbers("600037341")
    assert (found.kind, found.number_type, found.number, found.original) == (
        "enterprise", ORGANISATION, CREDIT_CODE[8:17], None,
    )  # fmt: skip
    (tax,) = subject_numbers("110108MA0000031")
    assert (tax.number, tax.original) == ("MA0000031", "110108MA0000031")
    with pytest.raises(NotASubjectNumber):
        subject_numbers("600037342")


def test_15_digits_of_a_citizen_are_upgraded_by_the_standard_also_of_who_was_born_in_the_century_before() -> None:
    legacy, older = "690101900307001", "690101900307997"
    assert (person_number(legacy).birth_on.year, person_number(older).birth_on.year) == (1990, 1890)
    found = next(number for number in subject_numbers(legacy) if number.kind == "person")
    assert (found.number[6:10], found.original) == ("1990", legacy)
