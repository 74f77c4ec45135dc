"""Items of a portal: the department's code comes out as the body it is, or is flagged with a reason."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from catalog.errors import ForeignFileRefused
from catalog.foreign_files import records
from catalog.item_importing import ItemsImport, convert_items
from catalog.mapping import ITEMS
from catalog.mapping_reading import built_in, load
from catalog.picking import Fault
from onefile.cli import main
from schemas.identifiers.enterprises import organisation_check
from schemas.item_import import FLAGS, ImportedItem, body_of, tally

REAL = Path(__file__).parents[4] / "shared" / "data" / "service-items.json"
CREDIT = "11690100000120264E"  # the made-up police of the made-up city
BODY = CREDIT[8:17]
OTHER = "116901000005202685"


def read(data: bytes) -> list[ImportedItem]:
    mapping = load("items_by_link", ITEMS)
    return list(convert_items(records(data, mapping), mapping).items)


def portal(*rows: tuple[str, str, str]) -> bytes:
    """Return a portal's list of (department, itemCode, deptCode)."""
    link = "http://portal.example/item?areaCode=690100000000&itemCode={}&taskType=1&deptCode={}"
    found = [{"department": d, "main_item": "", "name": "事项", "link": link.format(i, c)} for d, i, c in rows]
    return json.dumps(found, ensure_ascii=False).encode()


@pytest.mark.parametrize(
    ("text", "known", "answer"),
    [
        (CREDIT, (), (BODY, None)),
        (CREDIT.lower(), (), (BODY, None)),
        (BODY, (), (BODY, None)),
        (f"{BODY[:8]}-{BODY[8]}", (), (BODY, None)),
        (CREDIT[:16] + CREDIT[17:], (CREDIT,), (BODY, "character_lost")),
        (CREDIT[:16] + CREDIT[17:], (), (None, "length_unknown")),
        (CREDIT[:17] + "A", (), (None, "check_failed")),
        (BODY[:8] + ("1" if BODY[8] != "1" else "2"), (), (None, "check_failed")),
        ("11736", (), (None, "platform_id")),
        ("3946653276082720768", (), (None, "platform_id")),
        ("0087790701", (), (None, "platform_id")),
        ("AB-12", (), (None, "length_unknown")),
        ("", (), (None, "code_missing")),
        ("身份证号码九个字符", (), (None, "check_failed")),
    ],
)
def test_a_department_code_of_any_length_is_the_body_it_is_or_flagged(
    text: str, known: tuple[str, ...], answer: tuple[str | None, str | None]
) -> None:
    assert body_of(text, known) == answer


def test_the_body_of_the_test_is_one() -> None:
    assert organisation_check(BODY[:8]) == BODY[8]


def test_what_the_department_code_does_not_say_the_item_code_may() -> None:
    one, two, three = read(
        portal(("甲", f"G-1-{CREDIT}-000", "11736"), ("甲", "G-2", "11736"), ("甲", f"G-3-{OTHER}", BODY))
    )
    assert (one.body, one.flags) == (BODY, ("platform_id", "body_from_item"))
    assert (two.body, two.flags) == (None, ("platform_id", "body_unknown"))
    assert (three.body, three.flags) == (BODY, ("other_body",))


def test_counts_add_up_and_names_and_bodies_are_paired() -> None:
    found = tally(read(portal(("甲", "1", CREDIT), ("甲", "2", OTHER), ("乙", "2", BODY), ("丙", "4", "x"))))
    assert found["received"] == found["with_body"] + found["without_body"] == 4
    assert found["names_with_several_bodies"] == {"甲": sorted([BODY, OTHER[8:17]])}
    assert found["bodies_with_several_names"] == {BODY: ["乙", "甲"]}
    assert found["codes_given_twice"] == ["2"]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"{}", "no list of records"),
        (b"[", "broken JSON in line 1"),
        (b"\xff", "no UTF-8"),
        (b"[" * 200_000, "nested without end"),
        (b"[" + b"1" * 5_000 + b"]", "a number that is too long"),
    ],
)
def test_a_file_that_is_no_list_of_items_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(ForeignFileRefused, match=said):
        read(data)


