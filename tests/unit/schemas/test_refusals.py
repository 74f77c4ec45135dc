"""What the reader of declarations refuses, and where and how it says so: one change of a sound set each."""

from __future__ import annotations

from pathlib import Path

import pytest

import catalog
from schemas.errors import DeclarationsRefused
from tests.declared import SHOP, changed, lay, told

TABLE, CODES, RESOURCE, FILE = SHOP

CASES = [
    # file, text, written instead, line, what is told
    (TABLE, "grain:", "grane:", 3, "found the key 'grane'; wanted one of name, label, grain,"),
    (TABLE, "grain:", "grane:", 1, "found no 'grain'; wanted the key 'grain'"),
    (TABLE, "type: decimal", "type: float", 13, "found the type 'float'; wanted one of string, long, decimal"),
    (TABLE, "type: decimal", "type: float", 13, "(it is called 'decimal' here)"),
    (TABLE, "type: credit_code", "type: uscc", 10, "(it is called 'credit_code' here)"),
    (TABLE, "type: date", "type: dat", 11, "(did you mean 'date'?)"),
    (TABLE, "codes: shop_kind", "codes: shop_kinds", 14, "(did you mean 'shop_kind'?)"),
    (TABLE, "codes: shop_kind, ", "", 14, "found a code without 'codes'"),
    (TABLE, "type: string, required", "type: string, codes: shop_kind, required", 9,
     "found 'codes' on a column of type 'str"),
    (TABLE, "type: string, required: true", "type: string", 5,
     "'shop_no', which may be empty; wanted it with 'required: true'"),
    (TABLE, "required: true", "required: yes", 9, "found 'yes' (a boolean); wanted true or false"),
    (TABLE, "key: [shop_no]", "key: [shopno]", 5, "(did you mean 'shop_no'?)"),
    (TABLE, "key: [shop_no]", "key: []", 5, "found an empty key"),
    (TABLE, "enterprise: holder_code", "enterprise: shop_no", 6,
     "of type 'string'; wanted a column of type credit_code"),
    (TABLE, "enterprise: holder_code", "company: holder_code", 6, "found the subject kind 'company'"),
    (TABLE, "observed: opened_on", "observed: kind", 7, "wanted a column of type date"),
    (TABLE, "not_before: opened_on", "not_before: opend_on", 12, "(did you mean 'opened_on'?)"),
    (TABLE, "not_before: opened_on", "not_before: closed_on", 12, "'closed_on'; wanted one of opened_on"),
    (TABLE, "min: 0", "min: 5, max: 1", 13, "found 1 below min 5"),
    (TABLE, "min: 0", "min: 010", 13, "found '010'; wanted a whole number in plain decimal digits"),
    (TABLE, "min: 0", "min: 0x10", 13, "found '0x10'"),
    (TABLE, "min: 0", "min: zero", 13, "found 'zero' (a text); wanted a whole number"),
    (TABLE, "precision: 8", "precision: 1", 13, "found precision 1, scale 2"),
    (TABLE, "precision: 8", "precision: 80", 13, "found precision 80, scale 2"),
    (TABLE, "shop_no: {type", "ShopNo: {type", 9, "found 'ShopNo'; wanted a name of a-z"),
    (TABLE, "label: 店铺\n", "label: no\n", 2, "found 'no' (a boolean); wanted a text: write it in quotes, \"no\""),
    (TABLE, "label: 店铺\n", 'label: ""\n', 2, "found an empty text"),
    (TABLE, "label: 店铺\n", "label:\n", 2, "found '' (nothing); wanted a text"),
    (TABLE, "label: 店铺\n", "label: 2026-01-01\n", 2, "found '2026-01-01' (a date)"),
    (TABLE, "label: 店铺\n", "label: [店铺]\n", 2, "found a list; wanted a text"),
    (TABLE, "label: 店铺\n", "label: !!python/object:os.system 店铺\n", 2, "found a tag (`!…`)"),
    (TABLE, "label: 店铺\n", "label: !!str 店铺\n", 2, "found a tag (`!…`); wanted the value alone"),
    (TABLE, "label: 店铺\n", "label: 店铺\nlabel: 商店\n", 3,
     "found the key 'label' twice; wanted it once (the first is in line 2)"),
    (TABLE, "label: 店铺\n", "null: 店铺\n", 2,
     "found the key 'null' (nothing); wanted a text as key: write it in quotes, \"null\":"),
    (TABLE, "label: 店铺\n", "on: 店铺\n", 2, "found the key 'on' (a boolean)"),
    (TABLE, "label: 店铺\n", "label: 店铺\n<<: {a: 1}\n", 3, "found the merge key <<"),
    (TABLE, "label: 店铺\n", "label: 店铺\n? [a]\n: 1\n", 3, "found the key a list"),
    (TABLE, "  shop_no:", "\tshop_no:", 9, "what is no YAML"),
    (TABLE, "columns:\n", "columns: [\n", 10, "what is no YAML"),
    (TABLE, "name: shop\n", "name: stall\n", 1,
     "found the name 'stall' in the file shop.yml; wanted the file's own name, 'shop'"),
    (TABLE, "^[A-Z]{2}", "^([A-Z]{2}", 9, "wanted a regular expression that compiles"),
    (TABLE, '"^[A-Z]{2}[0-9]{4}$"', '"^\\\\d{4}$"', 9,
     "\\d, \\w, \\s and \\b mean ASCII in Java and Unicode in Python"),
    (TABLE, '"^[A-Z]{2}[0-9]{4}$"', '"[0-9]+"', 9, "wanted a pattern for the whole value: ^…$"),
    (TABLE, '"^[A-Z]{2}[0-9]{4}$"', '"^a|b$"', 9, "choices in brackets ^(a|b)$"),
    (TABLE, '"^[A-Z]{2}[0-9]{4}$"', '"^[a-z&&[^b]]$"', 9, "inside a class"),
    (TABLE, "observed: opened_on",
     "observed: opened_on\nbridges: [{earlier: shopno, type: tax_number, to: holder_code}]", 8,
     "found the column 'shopno'; wanted one of"),
    (TABLE, "observed: opened_on", "observed: opened_on\nbridges: [{earlier: shop_no, type: tax_no, to: holder_code}]",
     8, "found the type 'tax_no' of a column of type 'string'; wanted a string; one of registration_number"),
    (TABLE, "observed: opened_on", "observed: opened_on\nbridges: [{earlier: shop_no, type: tax_number, to: kind}]",
     8, "found 'kind'; wanted another column that names a subject: one of holder_code"),
    (TABLE, "observed: opened_on",
     "observed: opened_on\nbridges: [{earlier: shop_no, type: tax_number, to: holder_code, since: kind}]",
     8, "found 'kind' of type 'code'; wanted a date"),
    (TABLE, "type: credit_code", "type: credit_code, earlier: [tax_no]", 10, "found the type 'tax_no'"),
    (TABLE, "type: credit_code", "type: credit_code, earlier: [tax_number, registration_number]", 10,
     "found both 'registration_number' and 'tax_number'; wanted one of them"),
    (TABLE, "type: decimal", "type: decimal, earlier: [tax_number]", 13,
     "found 'earlier' on a column of type 'decimal'"),
    (CODES, '"1": {', "1: {", 8, "found the key '1' (a number); wanted a text as key"),
    (CODES, "name_en: bookshop", "name_en: bookshop, parent: '3'", 8, "found the parent '3' of '1'"),
    (CODES, "synonyms: [茶楼]", "synonyms: ['1']", 9, "found the synonym '1' of '2'"),
    (CODES, "synonyms: [茶楼]", "since: 2020-01-01, until: 2019-01-01", 9, "'2' ends before it begins"),
    (CODES, "synonyms: [茶楼]", "since: 2020-13-01", 9, "found '2020-13-01' (a date); wanted a day"),
    (CODES, "synonyms: [茶楼]", "synonyms: [茶楼, 茶楼]", 9, "found '茶楼' twice"),
    (CODES, 'version: "1"', "version: 1", 5, "found '1' (a number); wanted a text: write it in quotes, \"1\""),
    (FILE, "table: shop,", "table: shops,", 7, "found the table 'shops'; wanted one of"),
    (FILE, "column: shop_no", "column: shopno", 7, "found the column 'shopno' of 'shop'"),
    (FILE, "column: shop_no", "column: holder_code", 7, "the number that the subject is known by"),
    (FILE, "lead: market", "lead: markets", 3, "found the lead 'markets'; wanted one of"),
    (FILE, "rank: 1", "rank: 0", 7, "found 0; wanted a whole number from 1"),
    (FILE, "rank: 1}", "rank: 1}, {table: shop, column: kind, rank: 2}", 7,
     "found a source of type 'code' with codes 'shop_kind'"),
    (FILE, "rank: 1}", "rank: 1}, {table: shop, column: shop_no, rank: 2}", 7, "found the same source twice"),
    (FILE, "table: shop, column: shop_no", "table: population, column: name", 7,
     "wanted a table with a column for the enterprise"),
    (FILE, "  shop_no:\n", "  name:\n", 3,
     "found the attribute 'name' twice; wanted it once (the first is at schemas/files/ente"),
    (FILE, "  shop_no:\n", "  contradictions:\n", 3,
     "found the attribute 'contradictions'; wanted another name: every one file has subject_id, number_type"),
    (FILE, "kind: enterprise\n", "kind: enterprise\nlabel: 店\n", 1,
     "again; wanted them once (they stand at schemas/files"),
    (FILE, "kind: enterprise", "kind: company", 1, "found 'company'; wanted one of person, enterprise"),
    (RESOURCE, "department: market", "department: tax", 2, "found the department 'tax' in the folder 'market'"),
    (RESOURCE, "table: shop", "table: shp", 6, "found the table 'shp'; wanted one of"),
    (RESOURCE, "class: unconditional", "class: conditional", 7, "found class 'conditional' without 'condition'"),
    (RESOURCE, "class: unconditional", "class: 1", 7, "found '1' (a number)"),
    (RESOURCE, ", basis: made up", "", 7, "found no 'basis'"),
    (RESOURCE, "update_cycle: monthly", "update_cycle: month", 8, "(did you mean 'monthly'?)"),
    (RESOURCE, "format: csv", "format: csv\nencoding: gbk", 10, "found 'gbk'; wanted one of utf-8, gb18030"),
    (RESOURCE, "format: csv", "format: csv\ndelimiter: ab", 10, "found the delimiter 'ab'"),
    (RESOURCE, "format: csv", 'format: jsonl\ndelimiter: ";"', 10, "found 'delimiter' of jsonl"),
    (RESOURCE, "  shop_no: {from: 编号, clean: [width, trim, upper]}\n", "", 11,
     "found no mapping onto 'shop_no', which 'shop' requires"),
    (RESOURCE, "kind: {from", "knd: {from", 14, "found the column 'knd', not in the table 'shop'"),
    (RESOURCE, "from: 信用代码", "from: 信用代码, constant: x", 12, "found both 'from' and 'constant'"),
    (RESOURCE, "from: 信用代码", "clean: [trim]", 12, "found neither 'from' nor 'constant'"),
    (RESOURCE, "from: 信用代码", "constant: 91110000600037341X", 12, "wanted a value of type 'credit_code'"),
    (RESOURCE, "from: 类别, lookup: {书局: \"1\"}", 'constant: "3"', 14, "wanted a code of the list 'shop_kind'"),
    (RESOURCE, '书局: "1"', '书局: "书店"', 14, "found '书店' for 'kind'; wanted a code of the list 'shop_kind'"),
    (RESOURCE, '书局: "1"', "书局: 1", 14, "found '1' (a number); wanted a text in quotes"),
    (RESOURCE, "upper]", "uper]", 11, "found the cleaner 'uper'; wanted one of"),
    (RESOURCE, "upper]", "upper: x]", 11, "found an argument of 'upper'"),
    (RESOURCE, "upper]", "remove]", 11, "found 'remove' without its argument"),
    (RESOURCE, "upper]", "lookup: {a: b}]", 11, "found 'lookup' among the cleaners"),
    (RESOURCE, "upper]", "date: [yyyy]]", 11, "found 'date' on 'shop_no' of type 'string'"),
    (RESOURCE, "[yyyy/M/d]", "[DD/MM/yyyy]", 13, "found the date pattern 'DD/MM/yyyy'; wanted y, M, d"),
    (RESOURCE, "[yyyy/M/d]", "[yyyy/m/d]", 13, "m is the minute"),
    (RESOURCE, "[yyyy/M/d]", "[YYYY-MM-dd]", 13, "Y is the year of weeks"),
    (RESOURCE, "[yyyy/M/d]", "[yy/M/d]", 13, "for 'yy'"),
    (RESOURCE, "[yyyy/M/d]", "[yyyy/M]", 13, "wanted year, month and day, each once"),
    (RESOURCE, "[date: [yyyy/M/d]]", "[date: yyyy/M/d, trim]", 13,
     "found 'trim' after 'date'; wanted 'date' as the last cleaner"),
    (RESOURCE, "from: 类别", "when: {备注: x}, from: 类别", 15, "found '备注', which is used"),
    (RESOURCE, "from: 编号", "when: {x: y}, from: 编号", 11, "found 'when' on the required column 'shop_no'"),
    (RESOURCE, "ignore: [备注]", "ignore: [编号]", 15, "found '编号', which is used"),
    (RESOURCE, "ignore: [备注]", "operation: {column: 操作}", 15, "found no 'withdraw'"),
    (RESOURCE, "ignore: [备注]", "operation: {column: 备注, withdraw: [删], state: [增, 删]}", 15,
     "found '删' under 'withdraw' and 'state'"),
    (RESOURCE, "ignore: [备注]", "otherwise: {备注: [无]}", 15, "found the header '备注' under 'otherwise'"),
    (RESOURCE, "from: 信用代码", "when: {类别: [书店, 饭馆]}, from: 信用代码", 12,
     "found '饭馆' under 'when' of 'holder_code'"),
    (RESOURCE, "ignore: [备注]", "assertions: {max_quarantined_share: 5}", 15, "found 5; wanted a share from 0 to 1"),
    (RESOURCE, "ignore: [备注]", "assertions: {min_rows: 9, max_rows: 3}", 15, "found min_rows 9 above max_rows 3"),
    (RESOURCE, "ignore: [备注]", "assertion: {}", 15, "(did you mean 'assertions'?)"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "old", "new", "line", "expected"), CASES)
