"""XML and Excel files, read as strictly as CSV: what is taken, and what is refused with which words."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

import catalog
from inbox import excel_parts, excel_rows, writing, xml_rows
from inbox.errors import FileBroken, NotDeliverable
from inbox.records import records
from schemas.model import Resource
from tests.declared import SHOP, changed, lay, told

HEADERS = ("编号", "信用代码", "开业", "类别", "备注")


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> Resource:
    return catalog.load((lay(tmp_path_factory.mktemp("laid"), SHOP),)).resource("market.shops")


@pytest.fixture
def xml(shops: Resource) -> Resource:
    return replace(shops, format="xml", path=("店铺", "清单", "店"))


@pytest.fixture
def xlsx(shops: Resource) -> Resource:
    return replace(shops, format="xlsx")


def read(content: bytes, resource: Resource) -> list[dict[str, str | None]]:
    found = []
    for batch in records(io.BytesIO(content), resource):
        found += [dict(zip(batch.header, values, strict=True)) for _, _, values in batch]
    return found


def document(inside: str) -> bytes:
    return (
        f"<?xml version='1.0' encoding='gbk'?><店铺><抬头><日期>2026</日期></抬头><清单>{inside}</清单></店铺>".encode()
    )


def sheet(rows: str, *, strings: str = "", styles: str = "", book: str = "") -> bytes:
    """Return a workbook with the XML of its parts given."""
    content = io.BytesIO()
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    ties = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
    named = book or '<sheets><sheet name="一" sheetId="1" r:id="a"/><sheet name="二" sheetId="2" r:id="b"/></sheets>'
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet"
    parts = {
        "xl/workbook.xml": f"<workbook {main} {ties}>{named}</workbook>",
        "xl/_rels/workbook.xml.rels": f"<R><Relationship Id='b' Type='{kind}' Target='worksheets/s2.xml'/>"
        f"<Relationship Id='a' Type='{kind}' Target='/xl/worksheets/s1.xml'/></R>",
        "xl/worksheets/s1.xml": f"<worksheet {main}><sheetData>{rows}</sheetData></worksheet>",
        "xl/worksheets/s2.xml": f"<worksheet {main}><sheetData>{line(1, *HEADERS)}</sheetData></worksheet>",
        "xl/sharedStrings.xml": f"<sst {main}>{strings}</sst>",
        "xl/styles.xml": f"<styleSheet {main}>{styles}</styleSheet>",
    }
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return content.getvalue()


def line(number: int, *texts: str) -> str:
    cells = "".join(f'<c t="inlineStr"><is><t>{text}</t></is></c>' if text else "<c/>" for text in texts)
    return f'<row r="{number}">{cells}</row>'


def test_each_element_at_the_path_is_a_record_and_its_children_the_fields(xml: Resource) -> None:
    rows = read(
        document(
            "<店><编号>AB0001</编号><信用代码/><备注>a &lt; b</备注></店>"
            "<店 ><开业>2020/1/1</开业><类别>书店</类别></店>"
        ),
        xml,
    )
    assert [row["编号"] for row in rows] == ["AB0001", None]
    assert (rows[0]["信用代码"], rows[0]["备注"], rows[0]["开业"], rows[1]["类别"]) == ("", "a < b", None, "书店")


def test_a_record_s_own_bytes_are_its_canonical_json(xml: Resource) -> None:
    content = document("<店><编号>乙\n</编号><开业>1</开业><信用代码/><类别>2</类别></店>")
    (batch,) = records(io.BytesIO(content), xml)
    assert batch.raw == ['{"信用代码":"","开业":"1","类别":"2","编号":"乙\\n"}'.encode()]
    assert list(json.loads(batch.raw[0])) == sorted(json.loads(batch.raw[0]))


def test_a_file_in_gb_18030_is_read_whatever_it_says_of_itself(xml: Resource) -> None:
    full = "".join(f"<{name}>某</{name}>" for name in HEADERS)
    text = document(f"<店>{full}</店>").decode()
    assert read(text.encode("gb18030"), replace(xml, encoding="gb18030"))[0]["类别"] == "某"
    with pytest.raises(FileBroken, match="looks like GB18030"):
        read(text.encode("gb18030"), xml)


BAD_XML = {
    "<店><编号>1</店>": "not well-formed",
    "<店><编号><b>1</b></编号></店>": "elements or attributes of its own",
    "<店><编号 x='1'>1</编号></店>": "elements or attributes of its own",
    "<店><编号>1</编号><编号>2</编号></店>": "stands twice",
    "<店>text<编号>1</编号></店>": "outside of its fields",
    "<店><编号>1</编号><面积>2</面积></店>": "columns that are not declared",
    "<店><编号>1</编号></店>": "lacks columns: 信用代码, 开业, 类别",
    "<a>" * 70 + "</a>" * 70: "nested deeper",
}


@pytest.mark.parametrize("inside", BAD_XML)
def test_xml_of_another_shape_is_refused(xml: Resource, inside: str) -> None:
    with pytest.raises(FileBroken, match=BAD_XML[inside]):
        read(document(inside), xml)


def test_another_root_a_torn_file_and_an_endless_record_are_refused(
    xml: Resource, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(FileBroken, match="outermost element"):
        read(b"<html><body>no</body></html>", xml)
    with pytest.raises(FileBroken, match="not well-formed"):
        read(document("<店><编号>1</编号></店>")[:-10], xml)
    monkeypatch.setattr(xml_rows, "MAX_LINE_BYTES", 1000)
    with pytest.raises(FileBroken, match="at most 1000 bytes"):
        read(document(f"<店><编号>{'x' * 2000}</编号></店>"), xml)


ENTITIES = {
    "a billion laughs": '<!DOCTYPE 店铺 [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><店铺>&b;</店铺>',
    "an entity of a file": '<!DOCTYPE 店铺 [<!ENTITY x SYSTEM "file:///etc/hostname">]><店铺>&x;</店铺>',
    "a document type elsewhere": '<!DOCTYPE 店铺 SYSTEM "http://127.0.0.1:9/x.dtd"><店铺/>',
}


@pytest.mark.parametrize("kind", ENTITIES)
def test_no_entity_is_ever_declared_fetched_or_written_out(xml: Resource, kind: str) -> None:
    with pytest.raises(FileBroken, match="document type"):
        read(ENTITIES[kind].encode(), xml)


def test_a_sheet_is_read_with_shared_texts_days_and_numbers(xlsx: Resource) -> None:
    strings = (
        "<si><t>AB0001</t></si><si><r><t>书</t></r><r><t xml:space='preserve'>店 </t></r><rPh><t>shu</t></rPh></si>"
    )
    styles = (
        "<numFmts><numFmt numFmtId='164' formatCode='yyyy&quot;年&quot;m&quot;月&quot;d&quot;日&quot;'/></numFmts>"
        "<cellXfs><xf numFmtId='0'/><xf numFmtId='14'/><xf numFmtId='22'/><xf numFmtId='164'/></cellXfs>"
    )
    row = (
        '<row r="2"><c r="A2" t="s"><v>0</v></c><c r="C2" s="{}"><v>{}</v></c><c r="D2" t="s"><v>1</v></c>'
        '<c r="E2"><v>{}</v></c></row>'
    )
    cases = {
        ("1", "44197", "0.1"): ("2021-01-01", "0.1"),
        ("2", "44197.5", "110105194912310021"): ("2021-01-01 12:00:00", "110105194912310021"),
        ("3", "44197", "1.5E-3"): ("2021-01-01", "0.0015"),
        ("1", "59", "-3"): ("1900-02-28", "-3"),
        ("1", "60", "0.30000000000000004"): ("1900-02-29", "0.30000000000000004"),
        ("1", "0.5", "1E3"): ("0.5", "1000"),
        ("0", "44197", ""): ("44197", None),
    }
    for (style, day, number), (on, said) in cases.items():
        (found,) = read(sheet(line(1, *HEADERS) + row.format(style, day, number), strings=strings, styles=styles), xlsx)
        assert (found["编号"], found["类别"], found["信用代码"]) == ("AB0001", "书店 ", None)
        assert (found["开业"], found["备注"]) == (on, said)


def test_escapes_that_spell_one_character_together_are_read(xlsx: Resource) -> None:
    [row] = read(sheet(line(1, *HEADERS) + line(2, "a_x000D__xD842__xDFB7_")), xlsx)
    assert row["编号"] == "a\r\U00020bb7"


def test_titles_stand_above_the_header_and_merged_cells_spread(xlsx: Resource) -> None:
    top = line(1, "某市店铺一览") + line(3, "店", "", "开业", "类别", "备注") + line(4, "编号", "信用代码")
    cells = "</sheetData><mergeCells><mergeCell ref='A3:B3'/></mergeCells><sheetData>"
    rows = f"{top}{line(5, 'AB0001', '', '2020/1/1', '1')}{cells}"
    two = replace(xlsx, header_row=3, header_rows=2)
    parts = excel_rows.read(io.BytesIO(sheet(rows)), None, 3, 2)
    assert next(parts) == ["店/编号", "店/信用代码", "开业", "类别", "备注"]
    with pytest.raises(FileBroken, match="not declared"):
        read(sheet(rows), two)
    plain = line(1, "某市店铺一览") + line(2, *HEADERS) + line(3, "AB0001", "", "2020/1/1", "1")
    assert read(sheet(plain), replace(xlsx, header_row=2))[0]["编号"] == "AB0001"


def test_a_sheet_is_chosen_by_its_name(xlsx: Resource) -> None:
    content = sheet(line(1, *HEADERS) + line(2, "AB0001"))
    assert len(read(content, xlsx)) == len(read(content, replace(xlsx, sheet="一"))) == 1
    assert read(content, replace(xlsx, sheet="二")) == []
    with pytest.raises(FileBroken, match="no such sheet"):
        read(content, replace(xlsx, sheet="三"))


BAD_SHEETS: Mapping[str, tuple[bytes, str]] = {
    "no zip": (b"PK\x03\x04 but nothing else", "no Excel workbook"),
    "an old workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "old format"),
    "a page of HTML": (b"<html><table><tr><td>x</td></tr></table></html>", "no Excel workbook"),
    "nothing": (b"", "no Excel workbook"),
    "no header": (sheet(""), "no header"),
    "a cell beyond the header": (sheet(line(1, *HEADERS) + line(2, "1", "2", "3", "4", "5", "6")), "6 fields"),
    "a row left empty": (sheet(line(1, *HEADERS) + line(2, "1") + line(4, "2")), "empty line"),
    "a torn part": (sheet(line(1, *HEADERS) + "<row>"), "well-formed"),
    "a text that is not there": (sheet(line(1, *HEADERS) + '<row><c t="s"><v>7</v></c></row>'), "well-formed"),
    "a text before the first": (sheet(line(1, *HEADERS) + '<row><c t="s"><v>-1</v></c></row>'), "well-formed"),
    "half a character": (sheet(line(1, *HEADERS) + line(2, "a_xD83D_")), "no text can hold"),
    "a NUL": (sheet(line(1, *HEADERS) + line(2, "a_x0000_")), "no text can hold"),
    "a cell twice": (
        sheet(line(1, *HEADERS) + '<row r="2"><c r="A2"><v>1</v></c><c r="A2"><v>2</v></c></row>'),
        "twice in a row",
    ),
    "an encoding that nobody knows": (sheet("", book='<?xml version="1.0" encoding="U-8"?><sheets/>'), "well-formed"),
    "entities": (sheet("", book='<!DOCTYPE x [<!ENTITY a "b">]>'), "well-formed|document type"),
}  # fmt: skip


@pytest.mark.parametrize("kind", BAD_SHEETS)
def test_a_broken_workbook_is_refused(xlsx: Resource, kind: str) -> None:
    content, words = BAD_SHEETS[kind]
    with pytest.raises(FileBroken, match=words):
        read(content, xlsx)


def test_a_workbook_that_unpacks_without_end_is_stopped(xlsx: Resource, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(excel_parts, "MAX_PART_BYTES", 2**20)
    bomb = sheet(line(1, *HEADERS) + line(2, "x" * 2**21))
    assert len(bomb) < 20_000
    with pytest.raises(FileBroken, match="unpacks to more"):
        read(bomb, xlsx)


def test_names_in_the_archive_lead_nowhere(xlsx: Resource, tmp_path: Path) -> None:
    content = io.BytesIO(sheet(line(1, *HEADERS) + line(2, "AB0001")))
    with zipfile.ZipFile(content, "a") as archive:
        archive.writestr("../../outside.xml", "<a/>")
    assert len(read(content.getvalue(), xlsx)) == 1
    assert list(tmp_path.parent.glob("outside.xml")) == []


def test_what_is_written_is_read_back(xml: Resource, xlsx: Resource) -> None:
    rows = [("AB0001", "<&>\"'", "2026-03-01", "1.50", None), ("A", "12", "2026-02-30", "007", " x ")]
    head, tail = writing.xml_head(xml.path, "utf-8"), writing.xml_tail(xml.path, "utf-8")
    written = head + writing.xml_rows(HEADERS, rows, xml.path, "utf-8") + tail
    book = writing.excel(HEADERS, rows, ("信用代码", "类别"), writing.Place())
    for content, resource in ((written, xml), (book, xlsx)):
        assert [tuple(row[h] or None for h in HEADERS) for row in read(content, resource)] == rows
    assert writing.excel(HEADERS, rows, (), writing.Place()) == writing.excel(HEADERS, rows, (), writing.Place())


def test_what_xml_cannot_hold_is_not_written(xml: Resource) -> None:
    with pytest.raises(NotDeliverable, match="no name of an XML element"):
        writing.xml_rows(("罚款（万元）",), [("1",)], xml.path, "utf-8")
    with pytest.raises(NotDeliverable, match="control character"):
        writing.xml_rows(("编号",), [("a\x01",)], xml.path, "utf-8")


RESOURCES = {
    "format: xml": "xml without 'path'",
    'format: xlsx\ndelimiter: ";"': "'delimiter' of xlsx; wanted it with csv only",
    "format: csv\npath: /a/b": "'path' of csv; wanted it with xml only",
    "format: xml\npath: a/b": "the path 'a/b'",
    "format: xlsx\nheader_row: 0": "wanted a whole number from 1",
    "format: xlsx\nencoding: gb18030": "'encoding' of xlsx",
}


@pytest.mark.parametrize("lines", RESOURCES)
def test_options_of_another_format_are_told(tmp_path: Path, lines: str) -> None:
    (found,) = told(tmp_path, changed("resources/market/shops.yml", "format: csv", lines))
    assert RESOURCES[lines] in found
