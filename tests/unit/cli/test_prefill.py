"""`onefile prefill`, `meter` and `case promises`: what the clerk and the bureau see of prefill."""

from __future__ import annotations

import io
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from onefile.cli import main
from pipelines import prefill as steps
from pipelines.workshop import Workshop
from tests.counter import ANNA, FIRM, Shop
from tests.prefilled import ask, cited, firm, grants, handed_in, licensed

WHY = ["--purpose", "窗口收件"]


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    made = Shop(tmp_path / "var")
    made.publish(firm())
    licensed(made)
    made.client("intake", "data_bureau", "intake")
    for name, value in {**made.environ, "ONEFILE_NOW": made.at.isoformat(), "ONEFILE_OPERATOR": "clerk-7"}.items():
        monkeypatch.setenv(name, value)
    return made


def told(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert main.run(list(arguments)) == code
    return capsys.readouterr().out


def prefill(given: dict[str, str], *more: str) -> list[str]:
    grant = ",".join(given.values())
    return ["prefill", "0102", "--case", "D-1", "--item", "0102", "--grant", grant, "--department", "data_bureau",
            "--answer", "premises=rented", "--answer", "business=catering", *WHY, *more]  # fmt: skip


def test_the_clerk_sees_what_is_missing_and_the_form_filled_once_the_look_is_on_record(
    shop: Shop, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with shop.open() as counter:
        counter.case(parties=(FIRM, ANNA))
    given = grants(shop)
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{FIRM} {ANNA}"))
    found = json.loads(told(capsys, *prefill(given, "--applicant", "-", "--agent", "-", "--json")))
    assert found["acting"] == "representative:one_file"
    assert found["attestations"]["batch"].count(".") == 2
    text = told(capsys, *prefill(given, "--applicant", FIRM, "--lang", "zh"))
    assert "[已有，免提交] 营业执照" in text
    assert "[缺少，需提交] 房屋租赁合同" in text
    assert "样例餐饮店" in text
    english = told(capsys, *prefill(given, "--applicant", FIRM))
    assert "[missing: a promise may stand for it]" in english
    looks = [e for e in json.loads(told(capsys, "ledger", "show", "--json"))["entries"] if e["kind"] == "prefill.fill"]
    assert [(e["operator"], e["purpose"], e["case"]) for e in looks] == [("clerk-7", "窗口收件", "D-1")] * 3


def test_the_clerk_gets_no_more_than_the_grants_give(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    with shop.open() as counter:
        counter.case(parties=(FIRM,))
    others = grants(shop, consumer="tax")
    assert main.run(prefill(others, "--applicant", FIRM)) == 1
    assert "your department has no such grant" in capsys.readouterr().err
    assert main.run(prefill(others, "--answer", "premises")) == 2


def test_the_meter_counts_what_cases_needed_and_got(
    shop: Shop, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with shop.open() as counter:
        counter.case(parties=(FIRM, ANNA))
        cites = cited(grants(shop))
        form = handed_in(ask(counter, cites))
        form["fields"][0] |= {"value": "改了", "is_amended": True}
        came: list[dict[str, Any]] = [{"item": "0102", "material": name, "how": "handed_in"}
                                      for name in ("business_licence", "lease_contract")]  # fmt: skip
        ask(counter, cites, "/check", **form, materials=came, is_final=True)
    found = json.loads(told(capsys, "meter", "--json"))
    (line,) = found["lines"]
    assert {name: line[name] for name in ("item", "cases", "demanded", "shared", "amended", "untouched")} == {
        "item": "0102", "cases": 1, "demanded": 4, "shared": 1, "amended": 1, "untouched": 5,
    }  # fmt: skip
    assert line["asked_again"] == [{"case": "D-1", "material": "business_licence"}]
    assert [(each["what"], each["name"]) for each in found["plan"]][:2] == [
        ("material", "floor_plan"), ("material", "lease_contract"),
    ]  # fmt: skip
    text = told(capsys, "meter", "--lang", "zh", "--csv", str(tmp_path / "meter.csv"))
    assert "下一步接入" in text
    assert (
        (tmp_path / "meter.csv").read_text("utf-8").splitlines()[1].startswith("2026-11,0102,market,1,4,1,0,0,1,0.25")
    )
    assert told(capsys, "meter", "--department", "tax") == "none\n"
    assert told(capsys, "meter", "--since", "2026-09", "--until", "2026-10") == "none\n"
    assert main.run(["meter", "--since", "November"]) == 2


def test_the_dag_s_steps_write_the_meter_and_follow_promises_up(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    with shop.open() as counter:
        counter.case(parties=(FIRM, ANNA))
        ask(counter, cited(grants(shop)))
        with counter.ask("intake") as client:
            client.call("POST", "/v1/cases/D-1/promises", {"item": "0102", "material": "safety_rules"})
    (waiting,) = json.loads(told(capsys, "case", "promises", "--json"))
    assert (waiting["case"], waiting["due_on"], waiting["state"]) == ("D-1", "2026-12-14", "open")
    assert "D-1" in told(capsys, "case", "promises", "--department", "market")
    assert told(capsys, "case", "promises", "--department", "tax") == "none\n"
    house = Workshop(shop.settings)
    assert steps.write_meter(house) == 1
    assert json.loads((shop.home / "meter" / "2026-11.json").read_text("utf-8"))["lines"][0]["item"] == "0102"
    assert (shop.home / "meter" / "2026-11.csv").stat().st_mode & 0o077 == 0
    assert steps.follow_promises(house) == {"broken": 0, "overdue": 0, "forms_gone": 0}
    shop.at = shop.at.replace(month=12, day=15)
    late = told(capsys, "case", "sweep", "--at", shop.at.isoformat(), "--json")
    assert json.loads(late)["promises"] == {"broken": 1, "overdue": 0}
    assert date(2026, 12, 15) == shop.at.date()
