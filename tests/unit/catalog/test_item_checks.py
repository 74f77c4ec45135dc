"""What is wrong with items: each kind of finding is found, and what is right is not."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

import catalog
from catalog.item_checks import KINDS, Described, Finding, Stated, check, described, supply
from catalog.material_names import CATCH_ALL, MaterialNames, plain
from onefile.cli import main
from tests.declared import lay
from tests.unit.schemas.test_items import ITEM

KNOWN = catalog.load()
SUPPLY = supply(KNOWN)
SOUND = Described(
    "a", "9901", "店招备案", "market", "city", ("某法",), 10, 5, ("apply", "decide"), ("存续",),
    (Stated("营业执照", (("licence", "business_licence"),), False), Stated("效果图", (), True)),
    (Stated("企业名称", (("attribute", "name"),), False), Stated("文字", (), True)),
)  # fmt: skip


def found(*items: Described) -> list[tuple[str, str, str]]:
    return [(each.kind, each.item, each.what) for each in check(items, SUPPLY)]


def test_a_sound_item_has_no_finding() -> None:
    assert found(SOUND) == []


def test_the_items_of_the_city_have_none() -> None:
    assert check([described(item) for item in KNOWN.declarations.items.values()], SUPPLY) == []


@pytest.mark.parametrize(
    ("changed", "finding"),
    [
        (replace(SOUND, materials=(Stated("神秘文件", (), False),)), ("unsatisfied", "a", "神秘文件")),
        (replace(SOUND, materials=(Stated("表", (("table", "no_such"),), False),)), ("unsatisfied", "a", "表")),
        (replace(SOUND, materials=(Stated("结婚证复印件", (), True),)), ("breach", "a", "结婚证复印件")),
        (
            replace(SOUND, materials=(Stated("法定代表人身份证（原件）", (), False),)),
            ("breach", "a", "法定代表人身份证（原件）"),
        ),
        (replace(SOUND, fields=(Stated("注册资本", (), True),)), ("breach", "a", "注册资本")),
        (
            replace(SOUND, materials=(Stated("法律、法规规定的其他材料", (), True),)),
            ("catch_all", "a", "法律、法规规定的其他材料"),
        ),
        (replace(SOUND, conditions=("其他应当具备的条件",)), ("catch_all", "a", "其他应当具备的条件")),
        (replace(SOUND, promised_days=11), ("deadline", "a", "店招备案")),
        (replace(SOUND, fields=(Stated("备注", (), False),)), ("unmapped_field", "a", "备注")),
    ],
)
def test_each_fault_is_found(changed: Described, finding: tuple[str, str, str]) -> None:
    assert finding in found(changed)


def test_a_deadline_as_long_as_the_law_s_and_one_that_the_law_does_not_set_are_right() -> None:
    assert found(replace(SOUND, promised_days=10)) == []
    assert found(replace(SOUND, legal_days=None, promised_days=90)) == []


def test_one_material_that_two_departments_name_differently_is_found() -> None:
    other = replace(
        SOUND, id="b", code="9902", department="tax",
        materials=(Stated("执照", (("licence", "business_licence"),), False),),
    )  # fmt: skip
    third = replace(SOUND, id="c", code="9903", department="housing")
    assert found(SOUND, third, other) == [("differently_named", "b", "执照")]
    assert found(SOUND, replace(other, department="market")) == []


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"name": "门头招牌备案"}, "name"),
        ({"basis": ("另一法",)}, "basis"),
        ({"materials": (*SOUND.materials, Stated("承诺书", (), True))}, "materials"),
        ({"process": ("apply", "accept", "decide")}, "process"),
    ],
)
def test_the_same_item_unlike_on_another_level_is_found(change: dict[str, object], what: str) -> None:
    county = replace(SOUND, id="b", where="county 690101", **change)  # type: ignore[arg-type]
    assert found(SOUND, county) == [("unlike", "b", what)]
    assert found(SOUND, replace(SOUND, id="b", where="county 690101")) == []


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("营业执照副本复印件（加盖公章）", "营业执照"),
        ("申请人的身份证原件及复印件", "身份证"),
        ("房屋租赁合同一份", "房屋租赁合同"),
        ("身份证遗失声明", "身份证遗失声明"),
        (" 户口簿　", "户口簿"),
    ],
)
def test_names_are_compared_without_brackets_copies_and_whose_they_are(label: str, name: str) -> None:
    assert plain(label) == name


@pytest.mark.parametrize(
    ("label", "targets"),
    [
        ("居民身份证、户口本复印件", [("attribute", "number"), ("licence", "household_card")]),
        ("身份证遗失声明", []),
        ("工商营业执照", [("licence", "business_licence")]),
        ("Business licence", [("licence", "business_licence")]),
        ("申请表", []),
    ],
)
def test_what_of_ours_a_material_is_is_known_by_its_name(label: str, targets: list[tuple[str, str]]) -> None:
    assert list(MaterialNames(KNOWN.declarations).targets(label)) == targets


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("其他材料", True), ("法律法规规定的其他条件", True),
        ("审批机关认为需要提供的资料", True), ("相关证明材料", True),
        ("其它有关文件", True), ("营业执照等相关材料", True), ("Other documents required by law", True),
        ("营业执照", False), ("其他股东的身份证", False), ("有关部门批准文件", False), ("质量管理材料", False),
    ],
)  # fmt: skip
def test_catch_all_clauses_are_known_by_their_words(text: str, is_one: bool) -> None:
    assert bool(CATCH_ALL.search(text)) is is_one


def test_findings_are_in_order_and_each_once() -> None:
    bad = replace(SOUND, promised_days=99, fields=(Stated("x", (), False),) * 2)
    assert check([bad, bad], SUPPLY) == [
        Finding("deadline", "a", "店招备案", "promised 99 working days, by law 10"),
        Finding("unmapped_field", "a", "x", "map it to an attribute, or say 'from: applicant'"),
    ]


def test_the_verb_checks_what_is_laid_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ONEFILE_HOME", str(tmp_path / "var"))
    text = ITEM.replace("promised: 5}", "promised: 15}").replace(
        "from: applicant}\nform", "when: premises = own}\nform"
    )
    text = text.replace("label: 效果图", "label: 其他材料")
    lay(tmp_path / "d", {"items/shop_sign.yml": text})
    monkeypatch.setenv("ONEFILE_DECLARATIONS", str(tmp_path / "d"))
    assert main.run(["--lang", "zh", "items", "check"]) == 0
    said = capsys.readouterr().out
    assert "兜底条款: 1" in said
    assert "承诺时限长于法定时限: 1" in said
    assert main.run(["--lang", "en", "items", "check", "--kind", "deadlines"]) == 2
    capsys.readouterr()
    assert main.run(["--lang", "en", "items", "check", "--kind", "deadline", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {name for name, count in told["findings"].items() if count} == {"deadline"}
    assert set(told["findings"]) == set(KINDS)
    assert told["found"][0]["item"] == "shop_sign"