def test_a_fault_is_told_with_file_line_found_and_wanted(
    tmp_path: Path, name: str, old: str, new: str, line: int, expected: str
) -> None:
    found = told(tmp_path, changed(name, old, new))
    assert [problem for problem in found if problem.startswith(f"{name}:{line}: ") and expected in problem], found


def test_the_sound_set_is_taken(tmp_path: Path) -> None:
    assert told(tmp_path, SHOP) == []


def test_one_fault_is_told_once_and_not_again_wherever_the_broken_name_is_used(tmp_path: Path) -> None:
    found = told(tmp_path, changed(TABLE, "type: decimal", "type: decima"))
    assert [problem.split(" ")[0] for problem in found] == ["tables/shop.yml:13:"]


def test_all_problems_of_all_files_are_told_together(tmp_path: Path) -> None:
    files = changed(TABLE, "grain:", "grane:") | {
        CODES: "name: shop_kind\n",
        RESOURCE: "- a list\n",
        "tables/empty.yml": "",
        "tables/two.yml": "name: two\n---\nname: two\n",
        "files/latin.yml": "kind: person\nlabel: caf\xe9\n".encode("latin-1"),
    }
    assert {problem.split(" ")[0] for problem in told(tmp_path, files)} == {
        "tables/shop.yml:1:",
        "tables/shop.yml:3:",
        "codes/shop_kind.yml:1:",
        "resources/market/shops.yml:1:",
        "tables/empty.yml:1:",
        "tables/two.yml:2:",
        "files/latin.yml:2:",
    }


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("tables/deep.yml", "[" * 300_000, "values nested without end"),
        ("tables/deep.yml", "- " * 300_000, "values nested without end"),
        ("tables/deep.yml", "a: &a [*a]\n", "values nested without end, or too many"),
        ("tables/deep.yml", "a: &a [x, x]\n" + "".join(
            f"{chr(98 + i)}: &{chr(98 + i)} [*{chr(97 + i)}, *{chr(97 + i)}]\n" for i in range(20)
        ), "values nested without end, or too many"),
        ("tables/big.yml", "# " + "x" * 1_000_001, "1000003 bytes; wanted at most 1000000"),
        ("tables/text.yml", "just a text", "a mapping, like {key: value}"),
        ("tables/control.yml", "name: \x07", "what is no YAML"),
        ("tables/page.yaml", "name: page", "the file 'page.yaml'; wanted files NAME.yml here"),
        ("tables/more/x.yml", "name: x", "found a folder"),
        ("table/x.yml", "name: x", "(did you mean 'tables'?)"),
        ("department.yml", "departments: {}", "(did you mean 'departments.yml'?)"),
        ("resources/x.yml", "name: x", "wanted resources/<department>/<resource>.yml"),
        ("codes/lone.csv", "code\n", "the file 'lone.csv'"),
        ("departments.yml", "departments: {police: {name: 局, name_en: P, code: 11690100000120264E, level: city}}",
         "found 'police' declared again; wanted it once (the first is at schemas/departments.yml:3)"),
        ("departments.yml", "departments: {water: {name: 局, name_en: W, code: 11690100000120264X, level: city}}",
         "(check); wanted the department's unified social credit code"),
        ("tables/population.yml", "name: population", "no 'label'"),
    ],
)  # fmt: skip
def test_files_that_are_none_are_told(tmp_path: Path, name: str, text: str, expected: str) -> None:
    found = told(tmp_path, {name: text})
    assert [problem for problem in found if expected in problem], found


@pytest.mark.parametrize("name", list(SHOP))
def test_the_same_name_in_two_layers_is_refused_and_both_places_are_named(tmp_path: Path, name: str) -> None:
    first, second = lay(tmp_path / "a", SHOP), lay(tmp_path / "b", SHOP)
    with pytest.raises(DeclarationsRefused) as refused:
        catalog.load((first, second))
    [problem] = [p for p in refused.value.problems if p.place.path == str(second / name)]
    assert str(first / name) in problem.allowed


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(DeclarationsRefused, match="no folder; wanted a folder of declarations"):
        catalog.load((tmp_path / "nowhere",))


def test_an_anchor_may_stand_for_a_value(tmp_path: Path) -> None:
    columns = (
        "shop_no: {from: 编号, clean: &usual [width, trim, upper]}\n  holder_code: {from: 信用代码, clean: *usual}"
    )
    old = "shop_no: {from: 编号, clean: [width, trim, upper]}\n  holder_code: {from: 信用代码}"
    assert told(tmp_path, changed(RESOURCE, old, columns)) == []
