"""What the built-in declarations hold, and how declarations laid over them join."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

import catalog
from catalog.resources import FORMATS
from schemas.declarations import load
from schemas.model import Attribute, AttributeSource, Code, Place, Relation, SubjectColumn
from tests.declared import SHOP, SHOP_KIND, changed, lay, told
from tests.yardstick import slowness

NOWHERE = Place("", 0)


@pytest.fixture(scope="module")
def declared() -> catalog.Catalogue:
    return catalog.load()


def test_the_first_set_is_there(declared: catalog.Catalogue) -> None:
    assert set(declared.declarations.departments) >= {
        "police", "civil_affairs", "human_resources", "education", "market", "tax",
        "transport", "health", "natural_resources", "housing", "emergency",
    }  # fmt: skip
    assert set(declared.declarations.tables) >= {
        "birth_record", "construction_permit", "driving_licence", "education", "enterprise", "food_permit",
        "hygiene_permit", "marriage", "penalty", "population", "qualification", "real_estate", "registered_enterprise",
        "road_transport_permit", "shareholder", "social_insurance", "tax_registration", "work_safety_permit",
    }  # fmt: skip
    assert set(declared.resources) >= {
        "civil_affairs.marriages", "education.certificates", "human_resources.social_insurance", "market.enterprises",
        "market.food_permits", "market.penalties", "market.public_register", "market.shareholders",
        "police.population", "tax.registrations",
    }  # fmt: skip
    assert list(declared.declarations.files) == ["person", "enterprise"]


def test_the_city_is_declared_in_its_breadth(declared: catalog.Catalogue) -> None:
    departments = declared.declarations.departments
    providing = {departments[resource.department] for resource in declared.resources.values()}
    assert (len(declared.declarations.tables), len(declared.resources), len(providing)) >= (20, 30, 14)
    assert {department.level for department in providing} == {"province", "city", "county", "street", "community"}
    assert {resource.format for resource in declared.resources.values()} == set(FORMATS) - {"fixed"}


# Of these no one file shows anything: their rows are asked for.
ASKED_FOR = {"social_assistance", "health_certificate", "case_record", "land_parcel"}


def test_every_table_is_filled_by_a_resource_and_feeds_a_one_file_or_makes_licences(
    declared: catalog.Catalogue,
) -> None:
    files = declared.declarations.files.values()
    used = {source.table for file in files for attribute in file.attributes for source in attribute.sources}
    used |= {relation.table for file in files for relation in file.relations}
    made = {licence.table for licence in declared.declarations.licences.values()}
    for table in declared.declarations.tables:
        assert declared.of_table(table) or table in made, table
        is_about_somebody = bool(declared.declarations.tables[table].subjects)
        assert table in used | made | ASKED_FOR or not is_about_somebody, table


def test_every_lead_provides_a_source_of_what_it_leads(declared: catalog.Catalogue) -> None:
    without_lead = []
    for file in declared.declarations.files.values():
        for attribute in file.attributes:
            if attribute.lead is None:
                without_lead.append(f"{file.kind}.{attribute.name}")
                continue
            tables = {source.table for source in attribute.sources}
            providers = {resource.department for table in tables for resource in declared.of_table(table)}
            assert attribute.lead in providers, f"{file.kind}.{attribute.name}"
    assert without_lead == ["person.phone"]


def test_every_code_list_can_be_read_and_is_used_or_waits_for_a_later_table(declared: catalog.Catalogue) -> None:
    used = {c.codes for table in declared.declarations.tables.values() for c in table.columns if c.codes}
    waiting = {"area", "identity_type", "resource_class", "unit"}
    assert used | waiting == set(declared.declarations.codes)
    for code_list in declared.declarations.codes.values():
        assert len(code_list.codes) > 1, code_list.name


def test_loading_reads_no_long_code_list_and_takes_under_150_ms() -> None:
    taken = []
    for _ in range(15):
        start = time.process_time()
        codes = catalog.load(with_items=False).declarations.codes
        taken.append(time.process_time() - start)
    assert all("_codes" not in vars(codes[name].codes) for name in ("area", "industry", "enterprise_class"))
    assert min(taken) < 0.15 * slowness()


def test_the_digest_follows_the_meaning_and_nothing_else(tmp_path: Path) -> None:
    plain = load((lay(tmp_path / "a", SHOP),)).digest
    commented = load((lay(tmp_path / "b", {**SHOP, "codes/shop_kind.yml": "# new\n" + SHOP_KIND}),)).digest
    renamed = load((lay(tmp_path / "c", changed("codes/shop_kind.yml", "茶楼", "茶庄")),)).digest
    assert plain == commented
    assert len({load().digest, plain, renamed}) == 3


def test_a_list_beside_in_csv_is_read_with_history(tmp_path: Path) -> None:
    head = SHOP_KIND.split("codes:")[0]
    rows = (
        "code,name,name_en,parent,since,until,successor,synonyms\n"
        "1,书店,bookshop,,,2020-12-31,2,\n2,图书店,bookshop,,2021-01-01,,,书局|书坊\n"
    )
    folder = lay(tmp_path, {**changed("resources/market/shops.yml", '"1"', '"2"'),
                            "codes/shop_kind.yml": head, "codes/shop_kind.csv": rows})  # fmt: skip
    assert dict(load((folder,)).codes["shop_kind"].codes) == {
        "1": Code("1", "书店", "bookshop", None, None, date(2020, 12, 31), "2", ()),
        "2": Code("2", "图书店", "bookshop", None, date(2021, 1, 1), None, None, ("书局", "书坊")),
    }


def test_a_fragment_adds_attributes_relations_and_further_sources(tmp_path: Path) -> None:
    fragment = """\
