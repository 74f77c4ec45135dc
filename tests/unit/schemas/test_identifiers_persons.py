"""Citizens' numbers and their kin. Numbers of persons are made up in a prefecture that was never given (69…)."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.identifiers import InvalidIdentifier, citizen_number, person_number

WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
CHECKS = dict(zip(range(11), "10X98765432", strict=True))


def made(body: str) -> str:
    """Add the check character to 17 digits, as domain.md tells it."""
    return body + CHECKS[sum(int(d) * w for d, w in zip(body, WEIGHTS, strict=True)) % 11]


bodies = st.builds(
    lambda area, day, order: f"{area}{day:%Y%m%d}{order:03d}",
    st.sampled_from(["690101", "690102", "110105", "810000"]),
    st.dates(date(1800, 1, 1), date(2026, 11, 23)),
    st.integers(0, 999),
)


@pytest.mark.parametrize("text", ["11010519491231002X", "360426199101010071"])
def test_the_numbers_of_the_domain_page_are_good(text: str) -> None:
    assert citizen_number(text).text == text


def test_a_number_tells_birth_sex_area_and_kind() -> None:
    number = citizen_number("11010519491231002X")
    assert (number.birth_on, number.sex, number.area, number.kind) == (
        date(1949, 12, 31),
        "female",
        "110105",
        "citizen",
    )
    assert number.warnings == ()
    assert citizen_number("360426199101010071").sex == "male"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "length"),
        ("1101051949123100", "length"),
        ("11010519491231002X1", "length"),
        ("11010519491231002X\n", "length"),
        (" 11010519491231002X", "length"),
        ("1101051949123100２X", "alphabet"),
        ("１１０１０５１９４９１２３１００２X", "alphabet"),
        ("11010519491231002Ｘ", "alphabet"),
        ("1101051949123100 X", "alphabet"),
        ("X10105194912310021", "alphabet"),
        ("٠١٢٣٤٥٦٧٨٩٠١٢٣٤٥٦٧", "alphabet"),
        ("11010549123100X", "alphabet"),
        ("110105194902290025", "date"),
        ("110105194913310025", "date"),
        ("110105000012310025", "date"),
        ("110105179912310025", "date"),
        ("110105491331002", "date"),
        ("110105194912310021", "check"),
        ("360426199101010072", "check"),
    ],
)
def test_a_bad_number_is_refused_with_its_reason_and_without_being_repeated(text: str, reason: str) -> None:
    with pytest.raises(InvalidIdentifier) as refused:
        citizen_number(text)
    assert refused.value.reason == reason
    assert isinstance(refused.value, ValueError)
    assert not text.strip() or text.strip() not in str(refused.value)


def test_a_number_of_15_digits_is_upgraded() -> None:
    number = citizen_number("110105491231002")
    assert (number.text, number.original) == ("11010519491231002X", "110105491231002")


@pytest.mark.parametrize("order", ["996", "997", "998", "999"])
def test_orders_kept_for_centenarians_mean_the_century_before(order: str) -> None:
    number = citizen_number(f"690101880229{order}")
    assert number.birth_on == date(1888, 2, 29)
    assert number.text == made(f"69010118880229{order}")


def test_a_small_x_is_taken_and_written_large() -> None:
    number = citizen_number("11010519491231002x")
    assert (number.text, number.original) == ("11010519491231002X", "11010519491231002x")


def test_a_foreigners_number_is_a_kind_of_its_own_and_no_citizens() -> None:
    text = made("91156119900101001")
    with pytest.raises(InvalidIdentifier) as refused:
        citizen_number(text)
    assert refused.value.reason == "kind"
    number = person_number(text)
    assert (number.kind, number.area, number.sex, number.warnings) == ("foreigner", None, None, ())


def test_a_foreigners_number_has_the_same_date_and_check() -> None:
    good = made("91156119900101001")
    wrong = good[:-1] + ("1" if good[-1] != "1" else "2")
    for bad, reason in ((made("91156119901301001"), "date"), (wrong, "check"), ("911561900101001", "length")):
        with pytest.raises(InvalidIdentifier) as refused:
            person_number(bad)
        assert refused.value.reason == reason


def test_15_digits_that_begin_with_9_are_no_citizens_number_either() -> None:
    with pytest.raises(InvalidIdentifier) as refused:
        citizen_number("911561900101001")
    assert refused.value.reason == "kind"


@pytest.mark.parametrize("area", ["810000", "820000", "830000"])
def test_residence_permits_of_hong_kong_macau_and_taiwan_residents_are_told_apart(area: str) -> None:
    number = citizen_number(made(f"{area}19900101001"))
    assert (number.kind, number.area, number.warnings) == ("hmt_resident", area, ())


def test_an_unknown_or_retired_region_is_a_warning() -> None:
    assert citizen_number(made("69010119900101001")).warnings == ("region_unknown",)
    assert citizen_number(made("36212919900101001")).warnings == ("region_retired",)


def test_a_birth_after_the_day_handed_in_is_refused_and_that_day_itself_is_not() -> None:
    text = made("69010120261123001")
    assert citizen_number(text, on=date(2026, 11, 23)).birth_on == date(2026, 11, 23)
    with pytest.raises(InvalidIdentifier) as refused:
        citizen_number(text, on=date(2026, 11, 22))
    assert refused.value.reason == "date"
    assert citizen_number(made("69010120991231001")).birth_on == date(2099, 12, 31)


def test_a_value_does_not_show_itself() -> None:
    assert "1949" not in repr(citizen_number("11010519491231002X"))


@given(bodies)
def test_every_number_made_by_the_standard_is_good(body: str) -> None:
    assert person_number(made(body)).text == made(body)


@given(bodies, st.integers(0, 17), st.sampled_from("0123456789X"))
def test_any_single_wrong_character_is_found(body: str, place: int, other: str) -> None:
    text = made(body)
    changed = text[:place] + other + text[place + 1 :]
    if changed != text:
        with pytest.raises(InvalidIdentifier):
            citizen_number(changed)


@given(st.text(max_size=20))
def test_no_text_does_anything_but_be_refused(text: str) -> None:
    with pytest.raises(InvalidIdentifier):
        person_number("#" + text)