def test_what_is_no_item_is_told_and_counted() -> None:
    mapping = load("items_by_link", ITEMS)
    data = b'[1, {"department": "a", "name": "b", "link": 1}, {"department": "a", "name": "b", "link": "http://x/?itemCode=1"}]'
    found = convert_items(records(data, mapping), mapping)
    assert (found.received, len(found.items), found.refused, found.skipped) == (3, 2, 1, 0)
    assert found.faults[0] == Fault(1, "", "what is no record", "an object with fields", True)
    assert len(found.faults) == 1
    assert [item.flags for item in found.items] == [
        ("code_missing", "body_unknown", "item_code_missing"),
        ("code_missing", "body_unknown"),
    ]


@pytest.mark.skipif(not REAL.exists(), reason="the real items lie outside the project")
def test_the_real_items_come_in_whole_and_every_flag_has_a_reason() -> None:
    items = read(REAL.read_bytes())
    found = tally(items)
    assert found["received"] == 447 == found["with_body"] + found["without_body"]
    assert set(found["flags"]) <= set(FLAGS)
    assert all(item.body is not None or "body_unknown" in item.flags for item in items)
    assert {item.body for item in items if item.department == "区司法局"} == {"008778685"}
    assert {item.body for item in items if item.department == "区公安分局"} == {"008778693"}


OTHER_PORTAL = """\
name: next_district
format: json
records: data.items
id: [[taskCode], [taskName, org.name]]
skip: {from: state, words: [已取消]}
tables:
  steps: {records: data.steps, key: id, value: name}
fields:
  name: {from: taskName, clean: [html], required: true}
  code: {from: taskCode}
  base_code: {from: taskCode, clean: [part: ["-", 0]]}
  department: {from: [org.name, orgName], required: true}
  department_code: {from: org.code}
  level: {from: useLevel, table: common, values: {"4": city}}
  kind: {from: projectType, table: common, values: {"1": at_once, "2": promised}}
  basis: {from: byLaw, clean: [html, split: ["；"]]}
  legal_days: {join: [anticipateDay, anticipateType], with: ""}
  promised_days: {from: promiseDay}
  visits: {from: limitSceneNum}
  channels: {from: handleForm, split: ",", values: {"1": window, "2": online}}
  process: {from: flow.name, table: common}
  conditions: {from: acceptCondition, clean: [html, split: ["；", "。"]]}
  materials: {each: materials, label: {from: materialName}}
  fields: {each: "forms[0].fields", label: {from: label}}
  results: {from: resultName, clean: [drop: [无]]}
  intermediaries: {from: serviceName, clean: [drop: [无]]}
"""
TASK = {
    "taskCode": "000131-690101", "taskName": "食品<b>经营</b>许可", "org": {"name": "区市场监管局", "code": CREDIT},
    "useLevel": "县级", "projectType": 2,
    "byLaw": "<p>《食品安全法》第三十五条；《行政许可法》</p>", "anticipateDay": 20,
    "anticipateType": "个工作日", "promiseDay": "二十五个工作日", "limitSceneNum": "最多1次", "handleForm": "1,2",
    "flow": [{"name": "申请"}, {"name": "受理"}, {"name": "审查"}, {"name": "办结"}],
    "acceptCondition": "有营业执照；其他条件",
    "materials": [{"materialName": "营业执照复印件"}, {"materialName": "其他有关材料"}, {}],
    "forms": [{"fields": [{"label": "企业名称"}, {"label": "经营面积"}]}], "resultName": "食品经营许可证",
    "serviceName": "无",
}  # fmt: skip


def next_district(tmp_path: Path, *rows: dict[str, object]) -> ItemsImport:
    (tmp_path / "m.yml").write_text(OTHER_PORTAL, encoding="utf-8")
    mapping = load(str(tmp_path / "m.yml"), ITEMS)
    steps = [{"id": 1, "name": "x"}]
    return convert_items(records(json.dumps({"data": {"items": rows, "steps": steps}}).encode(), mapping), mapping)


