"""Items, bundles and kinds of material as declarations: read strictly, every fault with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

import catalog
from schemas.service_items import WAY_KINDS, Way
from tests.declared import SHOP, lay, told

ITEM = """\
name: shop_sign
code: "9901"
label: 店招备案
label_en: Shop sign
about: {zh: 备案, en: Filed}
department: market
kind: promised
subject: enterprise
basis: [{zh: 某法第一条, en: "Some Law, art. 1"}]
deadline: {legal: 10, promised: 5}
visits: 0
channels: [online]
process: [apply, accept, decide]
parties:
  owner: {kind: person, label: 店主, label_en: Owner}
questions:
  premises:
    label: 场所
    label_en: Premises
    answers:
      own: {label: 自有, label_en: owned}
      rented: {label: 租用, label_en: let}
  area: {label: 面积, label_en: Area, kind: number, when: premises = rented}
conditions:
  in_being: {label: 存续, label_en: In being, if: "applicant.status = '1'"}
  small: {label: 小店, label_en: Small, if: area < 100}
materials:
  licence: {from: [{licence: business_licence}]}
  lease: {from: [{material: lease_contract}, {table: enterprise}], when: premises = rented}
  owner_number: {label: 身份证件, label_en: Identity document, from: [{attribute: number, of: owner}]}
  drawing: {label: 效果图, label_en: Drawing, from: applicant}
form:
  name: {from: applicant.name}
  owner: {from: owner.name}
  text: {label: 文字, label_en: Text, from: applicant}
