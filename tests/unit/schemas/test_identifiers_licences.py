"""Electronic licence identifiers: the vectors of the domain page, and each fault that generators make."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.identifiers import InvalidIdentifier, licence_id
from schemas.identifiers.licences import FAULTS, check_character, diagnose

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
BODY = "11100000000013338W011.11430000006122244L.20230000403.001"
GOOD = f"1.2.156.3005.2.{BODY}.U"
ROOT_DIGITS = "1215630052"


def mod_37_36(text: str) -> str:
    p = 36
    for value in (ALPHABET.index(c) for c in text):
        p = (p + value) % 36 or 36
        p = 2 * p % 37
    return ALPHABET[(1 - p) % 36]


def mod_37_2(text: str) -> str:
    total = sum(ALPHABET.index(c) * pow(2, len(text) - i, 37) for i, c in enumerate(text))
    return (ALPHABET + "*")[(1 - total) % 37]


def joined(*parts: str) -> str:
    return ".".join(("1.2.156.3005.2", *parts, mod_37_36("".join(parts))))


@pytest.mark.parametrize(
    ("body", "check"),
    [
        ("11100000000013338W01111430000006122244L20230000403001", "U"),
        ("11100000000013338W01111430000006122244L20230000403002", "S"),
        ("11100000000013338W00911330105002500287C2025052201002", "0"),
        ("11100000MB03271699022340100000000016001", "9"),
    ],
)
def test_the_check_characters_of_the_domain_page_come_out(body: str, check: str) -> None:
    assert check_character(body) == check == mod_37_36(body)


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.002.S",
        "1.2.156.3005.2.11100000000013338W009.11330105002500287C.2025052201.002.0",
        "1.2.156.3005.2.11100000MB03271699022.340100000000.016.001.9",
    ],
)
def test_the_identifiers_of_the_domain_page_are_good(text: str) -> None:
    assert licence_id(text).text == text


def test_an_identifier_tells_its_parts() -> None:
    identifier = licence_id(GOOD)
    assert (identifier.type, identifier.issuer) == ("11100000000013338W011", "11430000006122244L")
    assert (identifier.serial, identifier.version, identifier.check) == ("20230000403", 1, "U")
    assert identifier.warnings == ()


FAULTY = [
    (GOOD.replace(".3005.", ".3003."), "root", ("wrong_root",), GOOD),
    (f"{BODY}.U", "root", ("root_missing",), GOOD),
    (f"1.2.156.3005.2.{BODY}", "structure", ("check_missing",), GOOD),
    (f"1.2.156.3005.2.{BODY}.{mod_37_36(ROOT_DIGITS + BODY.replace('.', ''))}", "check", ("root_in_check",), GOOD),
    (f"1.2.156.3005.2.{BODY}.{mod_37_2(BODY.replace('.', ''))}", "check", ("mod_37_2",), GOOD),
    (f"1.2.156.3005.2.{BODY}.{mod_37_2(ROOT_DIGITS + BODY.replace('.', ''))}", "check", ("root_in_mod_37_2",), GOOD),
    (GOOD[:-1] + "V", "check", ("wrong_check",), GOOD),
    (GOOD.replace("20230000403", "2023-0000-403"), "alphabet", ("dash",), GOOD),
    (GOOD.replace("20230000403", "2023_0000403"), "alphabet", ("underscore",), GOOD),
    (GOOD.replace(".001.", ".1."), "version", ("version_width",), GOOD),
    (GOOD.replace(".001.", ".0001."), "version", ("version_width",), GOOD),
    (GOOD.replace("13338W", "13338w"), "type", ("lower_case",), GOOD),
    (GOOD.lower(), "type", ("lower_case",), GOOD),
    (GOOD[:-1] + "u", "check", ("lower_case",), GOOD),
    (GOOD[:-1] + "v", "check", ("lower_case", "wrong_check"), GOOD),
    (
        joined("11100000000013338W011", "11430000006122244L", "AB12", "001").replace("AB12", "ab12"),
        "alphabet",
        ("lower_case",),
        joined("11100000000013338W011", "11430000006122244L", "AB12", "001"),
    ),
    (
        GOOD.replace(".3005.", ".3003.").replace("20230000403", "2023_0000-403"),
        "root",
        ("wrong_root", "underscore", "dash"),
        GOOD,
    ),
]


@pytest.mark.parametrize(("text", "reason", "faults", "repaired"), FAULTY)
def test_a_generators_fault_is_named_and_the_identifier_meant_is_proposed(
    text: str, reason: str, faults: tuple[str, ...], repaired: str
) -> None:
    with pytest.raises(InvalidIdentifier) as refused:
        licence_id(text)
    error = refused.value
    assert (error.reason, error.faults, error.fault, error.repaired) == (reason, faults, faults[0], repaired)
    assert licence_id(repaired).text == repaired


def test_every_named_fault_is_shown_by_an_example() -> None:
    assert {fault for *_, faults, _ in FAULTY for fault in faults} == set(FAULTS)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "root"),
        ("1.2.156.3005.2", "root"),
        ("1.2.156.3005.2.", "structure"),
        (GOOD + "\n", "alphabet"),
        (GOOD.replace("20230000403", "２0230000403"), "alphabet"),
        (GOOD.replace("20230000403", ""), "alphabet"),
        (GOOD.replace("20230000403", "2023.403"), "structure"),
        (GOOD.replace("11100000000013338W011", "11100000000013338W11"), "type"),
        (GOOD.replace("11430000006122244L", "1143000000612224"), "issuer"),
        (joined("11100000000013338W011", "11430000006122244L", "20230000403", "000"), "version"),
    ],
)
def test_what_cannot_be_repaired_is_refused_without_a_proposal(text: str, reason: str) -> None:
    with pytest.raises(InvalidIdentifier) as refused:
        licence_id(text)
    assert (refused.value.reason, refused.value.repaired) == (reason, None)


def test_a_code_inside_that_fails_its_own_check_is_a_warning() -> None:
    assert licence_id(joined("11100000000013338X011", "690101", "1", "001")).warnings == (
        "type_authority_check",
        "issuer_check",
    )


parts = st.tuples(
    st.just("11100000000013338W011"),
    st.sampled_from(["11430000006122244L", "340100", "340100001", "340100001002"]),
    st.text(ALPHABET, min_size=1, max_size=40),
    st.integers(1, 999).map("{:03d}".format),
)


@given(parts)
def test_every_identifier_made_by_the_standard_is_good(made: tuple[str, ...]) -> None:
    assert licence_id(joined(*made)).serial == made[2]


@given(parts, st.data())
def test_any_single_wrong_character_in_serial_or_check_is_found(made: tuple[str, ...], data: st.DataObject) -> None:
    text = joined(*made)
    start = len(text) - len(made[2]) - 6
    place = data.draw(st.sampled_from([*range(start, start + len(made[2])), len(text) - 1]))
    other = data.draw(st.sampled_from(ALPHABET))
    if text[place] != other:
        with pytest.raises(InvalidIdentifier):
            licence_id(text[:place] + other + text[place + 1 :])


@given(st.text(st.sampled_from("0129AZaz.-_*UX"), max_size=80))
def test_any_text_is_diagnosed_without_falling_over_and_every_proposal_is_good(text: str) -> None:
    faults, repaired = diagnose(f"1.2.156.3005.2.{text}")
    assert set(faults) <= set(FAULTS)
    assert repaired is None or licence_id(repaired).text == repaired
