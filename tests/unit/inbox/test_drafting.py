"""A first declaration from a file: it loads as it is printed, and shows no value that nobody needs to see."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

import catalog
from inbox import drafting, looking, writing
from inbox.errors import NotDeliverable
from inbox.records import records
from schemas.model import Resource, Table
from tests.declared import lay
from tests.workbooks import workbook

HEADERS = (
    "序号",
    "证号",
    "公民身份号码",
    "姓名",
    "单位信用代码",
    "民族",
    "学历层次",
    "发证日期",
    "面积",
    "件数",
    "状态",
    "更新日期",
)
NUMBERS = ("11010519491231002X", "360426199101010071")
CODES = ("91110000600037341L", "91350100M000100Y43")
ROWS = [
    (str(n), f"ZS{n:05}", NUMBERS[n % 2], "某某", CODES[n % 2], ("汉族", "满族")[n % 2], ("大学本科", "-")[n % 2],
     ("2020/3/5", "2020年3月5日")[n % 2], ("12.5", "7")[n % 2], str(3 * n), ("在册", "离册")[n % 2], "2026-01-02")
    for n in range(1, 21)
]  # fmt: skip


@pytest.fixture(scope="module")
def declared() -> catalog.Catalogue:
    return catalog.load()


def written(path: Path, form: str) -> Path:
    file = path / f"读者证.{form}"
    if form == "csv":
        file.write_bytes("\n".join(";".join(row) for row in (HEADERS, *ROWS)).encode("gb18030"))
    elif form == "jsonl":
        file.write_text("\n".join(json.dumps(dict(zip(HEADERS, row, strict=True))) for row in ROWS), encoding="utf-8")
    elif form == "xml":
        steps = ("数据", "证")
        body = writing.xml_rows(HEADERS, ROWS, steps, "utf-8")
        file.write_bytes(writing.xml_head(steps, "utf-8") + body + writing.xml_tail(steps, "utf-8"))
    else:
        file.write_bytes(writing.excel(HEADERS, ROWS, ("面积", "件数"), writing.Place(header_row=1)))
    return file


def loaded(text: str, folder: Path) -> tuple[Table, Resource]:
    """Lay the two parts of a draft over the built-in declarations, as they were printed."""
    table, resource = text.split("\n\n", 1)
    laid = lay(folder, {"tables/cards.yml": table, "resources/education/cards.yml": resource})
    found = catalog.load((laid,))
    return found.declarations.tables["cards"], found.resource("education.cards")


@pytest.mark.parametrize("form", ["csv", "jsonl", "xml", "xlsx"])
def test_a_draft_loads_as_it_is_printed(declared: catalog.Catalogue, tmp_path: Path, form: str) -> None:
    text = drafting.drafted(written(tmp_path, form), declared, "education", "cards")
    table, resource = loaded(text, tmp_path / "laid")
    types = {column.label: (column.type, column.codes) for column in table.columns}
    assert types["公民身份号码"] == ("person_number", None)
    assert types["单位信用代码"] == ("credit_code", None)
    assert types["民族"] == ("code", "ethnic_group")
    assert types["学历层次"] == ("code", "education_level")
    assert types["发证日期"][0] == types["更新日期"][0] == "date"
    assert (types["面积"][0], types["件数"][0], types["姓名"][0]) == ("decimal", "long", "string")
    assert [table.column(key).label for key in table.key] == ["证号"]
    assert {subject.kind for subject in table.subjects} == {"person", "enterprise"}
    assert table.column(table.observed or "").label == "更新日期"
    assert (resource.format, resource.ignore) == (form, ("序号",))
    assert "-" in resource.empty
    (mapping,) = [m for m in resource.columns if m.source == "发证日期"]
    dates = {cleaner.name: cleaner.argument for cleaner in mapping.clean}["date"]
    assert dates == ("yyyy年M月d日", "yyyy/M/d") or dates == ("yyyy/M/d", "yyyy年M月d日")
    assert (resource.encoding, resource.delimiter) == (("gb18030", ";") if form == "csv" else ("utf-8", ","))
    assert resource.path == (("数据", "证") if form == "xml" else ())


def test_no_number_or_name_stands_in_a_draft(declared: catalog.Catalogue, tmp_path: Path) -> None:
    text = drafting.drafted(written(tmp_path, "csv"), declared, "education", "cards")
    assert not any(secret in text for secret in (*NUMBERS, *CODES, "ZS00001"))
    assert "20 there, 2 different" in text


def test_what_is_no_table_is_refused_in_words(declared: catalog.Catalogue, tmp_path: Path) -> None:
    cases = {
        b"a,a\n1,2\n": "the header",
        b"<!DOCTYPE x><x/>": "document type",
        b"<x>1</x>": "no element with fields",
        b"{1}\n": "no JSON object",
        b"\xff\xfe\x00\x81\xff": "neither UTF-8 nor GB 18030",
    }
    for number, (content, words) in enumerate(cases.items()):
        file = tmp_path / f"{number}.txt"
        file.write_bytes(content)
        with pytest.raises(NotDeliverable, match=words):
            drafting.drafted(file, declared, "education", None)


def test_titles_above_a_csv_are_left_out_and_its_key_is_a_number(declared: catalog.Catalogue, tmp_path: Path) -> None:
    titles = ["读者登记册" + ";" * (len(HEADERS) - 1), "", "填报单位：某某馆;" + ";" * (len(HEADERS) - 2)]
    file = tmp_path / "读者证.csv"
    swapped = [(row[0], f"读者甲{n}", *row[2:]) for n, row in enumerate(ROWS)]
    lines = [";".join((*row, f"K{n:04}")) for n, row in enumerate(swapped)]
    header = ";".join((HEADERS[0], "证件", *HEADERS[2:], "编号"))
    file.write_bytes("\n".join([*titles, header, *lines]).encode("gb18030"))
    table, resource = loaded(drafting.drafted(file, declared, "education", "cards"), tmp_path / "laid")
    assert resource.header_row == 4
    assert [table.column(key).label for key in table.key] == ["编号"]
    with file.open("rb") as content:
        assert sum(len(batch) for batch in records(content, resource)) == len(ROWS)


def test_a_workbook_s_sheet_titles_and_header_of_two_lines_are_found(
    declared: catalog.Catalogue, tmp_path: Path
) -> None:
    heads = [["发证台账"], ["填报单位：某某局", None, None, None, "填报日期：2026-11-30"],
             ["许可证", None, "日期", None, "联系电话"], ["编号", "名称", "发证日期", "有效期至", None]]  # fmt: skip
    rows = [[f"XK{n:04}", f"店{n}", 44197 + n, 47000 + n, f"1380000{n:04}"] for n in range(30)]
    merged = ["A1:E1", "A2:D2", "A3:B3", "C3:D3", "E3:E4"]
    file = tmp_path / "读者证.xlsx"
    file.write_bytes(workbook({"说明": ([["请勿修改"]], []), "台账": (heads + rows, merged)}))
    table, resource = loaded(drafting.drafted(file, declared, "education", "cards"), tmp_path / "laid")
    assert (resource.sheet, resource.header_row, resource.header_rows) == ("台账", 3, 2)
    types = {column.label: (column.type, column.not_after) for column in table.columns}
    assert types["日期/发证日期"] == ("date", "received")
    assert types["日期/有效期至"] == ("date", None)
    assert types["联系电话"] == ("string", None)
    cleaners = {m.source: {cleaner.name: cleaner.argument for cleaner in m.clean} for m in resource.columns}
    assert cleaners["日期/发证日期"]["date"] == ("excel",)
    with file.open("rb") as content:
        assert sum(len(batch) for batch in records(content, resource)) == len(rows)


def test_signs_and_line_ends_in_headers_are_read_back(declared: catalog.Catalogue, tmp_path: Path) -> None:
    names = ["序号: #1", "编号", "发证\n日期", 'a "b" \\ c', "{x}, [y]", "- z: w"]
    rows = [[f"{n}", f"XK{n:04}", "2021/1/1", "x", "y", "z"] for n in range(1, 9)]
    file = tmp_path / "读者证.xlsx"
    file.write_bytes(workbook({"a": ([["无"]], []), 'b "#" ': ([names, *rows], [])}))
    _, resource = loaded(drafting.drafted(file, declared, "education", "cards"), tmp_path / "laid")
    assert resource.ignore == ("序号: #1",)
    assert [mapping.source for mapping in resource.columns] == names[1:]
    with file.open("rb") as content:
        assert sum(len(batch) for batch in records(content, resource)) == len(rows)


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_of_a_document_in_one_line_without_end_the_begin_is_looked_at(
    declared: catalog.Catalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    monkeypatch.setattr(looking, "MOST_BYTES", 1001)
    file = tmp_path / "读者证.xml"
    file.write_bytes(f"<数据>{'<证><编号>某</编号><名称>某某</名称></证>' * 200}</数据>".encode(encoding))
    assert 'path: "/数据/证"' in drafting.drafted(file, declared, "education", "cards")


def test_amounts_are_guessed_as_such(declared: catalog.Catalogue, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text(
        "编号,欠费,注册资金,资本\n" + "".join(f'A{n},{n}.5万元,"{n},000(万美元)",约{n}万\n' for n in range(20)),
        encoding="utf-8",
    )
    table, resource = loaded(drafting.drafted(file, declared, "education", "cards"), tmp_path / "laid")
    assert [(column.type, column.unit) for column in table.columns][1:3] == [("long", "cent")] * 2
    assert [cleaner.name for mapping in resource.columns[1:3] for cleaner in mapping.clean] == ["money"] * 2
    assert table.columns[2].name == "capital_cents"
    assert table.columns[3].type == "string"


@pytest.mark.parametrize("form", ["csv", "jsonl", "xml", "xlsx"])
def test_of_an_archive_the_first_file_is_looked_at(declared: catalog.Catalogue, tmp_path: Path, form: str) -> None:
    content = written(tmp_path, form).read_bytes()
    file = tmp_path / "读者证.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(f"2.{form}", content)
        archive.writestr(f"1.{form}", content)
        archive.writestr(f"__MACOSX/._1.{form}", "\0\5")
    text = drafting.drafted(file, declared, "education", "cards")
    assert "packed: zip  # of its 2 files the first was looked at" in text
    _, resource = loaded(text, tmp_path / "laid")
    assert (resource.format, resource.packed) == (form, "zip")
    with file.open("rb") as archived:
        assert sum(len(batch) for batch in records(archived, resource)) == 2 * len(ROWS)


def test_what_cannot_be_guessed_is_said_in_words(declared: catalog.Catalogue, tmp_path: Path) -> None:
    mixed = tmp_path / "mixed.zip"
    with zipfile.ZipFile(mixed, "w") as archive:
        archive.writestr("a.csv", "a,b\n1,2\n")
        archive.writestr("b.xml", "<x/>")
    fixed = tmp_path / "fixed.txt"
    fixed.write_bytes("".join(f"{'某' * (n + 1):　<10}{n:020}\n" for n in range(4)).encode("gb18030"))
    listed = tmp_path / "list.json"
    listed.write_text('[{"a": 1}]')
    torn = tmp_path / "torn.xlsx"
    torn.write_bytes(workbook({"a": ([["x", "y"], ["1", "2"]], [])})[:-40])
    newer = tmp_path / "newer.xlsx"
    newer.write_bytes(workbook({"a": ([["x", "y"]], [])}).replace(b"PK\x01\x02\x14\x03\x14", b"PK\x01\x02\x14\x03\xf0"))
    for file in (torn, newer):
        with pytest.raises(NotDeliverable, match="is broken"):
            drafting.drafted(file, declared, "education", None)
    for file, words in ((mixed, "the endings .csv, .xml"), (fixed, "looks like fixed width"), (listed, "one list in")):
        with pytest.raises(NotDeliverable, match=words):
            drafting.drafted(file, declared, "education", None)
