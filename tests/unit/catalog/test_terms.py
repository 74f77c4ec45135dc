"""The `catalogue` block of declarations: what it becomes, and what is refused."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

import catalog
from catalog.entries import Entry, InformationItem, entries, find, from_json
from catalog.errors import UnknownResource
from tests.declared import SHOP, lay, told

RESOURCE = "resources/market/shops.yml"
LISTED = """\
catalogue:
  code: "102001/000901"
  class: "102001"
  modes: [query, file]
  open: {class: unconditional}
  state: published
  published_on: 2026-03-01
  items: ["440101-01"]
"""


def listed(old: str = "", new: str = "") -> dict[str, str | bytes]:
    """Return the shop with a catalogue block in which one text is replaced."""
    if old not in LISTED:
        raise ValueError(old)
    return {**SHOP, RESOURCE: SHOP[RESOURCE] + LISTED.replace(old, new, 1)}


def test_an_entry_has_the_core_metadata_from_the_declarations(tmp_path: Path) -> None:
    found = entries(catalog.load((lay(tmp_path, listed()),)))["market.shops"]
    assert found == Entry(
        id="market.shops", kind="dataset", code="102001/000901", title="店铺信息", title_en="Shops",
        about="Shops of the city", provider="market", provider_name="市市场监督管理局",
        provider_name_en="Market Regulation Bureau", provider_code="116901000005202685", level="city",
        classes=("1", "102", "102001"), share_class="unconditional", share_basis="made up", share_condition=None,
        modes=("query", "file"), openness="unconditional", open_condition=None, update_cycle="monthly", format="csv",
        published_on=date(2026, 3, 1), updated_on=None, service_items=("440101-01",), state="published",
        subjects=("enterprise",), grade="ordinary",
        items=(
            InformationItem("shop_no", "店铺编号", "Number", "string", None, True, "ordinary"),
            InformationItem("holder_code", "信用代码", "Holder", "credit_code", None, False, "ordinary"),
            InformationItem("opened_on", "开业日期", "First day", "date", None, False, "ordinary"),
            InformationItem("kind", "类别", "Kind", "code", None, False, "ordinary"),
        ),
    )  # fmt: skip
    assert from_json(found.as_json()) == found


def test_a_resource_of_an_older_overlay_without_the_block_is_a_draft(tmp_path: Path) -> None:
    found = entries(catalog.load((lay(tmp_path, SHOP),)))["market.shops"]
    assert (found.state, found.code, found.openness) == ("draft", "", "closed")


def test_every_licence_type_every_resource_and_every_shared_material_has_an_entry_and_a_code_finds_it() -> None:
    loaded = catalog.load()
    found = entries(loaded)
    declared = loaded.declarations
    assert len(found) == len(loaded.resources) + len(declared.licences) + len(declared.materials)
    assert {entry.state for entry in found.values()} == {"published"}
    assert find(found, found["licence.business_licence"].code).id == "licence.business_licence"
    with pytest.raises(UnknownResource, match=r"did you mean 'police\.population'"):
        find(found, "police.populations")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"102001/000901"', '"102001/9"', "the code '102001/9'"),
        ('"102001/000901"', '"101001/000901"', "the code '101001/000901' in the class '102001'"),
        ('class: "102001"', 'class: "102009"', "the class '102009'"),
        ("[query, file]", "[query, telepathy]", "the share mode 'telepathy'"),
        ("[query, file]", "[]", "no share mode"),
        ("unconditional", "conditional", "openness 'conditional' without a condition"),
        ("unconditional}", "closed, condition: x}", "openness 'closed' with a condition"),
        ("unconditional}", "closed, statistics: [[kind]]}", "statistics of openness 'closed'"),
        ("unconditional}", "unconditional, least: 3}", "3"),
        ("state: published", "state: gone", "'gone'"),
        ("  published_on: 2026-03-01\n", "", "state 'published' without 'published_on'"),
        ("440101-01", "a b", "the item code 'a b'"),
        ("102001/000901", "102001/000001", "the catalogue code '102001/000001' again"),
    ],
)
def test_what_is_wrong_in_the_block_is_told_with_its_place(tmp_path: Path, old: str, new: str, said: str) -> None:
    problems = told(tmp_path, listed(old, new))
    assert any(problem.startswith(RESOURCE) and said in problem for problem in problems), problems


def test_a_catalogue_with_duplicate_codes_names_the_first_place(tmp_path: Path) -> None:
    (problem,) = told(tmp_path, listed("102001/000901", "102001/000002"))
    assert "a code of its own (the first is at catalog/resources/market/public_register.yml:" in problem


def test_classes_that_hold_themselves_are_told(tmp_path: Path) -> None:
    ring = 'extends: resource_class\nabout: a ring\ncodes:\n  "8": {name: 甲, name_en: a, parent: "9"}\n'
    files = {**SHOP, "codes/ring.yml": ring + '  "9": {name: 乙, name_en: b, parent: "8"}\n'}
    assert [problem.split("found ")[1].split(";")[0] for problem in told(tmp_path, files)] == [
        "the parents of '8' lead back to it",
        "the parents of '9' lead back to it",
    ]


@pytest.mark.parametrize(
    ("share", "said"),
    [
        ("{class: conditional, basis: made up}", "class 'conditional' without 'condition'"),
        ("{class: not_shared}", "no 'basis'"),
    ],
)
def test_class_2_without_its_condition_and_class_3_without_its_basis_are_refused(
    tmp_path: Path, share: str, said: str
) -> None:
    files = {**SHOP, RESOURCE: SHOP[RESOURCE].replace("{class: unconditional, basis: made up}", share)}
    assert any(said in problem for problem in told(tmp_path, files))


def test_what_departments_may_not_share_cannot_be_open(tmp_path: Path) -> None:
    text = SHOP[RESOURCE].replace("class: unconditional", "class: not_shared") + LISTED
    (problem,) = told(tmp_path, {**SHOP, RESOURCE: text})
    assert "openness 'unconditional' of what departments may not share" in problem


def test_an_open_resource_with_items_of_persons_is_refused(tmp_path: Path) -> None:
    table = SHOP["tables/shop.yml"].replace("label: 信用代码,", "label: 信用代码, sensitivity: personal,")
    (problem,) = told(tmp_path, {**listed(), "tables/shop.yml": table})
    assert "openness 'unconditional' with holder_code, of persons" in problem


def test_a_licence_type_has_all_of_its_terms_or_none(tmp_path: Path) -> None:
    path = Path(catalog.__file__).parents[1] / "schemas" / "licences" / "business_licence.yml"
    text = (
        path.read_text(encoding="utf-8")
        .replace("business_licence", "shop_licence")
        .replace("update_cycle: daily\n", "")
    )
    problems = told(tmp_path, {"licences/shop_licence.yml": text.replace('number: "001"', 'number: "901"')})
    assert any("only share, catalogue" in problem for problem in problems), problems
