"""The language of mappings: paths, steps, words, days, formats; what other portals do, without code."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.days import parse_day, working_days
from catalog.entries import Entry
from catalog.errors import ForeignFileRefused
from catalog.foreign_files import records
from catalog.importing import Import, convert
from catalog.mapping_reading import load
from catalog.paths import Record, read_path, texts
from catalog.steps import STEPS, Step, run
from schemas.errors import DeclarationsRefused

NESTED = {
    "org": {"name": "局", "tel": None},
    "names": ["甲", "乙", {"zh": "丙"}],
    "extras": [{"key": "cycle", "value": "每天"}, {"key": ["one"], "value": "x"}],
    "by": {"a": {"v": 1}, "b": {"v": 2.5}},
    "a.b": True,
    "deep": [[{"x": "p"}], [{"x": "q"}]],
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("org.name", ["局"]),
        ("org.tel", []),
        ("org.none.more", []),
        ("names", ["甲", "乙"]),
        ("names[0]", ["甲"]),
        ("names[-1].zh", ["丙"]),
        ("names[9]", []),
        ("names[99999999999]", []),
        ("extras[key=cycle].value", ["每天"]),
        ("extras[key=one].value", ["x"]),
        ("extras[key=none].value", []),
        ("extras[*].key", ["cycle", "one"]),
        ("by.*.v", ["1", "2.5"]),
        ("a\\.b", ["true"]),
        ("deep.x", ["p", "q"]),
        ("^.city", ["六安"]),
        ("^.^.city", []),
        ("@key", ["k7"]),
    ],
)
def test_a_path_reaches_what_it_says(path: str, found: list[str]) -> None:
    read = read_path(path)
    assert read is not None
    assert texts(Record(NESTED, ({"city": "六安"},), "k7"), read) == found


@pytest.mark.parametrize("path", ["", ".", "a..b", "a[", "a[x]", "a[]", "a]b[", "^", "a[=x]"])
def test_what_is_no_path_is_none(path: str) -> None:
    assert read_path(path) is None


@pytest.mark.parametrize(
    ("name", "argument", "given_texts", "found"),
    [
        ("html", None, ["<p>一、<b>范围</b>&nbsp;全市</p><script>x()</script><br/>二"], ["一、范围 全市 二"]),
        ("html", None, ["&lt;p&gt;双重&lt;/p&gt;"], ["双重"]),
        ("html", None, ["<div"], ["<div"]),
        ("html", None, ["5 < 6 & 7 > 3"], ["5 < 6 & 7 > 3"]),
        ("width", None, ["ＡＢ１"], ["AB1"]),
        ("upper", None, ["a"], ["A"]),
        ("lower", None, ["A"], ["a"]),
        ("list", None, ["['xls', 'api']", '["a"]', "[b, c]", "d"], ["xls", "api", "a", "b", " c", "d"]),
        ("lines", None, ["a\r\n\tb"], ["a", "\tb"]),
        ("first", None, ["a", "b"], ["a"]),
        ("last", None, ["a", "b"], ["b"]),
        ("number", None, ["共 469,585 条", "无", "-3.5度"], ["469585", "-3.5"]),
        ("split", (",", "、"), ["a,b、c"], ["a", "b", "c"]),
        ("strip", "[]", ["[a]"], ["a"]),
        ("remove", ("（试行）",), ["目录（试行）"], ["目录"]),
        ("drop", ("无", "-"), ["无", " - ", "有"], ["有"]),
        ("after", "条件：", ["共享条件：按需", "无"], ["按需"]),
        ("before", "（", ["甲（乙）", "丙"], ["甲", "丙"]),
        (
            "query",
            "deptCode",
            ["http://x/y?a=1&deptCode=7", "http://x/#/d?deptCode=8", "no url", "http://[bad"],
            ["7", "8"],
        ),
        ("part", ("-", 1), ["a-b-c", "x"], ["b"]),
        ("part", ("-", -1), ["a-b-c", "x"], ["c", "x"]),
        ("before_digits", "12", ["G-1-511602000000-x", "E-000004-001"], ["G-1", "E-000004-001"]),
        ("replace", {"号": "No"}, ["1号"], ["1No"]),
    ],
)
def test_a_step_does_what_it_says(name: str, argument: object, given_texts: list[str], found: list[str]) -> None:
    assert run(given_texts, (Step(name, argument),)) == found


def test_json_in_a_text_is_read_by_a_path_and_what_is_none_gives_nothing() -> None:
    path = read_path("[*].name")
    assert run(['[{"name": "甲"}, {"name": "乙"}]', "{broken", "[" * 5_000], (Step("json", path),)) == ["甲", "乙"]


@given(st.lists(st.text(), max_size=4))
def test_no_step_without_an_argument_fails_on_any_text(found: list[str]) -> None:
    for name, kind in STEPS.items():
        if kind.argument == "none":
            assert all(text.strip() for text in run(found, (Step(name, None),)))


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2023-05-08", date(2023, 5, 8)), ("2023-5-8", date(2023, 5, 8)), ("2023/05/08 10:11:12", date(2023, 5, 8)),
        ("2023.5.8", date(2023, 5, 8)), ("2023年5月8日", date(2023, 5, 8)), ("２０２３年５月８日", date(2023, 5, 8)),
        ("2023 年 5 月 8 日 上午", date(2023, 5, 8)), ("二〇二三年五月八日", date(2023, 5, 8)),
        ("二○二三年十二月三十一日", date(2023, 12, 31)), ("20230508", date(2023, 5, 8)),
        ("20230508103000", date(2023, 5, 8)), ("2023-05-08T23:30:00Z", date(2023, 5, 8)),
        ("2023-05-08T00:00:00.000+08:00", date(2023, 5, 8)), ("1683475200000", date(2023, 5, 8)),
        ("1683475200", date(2023, 5, 8)), ("Mon, 08 May 2023 08:00:00 GMT", date(2023, 5, 8)),
        ("8 May 2023", date(2023, 5, 8)), ("May 8, 2023", date(2023, 5, 8)),
        ("December 31st, 2022", date(2022, 12, 31)),
        ("2023-02-30", None), ("2023-13-01", None), ("2023-05", None), ("2023年", None),
        ("08/05/2023", None), ("", None),
        ("soon", None), ("0001-01-01", None), ("9999-12-31", None), ("99999999", None), ("2023-05-081", None),
        ("九十九年十月十日", None),
    ],
)  # fmt: skip
def test_days_are_read_as_portals_write_them_and_never_guessed(text: str, day: date | None) -> None:
    assert parse_day(text) == day


def test_a_form_reads_what_could_be_two_days() -> None:
    assert parse_day("08/05/2023", ("dd/MM/yyyy",)) == date(2023, 5, 8)
    assert parse_day("8.5.2023 10:00", ("d.M.yyyy",)) == date(2023, 5, 8)
    assert parse_day("31/31/2023", ("dd/MM/yyyy",)) is None


@given(st.text())
def test_any_text_is_a_day_or_none(text: str) -> None:
    parse_day(text, ("dd/MM/yyyy",))
    working_days(text)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("20", 20), ("20个工作日", 20), ("20 个法定工作日", 20),
        ("二十个工作日", 20), ("十五工作日", 15), ("一个工作日", 1), ("即办", 0),
        ("当场办结", 0), ("自受理之日起20个工作日内", 20), ("15 working days", 15), ("30日", None), ("三个月", None),
        ("20天", None), ("5个工作日至10个工作日", None), ("", None), ("不收取", None), ("９个工作日", 9),
    ],
)  # fmt: skip
def test_working_days_are_read_and_days_of_another_kind_are_not(text: str, days: int | None) -> None:
    assert working_days(text) == days


def take(tmp_path: Path, mapping: str, data: Any) -> Import:
    (tmp_path / "m.yml").write_text(mapping, encoding="utf-8")
    read = load(str(tmp_path / "m.yml"))
    return convert(records(data if isinstance(data, bytes) else json.dumps(data).encode(), read), read)


def only(found: Import) -> Entry:
    assert found.faults == ()
    (entry,) = found.entries
    return entry


RICH = """\
name: rich
format: json
records: groups.datasets
id: [[id], [title, ^.label]]
skip: {from: status, words: [已下线, deleted]}
tables:
  cycle: {"1": daily, "2": weekly}
  units: {records: dict.units, key: code, value: name}
