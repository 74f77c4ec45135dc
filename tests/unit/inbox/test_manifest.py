"""The manifest: read strictly, and refused in words that quote nothing of it."""

from __future__ import annotations

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox import names
from inbox.errors import Refused
from inbox.manifest import MAX_BYTES, FileEntry, Redriven, read_manifest, read_period, write_manifest

SHA = "0a" * 32
FILE = {"name": "people.csv", "rows": 2, "sha256": SHA}
GOOD = {"resource": "civil.people", "id": "d-1", "period": "2026-03-01", "files": [FILE]}


def refusal(content: bytes | dict) -> str:
    with pytest.raises(Refused) as error:
        read_manifest(content if isinstance(content, bytes) else json.dumps(content).encode())
    assert "\ud800" not in str(error.value)
    return error.value.refusal.reason


def test_a_manifest_is_read_back_as_written():
    files = (FileEntry("一 'a\".csv", 0, SHA), FileEntry("b..csv", 2, SHA))
    rows = (Redriven("d-0", 7), Redriven("d-0", 9))
    read = read_manifest(write_manifest("civil.people", "d-1", "2026-03", files, rows))
    assert (read.resource, read.id, read.period) == ("civil.people", "d-1", "2026-03")
    assert (read.first_day, read.last_day) == (date(2026, 3, 1), date(2026, 3, 31))
    assert (read.files, read.redrives, read.rows) == (files, rows, 2)


def test_a_byte_order_mark_and_upper_case_hashes_are_read():
    content = b"\xef\xbb\xbf" + json.dumps(GOOD | {"files": [FILE | {"sha256": SHA.upper()}]}).encode()
    assert read_manifest(content).files[0].sha256 == SHA


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"1" * 5000,
        b"[" * 200_000,
        b'{"files":' * 200_000,
        b" " * (MAX_BYTES + 1),
        json.dumps(GOOD).encode("utf-16"),
        json.dumps(GOOD).encode().replace(b"{", b'{"id": "d-1", ', 1),
        json.dumps(GOOD).encode().replace(b'"rows": 2', b'"rows": NaN'),
        json.dumps(GOOD).encode().replace(b'"rows": 2', b'"rows": 2, "rows": 2'),
        json.dumps(GOOD).encode().replace(b'"rows": 2', b'"rows": 1' + b"0" * 5000),
        {},
        GOOD | {"note": "x"},
        {k: v for k, v in GOOD.items() if k != "period"},
        GOOD | {"id": 1},
        GOOD | {"resource": ""},
        GOOD | {"resource": None},
        GOOD | {"period": "2026-13"},
        GOOD | {"period": "0001"},
        GOOD | {"period": "0999-12-31/1000-01-01"},
        GOOD | {"files": {}},
        GOOD | {"files": ["people.csv"]},
        GOOD | {"files": [FILE, FILE]},
        GOOD | {"files": [FILE | {"size": 3}]},
        *(GOOD | {"files": [FILE | {"rows": rows}]} for rows in ("2", -1, True, 2.0, None, [], 2**53)),
        *(GOOD | {"files": [FILE | {"sha256": sha}]} for sha in ("", SHA[1:], "g" * 64, SHA + "\n", 5, None)),
        GOOD | {"redrives": [{"delivery": "d-0", "row": 1}]},
        GOOD | {"redrives": [{"delivery": "d-0", "row": 0}] * 2},
        GOOD | {"redrives": [{"delivery": "../x", "row": 1}] * 2},
    ],
)
def test_what_is_no_manifest_is_malformed(content):
    assert refusal(content) == "manifest_malformed"


def test_a_manifest_without_files_is_refused():
    assert refusal(GOOD | {"files": []}) == "no_files"


@pytest.mark.parametrize(
    "name",
    [
        "", ".", "..", "../people.csv", "a/b.csv", "/etc/passwd", "a\\b.csv", ".hidden", "a\0.csv", "a\nb.csv",
        "a\x1b[2J.csv", "a\u202eb.csv", "a\u2028b", "a\ud800.csv", "x" * 201, "字" * 67, "manifest.json",
        "manifest.json.sig", "received.json", "landed.json", "69010119900101123X.csv", "a69010119900101123xb.csv",
        "690101900101123.csv", "６９０１０１１９９００１０１１２３４.csv", 5, None,
    ],
)  # fmt: skip
def test_a_file_name_that_could_lead_astray_is_refused(name):
    assert refusal(GOOD | {"files": [FILE | {"name": name}]}) == "bad_file_name"


@pytest.mark.parametrize("name", ["人口 2026.csv", 'it\'s "new".csv', "a..b.csv", "-rf", "20260301120000.csv", "%s{0}"])
def test_spaces_quotes_and_other_harmless_oddities_may_stand_in_a_file_name(name):
    assert read_manifest(json.dumps(GOOD | {"files": [FILE | {"name": name}]}).encode()).files[0].name == name


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026-02-28", "2026-02-28", "2026-02-28"),
        ("2024-02", "2024-02-01", "2024-02-29"),
        ("2026", "2026-01-01", "2026-12-31"),
        ("2026-01-15/2026-02-03", "2026-01-15", "2026-02-03"),
    ],
)
def test_a_period_is_a_day_a_month_a_year_or_two_days(text, first, last):
    assert read_period(text) == (date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize(
    "text",
    ["", "26", "2026-2", "2026-02-30", "20260301", "2026-W09", "2026-03-02/2026-03-01", "2026-01/2026-02",
     "2026-01-01/2026-01-02/2026-01-03", "2026-03-01 ", "0000", "２０２６", "2026-03-01/"],
)  # fmt: skip
def test_no_other_text_is_a_period(text):
    with pytest.raises(Refused):
        read_period(text)


@pytest.mark.parametrize("text", ["d", "civil-people-2026-03-01-0a1b2c3d", "A.b_c-1", "x" * 100, "20261123101500"])
def test_plain_ids_are_taken(text):
    assert names.is_id(text)


@pytest.mark.parametrize(
    "text",
    ["", ".", "..", "a..b", "-a", "a b", "a/b", "批次", "a\n", "x" * 101, "69010119900101123X", "p-690101900101123",
     "d.refused-0a1b2c3d"],
)  # fmt: skip
def test_what_cannot_be_a_folders_name_or_may_be_a_persons_is_no_id(text):
    assert not names.is_id(text)


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_no_bytes_break_the_reader(content):
    with pytest.raises(Refused):
        read_manifest(content)
