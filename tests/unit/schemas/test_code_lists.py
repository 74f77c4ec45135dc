"""The built-in code lists: how many codes, their history, and the spellings by which people write them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

from schemas.code_lists import read_csv
from schemas.declarations import load
from schemas.errors import Problems
from schemas.model import CodeList

# Lists whose names may stand for several codes; elsewhere a text has one meaning.
AMBIGUOUS = {"area", "industry"}


@pytest.fixture(scope="module")
def codes() -> Mapping[str, CodeList]:
    return load().codes


def meanings(code_list: CodeList) -> dict[str, set[str]]:
    """Return the codes that each text of the list stands for."""
    found: dict[str, set[str]] = {}
    for code in code_list.codes.values():
        for text in (code.code, code.name, *code.synonyms):
            found.setdefault(text, set()).add(code.code)
    return found


def test_a_text_has_one_meaning(codes: Mapping[str, CodeList]) -> None:
    for name in set(codes) - AMBIGUOUS:
        assert not {text: found for text, found in meanings(codes[name]).items() if len(found) > 1}, name


def test_the_industry_classification_is_whole(codes: Mapping[str, CodeList]) -> None:
    industry = codes["industry"].codes
    lengths = Counter(len(code) if code.isdigit() else 1 for code in industry)
    assert lengths == {1: 20, 2: 97, 3: 473, 4: 1381}
    assert [(c.code, c.name, c.parent) for c in map(industry.__getitem__, ("A", "01", "011", "0111"))] == [
        ("A", "农、林、牧、渔业", None), ("01", "农业", "A"), ("011", "谷物种植", "01"), ("0111", "稻谷种植", "011"),
    ]  # fmt: skip


def test_a_retired_area_stays_readable(codes: Mapping[str, CodeList]) -> None:
    areas = codes["area"].codes.values()
    assert len(areas) > 3000
    assert any(area.until is not None for area in areas)


@pytest.mark.parametrize(
    ("name", "count"),
    [("ethnic_group", 58), ("province", 35), ("sex", 4), ("marital_status", 8), ("enterprise_class", 172)],
)
def test_lists_have_as_many_codes_as_their_sources(codes: Mapping[str, CodeList], name: str, count: int) -> None:
    assert len(codes[name].codes) == count


# As public registers of several provinces and years write them.
@pytest.mark.parametrize(
    ("spelling", "code"),
    [
        ("有限责任公司", "1100"), ("有限责任公司(自然人投资或控股)", "1130"), ("有限责任公司（自然人独资）", "1151"),
        ("有限责任公司(法人独资)", "1153"), ("有限责任公司(非自然人投资或控股的法人独资)", "1153"),
        ("私营有限责任公司(自然人控股或私营性质企业控股)", "1130"), ("其他有限责任公司", "1190"),
        ("股份有限公司(非上市、自然人投资或控股)", "1222"), ("股份有限公司(非上市,国有控股)", "1223"),
        ("其他股份有限公司(非上市)", "1229"), ("有限责任公司分公司(国有独资)", "2110"), ("分公司", "2000"),
        ("国有企业", "3100"), ("全民所有制", "3100"), ("集体所有制", "3200"), ("股份合作制", "3400"),
        ("集体事业单位营业", "4120"), ("集体分支机构(非法人)", "4320"), ("全民所有制分支机构(非法人)", "4310"),
        ("个人独资企业", "4540"), ("合伙企业(普通合伙)", "4531"), ("有限合伙", "4533"),
        ("有限责任公司(中外合资)", "5110"), ("有限责任公司（外商投资、非独资）", "5100"),
        ("有限责任公司(台港澳与境内合资)", "6110"), ("有限责任公司（港澳台法人独资）", "6150"),
        ("股份有限公司(港澳台投资、未上市)", "6210"), ("外国（地区）企业常驻代表机构", "7200"),
        ("农民专业合作经济组织", "9100"), ("农民专业合作社分支机构", "9200"), ("个体工商户", "9500"), ("个体", "9500"),
        ("其他", "9900"),
    ],
)  # fmt: skip
def test_classes_are_found_as_registers_spell_them(codes: Mapping[str, CodeList], spelling: str, code: str) -> None:
    assert meanings(codes["enterprise_class"])[spelling] == {code}


@pytest.mark.parametrize(
    "spelling", ["欧元", "港币", "日元", "美金", "RMB", "人民币", "英镑", "瑞士法郎", "新台币", "澳元"]
)
def test_currencies_are_found_by_the_words_of_registers(codes: Mapping[str, CodeList], spelling: str) -> None:
    assert len(meanings(codes["currency"])[spelling]) == 1


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        ("code,name\n1,a\n", 1, "found another header"),
        ("", 1, "found another header"),
        ("HEADER1,a,,,,,\n", 2, "found 7 fields"),
        ("HEADER1,,,,,,,\n", 2, "an empty code or name"),
        ("HEADER1,a,,,,,,\n1,b,,,,,,\n", 3, "found the code '1' twice; wanted it once (the first is at list.csv:2)"),
        ("HEADER1,a,,9,,,,\n", 2, "found the parent '9' of '1'"),
        ('HEADER1,a,,,,,,\n2,b,,,,,,\n3,"c,,,,,,\n4,d,,,,,,\n', 4, "what cannot be read"),
        ("HEADER1,a,,2,,,,\n2,b,,1,,,,\n", 2, "found the parents of '1' lead back to it"),
        ("HEADER1,a,,,,,2,\n2,b,,,,,3,\n3,c,,,,,1,\n", 4, "found the successors of '3' lead back to it"),
        ("HEADER1,a,,,,,1,\n", 2, "found the successor '1' of '1'"),
        ("HEADER1,a,,,2020,,,\n", 2, "found '2020'; wanted a day"),
        ('HEADER1,"a,,,,,,\n', 2, "what cannot be read"),
        ("HEADER1,a,,,,,,2\n2,b,,,,,,\n", 2, "found the synonym '2' of '1'"),
        ("HEADER1,a,,,,,,木\n2,b,,,,,,铁|木\n", 3, "found the synonym '木' of '2', which '1' has too"),
    ],
)
def test_a_faulty_csv_is_told_by_line(tmp_path: Path, text: str, line: int, expected: str) -> None:
    path = tmp_path / "list.csv"
    path.write_text(text.replace("HEADER", "code,name,name_en,parent,since,until,successor,synonyms\n"))
    problems = Problems()
    read_csv(path, "list.csv", problems)
    assert [str(p) for p in problems.found if p.place.line == line and expected in str(p)]
