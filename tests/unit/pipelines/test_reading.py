"""Typed reading: each declared type with what it takes, and the one reason for what it does not."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from pipelines import cleaners, reading
from schemas import declarations
from schemas.identifiers.persons import check_character
from schemas.model import COLUMN_TYPES, Cleaner, Code, CodeList, Column, ColumnMapping, Place
from schemas.reasons import REASONS, WARNINGS

PLACE = Place("test", 1)
ON = date(2026, 11, 23)


def code(number: str, name: str, *synonyms: str, until: date | None = None, parent: str | None = None) -> Code:
    return Code(number, name, "", parent, None, until, None, synonyms)


def code_list(name: str, *codes: Code) -> CodeList:
    return CodeList(name, name, "", "", "1", "", True, name, {entry.code: entry for entry in codes}, PLACE)


CODES = {
    "sex": code_list("sex", code("1", "男", "男性"), code("2", "女"), code("9", "未说明", until=date(2003, 1, 1))),
    "twice": code_list(
        "twice", code("1", "同名"), code("2", "同名"), code("3", "旧名", until=date(2000, 1, 1)), code("4", "旧名")
    ),
    "area": declarations.load().codes["area"],
}


def column(kind: str, **facts: Any) -> Column:
    return Column("c", kind, "about", "label", PLACE, **facts)


def read(texts: list[str | None], declared: Column) -> list[tuple[Any, str | None, str | None]]:
    """Return (value, reason, warning) of each text; every reason must be in the closed list."""
    made = reading.reader(declared, CODES, ON)
    found = [tuple(made(text)) for text in texts]
    assert {reason for _, reason, _ in found if reason} <= set(REASONS) - set(WARNINGS)
    assert {warning for *_, warning in found if warning} <= set(WARNINGS)
    return found


def same(table: dict[str, Any], declared: Column) -> None:
    """Hold a table of text and value, or `!reason`, against what is read."""
    expected = [(None, v[1:]) if isinstance(v, str) and v.startswith("!") else (v, None) for v in table.values()]
    found = [(value, reason) for value, reason, _ in read(list(table), declared)]
    assert dict(zip(table, found, strict=True)) == dict(zip(table, expected, strict=True))


@pytest.mark.parametrize("kind", COLUMN_TYPES)
def test_nothing_is_null_and_a_reason_only_where_something_is_required(kind: str) -> None:
    codes = "sex" if kind == "code" else None
    assert read([None], column(kind, codes=codes)) == [(None, None, None)]
    assert read([None], column(kind, codes=codes, required=True)) == [(None, "required", None)]


def test_texts_that_a_spreadsheet_would_run_are_refused_and_ordinary_texts_are_not() -> None:
    formulas = [
        "=1+1",
        "=cmd|'/c calc'!A0",
        " =SUM(A1)",
        "\t=1",
        "＝1+1",
        '=HYPERLINK("http://x","y")',
        "=表1!A1",
        "@SUM(1+1)",
        "+SUM(A1)",
        "-SUM(A1)",
        "+cmd|'/c calc'!A0",
        "-2+3+cmd|' /C calc'!D2",
        '-2+3+HYPERLINK("x")',
        "@anything(1)",
        "＠SUM(1)",
        "+1-IMPORTXML(1)",
        "+SUM(表!A1)",
    ]
    texts = [
        "-塑料制品",
        "+86 139-0000-0000",
        "-PVC(聚氯乙烯)管材",
        "-A4-80g纸",
        "@张三",
        "a@b.com",
        "微信@abc(x)",
        "- 销售",
        "== 说明 ==",
        "===",
        "—经营",
        "一般项目：销售=零售",
        "-5℃冷库",
        "+",
        "-",
        "@",
        "1+1=2",
        "－塑料制品",
        "（=）",
        "'=1+1",
        "A|B!C",
        "-销售|零售!",
        "+IF",
        "-5.20",
        "+86(0791)8888",
        "-SUMMIT(萨米特)牌",
        "-PI(聚酰亚胺)薄膜",
        "@abc(某某)",
    ]
    same(dict.fromkeys(formulas, "!formula") | {text: text for text in texts}, column("string"))


def test_lost_and_control_characters_are_refused() -> None:
    table = {
        "南昌\ufffd市": "!replacement_character",
        "南昌\x00市": "!control_character",
        "南昌\x1b[31m": "!control_character",
        "南昌\x7f": "!control_character",
        "南昌\u202e市": "!control_character",
        "两行\n地址\t一": "两行\n地址\t一",
        "𠮷·é": "𠮷·é",
    }
    same(table, column("string"))


def test_strings_have_lengths_in_characters_and_patterns_for_the_whole_value() -> None:
    same({"𠮷𠮷𠮷": "𠮷𠮷𠮷", "𠮷𠮷𠮷𠮷": "!too_long"}, column("string", max_length=3))
    table = {"AB-1": "AB-1", "AB-1\n": "!pattern", "xAB-1": "!pattern", "AB-": "!pattern"}
    same(table, column("string", pattern="^[A-Z]{2}-[0-9]$"))


def test_whole_numbers() -> None:
    table = {
        "12": 12,
        "+7": 7,
        "007": 7,
        "0": 0,
        "100": 100,
        "101": "!above_max",
        "-1": "!below_min",
        "1.0": "!not_whole",
        "-1.5": "!not_whole",
        "1e3": "!not_a_number",
        "1,000": "!not_a_number",
        " 1": "!not_a_number",
        "１２": "!not_a_number",
        "张某某": "!not_a_number",
        "0x1F": "!not_a_number",
        "99999999999999999999": "!above_max",
        "-99999999999999999999": "!below_min",
    }
    same(table, column("long", minimum=0, maximum=100))


def test_decimals_keep_their_places_or_are_refused() -> None:
    table = {
        "1.25": Decimal("1.25"),
        "1.250": Decimal("1.25"),
        "-3": Decimal("-3.00"),
        "1.255": "!too_precise",
        ".5": "!not_a_number",
        "1.": "!not_a_number",
        "NaN": "!not_a_number",
        "1e2": "!not_a_number",
        "123456": "!above_max",
        "-123456": "!below_min",
    }
    same(table, column("decimal", precision=5, scale=2))


def test_booleans() -> None:
    table = {
        "是": True,
        "Y": True,
        "1": True,
        "TRUE": True,
        "否": False,
        "no": False,
        "0": False,
        "不详": "!not_a_boolean",
    }
    same(table, column("boolean"))


def test_days_are_days_of_the_calendar() -> None:
    table = {
        "2024-02-29": date(2024, 2, 29),
        "9999-12-31": date(9999, 12, 31),
        "2023-02-29": "!not_a_date",
        "2026-1-5": "!not_a_date",
        "20260105": "!not_a_date",
        "2026-01-05 00:00:00": "!not_a_date",
        "2026-01": "!not_a_date",
        "0000-01-01": "!not_a_date",
        "２０２６-01-05": "!not_a_date",
        "now": "!not_a_date",
    }
    same(table, column("date"))


def test_instants_have_an_offset() -> None:
    declared = column("instant")
    texts: list[str | None] = [
        "2026-03-01T08:00:00+08:00",
        "2026-03-01 00:00:00.5Z",
        "2026-03-01T08:00:00",
        "2026-03-01T25:00:00Z",
        "2026-03-01T08:00:00+18:01",
        "9999-12-31T23:00:00-05:00",
    ]
    made = reading.reader(declared, CODES)
    midnight = datetime(2026, 3, 1, tzinfo=UTC)
    assert [(made(text).value, made(text).reason) for text in texts] == [
        (midnight, None),
        (midnight + timedelta(milliseconds=500), None),
        (None, "not_an_instant"),
        (None, "not_an_instant"),
        (None, "not_an_instant"),
        (None, "not_an_instant"),
    ]
    assert made(texts[0]).value.tzinfo is UTC


def test_a_code_is_read_from_code_name_or_synonym_and_a_retired_one_is_a_warning() -> None:
    assert read(["1", "女", "男性", "9", "未说明", "3", "男 "], column("code", codes="sex")) == [
        ("1", None, None),
        ("2", None, None),
        ("1", None, None),
        ("9", None, "code_retired"),
        ("9", None, "code_retired"),
        (None, "not_in_list", None),
        (None, "not_in_list", None),
    ]


def test_a_name_of_two_codes_is_ambiguous_unless_one_alone_is_in_force() -> None:
    assert read(["同名", "旧名", "3"], column("code", codes="twice")) == [
        (None, "ambiguous", None),
        ("4", None, None),
        ("3", None, "code_retired"),
    ]


def test_areas_are_read_with_history_and_by_name() -> None:
    table: dict[str, tuple[Any, str | None, str | None]] = {
        "360426": ("360426", None, None),
        "360426001": ("360426001", None, None),
        "360426001002": ("360426001002", None, None),
        "362129": ("362129", None, "region_retired"),
        "362129001": ("362129001", None, "region_retired"),
        "690101": ("690101", None, None),
        "999999": (None, "not_in_list", None),
        "3604": (None, "length", None),
        "江西省": ("360000", None, None),
        "江西": ("360000", None, None),
        "江西省九江市濂溪区": ("360402", None, None),
        "北京市朝阳区": ("110105", None, None),
        "朝阳区": (None, "ambiguous", None),
        "云省": (None, "not_in_list", None),
    }
    assert dict(zip(table, read(list(table), column("area_code")), strict=True)) == table


def test_numbers_of_persons_come_out_canonical_with_a_warning_for_their_area() -> None:
    table: dict[str, tuple[Any, str | None, str | None]] = {
        "11010519491231002x": ("11010519491231002X", None, None),
        "110105491231002": ("11010519491231002X", None, None),
        "110105194912310021": (None, "check", None),
        "690101199001010018": ("690101199001010018", None, None),
        "690901199001010011": ("690901199001010011", None, "region_unknown"),
        "36212919900101001X": ("36212919900101001X", None, "region_retired"),
    }
    assert dict(zip(table, read(list(table), column("person_number")), strict=True)) == table


def test_a_birth_after_the_day_of_receipt_is_refused() -> None:
    body = "69010120261124001"
    assert read([body + check_character(body)], column("citizen_number")) == [(None, "date", None)]


def test_many_columns_are_cleaned_looked_up_and_read_at_once() -> None:
    def source(name: str, kind: str, *clean: Cleaner, **facts: Any) -> tuple[Column, ColumnMapping]:
        lookup = facts.pop("lookup", {})
        declared = Column(name, kind, name, name, PLACE, **facts)
        return declared, ColumnMapping(name, name, None, clean, lookup, PLACE)

    def told(row: dict[str, str | None]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for declared, mapping in sources:
            cleaned = cleaners.prepared(mapping, ("N/A",))(row[declared.name])
            made = reading.reader(declared, CODES, ON)(cleaned.text)
            found[f"_value_{declared.name}"] = made.value
            found[f"_why_{declared.name}"] = cleaned.reason or made.reason
            found[f"_warning_{declared.name}"] = made.warning
        return {name: value for name, value in found.items() if value is not None}

    sources = [
        source("sex", "code", Cleaner("trim", None), codes="sex"),
        source("born", "date", Cleaner("width", None), Cleaner("date", ("yyyyMMdd",)), lookup={"未知": "1900-01-01"}),
        source("capital", "long", Cleaner("money", {"give": "amount_cents"}), minimum=0),
        source("number", "person_number", Cleaner("citizen_18", None), required=True),
    ]
    rows = [
        (" 男 ", "２０２６0105", "5万元", "110105491231002"),
        ("N/A", "未知", "五", "110105194912310021"),
        ("x", "20261301", "-5元", None),
    ]
    assert [told(dict(zip(("sex", "born", "capital", "number"), row, strict=True))) for row in rows] == [
        {
            "_value_sex": "1",
            "_value_born": date(2026, 1, 5),
            "_value_capital": 5_000_000,
            "_value_number": "11010519491231002X",
        },
        {
            "_value_born": date(1900, 1, 1),
            "_why_capital": "unit_missing",
            "_why_number": "check",
        },
        {
            "_why_sex": "not_in_list",
            "_why_born": "not_a_date",
            "_why_capital": "below_min",
            "_why_number": "required",
        },
    ]
