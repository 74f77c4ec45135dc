"""What each cleaner does with texts as departments write them. The tables here are the manual."""

from __future__ import annotations

import unicodedata

import pytest

from pipelines import cleaners
from pipelines.characters import BLANKS
from pipelines.personal_names import rare_characters
from schemas.cleaners import CLEANERS
from schemas.model import Cleaner, ColumnMapping, Place

Outcome = tuple[str | None, str | None]


def cleaned(texts: list[str | None], *declared: Cleaner) -> list[Outcome]:
    """Return (text, reason) of each text, through the declared cleaners."""
    return [tuple(cleaners.clean(text, declared)) for text in texts]


def good(table: dict[str, str | None], *declared: Cleaner) -> None:
    """Hold a table of text and cleaned text against what comes out."""
    assert cleaned(list(table), *declared) == [(text, None) for text in table.values()]


def test_every_declared_cleaner_is_implemented_and_no_other() -> None:
    assert set(cleaners.CLEANERS) == set(CLEANERS)
    assert {name for name, kind in cleaners.CLEANERS.items() if kind.may_fail} == {
        name for name, kind in CLEANERS.items() if kind.is_last
    }


def test_null_stays_null_and_blank_becomes_null() -> None:
    for declared in CLEANERS:
        argument = {"date": ("yyyy-MM-dd",), "unit": {"factor": "10"}, "money": {"give": "currency"}, "remove": "-"} | {
            "prefix": "A", "strip_prefix": ("A",), "replace": {"A": "B"}
        }  # fmt: skip
        assert cleaned([None, "", " \u3000\u200b"], Cleaner(declared, argument.get(declared))) == [(None, None)] * 3


def test_width() -> None:
    table = {
        "ＡＢｃ１２３（＃）　￥￡": "ABc123(#) ¥£",
        "abc": "abc",
        "江西省，南昌市": "江西省,南昌市",
        "・ア。": "・ア。",
    }
    good(table, Cleaner("width", None))


def test_trim_takes_every_unicode_blank_off_the_ends_and_invisible_characters_everywhere() -> None:
    table: dict[str, str | None] = {f"{blank}甲 乙{blank}": "甲 乙" for blank in BLANKS}
    table |= {"\ufeff甲\u200b乙\u2060": "甲乙", "  ": None, "甲": "甲"}
    good(table, Cleaner("trim", None))


def test_collapse() -> None:
    good({"a  b\u3000\u3000c\td": "a b c d", "a b": "a b", " a": " a"}, Cleaner("collapse", None))


def test_upper_and_lower_touch_ascii_letters_only() -> None:
    good({"abcXYZıßé": "ABCXYZıßé"}, Cleaner("upper", None))
    good({"abcXYZİÉ": "abcxyzİÉ"}, Cleaner("lower", None))


def test_remove_takes_each_character() -> None:
    good({"1-2 3*": "123", "\\^]-": "\\^]", "- -": None}, Cleaner("remove", "- *"))


def test_prefix_and_strip_prefix() -> None:
    good({"1": "赣1", "赣1": "赣1"}, Cleaner("prefix", "赣"))
    good(
        {"证号:1": "1", "编号1": "1", "1证号:": "1证号:", "证号:": None},
        Cleaner("strip_prefix", ("证号:", "编号")),
    )


def test_replace_goes_pair_by_pair_and_takes_texts_literally() -> None:
    good({"a.b": "aXb", "aXb.": "aXbX", "$1": "¥1"}, Cleaner("replace", {".": "X", "$": "¥"}))


def test_cleaners_run_in_the_order_written() -> None:
    declared = [Cleaner("width", None), Cleaner("trim", None), Cleaner("upper", None), Cleaner("remove", "-")]
    good({"　ａ－ｂ　": "AB", "ab": "AB", "AB": "AB", " -": None}, *declared)
    good({"ａ": "ａ"}, Cleaner("upper", None), Cleaner("upper", None))


def test_dates_are_read_by_the_first_pattern_that_fits() -> None:
    patterns = ("yyyy-MM-dd", "yyyy/M/d", "dd/MM/yyyy", "yyyy年M月d日", "yyyyMMdd", "yyyy-MM-dd'T'HH:mm:ss")
    table: dict[str, Outcome] = {
        "2026-01-05": ("2026-01-05", None),
        "2026/1/5": ("2026-01-05", None),
        "05/01/2026": ("2026-01-05", None),
        "2026年12月31日": ("2026-12-31", None),
        "20240229": ("2024-02-29", None),
        "2026-01-05T23:59:59": ("2026-01-05", None),
        "2026-01-05T24:00:00": (None, "not_a_date"),
        "20230229": (None, "not_a_date"),
        "2026-13-01": (None, "not_a_date"),
        "2026-1-5": (None, "not_a_date"),
        "2026-01-05 ": (None, "not_a_date"),
        "0026-01-05": (None, "not_a_date"),
        "二〇二六年": (None, "not_a_date"),
    }
    assert cleaned(list(table), Cleaner("date", patterns)) == list(table.values())


def test_a_day_may_be_its_number_in_excel() -> None:
    table: dict[str, Outcome] = {
        "44197": ("2021-01-01", None),
        "44197.75": ("2021-01-01", None),
        "1": ("1900-01-01", None),
        "59": ("1900-02-28", None),
        "60": (None, "not_a_date"),
        "61": ("1900-03-01", None),
        "2958465": ("9999-12-31", None),
        "2958466": (None, "not_a_date"),
        "0": (None, "not_a_date"),
        "-5": (None, "not_a_date"),
        "2021/1/1": ("2021-01-01", None),
        "20210101": (None, "not_a_date"),
    }
    assert cleaned(list(table), Cleaner("date", ("excel", "yyyy/M/d"))) == list(table.values())