def test_another_portal_s_items_come_in_by_a_mapping_alone(tmp_path: Path) -> None:
    found = next_district(tmp_path, TASK)
    assert found.faults == ()
    (item,) = found.items
    assert item == ImportedItem(
        code="000131-690101", name="食品经营许可", main_item="", department="区市场监管局", department_code=CREDIT,
        body=BODY, flags=(), base_code="000131", level="county", kind="promised",
        basis=("《食品安全法》第三十五条", "《行政许可法》"), legal_days=20, promised_days=25, visits=1,
        channels=("window", "online"), process=("apply", "accept", "review", "decide"),
        conditions=("有营业执照", "其他条件"), materials=("营业执照复印件", "其他有关材料"),
        fields=("企业名称", "经营面积"),
        results=("食品经营许可证",),
    )  # fmt: skip


def test_faults_of_another_portal_are_told_and_counts_add_up(tmp_path: Path) -> None:
    found = next_district(
        tmp_path, TASK, {**TASK, "promiseDay": "三个月", "taskCode": "b-1"}, {**TASK, "taskCode": "c", "taskName": ""},
        {**TASK, "taskCode": "d", "state": " 已取消"}, {**TASK, "taskCode": "e", "useLevel": "宇宙级"}, TASK,
    )  # fmt: skip
    assert found.received == 6 == len(found.items) + found.refused + found.skipped
    assert found.skipped == 1
    assert [(fault.record, fault.field, fault.is_refused) for fault in found.faults] == [
        (2, "promised_days", False), (3, "name", True), (5, "level", False), (6, "id", True),
    ]  # fmt: skip
    assert found.items[1].flags == ("promised_days_unread",)


@pytest.mark.parametrize("name", built_in("items"))
def test_every_mapping_of_items_is_sound(name: str) -> None:
    assert "name" in load(name, ITEMS).fields


def test_the_verbs_take_in_list_show_and_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ONEFILE_HOME", str(tmp_path / "var"))
    (tmp_path / "items.json").write_bytes(portal(("甲", "A1", CREDIT), ("乙", "A2", "11736")))
    take = ["--lang", "en", "items", "import", str(tmp_path / "items.json")]
    assert main.run(take) == 0
    said = capsys.readouterr().out
    assert said.startswith("2 received, 2 taken, 0 refused, 0 skipped: 2 new, 0 changed, 0 unchanged, 0 vanished\n")
    assert "2 items, 1 with a body, 1 without" in said
    kept = (tmp_path / "var" / "items" / "imported.json").stat().st_mtime_ns
    assert main.run([*take, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["unchanged"] == 2
    assert (tmp_path / "var" / "items" / "imported.json").stat().st_mtime_ns == kept
    assert main.run(["--lang", "en", "items", "list", "--flag", "body_unknown", "--json"]) == 0
    assert [item["code"] for item in json.loads(capsys.readouterr().out)] == ["A2"]
    assert main.run(["--lang", "zh", "items", "show", "A2"]) == 0
    assert FLAGS["platform_id"] in capsys.readouterr().out
    assert main.run(["--lang", "en", "items", "show", "A9"]) == 1
    assert main.run(["--lang", "zh", "items", "check"]) == 0
    assert "事项 2，机构已识别 1，未识别 1" in capsys.readouterr().out


def test_another_source_leaves_the_first_alone_and_both_are_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ONEFILE_HOME", str(tmp_path / "var"))
    (tmp_path / "one.json").write_bytes(portal(("甲", "A1", CREDIT)))
    (tmp_path / "two.json").write_text(json.dumps({"data": {"items": [TASK], "steps": [{"id": 1, "name": "x"}]}}))
    (tmp_path / "m.yml").write_text(OTHER_PORTAL, encoding="utf-8")
    assert main.run(["items", "import", str(tmp_path / "one.json")]) == 0
    assert main.run(["items", "import", str(tmp_path / "two.json"), "--mapping", str(tmp_path / "m.yml")]) == 0
    capsys.readouterr()
    assert main.run(["--lang", "en", "items", "check", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert set(told["imported"]) == {"items_by_link", "next_district"}
    kinds = {(each["kind"], each["what"]) for each in told["found"] if each["item"].startswith("next_district:")}
    assert {("deadline", "食品经营许可"), ("catch_all", "其他有关材料"), ("catch_all", "其他条件"),
            ("breach", "营业执照复印件"), ("breach", "企业名称"), ("unmapped_field", "经营面积")} <= kinds  # fmt: skip
    assert main.run(["items", "import", str(tmp_path / "two.json"), "--source", "declared"]) == 2