kind: enterprise
attributes:
  shop_kind:
    label: 店铺类别
    about: Kind of shop
    fresh_days: 30
    sensitivity: open
    sources: [{table: shop, column: kind, rank: 1}]
sources:
  established_on: [{table: shop, column: opened_on, rank: 9}]
relations:
  - {name: landlord, label: 房东, inverse: tenant, inverse_label: 租户, table: shop, one: holder_code,
     other: landlord_code, when: {kind: ["2"]}, since: opened_on, until: closed_on, one_name: shop_no, details: [kind]}
"""
    table = SHOP["tables/shop.yml"].replace("holder_code}", "[holder_code, landlord_code]}", 1) + (
        "  landlord_code: {type: credit_code, label: 房东, about: Landlord}\n"
    )
    fragment = fragment.replace("column: kind, rank", "column: kind, subject: holder_code, rank").replace(
        "column: opened_on, rank", "column: opened_on, subject: holder_code, rank"
    )
    file = load((lay(tmp_path, {**SHOP, "tables/shop.yml": table, "files/shops.yml": fragment}),)).files["enterprise"]
    built_in = load().files["enterprise"]
    added = Attribute(
        "shop_kind", "店铺类别", "Kind of shop", "code", "shop_kind", 18, 2, None, 30, "open",
        (AttributeSource("shop", "kind", "holder_code", 1),), NOWHERE,
    )  # fmt: skip
    further = AttributeSource("shop", "opened_on", "holder_code", 9)
    assert file.attributes == (
        *(replace(a, sources=(*a.sources, further)) if a.name == "established_on" else a for a in built_in.attributes),
        added,
    )
    assert file.relations == (
        *built_in.relations,
        Relation(
            "landlord", "房东", "tenant", "租户", "shop", "holder_code", "enterprise", "landlord_code", "enterprise",
            {"kind": ("2",)}, "opened_on", "closed_on", "shop_no", None, ("kind",), NOWHERE,
        ),
    )  # fmt: skip


def test_codes_and_spellings_can_be_added_to_a_list(tmp_path: Path) -> None:
    extension = """\
extends: enterprise_class
about: Words of our own register
codes:
  "9700": {name: 社区经济组织, name_en: community organisation, parent: "9000"}
