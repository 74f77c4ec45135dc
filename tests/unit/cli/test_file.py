"""`onefile file`: what a clerk sees, what the ledger holds before that, and what nobody may see."""

from __future__ import annotations

import io
import json
import os
import re
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import catalog
from ledger import files
from onefile.cli.main import run
from schemas.serving.connection import writing
from schemas.subjects import subject_numbers
from tests.published import COMPANY, ENTERPRISE, OLD, PERSON, PURPOSE, SPOUSE, ZHANG, document, publish, stated
from tests.yardstick import slowness


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ONEFILE_HOME", str(tmp_path))
    monkeypatch.setenv("ONEFILE_LANG", "zh")
    monkeypatch.setenv("ONEFILE_NOW", "2026-11-23T09:00:00+08:00")
    monkeypatch.setenv("ONEFILE_OPERATOR", "clerk-7")
    return tmp_path


def ledger(home: Path) -> list[dict[str, Any]]:
    return [entry.as_json() for entry in files.entries(home / "ledger")]


def look(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = run(["file", *arguments])
    out, err = capsys.readouterr()
    return code, out, err


def as_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    code, out, _ = look(capsys, *arguments, *PURPOSE, "--json")
    assert code == 0
    found: dict[str, Any] = json.loads(out)
    return found


def test_a_clerk_reads_values_with_sources_ages_and_what_is_stated_otherwise(home, capsys):
    publish(home, ZHANG)
    code, out, _ = look(capsys, PERSON, *PURPOSE)
    assert code == 0
    text, _, after = out.partition("\n暂无数据：")
    assert (
        text
        == f"""\
一人一档 · 公民身份号码 {PERSON}
按 2026-11-23 计 · 档案版本 12，2026-11-23 08:30 发布

姓名            张三
                市公安局《常住人口登记信息》 · 2026-01-31 · 296 天前 · 数源部门
                ≠ 另有记载：张山 · 市教育局《学历证书信息》 · 2025-06-01 · 540 天前 · 非数源部门
性别            男性 (1)
                市公安局《常住人口登记信息》 · 2026-01-31 · 296 天前 · 数源部门
出生日期        1990-01-01
                市公安局《常住人口登记信息》 · 2026-01-31 · 296 天前 · 唯一来源
婚姻状况        已婚 (20)
                市民政局《婚姻登记信息》 · 2026-11-01 · 22 天前 · 数源部门
户籍地行政区划  北京市朝阳区 (110105001)
                市公安局《常住人口登记信息》 · 2026-11-23 · 当日 · 数源部门
缴费基数        12,345.67 元
                市人力资源和社会保障局《社会保险参保信息》 · 2025-01-01 · 691 天前 · 来源顺位在先 · 陈旧（超过 365 天）
"""
    )
    silent = [a.label for a in catalog.load().declarations.files["person"].attributes if a.name not in ZHANG]
    assert silent[:3] == ["曾用名", "民族", "户籍地址"]
    assert (
        after
        == f"""\
{"、".join(silent)}

关系
配偶  公民身份号码 {SPOUSE} · 自 2019-05-20 · 婚姻状况 已婚 (20)
      市民政局《婚姻登记信息》 · 2019-05-20 · 2744 天前

号码
公民身份号码 {PERSON} · 常住人口登记信息 · 2020-01-01
"""
    )


def test_an_enterprise_that_ended_says_so_first_and_money_has_its_currency(home, capsys):
    publish(home, COMPANY)
    code, out, _ = look(capsys, ENTERPRISE, *PURPOSE)
    assert code == 0
    lines = out.splitlines()
    assert lines[2] == "■ 已注销：2026-05-01"
    assert "注册资本      USD 500,000,000.00" in lines
    assert any(line.strip().startswith("≠ 另有记载：USD 400,000,000.00 · ") for line in lines)
    tie = f"股东  公民身份号码 {PERSON} · 自 2020-01-01 · 至 2024-01-01 · 认缴出资额 10,000.00 元 · 币种 人民币 (CNY)"
    assert any(line.startswith(tie) for line in lines)


@pytest.mark.parametrize(
    ("code", "zh", "en"),
    [
        (
            "330104",
            "浙江省杭州市江干区（已停用，现为 上城区 330102）",
            "浙江省杭州市江干区 (retired, now 上城区 330102)",
        ),
        ("110103", "北京市崇文区（已停用）", "北京市崇文区 (retired)"),
    ],
)
def test_a_retired_area_is_marked_and_its_successor_told_where_a_source_says_so(home, capsys, code, zh, en):
    publish(home, ZHANG | {"area": stated(code, "2026-11-23")})
    assert as_json(capsys, PERSON)["attributes"]["area"]["value_name"] == {"zh": zh, "en": en}
    assert f"{zh} ({code})" in look(capsys, PERSON, *PURPOSE)[1]


def test_the_same_in_english(home, capsys, monkeypatch):
    monkeypatch.setenv("ONEFILE_LANG", "en")
    publish(home, COMPANY)
    _, out, _ = look(capsys, ENTERPRISE, *PURPOSE)
    lines = out.splitlines()
    assert lines[0] == f"One file of an enterprise · unified social credit code {ENTERPRISE}"
    assert lines[2] == "■ CANCELLED: 2026-05-01"
    assert "Market Regulation Bureau" in lines[5]
    assert "capital           USD 500,000,000.00" in lines
    assert not any("\u4e00" <= char <= "\u9fff" for char in out.replace("某某有限公司", ""))


def test_json_has_the_same_keys_for_every_attribute_with_a_value_or_without(home, capsys):
    publish(home, ZHANG)
    shown = as_json(capsys, PERSON)
    assert list(shown) == [
        "format", "subject_id", "kind", "number_type", "number", "on", "is_past", "lake_version", "published_at",
        "ended_on", "is_ended", "attributes", "relations", "identifiers", "licences",
        "found_by",
    ]  # fmt: skip
    assert len({tuple(attribute) for attribute in shown["attributes"].values()}) == 1
    base = shown["attributes"]["insurance_base_cents"]
    assert (base["value"], base["currency"], base["age_days"], base["is_stale"]) == (1234567, "CNY", 691, True)
    phone = shown["attributes"]["phone"]
    assert (phone["value"], phone["age_days"], phone["is_stale"], phone["contradictions"]) == (None, None, False, [])
    assert shown["attributes"]["sex"]["value_name"] == {"zh": "男性", "en": "male"}
    (other,) = shown["attributes"]["name"]["contradictions"]
    assert (other["value"], other["age_days"], other["reason"]) == ("张山", 540, "lead")
    (tie,) = shown["relations"]
    assert (tie["label"], tie["other_number"], tie["until"]) == ("配偶", SPOUSE, None)


def test_the_reference_names_every_key_of_the_json(home, capsys):
    text = (Path(__file__).parents[3] / "docs" / "reference" / "serving-database.md").read_text(encoding="utf-8")
    named = set(re.findall(r"\w+", text.partition("### `--json`")[2]))
    publish(home, ZHANG)
    shown = as_json(capsys, PERSON)
    parts = [shown, *shown["attributes"].values(), *shown["relations"], *shown["identifiers"]]
    parts += [part for a in shown["attributes"].values() for part in a["contradictions"]]
    parts += [part for tie in shown["relations"] for part in tie["details"].values()]
    assert {key for part in parts for key in part} - named == set()


EARLIER = {"type": "registration_number", "number": "690101000000128", "resource": "market.enterprises",
           "observed_on": "2015-12-01"}  # fmt: skip


def test_a_file_is_found_by_an_earlier_number_and_the_bridge_is_told(home, capsys):
    publish(home, COMPANY | {"identifiers": [*COMPANY["identifiers"], EARLIER]}, ZHANG)
    code, out, _ = look(capsys, EARLIER["number"], *PURPOSE)
    assert code == 0
    assert out.splitlines()[2] == (
        f"依对应关系查得：注册号 {EARLIER['number']} 现为 {ENTERPRISE}（企业登记信息 · 2015-12-01）"
    )
    assert f"注册号 {EARLIER['number']} · 企业登记信息 · 2015-12-01" in out.splitlines()
    (bridge,) = as_json(capsys, EARLIER["number"])["found_by"]
    assert EARLIER.items() <= bridge.items()
    assert as_json(capsys, ENTERPRISE)["found_by"] == []


@pytest.mark.parametrize(
    ("asked", "standard"),
    [(OLD, "GB 11643-1999"), ("MA0000015", "GB 32100-2015"), ("690101MA0000015", "GB 32100-2015")],
)
def test_what_a_standard_says_is_told_as_the_bridge(home, capsys, asked, standard):
    publish(home, COMPANY, ZHANG)
    shown = as_json(capsys, asked)
    assert shown["number"] == (PERSON if asked == OLD else ENTERPRISE)
    assert {(way["number"], way["resource"]) for way in shown["found_by"]} >= {(asked, standard)}


def test_an_organisation_code_in_two_credit_codes_leads_to_neither(home, capsys):
    other = "92690101MA00000155"
    assert other[8:17] == ENTERPRISE[8:17]
    publish(home, COMPANY, document("credit_code", other))
    code, out, err = look(capsys, "MA0000015", *PURPOSE)
    assert (code, out) == (1, "")
    assert "查无此主体" in err


@pytest.mark.parametrize(("day", "age", "is_stale"), [("2026-01-31", 365, False), ("2026-02-01", 366, True)])
def test_a_value_is_stale_from_the_day_after_its_last_fresh_one(home, capsys, monkeypatch, day, age, is_stale):
    monkeypatch.setenv("ONEFILE_NOW", f"{day}T09:00:00+08:00")
    publish(home, document("citizen", PERSON, name=stated("张三", "2025-01-31")))
    name = as_json(capsys, PERSON)["attributes"]["name"]
    assert (name["age_days"], name["is_stale"]) == (age, is_stale)


@pytest.mark.parametrize(("day", "is_ended"), [("2026-04-30", False), ("2026-05-01", True)])
def test_a_subject_has_ended_from_its_last_day_on(home, capsys, monkeypatch, day, is_ended):
    monkeypatch.setenv("ONEFILE_NOW", f"{day}T09:00:00+08:00")
    publish(home, COMPANY)
    shown = as_json(capsys, ENTERPRISE)
    assert (shown["ended_on"], shown["is_ended"]) == ("2026-05-01", is_ended)


def test_what_was_observed_after_the_day_asked_for_says_so(home, capsys, monkeypatch):
    monkeypatch.setenv("ONEFILE_NOW", "2025-01-01T09:00:00+08:00")
    publish(home, document("citizen", PERSON, name=stated("张三", "2025-01-31")))
    assert as_json(capsys, PERSON)["attributes"]["name"]["age_days"] == -30
    assert "30 天后才有的记载" in look(capsys, PERSON, *PURPOSE)[1]


def test_an_amount_that_is_no_whole_number_of_cents_and_a_decimal_keep_their_digits(home, capsys):
    publish(home, document("citizen", PERSON, height=stated(1, "2025-01-31") | {"value": 1}))
    url = f"sqlite:///{home}/serving.db"
    with writing(url) as connection:
        connection.exec_driver_sql(
            "UPDATE subject SET document = replace(document, '\"value\": 1,', '\"value\": 1.10,')"
        )
    height = as_json(capsys, PERSON)["attributes"]["height"]
    assert (height["value"], height["label"], height["type"]) == ("1.10", "height", "string")
    assert "height  1.10" in look(capsys, PERSON, *PURPOSE)[1]


def test_no_value_can_steer_the_terminal_or_pass_for_a_line_of_ours(home, capsys):
    odd = "张\x1b[2J三\r\n■ 已死亡\u202e\u2028\x00𠮷\ue000\U000e0100"
    publish(home, document("citizen", PERSON, name=stated(odd, "2026-01-31")))
    _, out, _ = look(capsys, PERSON, *PURPOSE)
    assert "张\\x1b[2J三\\r\\n■ 已死亡\\u202e\\u2028\\x00𠮷\ue000\U000e0100" in out
    assert not set(out) & set("\x1b\r\x00\u202e\u2028")
    assert as_json(capsys, PERSON)["attributes"]["name"]["value"] == odd


@pytest.mark.parametrize("subject", [PERSON, OLD, f" {PERSON.lower()} "])
def test_a_number_is_known_in_each_of_its_forms(home, capsys, subject):
    publish(home, document("citizen", PERSON, name=stated("张三", "2026-01-31")))
    assert as_json(capsys, subject)["attributes"]["name"]["value"] == "张三"


def test_a_number_comes_from_standard_input_for_a_dash(home, capsys, monkeypatch):
    publish(home, ZHANG)
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{PERSON}\n"))
    assert look(capsys, "-", *PURPOSE)[0] == 0
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{PERSON}\n{SPOUSE}\n"))
    code, out, err = look(capsys, "-", *PURPOSE)
    assert (code, out) == (2, "")
    assert PERSON not in err


def test_the_look_is_in_the_ledger_with_what_was_shown_and_names_nobody(home, capsys):
    publish(home, ZHANG)
    look(capsys, PERSON, *PURPOSE)
    (entry,) = ledger(home)
    assert (entry["operator"], entry["purpose"], entry["basis"]) == ("clerk-7", "item 12, case 7", "onefile file")
    assert entry["at"] == "2026-11-23T01:00:00Z"
    assert entry["fields"] == [
        "name", "sex", "birth_on", "marital_status", "area", "insurance_base_cents", "relations.spouse",
    ]  # fmt: skip
    assert PERSON not in json.dumps(entry)
    assert subject_numbers(PERSON)[0].subject_id not in json.dumps(entry)


def test_a_look_for_somebody_unknown_is_in_the_ledger_too_and_the_answer_echoes_no_number(home, capsys):
    publish(home, ZHANG)
    look(capsys, SPOUSE, *PURPOSE)
    code, out, err = look(capsys, SPOUSE, *PURPOSE)
    assert (code, out) == (1, "")
    assert err == "onefile: 查无此主体\n"
    first, second = ledger(home)
    assert first["fields"] == []
    assert first["subject"] == second["subject"] is not None


def test_without_an_entry_nothing_is_shown(home, capsys):
    publish(home, ZHANG)
    look(capsys, PERSON, *PURPOSE)
    segment = next((home / "ledger").glob("*.jsonl"))
    segment.write_bytes(b"{}\n")
    code, out, err = look(capsys, PERSON, *PURPOSE)
    assert (code, out) == (1, "")
    assert "altered" in err


def test_without_a_purpose_nothing_is_looked_up(home, capsys):
    publish(home, ZHANG)
    assert look(capsys, PERSON)[:2] == (2, "")
    assert look(capsys, PERSON, "--purpose", "  ")[:2] == (2, "")
    assert ledger(home) == []


@pytest.mark.parametrize("text", ["", "x", "690101199001011230", "91690101MA0000018X", "١٢٣"])
def test_what_is_no_number_is_wrong_use_and_is_not_echoed(home, capsys, text):
    publish(home, ZHANG)
    code, out, err = look(capsys, text, *PURPOSE)
    assert (code, out) == (2, "")
    assert len(text) < 2 or text not in err


def test_a_day_that_is_none_is_wrong_use(home, capsys):
    assert look(capsys, PERSON, *PURPOSE, "--on", "2026-02-30")[:2] == (2, "")


def test_before_anything_is_published_the_answer_says_so_and_makes_nothing(home, capsys):
    code, out, err = look(capsys, PERSON, *PURPOSE)
    assert (code, out) == (1, "")
    assert "nothing is published" in err
    assert list(home.iterdir()) == []


def test_an_attribute_laid_over_from_outside_has_its_label(home, capsys, monkeypatch, tmp_path):
    folder = tmp_path / "more" / "files"
    folder.mkdir(parents=True)
    (folder / "person.yml").write_text(
        "kind: person\nattributes:\n  nickname:\n    label: 别名\n    about: Other name\n    lead: police\n"
        "    sources: [{table: population, column: former_name, subject: number, rank: 1}]\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("ONEFILE_DECLARATIONS", str(tmp_path / "more"))
    publish(home, document("citizen", PERSON, nickname=stated("小张", "2026-01-31")))
    assert "别名  小张" in look(capsys, PERSON, *PURPOSE)[1]


def test_it_answers_in_well_under_a_second(home, capsys):
    publish(home, ZHANG)
    command = [sys.executable, "-m", "onefile.cli", "file", PERSON, *PURPOSE]
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run(command, check=True, capture_output=True, env=environ)
    taken = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, capture_output=True, env=environ)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        taken.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(taken) < 0.8 * slowness()  # of one core, so that a busy machine does not count


@pytest.mark.parametrize("purpose", [f"查 {PERSON} 的事", f"case of {ENTERPRISE}"])
def test_a_purpose_that_holds_a_subject_s_number_is_refused(home, capsys, purpose):
    publish(home, ZHANG)
    code, printed, error = look(capsys, PERSON, "--purpose", purpose)
    assert (code, printed) == (2, "")
    assert "leave numbers of people and enterprises out" in error
    assert PERSON not in error
    assert not (home / "ledger").exists()


def test_a_home_that_is_no_folder_is_told_before_anything_is_done(home, capsys, monkeypatch, tmp_path):
    file = tmp_path / "file"
    file.write_text("")
    monkeypatch.setenv("ONEFILE_HOME", str(file))
    for verb in (["quarantine", "list"], ["run"], ["file", PERSON, *PURPOSE]):
        assert run(verb) == 1
        assert f"ONEFILE_HOME：{file} 不是文件夹" in capsys.readouterr().err


def test_every_change_is_asked_for_without_a_day_or_an_instant(home, capsys):
    for more in (["--on", "2026-01-01"], ["--known-at", "2026-01-01T00:00:00+08:00"]):
        code, printed, error = look(capsys, PERSON, *PURPOSE, "--history", "name", *more)
        assert (code, printed) == (2, "")
        assert "leave --on and --known-at out" in error
    assert not (home / "ledger").exists()


@pytest.mark.parametrize("verb", [["vault", "show", "x"], ["trace", PERSON, "name"]])
def test_no_verb_takes_a_number_in_its_purpose(home, capsys, verb):
    assert run([*verb, "--purpose", f"about {SPOUSE}"]) == 2
    printed, error = capsys.readouterr()
    assert "leave numbers of people and enterprises out" in error
    assert SPOUSE not in printed + error
    assert not (home / "ledger").exists()
