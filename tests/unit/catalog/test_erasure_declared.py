"""By which law records are erased, and how long they are kept: read strictly."""

from __future__ import annotations

from pathlib import Path

import pytest

import catalog
from schemas.errors import DeclarationsRefused
from schemas.model import Retention
from tests.declared import SHOP, SHOP_RESOURCE, SHOP_TABLE, changed, lay, told

LAW = 'erasure: {basis: "made-up law, art. 1"}\n'
ERASE = "operation: {column: 操作, withdraw: [注销], state: [新增], erase: [依法删除]}\n"


def table(line: str) -> dict[str, str | bytes]:
    return changed("tables/shop.yml", "columns:", f"{line}columns:")


def test_law_term_and_words_are_read(tmp_path: Path) -> None:
    kept = 'retention: {since: closed_on, months: 18, basis: "made-up law, art. 2"}\n'
    files = table(LAW + kept) | {"resources/market/shops.yml": SHOP_RESOURCE + ERASE}
    found = catalog.load((lay(tmp_path, files),))
    declared = found.declarations.tables["shop"]
    assert declared.erasure == "made-up law, art. 1"
    assert declared.retention == Retention("closed_on", 18, "made-up law, art. 2")
    operation = found.resource("market.shops").operation
    assert operation is not None
    assert operation.erase == ("依法删除",)


def test_years_are_twelve_months_each(tmp_path: Path) -> None:
    files = table('retention: {since: opened_on, years: 5, basis: "x"}\n')
    assert catalog.load((lay(tmp_path, files),)).declarations.tables["shop"].retention == Retention(
        "opened_on", 60, "x"
    )


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("erasure: {}\n", "basis"),
        ('retention: {since: opened_on, basis: "x"}\n', "either 'years' or 'months'"),
        ('retention: {since: opened_on, years: 1, months: 2, basis: "x"}\n', "either 'years' or 'months'"),
        ('retention: {since: opened_on, years: 0, basis: "x"}\n', "0"),
        ('retention: {since: kind, years: 1, basis: "x"}\n', "a column of type date"),
        ('retention: {since: nothing, years: 1, basis: "x"}\n', "nothing"),
        ("retention: {since: opened_on, years: 1}\n", "basis"),
    ],
)
def test_what_cannot_be_meant_is_told_with_its_line(tmp_path: Path, line: str, fault: str) -> None:
    problems = told(tmp_path, table(line))
    assert any(fault in problem and problem.startswith("tables/shop.yml:") for problem in problems), problems


def test_a_resource_may_erase_only_where_the_table_names_the_law(tmp_path: Path) -> None:
    assert SHOP["tables/shop.yml"] == SHOP_TABLE
    problems = told(tmp_path, {**SHOP, "resources/market/shops.yml": SHOP_RESOURCE + ERASE})
    assert any("names no law" in problem and "erasure: {basis: …}" in problem for problem in problems), problems


TERM = 'retention: {since: opened_on, years: 5, basis: "made-up law, art. 2"}\n'
FORMS = {
    "xml": "format: xml\npath: /data/record\n",
    "xlsx": "format: xlsx\n",
    "zip": "format: csv\npacked: zip\n",
}


@pytest.mark.parametrize("form", FORMS)
def test_records_are_not_erased_after_a_term_where_their_rows_cannot_be_overwritten(tmp_path: Path, form: str) -> None:
    resource = {"resources/market/shops.yml": SHOP_RESOURCE.replace("format: csv\n", FORMS[form])}
    assert told(tmp_path / "without", SHOP | resource) == []
    (problem,) = told(tmp_path / "with", table(TERM) | resource)
    assert problem.startswith("resources/market/shops.yml:")
    assert f"found {form}, whose rows cannot be overwritten one by one, for the table 'shop'" in problem
    assert "wanted csv, jsonl or fixed" in problem
    assert "or no 'retention' in table 'shop'" in problem


def test_a_term_is_held_against_resources_of_other_folders_of_declarations(tmp_path: Path) -> None:
    resource = SHOP_RESOURCE.replace("format: csv\n", FORMS["xml"])
    above = lay(tmp_path / "above", {"resources/market/shops.yml": resource})
    below = lay(tmp_path / "below", {name: text for name, text in table(TERM).items() if name[:9] != "resources"})
    with pytest.raises(DeclarationsRefused, match="or no 'retention' in table 'shop'"):
        catalog.load((below, above))


def test_a_text_means_one_thing(tmp_path: Path) -> None:
    twice = ERASE.replace("erase: [依法删除]", "erase: [注销]")
    problems = told(tmp_path, table(LAW) | {"resources/market/shops.yml": SHOP_RESOURCE + twice})
    assert any("'注销' under 'withdraw' and 'erase'" in problem for problem in problems), problems
