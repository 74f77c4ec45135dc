"""Licence types: what is declared is sound, what is not is told with its line, identifiers are made right."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import catalog
from schemas.identifiers import InvalidIdentifier, credit_code, licence_id, make_licence_id
from schemas.licence_types import LICENCE_STATES, METADATA_CODES
from tests.declared import SHOP, told

LICENCES = catalog.load().declarations.licences
SHOP_LICENCE = """\
name: shop_licence
label: 店铺证
label_en: Shop licence
about: That a shop may open
authority: market
number: "901"
issuer: market
issuing_level: city
holder: enterprise
table: shop
printed: shop_no
holders:
  - {kind: enterprise, column: holder_code, name: shop_no}
validity: {issued: opened_on, from: opened_on, until: closed_on}
states:
  column: kind
  codes: {"1": valid, "2": cancelled}
fields:
  area_m2: {code: KZ_MJ, disclose: true}
items:
  - {code: "1", name: 开店}
template: plain
"""


def with_licence(old: str = "", new: str = "") -> dict[str, str | bytes]:
    assert old in SHOP_LICENCE
    return {**SHOP, "licences/shop_licence.yml": SHOP_LICENCE.replace(old, new, 1)}


def test_there_are_a_dozen_types_at_least_of_eight_departments_for_persons_and_enterprises():
    assert len(LICENCES) >= 12
    assert len({licence.issuer for licence in LICENCES.values()}) >= 8
    assert {"person", "enterprise", "both"} == {licence.holder for licence in LICENCES.values()}


def test_the_same_code_means_the_opposite_in_two_types_and_is_mapped_by_each_ones_own_dictionary():
    transport, safety = LICENCES["road_transport_permit"], LICENCES["work_safety_permit"]
    assert (transport.state("03"), transport.state("04")) == ("annulled", "revoked")
    assert (safety.state("03"), safety.state("04")) == ("revoked", "annulled")
    assert transport.state("99") is None
    assert LICENCES["education_certificate"].state("whatever") == "valid"


def test_the_states_are_those_of_the_code_list_of_licence_states():
    assert set(catalog.load().declarations.codes["licence_state"].codes) == set(LICENCE_STATES)


def test_no_field_of_a_sensitive_number_may_be_disclosed():
    for licence in LICENCES.values():
        wrong = [f.code for f in licence.fields if f.sensitivity == "sensitive" and f.is_disclosable]
        assert wrong == [], licence.name


def test_type_codes_are_an_authoritys_sound_code_with_three_digits_and_differ():
    assert len({licence.code for licence in LICENCES.values()}) == len(LICENCES)
    for licence in LICENCES.values():
        assert credit_code(licence.code[:18]).text + licence.code[18:] == licence.code
        assert re.fullmatch("[0-9]{3}", licence.code[18:])


def test_a_field_has_no_code_of_the_common_metadata():
    assert not {f.code for licence in LICENCES.values() for f in licence.fields} & set(METADATA_CODES)


def test_a_type_laid_over_is_taken(tmp_path: Path):
    assert told(tmp_path, with_licence()) == []
    found = catalog.load((tmp_path,)).declarations.licences["shop_licence"]
    assert (found.code, found.valid_until, found.state("2")) == ("116901000005202685901", "closed_on", "cancelled")
    assert [(f.code, f.label, f.sensitivity, f.is_disclosable) for f in found.fields] == [
        ("KZ_MJ", "面积", "ordinary", True)
    ]


WRONG = {
    "an unknown key": ("template: plain", "template: plain\ncolour: red", ":23: found the key 'colour'"),
    "a key missing": ("holder: enterprise\n", "", ":1: found no 'holder'"),
    "an unknown table": ("table: shop", "table: shopp", "found the table 'shopp'; wanted one of"),
    "an unknown authority": ("authority: market", "authority: markt", "did you mean 'market'?"),
    "a number of two digits": ('"901"', '"91"', "wanted three digits"),
    "a number without quotes": ('"901"', "901", "write it in quotes"),
    "an unknown level": ("issuing_level: city", "issuing_level: town", "found 'town'"),
    "an unknown column": ("printed: shop_no", "printed: shop_nr", "found the column 'shop_nr' of 'shop'"),
    "a holder of the wrong type": ("column: holder_code", "column: shop_no", "of type 'string'; wanted one of type"),
    "a holder of another kind": ("holder: enterprise", "holder: person", "found a holder of kind 'enterprise'"),
    "no holder": ("  - {kind: enterprise, column: holder_code, name: shop_no}", "  []", "found no holder"),
    "a day that is no date": ("from: opened_on", "from: shop_no", "wanted one of type date"),
    "a code without a state": ('{"1": valid, "2": cancelled}', '{"1": valid}', "found no state for the code '2'"),
    "a code that the list lacks": ('"2": cancelled', '"2": cancelled, "3": valid', "found the code '3'"),
    "a state that is none": ('"2": cancelled', '"2": closed', "found 'closed'"),
    "a state column that is no code": ("column: kind", "column: shop_no", "wanted one of type code"),
    "a field code that is not one's own": ("KZ_MJ", "ZZBH", "wanted a code of one's own"),
    "a field of no column": ("area_m2: {code", "area: {code", "found the column 'area' of 'shop'"),
    "disclosure not said": (", disclose: true", "", "found no 'disclose'"),
    "an unknown template": ("template: plain", "template: fancy", "found 'fancy'"),
    "another name than the file's": ("name: shop_licence", "name: shop_permit", "the file's own name"),
    "a type code that is taken": ('"901"', '"001"', "found the type code 116901000005202685001 again"),
}


@pytest.mark.parametrize(("old", "new", "message"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, old: str, new: str, message: str):
    problems = told(tmp_path, with_licence(old, new))
    assert any(problem.startswith("licences/shop_licence.yml:") and message in problem for problem in problems), (
        problems
    )


def test_a_faulty_table_is_told_once_and_not_again_by_its_licence(tmp_path: Path):
    files = {**with_licence(), "tables/shop.yml": SHOP["tables/shop.yml"].replace("type: decimal", "type: float")}
    assert [problem for problem in told(tmp_path, files) if "licences/" in problem] == []


KNOWN = {
    ("11100000000013338W011", "11430000006122244L", "20230000403", 1): "U",
    ("11100000000013338W011", "11430000006122244L", "20230000403", 2): "S",
    ("11100000000013338W009", "11330105002500287C", "2025052201", 2): "0",
    ("11100000MB03271699022", "340100000000", "016", 1): "9",
}


@pytest.mark.parametrize(("parts", "check"), KNOWN.items(), ids=KNOWN.values())
def test_known_identifiers_are_made_with_their_known_check_character(parts, check):
    made = make_licence_id(*parts)
    assert made.check == check
    assert licence_id(made.text) == made
    assert (made.type, made.issuer, made.serial, made.version) == parts


@given(st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=1, max_size=40), st.integers(1, 999))
def test_what_is_made_is_always_sound(serial, version):
    made = make_licence_id("116901000005202685001", "116901000005202685", serial, version)
    assert licence_id(made.text).serial == serial


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        (("116901000005202685", "116901000005202685", "A", 1), "type"),
        (("116901000005202685001", "11690", "A", 1), "issuer"),
        (("116901000005202685001", "116901000005202685", "a-b", 1), "alphabet"),
        (("116901000005202685001", "116901000005202685", "A", 0), "version"),
        (("116901000005202685001", "116901000005202685", "A", 1000), "version"),
    ],
)
def test_what_cannot_be_an_identifier_is_not_made(parts, reason):
    with pytest.raises(InvalidIdentifier) as raised:
        make_licence_id(*parts)
    assert raised.value.reason == reason