classes: {records: dict.classes, code: id, name: label, parent: pid}
fields:
  title: {from: title, clean: [html, remove: [（最新）]], required: true}
  about: {all: [intro, note], clean: [html]}
  code: {join: [^.code, seq], with: "/"}
  provider_name: {from: unit, table: units}
  update_cycle: {from: freq, table: [cycle, common], else: irregular}
  share_class: {from: share, contains: {有条件: conditional, 无条件: unconditional, 不予: not_shared}}
  share_condition: {from: share, clean: [after: 条件：]}
  share_basis: {from: basis}
  modes: {from: ways, split: [",", "、"], table: common}
  level: {from: level, table: common}
  class_code: {from: cls}
  published_on: {from: pub, dates: [dd/MM/yyyy]}
  items:
    each: columns
    name: {from: en}
    label: {from: cn}
    type: {from: t}
    length: {from: len}
    required: {from: must}
"""
DICT = {
    "units": [{"code": "U1", "name": "市统计局"}],
    "classes": [{"id": "1", "label": "基础"}, {"id": "11", "label": "人口", "pid": "1"}],
}
ROW = {
    "id": 9, "title": "<b>人口</b>信息（最新）", "intro": "<p>全市&nbsp;人口</p>",
    "note": "年报", "seq": "0009", "unit": "u1",
    "freq": 1, "share": "有条件共享，条件：按需", "ways": "接口、库表",
    "level": "市本级", "cls": "11", "pub": "08/05/2023",
    "columns": [{"en": "xm", "cn": "姓名", "t": "字符型", "len": "C(50)", "must": "是"},
    {"cn": "年龄"}, {"en": "x"}, "y"],
}  # fmt: skip


def rich(tmp_path: Path, *rows: object, **more: object) -> Import:
    groups = [{"label": "甲组", "code": "A", "datasets": list(rows)}, {"label": "空"}]
    return take(tmp_path, RICH, {"groups": groups, "dict": {**DICT, **more}})


def test_a_mapping_takes_in_what_lies_nested_in_code_tables_lists_and_markup(tmp_path: Path) -> None:
    entry = only(rich(tmp_path, ROW))
    assert (entry.title, entry.about, entry.code, entry.provider_name) == (
        "人口信息",
        "全市 人口; 年报",
        "A/0009",
        "市统计局",
    )
    assert (entry.update_cycle, entry.share_class, entry.share_condition) == ("daily", "conditional", "按需")
    assert (entry.modes, entry.level, entry.classes) == (("query", "batch"), "city", ("基础", "人口"))
    assert entry.published_on == date(2023, 5, 8)
    assert [(item.name, item.label, item.type, item.length, item.is_required) for item in entry.items] == [
        ("xm", "姓名", "字符型", 50, True), ("年龄", "年龄", "", None, False),
    ]  # fmt: skip


def test_a_record_without_an_id_gets_one_of_other_values_and_what_is_skipped_is_counted(tmp_path: Path) -> None:
    nameless = {name: value for name, value in ROW.items() if name != "id"}
    found = rich(tmp_path, nameless, {**ROW, "status": "Deleted"}, {**nameless, "title": ""})
    assert (found.received, len(found.entries), found.refused, found.skipped) == (3, 1, 1, 1)
    again = rich(tmp_path, nameless)
    assert again.entries[0].id == found.entries[0].id


@pytest.mark.parametrize(
    ("change", "field", "said"),
    [
        ({"share": "有条件共享"}, "share_condition", "class 2, conditional, without its condition"),
        ({"share": "不予共享"}, "share_basis", "class 3, not shared, without its basis"),
        ({"share": "看情况"}, "share_class", "the word '看情况', which the mapping does not know"),
        ({"unit": "U9"}, "provider_name", "a code that its table does not have"),
        ({"cls": "99"}, "class_code", "a class that is not there, or within itself"),
        ({"pub": "5/2023"}, "published_on", "what is no day"),
        ({"title": "a\u0000\ud800b"}, "title", "characters that are none"),
        ({"title": "x" * 10_001}, "title", "a text that is too long"),
        ({"basis": "<i>x</i>"}, "share_basis", "markup in a text"),
    ],
)
def test_each_fault_is_told_and_the_record_is_taken(
    tmp_path: Path, change: dict[str, object], field: str, said: str
) -> None:
    found = rich(tmp_path, {**ROW, **change})
    assert len(found.entries) == 1
    assert (found.faults[0].field, found.faults[0].found) == (field, said)
    json.dumps(found.entries[0].as_json(), ensure_ascii=False).encode()


def test_codes_given_twice_and_classes_within_themselves_are_told(tmp_path: Path) -> None:
    circle = [{"id": "a", "label": "甲", "pid": "b"}, {"id": "b", "label": "乙", "pid": "a"}]
    found = rich(tmp_path, ROW, {**ROW, "id": 10, "cls": "a"}, classes=[*DICT["classes"], *circle])
    assert [(fault.record, fault.field, fault.found) for fault in found.faults] == [
        (0, "classes", "the class 'a' within itself"),
        (0, "classes", "the class 'b' within itself"),
        (2, "class_code", "a class that is not there, or within itself"),
        (2, "code", "the code of record 1 again"),
    ]
    assert len(found.entries) == 2


FLAT = """\
name: flat
format: {}
id: [编号]
{}fields:
  title: {{from: 名称, required: true}}
  published_on: {{from: 日期}}