synonyms:
  "1130": [有限责任（自然人）, 有限(自然人)]
"""
    found = load((lay(tmp_path, {"codes/our_classes.yml": extension}),)).codes["enterprise_class"]
    assert found.codes["9700"].parent == "9000"
    assert found.codes["1130"].synonyms[-2:] == ("有限责任（自然人）", "有限(自然人)")
    assert len(found.codes) == 173
    assert found.digest != load().codes["enterprise_class"].digest


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        ("extends: sexes\nabout: x\nsynonyms: {'1': [小伙]}\n", 1, "(did you mean 'sex'?)"),
        ("extends: sex\nabout: x\n", 1, "found nothing that is added"),
        ("extends: sex\nabout: x\nsynonyms: {'3': [小伙]}\n", 3, "found the code '3'"),
        ("extends: sex\nabout: x\nsynonyms: {'1': [女]}\n", 3, "found '女' for '1'; wanted another: it means '2'"),
        ("extends: sex\nabout: x\ncodes: {'1': {name: 男, name_en: m}}\n", 3, "found the code '1' of 'sex' again"),
        (
            "extends: sex\nabout: x\ncodes: {'3': {name: 丙, name_en: c, parent: '4'}}\n",
            3,
            "found the parent '4' of '3'",
        ),
    ],
)
def test_an_extension_takes_nothing_away(tmp_path: Path, text: str, line: int, expected: str) -> None:
    found = told(tmp_path, {"codes/more.yml": text})
    assert [problem for problem in found if problem.startswith(f"codes/more.yml:{line}: ") and expected in problem], (
        found
    )


def test_the_areas_of_the_made_up_city_are_known(declared: catalog.Catalogue) -> None:
    assert declared.declarations.codes["area"].codes["690106"].parent == "690100"


def test_a_column_that_holds_either_kind_needs_its_kind_in_a_relation(declared: catalog.Catalogue) -> None:
    shareholders = [r for r in declared.declarations.files["enterprise"].relations if r.inverse == "shareholder"]
    assert [(r.one, r.one_kind, r.other, r.other_kind) for r in shareholders] == [
        ("holder_number", "person", "enterprise_code", "enterprise"),
        ("holder_code", "enterprise", "enterprise_code", "enterprise"),
    ]


def test_relations_go_both_ways(declared: catalog.Catalogue) -> None:
    ties = [relation for file in declared.declarations.files.values() for relation in file.relations]
    assert [(r.one_kind, r.name, r.label, r.other_kind, r.inverse, r.inverse_label) for r in ties] == [
        ("person", "spouse", "配偶", "person", "spouse", "配偶"),
        ("person", "father", "父亲", "person", "child", "子女"),
        ("person", "mother", "母亲", "person", "child", "子女"),
        ("enterprise", "legal_representative", "法定代表人",
         "person", "legal_representative_of", "担任法定代表人的企业"),
        ("person", "shareholding", "投资的企业", "enterprise", "shareholder", "股东"),
        ("enterprise", "shareholding", "投资的企业", "enterprise", "shareholder", "股东"),
        ("person", "employer", "参保单位", "enterprise", "employee", "参保职工"),
        ("enterprise", "operator", "经营者", "person", "operator_of", "经营的个体工商户"),
        *[("enterprise", "head", "负责人", "person", "head_of", "负责的组织")] * 4,
        ("enterprise", "branch", "分支机构", "enterprise", "head_office", "所属企业"),
    ]  # fmt: skip


def test_a_table_says_whom_each_row_is_about(declared: catalog.Catalogue) -> None:
    assert declared.declarations.tables["population"].subjects == (
        SubjectColumn("person", "number"),
        SubjectColumn("person", "father_number"),
        SubjectColumn("person", "mother_number"),
    )
    assert declared.declarations.tables["penalty"].subjects == (
        SubjectColumn("enterprise", "party_code"),
        SubjectColumn("person", "party_number"),
    )
