"""The trail: what a subject is told, in plain sentences and as findUsage has it; only a grant lets it wait."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, insert

import catalog
from ledger import index
from ledger.record import Ledger
from ledger.trail import Whose, trail, usage
from ledger.words import Dictionary
from schemas.serving.connection import writing
from schemas.serving.migration import upgrade
from schemas.serving.tables import SHARING_GRANT, SHARING_REQUEST
from tests.ledgers import LOOK, filled
from tests.papers import AT, new_bureau

WORDS = Dictionary(catalog.load())
GRANT = "G20261123-0001"
SEEN = replace(
    LOOK, kind="files.query", department="market", client="market-1", grant=GRANT, item="0212", case="C-7",
    fields=("name", "address"), basis="《食品安全法》", resource="police.population", answer_id="q1",
)  # fmt: skip


@pytest.fixture(scope="module")
def keystore(tmp_path_factory):
    return new_bureau(tmp_path_factory.mktemp("bureau"))


@pytest.fixture
def ledger(tmp_path, keystore):
    return Ledger(tmp_path / "ledger", keystore)


@pytest.fixture
def db(tmp_path):
    url = f"sqlite:///{tmp_path}/serving.db"
    upgrade(url)
    with writing(url) as connection:
        yield connection


def whose(ledger: Ledger, on: date = date(2026, 11, 23), subject_id: str = "p-0123456789abcdef") -> Whose:
    return Whose(ledger.subject_hash(subject_id), "person", on, ZoneInfo("Asia/Shanghai"))


def told(db: Connection, ledger: Ledger, on: date = date(2026, 11, 23), **window: object) -> list[str]:
    index.caught_up(db, ledger.folder)
    return [used.sentence.zh for used in trail(db, whose(ledger, on), WORDS, **window)]  # type: ignore[arg-type]


def grant_that_waits(db: Connection, until: str) -> None:
    common = {"consumer": "market", "provider": "police", "entry_id": "police.population", "state": "x"}
    db.execute(insert(SHARING_REQUEST).values(
        request_id="R1", step_count=0, made_on="2026-11-23", document="{}", **common))  # fmt: skip
    db.execute(insert(SHARING_GRANT).values(
        grant_id=GRANT, request_id="R1", step_count=0, valid_from="2026-11-23", valid_until="2027-11-23",
        document=json.dumps({"notice_after": until}), **common))  # fmt: skip


def test_a_look_is_told_in_a_plain_sentence(db, ledger):
    ledger.append(SEEN)
    index.caught_up(db, ledger.folder)
    (used,) = trail(db, whose(ledger), WORDS)
    assert used.sentence.zh == (
        "2026年11月23日 09:02，市市场监督管理局为“老年人优待证办理”（办件 C-7）查询您的姓名、户籍地址。"
        "依据：《食品安全法》。"
    )
    assert used.sentence.en == (
        "On 2026-11-23 at 09:02, Market Regulation Bureau asked for your Name, Registered address"
        " for “Card of the old” (case C-7); basis: 《食品安全法》."
    )


def test_a_look_is_told_as_find_usage_has_it_with_more(db, ledger):
    ledger.append(replace(SEEN, acting="guardian:M1"))
    index.caught_up(db, ledger.folder)
    (used,) = trail(db, whose(ledger), WORDS)
    assert usage(used, "en") == {
        "logtime": "2026-11-23T01:02:03Z",
        "action": used.sentence.en,
        "receiverCode": "market",
        "receiverSystem": "market-1",
        "receiverName": "Market Regulation Bureau",
        "fields": ["Name", "Registered address"],
        "item": "0212",
        "case": "C-7",
        "grant": GRANT,
        "basis": "《食品安全法》",
        "acting": "guardian:M1",
        "seq": 1,
    }
    assert "（由监护人代为）" in used.sentence.zh
    assert used.as_json()["department"] == {"id": "market", "zh": "市市场监督管理局", "en": "Market Regulation Bureau"}


def test_looks_at_others_are_not_told_and_the_newest_comes_first(db, ledger):
    for number in range(3):
        ledger.append(replace(SEEN, case=f"C-{number}", at=AT + timedelta(seconds=number)))
    ledger.append(replace(SEEN, subject_id="p-other", case="C-9", at=AT + timedelta(minutes=1)))
    cases = [sentence.partition("办件 ")[2][:3] for sentence in told(db, ledger)]
    assert cases == ["C-2", "C-1", "C-0"]
    window = {"since": AT + timedelta(milliseconds=500), "until": AT + timedelta(seconds=2)}
    assert len(told(db, ledger, **window)) == 1
    ledger.append(replace(SEEN, at=AT + timedelta(minutes=2, milliseconds=200)))
    assert (
        len(told(db, ledger, since=AT + timedelta(minutes=2), until=AT + timedelta(minutes=2, milliseconds=300))) == 1
    )
    assert told(db, ledger, since=AT + timedelta(minutes=2, milliseconds=300)) == []


def test_staff_and_names_that_nobody_declares_are_told_as_they_are(db, ledger):
    ledger.append(replace(LOOK, fields=("relations.spouse", "licences.food_operation_permit", "later_field")))
    ledger.append(replace(SEEN, fields=(), kind="match"))
    found = told(db, ledger)
    assert "数据主管部门工作人员" in found[1]
    assert "配偶" in found[1]
    assert "食品经营许可证" in found[1]
    assert "later_field" in found[1]
    assert "核验您的是否有记录" in found[0]


def test_answers_without_a_value_are_told_by_what_they_were_made_from(db, ledger):
    ledger.append(replace(SEEN, kind="files.match", fields=("match.name",)))
    ledger.append(replace(SEEN, kind="files.predicates", fields=("over_age.birth_on", "blacklisted.market.penalties")))
    ledger.append(replace(SEEN, kind="files.predicates", fields=("licence_in_force.food_operation_permit",)))
    found = told(db, ledger)
    assert "核验您的姓名" in found[2]
    assert "核对（只得到是或否）您的出生日期、行政处罚" in found[1]
    assert "您的食品经营许可证" in found[0]


def test_notice_waits_until_the_grant_s_day_and_no_longer(db, ledger):
    grant_that_waits(db, "2026-12-01")
    ledger.append(replace(SEEN, notice_after="2026-12-31"))
    assert told(db, ledger, date(2026, 12, 1)) == []
    assert len(told(db, ledger, date(2026, 12, 2))) == 1


def test_notice_does_not_wait_where_no_grant_says_so(db, ledger):
    ledger.append(replace(SEEN, notice_after="2026-12-31"))
    ledger.append(replace(SEEN, notice_after="2026-12-31", grant=""))
    assert len(told(db, ledger)) == 2


def test_the_index_follows_the_ledger_and_is_made_anew_for_another(db, ledger, tmp_path, keystore):
    filled(ledger, 3)
    assert index.behind(db, ledger.folder)
    assert index.caught_up(db, ledger.folder) == 3
    assert not index.behind(db, ledger.folder)
    assert index.caught_up(db, ledger.folder) == 0
    ledger.append(SEEN)
    assert index.caught_up(db, ledger.folder) == 1
    assert [look.seq for look in index.between(db, AT, AT + timedelta(seconds=1))] == [1, 2, 3, 4]
    assert [look.seq for look in index.under_grants(db, [GRANT], AT, AT + timedelta(seconds=1))] == [4]
    other = filled(Ledger(tmp_path / "other" / "ledger", keystore), 2)
    assert index.caught_up(db, other.folder) == 2
    assert index.sealed_entries(Path(tmp_path / "none")) == 0
