"""One source: the lead of every attribute, defects of leads, lineage, and verifications of what is contradicted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import product
from pathlib import Path

import pytest
from sqlalchemy import Connection, delete, insert, update

import catalog
from catalog.entries import entries
from catalog.errors import NotAllowed, NotYourPart, ReasonMissing
from catalog.lineage import Origin, of_attribute, origins
from catalog.one_source import lead_of, leads
from catalog.sharing_states import ROLES, VERIFICATION
from catalog.sharing_store import Actor, get, steps
from catalog.verifications import Swept, act, contradictions, overdue, published, subject_of, sweep
from onefile.cli import main
from schemas.serving.connection import writing
from schemas.serving.migration import upgrade
from schemas.serving.tables import SUBJECT
from schemas.working_days import NoHolidayNotice
from tests.declared import SHOP, lay

KNOWN = catalog.load()
DAY = date(2026, 11, 23)
OTHER = {"attribute": "address", "value": "路二号", "resource": "market.public_register", "department": "market"}
FILE = {"address": {"value": "路一号"}, "contradictions": [OTHER, {**OTHER, "value": "路三号"}]}


def who(role: str = "rule", department: str = "", day: date = DAY) -> Actor:
    return Actor(role, department, "clerk", datetime(day.year, day.month, day.day, 8, tzinfo=UTC), day)


@pytest.fixture
def url(tmp_path: Path) -> str:
    found = f"sqlite:///{tmp_path}/serving.db"
    upgrade(found)
    return found


@pytest.fixture
def db(url: str) -> Iterator[Connection]:
    with writing(url) as connection:
        put(connection, "p1", FILE)
        yield connection


def put(db: Connection, subject_id: str, document: dict[str, object], kind: str = "person") -> None:
    db.execute(delete(SUBJECT).where(SUBJECT.c.subject_id == subject_id))
    db.execute(insert(SUBJECT).values(
        subject_id=subject_id, kind=kind, number_type="citizen_number", number="690101199001011234", digest="d",
        document=json.dumps(document, ensure_ascii=False), lake_version=1, published_at="2026-11-23T00:00:00Z",
    ))  # fmt: skip


def swept(db: Connection, day: date = DAY) -> Swept:
    return sweep(db, list(published(db)), KNOWN, who(day=day))


def test_every_attribute_has_its_lead_or_the_defect_that_it_has_none() -> None:
    found = {f"{each.kind}.{each.attribute}": each for each in leads(KNOWN)}
    assert len(found) == sum(len(file.attributes) for file in KNOWN.declarations.files.values())
    assert [name for name, each in found.items() if "no_lead" in each.defects] == ["person.phone"]
    assert found["person.name"].lead == "police" == lead_of(KNOWN, "person", "name")
    assert found["person.name"].sources[0] == "police.population"
    assert lead_of(KNOWN, "person", "no_such") is None
    assert lead_of(KNOWN, "dog", "name") is None


def test_two_leads_for_one_datum_and_a_lead_that_supplies_nothing_are_defects(tmp_path: Path) -> None:
    text = SHOP["files/shops.yml"] + (
        "  shop_code:\n    label: 店铺代码\n    about: The same\n    lead: tax\n"
        "    sources: [{table: shop, column: shop_no, rank: 1}]\n"
    )
    lay(tmp_path / "d", {**SHOP, "files/shops.yml": text})
    found = {each.attribute: each for each in leads(catalog.load((tmp_path / "d",)))}
    assert (found["shop_no"].defects, found["shop_no"].rivals) == (("two_leads",), ("enterprise.shop_code",))
    assert found["shop_code"].defects == ("lead_supplies_nothing", "two_leads")


def test_an_item_goes_back_to_the_department_s_column() -> None:
    every = entries(KNOWN)
    found = origins(KNOWN, every["police.population"])
    assert found["number"] == (Origin("police.population", "公民身份号码", ("width", "trim", "upper", "citizen_18")),)
    licence = origins(KNOWN, every["licence.food_operation_permit"])
    assert licence["KZ_JYXM"] == (Origin("market.food_permits", "经营项目", ("trim",)),)
    assert origins(KNOWN, every["material.lease_contract"])["file"] == ()
    assert [o.resource for o in of_attribute(KNOWN, "person", "education_level")] == [
        "education.certificates",
        "police.population",
    ]


def test_a_contradiction_opens_one_verification_with_the_lead_and_again_none(db: Connection) -> None:
    found = swept(db)
    assert found == Swept(("V20261123-0001",), (), (), 0)
    case = get(db, "V20261123-0001")
    assert (case.provider, case.consumer, case.entry_id, case.state, case.due_on) == (
        "police", "market", "person.address", "opened", "2026-12-07",
    )  # fmt: skip
    assert subject_of(db, case.id) == "p1"
    assert "路" not in json.dumps(dict(case.wants), ensure_ascii=False)
    assert swept(db) == Swept((), (), (), 0)


def test_another_value_is_another_contradiction_and_the_first_is_resolved(db: Connection) -> None:
    swept(db)
    put(db, "p1", {**FILE, "contradictions": [{**OTHER, "value": "路九号"}]})
    assert swept(db) == Swept(("V20261123-0002",), ("V20261123-0001",), (), 0)
    put(db, "p1", {"address": {"value": "路一号"}, "contradictions": []})
    assert swept(db) == Swept((), ("V20261123-0002",), (), 0)
    assert steps(db, "V20261123-0002")[-1]["role"] == "rule"


def test_what_was_confirmed_is_not_opened_anew_while_it_stays_the_same(db: Connection) -> None:
    swept(db)
    lead = who("provider", "police")
    with pytest.raises(ReasonMissing):
        act(db, "V20261123-0001", "confirm", lead, " ", KNOWN.sharing)
    with pytest.raises(NotYourPart):
        act(db, "V20261123-0001", "confirm", who("provider", "tax"), "x", KNOWN.sharing)
    assert act(db, "V20261123-0001", "confirm", lead, "seen the card", KNOWN.sharing).state == "confirmed"
    assert swept(db) == Swept((), (), (), 0)
    disputed = act(db, "V20261123-0001", "dispute", who("consumer", "market"), "no", KNOWN.sharing)
    assert disputed.state == "disputed"
    settled = act(db, "V20261123-0001", "uphold", who("authority", "data_bureau"), "yes", KNOWN.sharing)
    assert settled.state == "settled"


def test_a_lead_that_does_not_answer_in_time_is_told_of_to_the_authority(db: Connection) -> None:
    swept(db)
    assert overdue(db, date(2026, 12, 7)) == []
    assert swept(db, date(2026, 12, 8)).escalated == ("V20261123-0001",)
    assert swept(db, date(2026, 12, 9)).escalated == ()
    assert (
        act(db, "V20261123-0001", "correct", who("authority", "data_bureau"), "x", KNOWN.sharing).state == "corrected"
    )


def test_contradictions_that_nobody_leads_are_counted(db: Connection) -> None:
    put(db, "p1", {"phone": {"value": "1"}, "contradictions": [{**OTHER, "attribute": "phone"}]})
    assert swept(db) == Swept((), (), (), 1)


def test_a_clock_without_a_holiday_notice_opens_nothing(url: str) -> None:
    def late() -> None:
        with writing(url) as db:
            put(db, "p1", FILE)
            swept(db, date(2026, 12, 28))

    with pytest.raises(NoHolidayNotice):
        late()
    with writing(url) as db:
        assert list(published(db)) == []


def test_a_file_without_contradictions_has_none() -> None:
    assert contradictions("p", "person", {"name": {"value": "x"}}) == []
    assert contradictions("p", "person", {"contradictions": None}) == []


def test_every_state_action_and_role_of_a_verification_is_allowed_by_the_table_or_refused() -> None:
    allowed = 0
    for state, action, role in product(VERIFICATION.states, VERIFICATION.actions, ROLES):
        step = VERIFICATION.steps.get((state, action))
        if step is not None and role in step.roles:
            assert VERIFICATION.step(state, action, role).to in VERIFICATION.states
            allowed += 1
        else:
            with pytest.raises(NotAllowed):
                VERIFICATION.step(state, action, role)
    assert allowed == sum(len(step.roles) for step in VERIFICATION.steps.values())
    reached = {"opened"}
    for _ in VERIFICATION.states:
        reached |= {step.to for (state, _), step in VERIFICATION.steps.items() if state in reached}
    assert reached == set(VERIFICATION.states)
    assert VERIFICATION.ends() == ("settled", "resolved", "withdrawn")


def run(*arguments: str, lang: str = "en") -> int:
    return main.run(["--lang", lang, "--at", "2026-11-23T08:00:00+08:00", *arguments])


def test_the_verbs_sweep_list_act_and_look_on_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ONEFILE_HOME", str(tmp_path / "var"))
    database = f"sqlite:///{tmp_path}/var/serving.db"
    (tmp_path / "var").mkdir(mode=0o700)
    upgrade(database)
    with writing(database) as db:
        put(db, "p1", FILE)
    assert run("verification", "sweep") == 0
    assert capsys.readouterr().out == "1 opened, 0 resolved, 0 escalated, 0 contradictions that nobody leads\n"
    assert run("verification", "list", "--department", "police", "--json") == 0
    (case,) = json.loads(capsys.readouterr().out)
    assert "690101199001011234" not in json.dumps(case)
    assert run("verification", "show", case["id"], "--purpose", "verification of addresses") == 0
    assert "690101199001011234" in capsys.readouterr().out
    assert run("ledger", "show", "--json") == 0
    assert f"verification {case['id']}" in capsys.readouterr().out
    by = ("--as", "provider", "--department", "police", "--reason", "seen the card")
    assert run("verification", "act", case["id"], "confirm", *by) == 0
    assert run("verification", "list", "--overdue") == 0
    capsys.readouterr()
    assert run("catalog", "leads", "--defects", "--json") == 0
    assert [each["attribute"] for each in json.loads(capsys.readouterr().out)] == ["phone"]
    assert run("catalog", "leads", lang="zh") == 0
    assert "没有数源部门" in capsys.readouterr().out


def test_a_verification_keeps_who_and_why(db: Connection) -> None:
    swept(db)
    act(db, "V20261123-0001", "correct", who("provider", "police"), "a new delivery comes", KNOWN.sharing)
    (step,) = steps(db, "V20261123-0001")
    assert (step["role"], step["department"], step["operator"], step["reason"]) == (
        "provider", "police", "clerk", "a new delivery comes",
    )  # fmt: skip
    db.execute(update(SUBJECT).values(document=json.dumps({"contradictions": []})))
    assert swept(db).resolved == ("V20261123-0001",)
    assert replace(get(db, "V20261123-0001"), wants={}).state == "resolved"