"""


def test_csv_comes_in_with_its_encoding_and_delimiter(tmp_path: Path) -> None:
    text = '目录导出;;\n编号;名称;日期\n1;"房屋;信息";2023-5-8\n2;车辆\n;;\n3;船舶;20230509\n'
    found = take(
        tmp_path, FLAT.format("csv", 'encoding: gb18030\ndelimiter: ";"\nskip_lines: 1\n'), text.encode("gb18030")
    )
    assert [(e.title, e.published_on) for e in found.entries] == [
        ("房屋;信息", date(2023, 5, 8)),
        ("船舶", date(2023, 5, 9)),
    ]
    assert [(f.record, f.found) for f in found.faults] == [(2, "2 cells under 3 headings")]
    assert found.received == 3


def test_json_lines_come_in_and_a_broken_line_is_one_fault(tmp_path: Path) -> None:
    data = '{"编号": 1, "名称": "甲"}\n\n{"编号": 2\n{"编号": 3, "名称": "乙"}\n'.encode()
    found = take(tmp_path, FLAT.format("jsonl", ""), data)
    assert ([e.title for e in found.entries], [f.found for f in found.faults]) == (
        ["甲", "乙"],
        ["a line that is no JSON"],
    )


def test_xml_comes_in_by_names_and_attributes(tmp_path: Path) -> None:
    mapping = 'name: x\nformat: xml\nrecords: 目录.资源\nid: ["@id"]\nfields:\n  title: {from: 名称}\n'
    mapping += "  items: {from: 数据项.项}\n"
    data = '<目录 xmlns="urn:x"><资源 id="1"><名称>房屋</名称><数据项><项>地址</项><项>面积</项></数据项></资源>'
    data += '<资源 id="2"/></目录>'
    found = take(tmp_path, mapping, data.encode())
    assert [(e.title, [i.label for i in e.items]) for e in found.entries] == [("房屋", ["地址", "面积"]), ("", [])]


@pytest.mark.parametrize(
    ("form", "data", "said"),
    [
        ("csv", "编号,编号\n1,2\n", "headings that are none, or one twice"),
        ("csv", '编号,名称\n1,"never closed\n', "broken CSV"),
        ("csv", "", "headings that are none"),
        ("xml", "<a><b></a>", "broken XML in line 1"),
        ("xml", '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "a document type"),
        ("xml", "<a>" * 200 + "</a>" * 200, "XML nested without end"),
        ("xml", "<a/>", "no list of records"),
        ("json", "{}", "no list of records"),
        ("json", '{"a": 1}', "no list of records"),
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, form: str, data: str, said: str) -> None:
    records_at = "records: x.y\n" if form == "xml" else ""
    with pytest.raises(ForeignFileRefused, match=said):
        take(tmp_path, FLAT.format(form, records_at), data.encode())


def test_a_mapping_of_records_by_their_keys_comes_in(tmp_path: Path) -> None:
    mapping = (
        'name: k\nformat: json\nrecords: data\nid: ["@key"]\nfields:\n  title: {from: n}\n  code: {from: "@key"}\n'
    )
    found = take(tmp_path, mapping, {"data": {"A1": {"n": "甲"}, "A2": {"n": "乙"}}})
    assert [(e.code, e.title) for e in found.entries] == [("A1", "甲"), ("A2", "乙")]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("clean: [html, remove", "clean: [htm, remove", "the step 'htm'"),
        ("clean: [html, remove: [（最新）]]", "clean: [remove]", "'remove' without an argument"),
        ("clean: [html, remove: [（最新）]]", "clean: [html: x]", "'html' with an argument"),
        ("clean: [html, remove: [（最新）]]", "clean: [part: [a]]", "1 arguments of 'part'"),
        ("clean: [html, remove: [（最新）]]", "clean: [{html: x, width: y}]", "2 steps in one entry"),
        ("table: units}", "table: unit}", "the table 'unit'"),
        ("else: irregular", "else: never", "'never'"),
        ("有条件: conditional", "有条件: perhaps", "'perhaps'"),
        ('"1": daily', '"1": dayly', "'dayly'"),
        ("dates: [dd/MM/yyyy]", "dates: [dd/MM]", "the form 'dd/MM'"),
        ('with: "/"', 'from: x, with: "/"', "both 'from' and 'join'"),
        ("all: [intro, note]", "from: intro, with: x", "'with' without 'join'"),
        ("from: title, clean", "from: title..x, clean", "the path 'title..x'"),
        ("records: groups.datasets", "records: groups[", "the path 'groups['"),
        ("  items:\n    each", "  title_en:\n    each", "a list of records for 'title_en'"),
        ("  units: {records: dict.units, key: code", "  units: {records: dict.units, kee: code", "the key 'kee'"),
        ("  units: {", "  common: {", "a table 'common'"),
        ("parent: pid}", "paren: pid}", "the key 'paren'"),
        ("words: [已下线, deleted]", "word: x", "the key 'word'"),
        ("format: json", 'format: json\ndelimiter: ";"', "the delimiter ';' of json"),
        ("format: json", "format: turtle\nencoding: gb18030", "an encoding of turtle"),
    ],
)
def test_a_mapping_that_is_wrong_is_told_with_its_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in RICH
    (tmp_path / "m.yml").write_text(RICH.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DeclarationsRefused) as raised:
        load(str(tmp_path / "m.yml"))
    assert any(said in str(problem) and "m.yml:" in str(problem) for problem in raised.value.problems)


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*ROW]), inner)
)


@given(st.lists(JSON, max_size=3))
def test_whatever_a_portal_sends_is_taken_or_told_and_counts_add_up(rows: list[object]) -> None:
    mapping = _rich()
    data = json.dumps({"groups": [{"datasets": rows}], "dict": DICT}).encode()
    found = convert(records(data, mapping), mapping)
    assert found.received == len(rows) == len(found.entries) + found.refused + found.skipped
    for entry in found.entries:
        json.dumps(entry.as_json(), ensure_ascii=False).encode()


def _rich() -> Any:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "m.yml")
        path.write_text(RICH, encoding="utf-8")
        return load(str(path))
