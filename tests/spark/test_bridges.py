"""Rows that come under an earlier number are in the file of the present one, while a bridge says so, and no longer."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from pipelines import names, rebuilding
from tests.house import House, narrowed

FIRST, SECOND, THIRD = "91690101MA00000158", "91690101MA00000233", "91690101MA0000031X"
REGISTRATION, ORGANISATION, TAX_15 = "690101000000128", "MA0000031", "690101MA0000031"
ANNA_OLD, ANNA, BERT = "690101199003070014", "69010119900307009X", "690101196001010014"
COLUMNS = {
    "population": [
        "number", "earlier_number", "number_changed_on", "name", "father_number", "mother_number", "birth_on", "updated_on",
    ],
    "enterprise": ["code", "registration_no", "code_given_on", "name", "legal_representative_number", "updated_on"],
    "social_insurance": ["person_number", "employer_code", "kind", "began_on", "ended_on", "state", "updated_on"],
    "penalty": ["decision_no", "party_code", "party_number", "decided_on"],
}  # fmt: skip
FIRMS = "操作 | 统一社会信用代码 | 原注册号 | 统一代码赋码日期 | 企业名称 | 核准日期"
PEOPLE = "公民身份号码 | 曾用公民身份号码 | 号码变更日期 | 姓名 | 父亲公民身份号码 | 出生日期 | 更新日期"


@pytest.fixture(scope="module")
def house(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> House:
    """A house on the evening before any bridge is known."""
    house = House(tmp_path_factory.mktemp("bridges"), narrowed(COLUMNS))
    house.on("2026-11-01")
    house.deliver("market.enterprises", "2026-10-31", f"""
        {FIRMS}
             | {FIRST}  | | | 甲公司 | 2026-01-01
             | {THIRD}  | | | 丙公司 | 2026-01-01
    """, "f1")  # fmt: skip
    house.deliver("police.population", "2026-10-31", f"""
        {PEOPLE}
        {ANNA_OLD} | | | 安娜 | | 1990-03-07 | 2020-01-01
        {BERT}     | | | 伯特 | {ANNA_OLD} | 1960-01-01 | 2020-01-01
    """, "p1")  # fmt: skip
    house.deliver("human_resources.social_insurance", "2026-10-31", f"""
        身份证号码 | 单位社会信用代码 | 险种类型 | 人员参保状态 | 参保时间 | 数据更新时间
        {BERT}     | {REGISTRATION}   | 1        | 1            | 2010/1/1 | 2026/1/1
    """, "s1")  # fmt: skip
    house.deliver("market.penalties", "2026-10-31", f"""
        行政处罚决定书文号 | 统一社会信用代码 | 处罚决定日期
        一号 | {REGISTRATION} | 2012-05-05
        二号 | 690101000000127 | 2012-05-05
        三号 | {ORGANISATION} | 2011-01-01
    """, "x1")  # fmt: skip
    house.take_in()
    return house


def is_as_made_anew(house: House) -> bool:
    for kind in ("person", "enterprise"):
        held = {number: file["_digest"] for number, file in house.files(kind).items()}
        assert held == {number: file["_digest"] for number, file in house.rebuilt(kind).items()}
    return True


def shown(house: House, capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    capsys.readouterr()
    assert house.onefile("file", *arguments, "--purpose", "test", "--json") == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def numbers(file: dict[str, Any]) -> list[tuple[str, str, str, date]]:
    return [(i["type"], i["number"], i["resource"], i["observed_on"]) for i in file["identifiers"]]


def listed(house: House, kind: str) -> dict[tuple[str, str], tuple[str, str | None]]:
    return {(row["earlier"], row["number"]): (row["state"], row["present"]) for row in house.rows(names.bridge(kind))}


def test_without_a_bridge_an_earlier_number_has_a_file_of_its_own_or_is_rejected(house: House) -> None:
    files = house.files("enterprise")
    assert {*files} == {FIRST, REGISTRATION, THIRD}
    assert files[REGISTRATION]["number_type"] == "registration_number"
    assert files[REGISTRATION]["penalty_decision_no"]["value"] == "一号"
    (rejected,) = house.rows(names.quarantine("market.penalties"))
    assert [problem["reason"] for problem in rejected["problems"]] == ["length"]
    assert is_as_made_anew(house)


def test_an_organisation_code_is_bridged_by_the_credit_code_that_it_stands_in(house: House) -> None:
    third = house.files("enterprise")[THIRD]
    assert third["penalty_decision_no"]["value"] == "三号"
    assert ("organisation_code", ORGANISATION, "GB 32100-2015", date(2026, 1, 1)) in numbers(third)


def test_a_late_bridge_brings_rows_to_the_present_number(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    house.on("2026-11-02")
    house.deliver("market.enterprises", "2026-11-01", f"""
        {FIRMS}
        变更 | {FIRST}  | {REGISTRATION} | 2015-12-01 | 甲公司 | 2026-02-01
    """, "f2")  # fmt: skip
    house.deliver("police.population", "2026-11-01", f"""
        {PEOPLE}
        {ANNA} | {ANNA_OLD} | 2019-05-01 | 安娜新 | | 1990-03-07 | 2026-02-01
    """, "p2")  # fmt: skip
    house.take_in()
    firms, people = house.files("enterprise"), house.files("person")
    assert ({*firms}, {*people}) == ({FIRST, THIRD}, {ANNA, BERT})
    assert firms[FIRST]["penalty_decision_no"]["value"] == "一号"
    assert numbers(firms[FIRST]) == [
        ("credit_code", FIRST, "market.enterprises", date(2026, 2, 1)),
        ("registration_number", REGISTRATION, "market.enterprises", date(2015, 12, 1)),
    ]
    assert numbers(people[ANNA])[1:] == [("citizen", ANNA_OLD, "police.population", date(2019, 5, 1))]
    assert people[ANNA]["name"]["value"] == "安娜新"
    ties = {(tie["relation"], tie["other_number"]) for tie in people[BERT]["relations"]}
    assert ties == {("father", ANNA), ("employer", FIRST)}
    assert is_as_made_anew(house)


def test_the_command_finds_by_the_earlier_number_and_says_by_which_bridge(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    (file,) = shown(house, capsys, REGISTRATION)
    (bridge,) = file["found_by"]
    told = {key: bridge[key] for key in ("type", "number", "resource", "observed_on", "delivery")}
    assert file["number"] == FIRST
    assert told == {
        "type": "registration_number", "number": REGISTRATION, "resource": "market.enterprises",
        "observed_on": "2015-12-01", "delivery": "f2",
    }  # fmt: skip
    assert bridge["learnt_at"].startswith("2026-11-02T00:00:00")
    assert shown(house, capsys, FIRST)[0]["found_by"] == []
    assert shown(house, capsys, ANNA_OLD)[0]["number"] == ANNA
    (by_standard,) = shown(house, capsys, "MA0000015")
    assert (by_standard["number"], by_standard["found_by"][0]["resource"]) == (FIRST, "GB 32100-2015")
    assert house.onefile("file", ANNA_OLD, "--purpose", "test") == 0
    assert f"found by the bridge: citizen number {ANNA_OLD}" in capsys.readouterr().out
    assert house.onefile("trace", REGISTRATION, "penalty_decision_no", "--purpose", "test") == 0
    told_of_trace = capsys.readouterr().out
    assert f"registration number {REGISTRATION}" in told_of_trace
    assert "delivery f2" in told_of_trace


def test_what_was_known_before_the_bridge_stays_known_so(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    (then,) = shown(house, capsys, REGISTRATION, "--known-at", "2026-11-01T12:00:00+08:00")
    assert (then["number"], then["number_type"]) == (REGISTRATION, "registration_number")
    (now,) = shown(house, capsys, REGISTRATION, "--known-at", "2026-11-02T12:00:00+08:00")
    assert (now["number"], now["attributes"]["penalty_decision_no"]["value"]) == (FIRST, "一号")
    capsys.readouterr()
    assert house.onefile("file", ANNA_OLD, "--history", "name", "--purpose", "test", "--json") == 0
    assert [row["value"] for row in json.loads(capsys.readouterr().out)] == ["安娜", "安娜新"]


def test_two_bridges_of_one_number_are_used_by_nobody_and_told(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    house.on("2026-11-03")
    house.deliver("market.enterprises", "2026-11-02", f"""
        {FIRMS}
        新增 | {SECOND} | {REGISTRATION} | 2016-01-01 | 乙公司 | 2026-03-01
    """, "f3")  # fmt: skip
    house.take_in()
    files = house.files("enterprise")
    assert {*files} == {FIRST, SECOND, THIRD, REGISTRATION}
    assert files[FIRST]["penalty_decision_no"] is None
    assert [(t, n) for t, n, _, _ in numbers(files[FIRST])] == [("credit_code", FIRST)]
    assert listed(house, "enterprise") == {
        (REGISTRATION, FIRST): ("ambiguous", None), (REGISTRATION, SECOND): ("ambiguous", None),
        (ORGANISATION, THIRD): ("used", THIRD),
    }  # fmt: skip
    assert is_as_made_anew(house)
    capsys.readouterr()
    assert house.onefile("ids", "bridges", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["states"] == {"enterprise": {"ambiguous": 2, "used": 1}, "person": {"used": 1}}
    assert {(row["delivery"], row["row_no"], row["state"]) for row in told["unused"]} == {
        ("f2", 1, "ambiguous"), ("f3", 1, "ambiguous"),
    }  # fmt: skip


def test_a_withdrawn_bridge_gives_the_rows_back(house: House) -> None:
    house.on("2026-11-04")
    house.deliver("market.enterprises", "2026-11-03", f"""
        {FIRMS}
        撤回 | {SECOND} | | | | 2026-04-01
    """, "f4")  # fmt: skip
    house.take_in()
    assert {*house.files("enterprise")} == {FIRST, THIRD}
    house.on("2026-11-05")
    house.deliver("market.enterprises", "2026-11-04", f"""
        {FIRMS}
        变更 | {FIRST} | | | 甲公司 | 2026-05-01
    """, "f5")  # fmt: skip
    house.take_in()
    assert {*house.files("enterprise")} == {FIRST, THIRD, REGISTRATION}
    ties = {(tie["relation"], tie["other_number"]) for tie in house.files("person")[BERT]["relations"]}
    assert ties == {("father", ANNA), ("employer", REGISTRATION)}
    assert is_as_made_anew(house)


def test_a_circle_is_used_by_nobody(house: House) -> None:
    house.on("2026-11-06")
    house.deliver("police.population", "2026-11-05", f"""
        {PEOPLE}
        {ANNA_OLD} | {ANNA} | 2020-05-01 | 安娜 | | 1990-03-07 | 2026-06-01
    """, "p3")  # fmt: skip
    house.take_in()
    assert {*house.files("person")} == {ANNA_OLD, ANNA, BERT}
    assert {state for state, _ in listed(house, "person").values()} == {"circular"}
    assert is_as_made_anew(house)


def test_a_number_under_which_its_register_goes_on_registering_somebody_joins_no_two_people(house: House) -> None:
    house.on("2026-11-08")
    house.deliver("police.population", "2026-11-07", f"""
        {PEOPLE}
        {ANNA_OLD} | | | 安娜二 | | 1990-03-07 | 2026-07-01
    """, "p5")  # fmt: skip
    house.take_in()
    people = house.files("person")
    assert (people[ANNA]["name"]["value"], people[ANNA_OLD]["name"]["value"]) == ("安娜新", "安娜二")
    assert listed(house, "person") == {(ANNA_OLD, ANNA): ("in_use", None)}
    assert is_as_made_anew(house)
    house.on("2026-11-09")
    house.deliver("police.population", "2026-11-08", f"""
        {PEOPLE.replace("公民身份号码 |", "操作类型 | 公民身份号码 |", 1)}
        删除 | {ANNA_OLD} | | | 安娜二 | | 1990-03-07 | 2026-08-01
    """, "p6")  # fmt: skip
    house.take_in()
    assert {*house.files("person")} == {ANNA, BERT}
    assert is_as_made_anew(house)


def test_all_of_it_is_that_of_a_rebuild(house: House) -> None:
    beside = rebuilding.rebuild(house.shop, lambda _: None)
    assert list(rebuilding.differences(house.shop, beside)) == []


def test_a_code_that_was_used_later_is_not_in_the_file_as_it_was_known_before(
    spark: SparkSession, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    house = House(tmp_path, narrowed(COLUMNS))
    house.on("2026-11-01")
    house.deliver("market.enterprises", "2026-10-31", f"""
        {FIRMS}
             | {THIRD}  | | | 丙公司 | 2026-01-01
    """, "f1")  # fmt: skip
    house.take_in()
    before, by_then = shown(house, capsys, THIRD), ("--known-at", "2026-11-01T23:00:00+08:00")
    house.on("2026-11-02")
    house.deliver("market.penalties", "2026-11-01", f"""
        行政处罚决定书文号 | 统一社会信用代码 | 处罚决定日期
        三号 | {ORGANISATION} | 2011-01-01
    """, "x1")  # fmt: skip
    house.take_in()
    assert [number for _, number, _, _ in known_by(shown(house, capsys, THIRD))] == [THIRD, ORGANISATION]
    assert known_by(shown(house, capsys, THIRD, *by_then)) == known_by(before)
    assert is_as_made_anew(house)


def known_by(files: list[dict[str, Any]]) -> list[tuple[str, str, str, str]]:
    (file,) = files
    return [(i["type"], i["number"], i["resource"], i["observed_on"]) for i in file["identifiers"]]
