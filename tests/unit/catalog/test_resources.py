"""What a resource's YAML becomes, and how the catalogue answers."""

from __future__ import annotations

from pathlib import Path

import pytest

import catalog
from catalog.errors import UnknownDepartment, UnknownResource
from schemas.declarations import load as load_declarations
from schemas.errors import DeclarationsRefused
from schemas.model import Assertions, Cleaner, ColumnMapping, Operation, Place, Resource
from tests.declared import SHOP, lay

NOWHERE = Place("", 0)
EVERYTHING = """\
name: shops
department: market
title: 店铺信息
title_en: Shops
about: Shops of the city
table: shop
share: {class: conditional, basis: made up, condition: on weekdays}
update_cycle: monthly
format: csv
encoding: gb18030
delimiter: "\\t"
signature_required: true
empty: ["N/A", "-"]
operation: {column: 操作, withdraw: [删], state: 增}
otherwise: {证件类型: [无证]}
columns:
  shop_no: {from: 编号, clean: [width, trim, remove: "- ", prefix: AB, strip_prefix: [x, 编号], replace: {一: "1"}]}
  holder_code: {from: 证件, when: {证件类型: [信用代码, 代码]}}
  opened_on: {from: 开业, clean: [date: [yyyy/M/d, yyyy年M月d日]]}
  closed_on: {constant: "2026-11-23"}
  area_m2: {from: 面积, clean: [unit: {factor: 0.0001}]}
  kind: {from: 类别, lookup: {书局: "1", 无: ""}}
ignore: [备注]
assertions: {min_rows: 1, max_rows: 100, max_quarantined_share: 0.25, fresh_days: 40}
"""


def test_everything_that_a_resource_may_say_is_read(tmp_path: Path) -> None:
    found = catalog.load((lay(tmp_path, {**SHOP, "resources/market/shops.yml": EVERYTHING}),)).resource("market.shops")
    assert found == Resource(
        id="market.shops",
        department="market",
        name="shops",
        title="店铺信息",
        title_en="Shops",
        about="Shops of the city",
        table="shop",
        share_class="conditional",
        share_basis="made up",
        share_condition="on weekdays",
        update_cycle="monthly",
        format="csv",
        encoding="gb18030",
        delimiter="\t",
        signature_required=True,
        empty=("", "N/A", "-"),
        columns=(
            ColumnMapping("shop_no", "编号", None, (
                Cleaner("width", None),
                Cleaner("trim", None),
                Cleaner("remove", "- "),
                Cleaner("prefix", "AB"),
                Cleaner("strip_prefix", ("x", "编号")),
                Cleaner("replace", {"一": "1"}),
            ), {}, NOWHERE),
            ColumnMapping("holder_code", "证件", None, (), {}, NOWHERE, {"证件类型": ("信用代码", "代码")}),
            ColumnMapping("opened_on", "开业", None, (Cleaner("date", ("yyyy/M/d", "yyyy年M月d日")),), {}, NOWHERE),
            ColumnMapping("closed_on", None, "2026-11-23", (), {}, NOWHERE),
            ColumnMapping("area_m2", "面积", None, (Cleaner("unit", {"factor": "0.0001"}),), {}, NOWHERE),
            ColumnMapping("kind", "类别", None, (), {"书局": "1", "无": ""}, NOWHERE),
        ),
        ignore=("备注",),
        operation=Operation("操作", ("删",), ("增",)),
        otherwise={"证件类型": ("无证",)},
        assertions=Assertions(1, 100, 0.25, 40),
        place=NOWHERE,
    )  # fmt: skip
    assert found.headers == ("编号", "证件", "开业", "面积", "类别", "证件类型", "操作")


def test_what_is_not_said_has_its_default(tmp_path: Path) -> None:
    found = catalog.load((lay(tmp_path, SHOP),)).resource("market.shops")
    assert (found.encoding, found.delimiter, found.signature_required, found.empty, found.operation) == (
        "utf-8", ",", False, ("",), None,
    )  # fmt: skip
    assert found.assertions == Assertions(None, None, None, None)
    assert found.place.path.endswith("resources/market/shops.yml")