results: [{label: 备案回执, label_en: Receipt}]
"""
BUNDLE = """\
name: open_shop
label: 开店
label_en: Open a shop
about: {zh: 开店, en: Open a shop}
department: market
items: [shop_sign, food_permit]
"""
DECLARED = {"items/shop_sign.yml": ITEM}


def test_a_sound_item_is_read_as_it_is_written(tmp_path: Path) -> None:
    lay(tmp_path / "d", {**DECLARED, "bundles/open_shop.yml": BUNDLE})
    known = catalog.load((tmp_path / "d",)).declarations
    item = known.items["shop_sign"]
    assert (item.level, item.legal_days, item.promised_days, item.visits) == ("city", 10, 5, 0)
    assert [material.label.zh for material in item.materials] == ["营业执照", "房屋租赁合同", "身份证件", "效果图"]
    assert item.materials[1].ways == (
        Way("material", "applicant", "lease_contract"),
        Way("table", "applicant", "enterprise"),
    )
    assert [field.label.en for field in item.form] == ["Registered name", "Owner: Name", "Text"]
    assert known.bundles["open_shop"].items == ("shop_sign", "food_permit")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("department: market", "department: markets", "the department 'markets'"),
        ("name: shop_sign", "name: shop_sing", "the name 'shop_sing' in the file"),
        ("kind: promised", "kind: fast", "'fast'"),
        ("subject: enterprise", "subject: dog", "'dog'"),
        ('code: "9901"', 'code: "99 01"', "the code '99 01'"),
        ("channels: [online]", "channels: [phone]", "'phone' among the channels"),
        ("channels: [online]", "channels: []", "no channels"),
        ("process: [apply, accept, decide]", "process: [apply, sleep]", "'sleep' among the process"),
        ("deadline: {legal: 10, promised: 5}", "deadline: {legal: 10}", "no 'promised'"),
        ("deadline: {legal: 10, promised: 5}", "deadline: {legal: ten, promised: 5}", "'ten'"),
        ("kind: promised", "kind: at_once", "5 working days of an item 'at_once'"),
        ("{licence: business_licence}", "{licence: busines_licence}", "the licence 'busines_licence'"),
        ("{material: lease_contract}", "{material: leese}", "the material 'leese'"),
        ("{table: enterprise}", "{table: shops}", "the table 'shops'"),
        ("{attribute: number, of: owner}", "{attribute: shoe_size, of: owner}", "the attribute 'shoe_size'"),
        ("{attribute: number, of: owner}", "{attribute: number, of: neighbour}", "the party 'neighbour'"),
        ("{licence: business_licence}", "{licence: marriage_certificate}", "'marriage_certificate' of the enterprise"),
        ("{licence: business_licence}", "{}", "0 of licence"),
        ("{licence: business_licence}", "{licence: business_licence, table: enterprise}", "2 of licence"),
        ("{licence: business_licence}", "{result: shop_sign}, {licence: business_licence}", "which refers to itself"),
        ("{licence: business_licence}", "{result: shop_sing}", "the result 'shop_sing'"),
        ("from: applicant}\nform", "from: nobody}\nform", "'nobody'"),
        ("when: premises = rented}\n  owner", "when: premises = hired}\n  owner", "'hired' for premises"),
        ("when: premises = rented}\n  owner", "when: place = rented}\n  owner", "the question 'place'"),
        ("when: premises = rented}\n  owner", "when: premises =}\n  owner", "of the condition"),
        ("when: premises = rented}\n  owner", "when: is_x and not is_x}\n  owner", "the question 'is_x'"),
        ("if: area < 100", "if: premises = own and premises = rented", "contradicts itself"),
        ("if: area < 100", "if: area < rented", "'rented' for area"),
        ("if: area < 100", "if: premises < 100", "'premises < 100'"),
        ("if: area < 100", "if: area", "'area'"),
        ("if: area < 100", "if: applicant.shoes = 'x'", "the attribute 'shoes'"),
        ("if: area < 100", "if: buyer.name is present", "the party 'buyer'"),
        ("if: area < 100", "if: years_since(applicant.name) > 1", "of what is no day"),
        ("if: area < 100", "if: applicant.established_on > 5", "a day"),
        ("if: area < 100", "if: 'holds(applicant, x)'", "the licence type 'x'"),
        ("if: area < 100", "if: 'holds(applicant, business_licence) = 1'", "holds(applicant, business_licence) alone"),
        ("if: area < 100", "if: \"applicant.status = '99'\"", "'99' for applicant.status"),
        ("if: area < 100", "if: \"applicant.status = '2'\"", "contradict each other, in_being and small"),
        ("{from: applicant.name}", "{from: applicant.nam}", "the attribute 'nam'"),
        ("{from: applicant.name}", "{from: buyer.name}", "the party 'buyer'"),
        ("{from: applicant.name}", "{from: name}", "the party 'name'"),
        ("{label: 文字, label_en: Text, from: applicant}", "{label: 文字, from: applicant}", "no 'label_en'"),
        ("      rented: {label: 租用, label_en: let}\n", "", "1 answers of the question"),
        ("  owner: {kind: person", "  applicant: {kind: person", "the party 'applicant'"),
        ("  premises:\n", "  owner:\n", "with the name of a party"),
        ("results: [{label: 备案回执, label_en: Receipt}]", "results: [{}]", "neither 'licence' nor"),
        ("results: [{label: 备案回执, label_en: Receipt}]", "results: [{licence: shop}]", "the licence type 'shop'"),
        ("visits: 0", "visits: -1", "-1"),
        ("materials:", "material:", "the key 'material'"),
    ],
)  # fmt: skip
def test_a_faulty_item_is_told_with_its_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in ITEM
    found = told(tmp_path, {"items/shop_sign.yml": ITEM.replace(old, new, 1)})
    assert any(said in each and "shop_sign.yml:" in each for each in found), found


PROMISE = "    promise:\n      kind: later\n      text: {zh: 承诺, en: I promise}\n      what: {zh: 图, en: Drawing}\n"


@pytest.mark.parametrize(
    ("promise", "said"),
    [
        (PROMISE + "      by_days: 0\n      how: {zh: 网上, en: online}\n", "0"),
        (PROMISE + "      how: {zh: 网上, en: online}\n", "no 'by_days'"),
        (PROMISE.replace("later", "maybe") + "      by_days: 5\n      how: {zh: 网上, en: online}\n", "'maybe'"),
        (PROMISE + "      by_days: 5\n      how: 网上\n", "(a text)"),
    ],
)
def test_a_promise_says_what_by_when_and_how(tmp_path: Path, promise: str, said: str) -> None:
    block = "  drawing:\n    label: 效果图\n    label_en: Drawing\n    from: applicant\n"
    text = ITEM.replace("  drawing: {label: 效果图, label_en: Drawing, from: applicant}\n", block + promise)
    found = told(tmp_path, {"items/shop_sign.yml": text})
    assert any(said in each for each in found), found


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("food_permit]", "food_premit]", "the item 'food_premit'"),
        ("[shop_sign, food_permit]", "[shop_sign]", "1 items"),
        ("food_permit]", "deed_tax]", "items for persons and for enterprises"),
        ("food_permit]", "shop_sign]", "twice"),
        ("[shop_sign, food_permit]", "[food_permit, enterprise_registration]", "whose result it needs"),
    ],
)
def test_a_faulty_bundle_is_told(tmp_path: Path, old: str, new: str, said: str) -> None:
    found = told(tmp_path, {**DECLARED, "bundles/open_shop.yml": BUNDLE.replace(old, new, 1)})
    assert any(said in each and "open_shop.yml:" in each for each in found), found


def test_a_question_that_two_items_of_a_bundle_ask_otherwise_is_told(tmp_path: Path) -> None:
    other = ITEM.replace("own: {label: 自有, label_en: owned}", "mine: {label: 自有, label_en: owned}")
    found = told(tmp_path, {"items/shop_sign.yml": other, "bundles/open_shop.yml": BUNDLE})
    assert any("the question 'premises', asked otherwise" in each for each in found), found


def test_items_that_wait_for_each_other_are_told(tmp_path: Path) -> None:
    one = ITEM.replace("{licence: business_licence}", "{result: shop_light}, {licence: business_licence}")
    two = ITEM.replace("shop_sign", "shop_light").replace(
        "{licence: business_licence}", "{result: shop_sign}, {licence: business_licence}"
    )
    found = told(tmp_path, {"items/shop_sign.yml": one, "items/shop_light.yml": two})
    assert sum("which refers to itself" in each for each in found) == 2


def test_an_item_declared_twice_and_a_broken_table_are_told_once(tmp_path: Path) -> None:
    found = told(tmp_path, {"items/food_permit.yml": ITEM.replace("shop_sign", "food_permit")})
    assert len(found) == 1
    assert "'food_permit' declared again" in found[0]
    broken = {**SHOP, "tables/shop.yml": SHOP["tables/shop.yml"].replace("key: [shop_no]", "key: [no_such]")}
    assert not any("schemas/items" in each for each in told(tmp_path / "x", broken))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("department: housing", "department: house", "the department 'house'"),
        ("holder: both", "holder: dog", "'dog'"),
        ("fresh_days: 365", "fresh_days: 0", "0"),
        ("sensitivity: personal", "sensitivity: secret", "'secret'"),
        ("class: conditional, basis", "class: not_shared, basis", "condition"),
        (", condition: for a named item and case", "", "without 'condition'"),
    ],
)
def test_a_faulty_kind_of_material_is_told(tmp_path: Path, old: str, new: str, said: str) -> None:
    text = (Path(catalog.__file__).parents[1] / "schemas" / "materials" / "lease_contract.yml").read_text("utf-8")
    text = text.replace("name: lease_contract", "name: lease_two").replace("106003/000001", "106003/000901")
    assert old in text
    found = told(tmp_path, {"materials/lease_two.yml": text.replace(old, new, 1)})
    if said != "condition":
        assert any(said in each for each in found), found


def test_the_items_of_the_city_cover_persons_enterprises_and_every_way_in_five_bundles() -> None:
    known = catalog.load().declarations
    assert len(known.items) >= 25
    assert {item.subject for item in known.items.values()} == {"person", "enterprise"}
    assert set(known.bundles) == {"birth", "restaurant", "move_house", "retire", "close_firm"}
    bundled = {name for bundle in known.bundles.values() for name in bundle.items}
    assert len(bundled) >= 25
    ways = {way.kind for item in known.items.values() for material in item.materials for way in material.ways}
    assert ways == set(WAY_KINDS)
    for item in known.items.values():
        assert item.basis, item.name
        assert item.materials, item.name
        assert item.form, item.name
        assert all(field.way or field.is_applicants for field in item.form), item.name
        assert all(material.ways or material.is_applicants for material in item.materials), item.name
    assert {material.promise.kind for i in known.items.values() for material in i.materials if material.promise} == {
        "promise",
        "later",
    }
