"""Day after day: what is made of the changes is what would be made of everything, here and in the database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import pytest
from pyspark.sql import SparkSession
from sqlalchemy import select

from inbox import deliveries
from pipelines import history, names
from pipelines.finished import Outcome
from schemas.serving.connection import writing
from schemas.serving.tables import IDENTIFIER, SUBJECT
from schemas.subjects import SubjectNumber
from tests.house import KINDS, House, narrowed

COLUMNS = {
    "population": ("number", "name", "birth_on", "mother_number", "address", "died_on", "updated_on"),
    "social_insurance": (
        "person_number", "name", "employer_code", "employer_name", "kind", "state", "began_on", "ended_on",
        "updated_on",
    ),
    "education": ("certificate_no", "person_number", "name", "school", "graduated_on"),
}  # fmt: skip
PEOPLE, INSURED, SCHOOLED = "police.population", "human_resources.social_insurance", "education.certificates"
WANG, LI, BOY = "690101198503150112", "690101198604200123", "690101201505060131"
ZHAO, ZHANG = "690101197007070215", "69010119900101123X"
SHOP, MILL = "91690101MA00000158", "91690101MA00000233"


@dataclass(frozen=True)
class Day:
    """What a day left behind: outcomes by delivery, versions of all tables, the one files by kind and number."""

    outcomes: dict[str, Outcome]
    versions: dict[str, int]
    files: dict[str, dict[str, Any]]
    rebuilt: dict[str, dict[str, Any]]
    published: dict[str, list[Any]]


def first_day(house: House) -> None:
    """Everything that three departments have."""
    house.deliver(PEOPLE, "2026-10-31", f"""
        公民身份号码 | 姓名 | 出生日期   | 母亲公民身份号码 | 户籍地址 | 更新日期
        {WANG}       | 王一 | 1985-03-15 |                  | 一街1号  | 2026-10-01
        {LI}         | 李二 | 1986-04-20 |                  | 一街1号  | 2026-10-01
        {BOY}        | 王三 | 2015-05-06 | {LI}             | 一街1号  | 2026-10-01
        {ZHAO}       | 赵四 | 1970-07-07 |                  | 二街2号  | 2026-10-01
    """, "people-1")  # fmt: skip
    house.deliver(INSURED, "2026-10", f"""
        身份证号码 | 姓名 | 单位社会信用代码 | 单位名称 | 险种类型 | 人员参保状态 | 参保时间 | 终止时间  | 数据更新时间
        {WANG}     | 王一 | {SHOP}           | 甲店     | 养老     | 参保         | 2010/1/1 |           | 2026/10/2
        {LI}       | 李贰 | {SHOP}           | 甲店     | 养老     | 参保         | 2012/1/1 |           | 2026/10/2
    """, "insured-1")  # fmt: skip
    house.deliver(SCHOOLED, "2026-10", f"""
        证书编号 | 身份证件号码 | 姓名 | 学校名称 | 毕业日期
        A00001   | {ZHANG}      | 张五 | 一中     | 20080701
        A00002   |              | 钱六 | 一中     | 19990701
    """, "schooled-1")  # fmt: skip


def second_day(house: House) -> None:
    """Wang moved and changed his employer, the boy has another mother, Zhao is taken back, Zhang new, Li as before."""
    house.deliver(PEOPLE, "2026-11-01", f"""
        公民身份号码 | 姓名 | 出生日期   | 母亲公民身份号码 | 户籍地址 | 更新日期   | 操作类型
        {WANG}       | 王一 | 1985-03-15 |                  | 三街3号  | 2026-11-01 |
        {BOY}        | 王三 | 2015-05-06 | {ZHANG}          | 三街3号  | 2026-11-01 |
        {ZHAO}       |      |            |                  |          | 2026-11-01 | 删除
        {ZHANG}      | 张五 | 1990-01-01 |                  | 三街3号  | 2026-11-01 |
        {LI}         | 李二 | 1986-04-20 |                  | 一街1号  | 2026-10-01 |
    """, "people-2")  # fmt: skip
    house.deliver(INSURED, "2026-11-01", f"""
        身份证号码 | 姓名 | 单位社会信用代码 | 单位名称 | 险种类型 | 人员参保状态 | 参保时间 | 终止时间 | 数据更新时间
        {WANG}   | 王一 | {SHOP}           | 甲店     | 养老     | 终止         | 2010/1/1  | 2026/10/31 | 2026/11/1
        {WANG}   | 王一 | {MILL}           | 乙厂     | 养老     | 参保         | 2026/11/1 |            | 2026/11/1
    """, "insured-2")  # fmt: skip


def third_day(house: House) -> None:
    """A delivery of the household register that should have come weeks ago."""
    house.deliver(PEOPLE, "2026-10-20", f"""
        公民身份号码 | 姓名 | 出生日期   | 户籍地址 | 死亡日期   | 更新日期
        {WANG}       | 王一 | 1985-03-15 | 九街9号  |            | 2026-10-15
        {LI}         | 李二 | 1986-04-20 | 一街1号  | 2026-10-18 | 2026-10-19
    """, "people-late")  # fmt: skip


@pytest.fixture(scope="module")
def house(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> House:
    return House(tmp_path_factory.mktemp("days") / "home", narrowed(COLUMNS))


@pytest.fixture(scope="module")
def days(house: House) -> Iterator[list[Day]]:
    lived = []
    for today, happens in (("2026-11-01", first_day), ("2026-11-02", second_day), ("2026-11-03", third_day)):
        house.on(today)
        happens(house)
        outcomes = house.take_in()
        files, rebuilt = ({kind: read(kind) for kind in KINDS} for read in (house.files, house.rebuilt))
        lived.append(Day(outcomes, house.versions(), files, rebuilt, published(house.shop.settings.database_url)))
    return lived


def published(url: str) -> dict[str, list[Any]]:
    """Return all that the serving database says of subjects, but for when it was published."""
    subject = [column for column in SUBJECT.columns if column.name != "published_at"]
    with writing(url) as connection:
        return {
            "subject": sorted(tuple(row) for row in connection.execute(select(*subject))),
            "identifier": sorted(tuple(row) for row in connection.execute(select(IDENTIFIER))),
        }


@pytest.mark.parametrize("day", [0, 1, 2])
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_made_of_the_changes_is_what_is_made_of_everything(days: list[Day], day: int, kind: str) -> None:
    assert days[day].files[kind] == days[day].rebuilt[kind]
    assert days[day].files[kind]


def test_changed_new_and_withdrawn_rows_come_out_in_the_files(days: list[Day]) -> None:
    assert days[1].outcomes["people-2"] == Outcome("people-2", PEOPLE, "released", 5, 4, 0, 1)
    before, after = days[0].files["person"], days[1].files["person"]
    assert set(after) == set(before) - {ZHAO}
    assert (before[ZHANG]["name"]["resource"], after[ZHANG]["name"]["resource"]) == (SCHOOLED, PEOPLE)
    assert (before[WANG]["address"]["value"], after[WANG]["address"]["value"]) == ("一街1号", "三街3号")
    assert before[LI] != after[LI], "she is nobody's mother any more"
    assert [r["relation"] for r in after[LI]["relations"]] == ["employer"]
    assert [r["other_number"] for r in after[ZHANG]["relations"]] == [BOY]
    assert {r["other_number"]: r["until"] for r in after[WANG]["relations"] if r["relation"] == "employer"} == {
        SHOP: date(2026, 10, 31),
        MILL: None,
    }
    assert set(days[1].files["enterprise"]) == {SHOP, MILL}


def test_a_late_delivery_adds_what_is_newer_than_known_and_overwrites_nothing(days: list[Day]) -> None:
    before, after = days[1].files["person"], days[2].files["person"]
    assert after[WANG]["address"]["value"] == "三街3号"
    assert (before[LI]["died_on"], after[LI]["died_on"]["value"]) == (None, date(2026, 10, 18))
    assert after[LI]["died_on"]["delivery"] == "people-late"
    assert {number for number in after if after[number] != before[number]} <= {LI, WANG}


def test_who_has_no_number_is_on_the_list_of_candidates_and_in_no_file(house: House, days: list[Day]) -> None:
    assert [(row["resource"], row["known"]["name"]) for row in house.rows(names.LINK_CANDIDATES)] == [
        (SCHOOLED, "钱六")
    ]
    assert "钱六" not in str(days[2].files)


def test_a_day_touches_the_tables_that_it_is_about_once(days: list[Day]) -> None:
    moved = {name for name, version in days[2].versions.items() if version > days[1].versions[name]}
    untouched = {"bronze/human_resources.social_insurance", "silver/social_insurance"}
    assert moved.isdisjoint(untouched)
    assert names.gold("person") in moved


def test_a_second_run_on_the_same_day_writes_nothing_anywhere(house: House, days: list[Day]) -> None:
    third_day(house)
    second_day(house)
    house.take_in()
    assert house.versions() == days[2].versions
    assert published(house.shop.settings.database_url) == days[2].published


def test_a_run_that_was_killed_before_it_noted_how_far_it_came_writes_nothing_twice(
    house: House, days: list[Day]
) -> None:
    delivery = deliveries.open_delivery(house.home, "people-late")
    noted = {name: (delivery.folder / name).read_bytes() for name in ("landed.json", "conformed.json", "finished.json")}
    for name in noted:
        (delivery.folder / name).unlink()
    assert house.settle() == days[2].outcomes
    assert house.versions() == days[2].versions
    assert {name: (delivery.folder / name).read_bytes() for name in noted} == noted


def test_postgresql_gets_the_same_rows_as_sqlite_day_by_day(house: House, days: list[Day], postgres_url: str) -> None:
    for day in days:
        for kind in KINDS:
            house.publish(kind, postgres_url, day.versions[names.gold(kind)])
        assert published(postgres_url) == day.published


@pytest.mark.parametrize("day", [0, 1, 2])
def test_what_was_known_on_a_past_day_is_what_the_files_were_then(days: list[Day], house: House, day: int) -> None:
    known_at = datetime(2026, 11, 1 + day, tzinfo=UTC)
    for number in (WANG, BOY, ZHAO, ZHANG, LI):
        past = history.file_then(house.shop.lake, house.catalogue.declarations, person(number), None, known_at)
        then = days[day].files["person"].get(number)
        assert (past is None) == (then is None)
        if past is not None and then is not None:
            found = json.loads(past.document)
            assert found["subject_id"] == then["subject_id"]
            for name, stated in then.items():
                if isinstance(stated, dict):
                    assert str(found[name]["value"]) == str(stated["value"]), name
            assert len(found["relations"]) == len(then["relations"])


def test_a_late_delivery_changes_what_was_true_and_not_what_was_known(days: list[Day], house: House) -> None:
    """Wang lived in the ninth street from 15 October to 1 November, which we learnt on 3 November."""
    lake, declarations = house.shop.lake, house.catalogue.declarations

    def address(on: str, known_at: str) -> str | None:
        past = history.file_then(
            lake, declarations, person(WANG), date.fromisoformat(on), datetime.fromisoformat(f"{known_at}T12:00:00Z")
        )
        assert past is not None
        return str(json.loads(past.document)["address"]["value"])

    assert address("2026-10-20", "2026-11-02") != "九街9号"
    assert address("2026-10-20", "2026-11-03") == "九街9号"
    assert address("2026-11-03", "2026-11-03") == address("2026-11-03", "2026-11-02") == "三街3号"


def test_the_changes_of_an_attribute_name_the_delivery_that_brought_each(days: list[Day], house: House) -> None:
    found = list(history.changes(house.shop.lake, house.catalogue.declarations, person(WANG), "address"))
    assert [(change.stated["value"], change.stated["delivery"]) for change in found][1:] == [("三街3号", "people-2")]
    assert [change.learnt_at for change in found] == sorted(change.learnt_at for change in found)
    gone = list(history.changes(house.shop.lake, house.catalogue.declarations, person(ZHAO), "name"))
    assert [bool(change.stated) for change in gone] == [True, False]
    assert {delivery for delivery, _ in found[1].brought_by} == {"people-2"}
    assert all(change.brought_by for change in (*found, *gone))


def person(number: str) -> SubjectNumber:
    return SubjectNumber("person", "citizen", number)
