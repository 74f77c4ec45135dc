"""Items of a portal: the department's code comes out as the body it is, or is flagged with a reason."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from onefile.cli import main
from schemas.identifiers.enterprises import organisation_check
from schemas.item_import import FLAGS, ImportedItem, ItemsRefused, body_of, read, tally

REAL = Path(__file__).parents[4] / "shared" / "data" / "service-items.json"
CREDIT = "11690100000120264E"  # the made-up police of the made-up city
BODY = CREDIT[8:17]
OTHER = "116901000005202685"


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
        (b"{}", "no list"),
        (b"[1]", "in object 1"),
        (b'[{"department": "a", "name": "b", "link": 1}]', "in object 1"),
        (b"[", "broken JSON in line 1"),
        (b"\xff", "no UTF-8"),
        (b"[" * 200_000, "nested without end"),
    ],
)
def test_a_file_that_is_no_list_of_items_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(ItemsRefused, match=said):
        read(data)


@pytest.mark.skipif(not REAL.exists(), reason="the real items lie outside the project")
def test_the_real_items_come_in_whole_and_every_flag_has_a_reason() -> None:
    items = read(REAL.read_bytes())
    found = tally(items)
    assert found["received"] == 447 == found["with_body"] + found["without_body"]
    assert set(found["flags"]) <= set(FLAGS)
    assert all(item.body is not None or "body_unknown" in item.flags for item in items)
    assert {item.body for item in items if item.department == "区司法局"} == {"008778685"}
    assert {item.body for item in items if item.department == "区公安分局"} == {"008778693"}


def test_the_verbs_take_in_list_show_and_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ONEFILE_HOME", str(tmp_path / "var"))
    assert main.run(["--lang", "en", "items", "list"]) == 1
    assert "no items were taken in yet" in capsys.readouterr().err
    (tmp_path / "items.json").write_bytes(portal(("甲", "A1", CREDIT), ("乙", "A2", "11736")))
    assert main.run(["--lang", "en", "items", "import", str(tmp_path / "items.json")]) == 0
    assert capsys.readouterr().out.startswith("2 received, 1 with a body, 1 without\n")
    assert main.run(["--lang", "en", "items", "list", "--flag", "body_unknown", "--json"]) == 0
    assert [ImportedItem(**item).code for item in json.loads(capsys.readouterr().out)] == ["A2"]
    assert main.run(["--lang", "zh", "items", "show", "A2"]) == 0
    assert FLAGS["platform_id"] in capsys.readouterr().out
    assert main.run(["--lang", "en", "items", "show", "A9"]) == 1
    assert main.run(["--lang", "zh", "items", "check"]) == 0
    assert "收到 2，机构已识别 1，未识别 1" in capsys.readouterr().out
