"""Unified social credit codes: the vectors of the domain page, and codes made and broken."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.identifiers import InvalidIdentifier, credit_code

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
WEIGHTS = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28]
REGISTER = Path(__file__).parents[4] / "shared" / "data" / "enterprise-register.csv"


def organisation_made(first: str) -> str:
    remainder = 11 - sum(int(c, 36) * w for c, w in zip(first, [3, 7, 9, 10, 5, 8, 4, 2], strict=True)) % 11
    return first + {10: "X", 11: "0"}.get(remainder, str(remainder))


def made(body: str) -> str:
    value = (31 - sum(ALPHABET.index(c) * w for c, w in zip(body, WEIGHTS, strict=True)) % 31) % 31
    return body + ALPHABET[value]


codes = st.builds(
    lambda head, area, organisation: made(f"{head}{area:06d}{organisation_made(organisation)}"),
    st.sampled_from(["91", "92", "93", "11", "12", "51", "52", "Y1", "A1", "N1"]),
    st.integers(0, 999_999),
    st.text("0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=8, max_size=8),
)


@pytest.mark.parametrize(
    "text",
    [
        "91110000600037341L",
        "91350100M000100Y43",
        "11100000000013338W",
        "11430000006122244L",
        "11330105002500287C",
        "113700000045046442",
        "11100000MB03271699",
    ],
)
def test_the_codes_of_the_domain_page_are_good(text: str) -> None:
    assert credit_code(text).text == text


def test_a_code_tells_its_parts() -> None:
    code = credit_code("91350100M000100Y43")
    assert (code.department, code.category, code.area, code.organisation) == ("9", "1", "350100", "M000100Y4")
    assert code.warnings == ()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "length"),
        ("91110000600037341", "length"),
        ("91110000600037341L ", "length"),
        ("91110000600037341I", "alphabet"),
        ("9111000060003734OL", "alphabet"),
        ("9111000A600037341L", "alphabet"),
        ("91110000６00037341L", "alphabet"),
        ("91110000600037341\u212a", "alphabet"),
        ("91110000600037341\u017f", "alphabet"),
        ("91110000600037341M", "check"),
        ("91110000600037431L", "check"),
        (made("91110000600037342"), "organisation_check"),
    ],
)
def test_a_bad_code_is_refused_with_its_reason(text: str, reason: str) -> None:
    with pytest.raises(InvalidIdentifier) as refused:
        credit_code(text)
    assert refused.value.reason == reason


def test_small_letters_are_taken_and_written_large() -> None:
    code = credit_code("91350100m000100y43")
    assert (code.text, code.original) == ("91350100M000100Y43", "91350100m000100y43")


def test_what_is_odd_and_no_error_is_a_warning() -> None:
    odd = credit_code(made(f"G1690101{organisation_made('60003734')}"))
    assert odd.warnings == ("department_unknown", "region_unknown")
    assert credit_code(made(f"91362129{organisation_made('60003734')}")).warnings == ("region_retired",)


@given(codes)
def test_every_code_made_by_the_standard_is_good(text: str) -> None:
    assert credit_code(text).text == text


@given(codes, st.integers(0, 17), st.sampled_from(ALPHABET))
def test_any_single_wrong_character_is_found(text: str, place: int, other: str) -> None:
    changed = text[:place] + other + text[place + 1 :]
    if changed != text:
        with pytest.raises(InvalidIdentifier):
            credit_code(changed)


@pytest.mark.skipif(not REGISTER.exists(), reason="the real enterprise register is not here")
def test_every_code_of_the_real_register_is_good() -> None:
    with REGISTER.open(encoding="utf-8-sig", newline="") as file:
        texts = [row["统一社会信用代码"] for row in csv.DictReader(file)]
    assert [credit_code(text).text for text in texts] == texts
    assert len(texts) == 608