def test_resources_can_be_loaded_over_declarations_alone(tmp_path: Path) -> None:
    folder = lay(tmp_path, SHOP)
    found = catalog.resources.load(load_declarations((folder,)), (folder,))
    assert found == catalog.load((folder,)).resources


def test_a_new_department_with_its_own_resource_can_be_laid_over(tmp_path: Path) -> None:
    files = {
        **SHOP,
        "departments.yml": "departments: {water: {name: 水务局, name_en: W, code: 1169010000072026XB, level: city}}",
        "resources/water/shops.yml": SHOP["resources/market/shops.yml"].replace(
            "department: market", "department: water"
        ),
    }
    found = catalog.load((lay(tmp_path, files),))
    assert [resource.id for resource in found.of_table("shop")] == ["market.shops", "water.shops"]
    assert found.department("water").name == "水务局"


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    found = catalog.load()
    with pytest.raises(UnknownResource, match=r"did you mean 'market\.enterprises'"):
        found.resource("market.enterprise")
    with pytest.raises(UnknownDepartment, match="did you mean 'police'"):
        found.department("polices")


def test_the_digest_covers_resources(tmp_path: Path) -> None:
    plain = catalog.load((lay(tmp_path / "a", SHOP),))
    other = {**SHOP, "resources/market/shops.yml": SHOP["resources/market/shops.yml"].replace("monthly", "daily")}
    changed = catalog.load((lay(tmp_path / "b", other),))
    assert plain.declarations.digest == changed.declarations.digest
    assert plain.digest != changed.digest


def test_the_headers_of_built_in_resources_are_those_that_departments_write() -> None:
    found = catalog.load().resources
    assert found["market.public_register"].headers == (
        "统一社会信用代码", "企业名称", "企业类型", "注册资金", "注册日期", "经营范围", "所在省份", "地区", "注册地址",
    )  # fmt: skip
    assert found["police.population"].operation == Operation(
        "操作类型", ("删除", "D"), ("新增", "变更", "I", "U"), ("依法删除",)
    )
    assert (found["civil_affairs.marriages"].encoding, found["market.food_permits"].encoding) == ("gb18030", "gb18030")
    assert {r.format for r in (found["education.certificates"], found["market.penalties"])} == {"jsonl"}


def test_kinds_of_shareholders_that_have_a_number_are_told_apart_by_words_of_the_code_list() -> None:
    found = catalog.load()
    mappings = {mapping.column: mapping for mapping in found.resource("market.shareholders").columns}
    kinds = found.declarations.codes["holder_kind"].codes.values()
    words = {text for code in kinds for text in (code.name, *code.synonyms)}
    for column in ("holder_number", "holder_code"):
        assert set(mappings[column].when["股东类型"]) <= words


def test_what_did_not_change_is_read_once_a_process_and_what_did_anew(tmp_path: Path) -> None:
    folder = tmp_path / "departments"
    folder.mkdir()
    overlay = folder / "departments.yml"
    first = catalog.current()
    assert catalog.current() is first
    assert catalog.load() == first
    empty = catalog.current((folder,))
    overlay.write_text("nonsense: 1\n")
    with pytest.raises(DeclarationsRefused):
        catalog.current((folder,))
    overlay.unlink()
    assert catalog.current((folder,)).resources == empty.resources


def test_to_show_a_file_resources_are_read_one_by_one(tmp_path: Path) -> None:
    laid = lay(tmp_path, SHOP)
    whole, lazy = catalog.load((laid,)), catalog.to_show((laid,))
    assert list(lazy.resources) == list(whole.resources)
    assert lazy.resource("market.shops") == whole.resource("market.shops")
    assert "market.nothing" not in lazy.resources
    with pytest.raises(UnknownResource):
        lazy.resource("market.nothing")
    (laid / "resources" / "market" / "shops.yml").write_text("name: shops\n", encoding="utf-8")
    with pytest.raises(DeclarationsRefused, match=r"shops\.yml"):
        catalog.to_show((laid,)).resource("market.shops")