def test_units_and_percentages() -> None:
    units: dict[str, Outcome] = {
        "12.5": ("125000", None),
        "0.00": ("0", None),
        "-3": ("-30000", None),
        "0.000001": ("0.01", None),
        "1e3": (None, "not_a_number"),
        "十": (None, "not_a_number"),
    }
    assert cleaned(list(units), Cleaner("unit", {"factor": "10000"})) == list(units.values())
    percentages: dict[str, Outcome] = {
        "12.5%": ("0.125", None),
        "１００ ％": ("1", None),
        "5‰": ("0.005", None),
        "33.333333%": ("0.33333333", None),
        "0.00001%": ("0.0000001", None),
        "0": ("0", None),
        "12.5": (None, "not_a_percentage"),
        "%": (None, "not_a_percentage"),
    }
    assert cleaned(list(percentages), Cleaner("percent", None)) == list(percentages.values())


def test_citizen_numbers_of_15_digits_become_18_and_others_stay() -> None:
    table = {"110105491231002": "11010519491231002X", "11010519491231002X": "11010519491231002X", "1101": "1101"}
    good(table, Cleaner("width", None), Cleaner("citizen_18", None), Cleaner("upper", None))


def test_names_keep_their_characters() -> None:
    table: dict[str, str | None] = {
        "张三": "张三",
        "　张 三 ": "张三",
        "欧阳\u200b娜 娜": "欧阳娜娜",
        "阿依古丽·买买提": "阿依古丽·买买提",
        "阿依古丽 . 买买提": "阿依古丽·买买提",
        "阿依古丽•买买提‧江": "阿依古丽·买买提·江",
        "阿・卜∙德⋅拉": "阿·卜·德·拉",
        "ＪＯＨＮ　　SMITH": "JOHN SMITH",
        "J. R. SMITH": "J. R. SMITH",
        "\ue863镕": "\u4dae镕",
        "\ue864\ue816\ue855": "龻\U00020087\U000241fe",
        "𠮷田": "𠮷田",
        "𠮷 田": "𠮷田",
        "阿𠮷.\U00030000 田": "阿𠮷·\U00030000田",
        "\uf9d1李": "六李",
        "Jose\u0301 Nguye\u0302\u0303n": "José Nguyễn",
        "王〇 二": "王〇二",
    }
    good(table, Cleaner("name", None))


def test_nfc_is_what_unicode_says_for_marks_and_compatibility_ideographs() -> None:
    texts = [unicodedata.normalize("NFD", "ÀÉÎÕÜĀĒĪŌŪǕǗṐẤỘứỡŵŷžḿΆЙў"), "豈更車賈滑串句龜\U0002f800\U0002fa1d"]
    good({text: unicodedata.normalize("NFC", text) for text in texts}, Cleaner("name", None))


def test_every_listed_rare_character_is_mapped_out_of_private_use() -> None:
    rows = rare_characters()
    table = {f"张{chr(int(row['private_use'][2:], 16))}": f"张{row['character']}" for row in rows}
    table = {given: meant for given, meant in table.items() if unicodedata.normalize("NFC", meant) == meant}
    good(dict(table), Cleaner("name", None))
    for row in rows:
        code_point = int(row["code_point"][2:], 16)
        assert chr(code_point) == row["character"]
        assert unicodedata.category(row["character"]) != "Co"
        assert len(row["gb18030"]) == 4


def mapping(*declared: Cleaner, lookup: dict[str, str] | None = None) -> ColumnMapping:
    return ColumnMapping("c", "c", None, declared, lookup or {}, Place("test", 1))


def prepared(texts: list[str | None], made: ColumnMapping, empty: tuple[str, ...]) -> list[Outcome]:
    prepare = cleaners.prepared(made, empty)
    return [tuple(prepare(text)) for text in texts]


def test_empty_texts_are_nothing_before_any_cleaner_sees_them() -> None:
    money = mapping(Cleaner("money", {"give": "amount_cents"}))
    assert prepared(["N/A", " N/A ", "-", "无", "N/A1", "5元"], money, ("N/A", "-", "无")) == [
        (None, None),
        (None, None),
        (None, None),
        (None, None),
        (None, "money_unreadable"),
        ("500", None),
    ]


def test_a_lookup_is_asked_after_the_cleaners_and_may_save_what_they_could_not_read() -> None:
    plain = mapping(Cleaner("upper", None), lookup={"ABC": "甲", "Z": "乙"})
    assert prepared(["abc", "z", "x"], plain, ()) == [("甲", None), ("乙", None), ("X", None)]
    dates = mapping(Cleaner("date", ("yyyy-MM-dd",)), lookup={"长期": "9999-12-31"})
    assert prepared(["长期", "2026-01-01", "短期"], dates, ()) == [
        ("9999-12-31", None),
        ("2026-01-01", None),
        (None, "not_a_date"),
    ]


@pytest.mark.parametrize("argument", ["]", "^", "\\", "a-z", "[", "&&", "{", "|", "(", "中"])
def test_characters_that_mean_something_in_patterns_are_taken_literally(argument: str) -> None:
    good({f"x{argument}y": "xy"}, Cleaner("remove", argument + "&"))
    good({f"{argument}y": "y", "b": "b"}, Cleaner("strip_prefix", (argument,)))
    good({f"x{argument}": "x!", "b": "b"}, Cleaner("replace", {argument: "!"}))
    assert prepared([argument, "b"], mapping(), (argument,)) == [(None, None), ("b", None)]
