"""The one reader: exact bytes, exact values, and a clear word for every broken structure."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inbox import lines, records
from inbox.errors import FileBroken
from schemas.model import Resource
from tests.unit.inbox.hands import resource

PEOPLE = resource()
GB = replace(PEOPLE, encoding="gb18030")
LINES = replace(PEOPLE, format="jsonl")


def read(content: bytes, of: Resource = PEOPLE) -> list[tuple[int, bytes, tuple]]:
    return [row for batch in records.records(io.BytesIO(content), of) for row in batch]


def broken(content: bytes, of: Resource = PEOPLE) -> tuple[str, int | None]:
    with pytest.raises(FileBroken) as error:
        read(content, of)
    return error.value.refusal.reason, error.value.row


def test_each_record_has_its_number_its_own_bytes_and_its_values():
    assert read(b'number,name\r\n1,"a,""b"\r\n2,c') == [
        (1, b'1,"a,""b"', ("1", 'a,"b', None)),
        (2, b"2,c", ("2", "c", None)),
    ]


def test_a_quoted_line_end_is_part_of_the_record_and_of_its_value():
    content = b'number,name\n1,"a\nb"\r\n2,"c\r\n\r\nd"\n3,e\n'
    assert read(content) == [
        (1, b'1,"a\nb"', ("1", "a\nb", None)),
        (2, b'2,"c\r\n\r\nd"', ("2", "c\r\n\r\nd", None)),
        (3, b"3,e", ("3", "e", None)),
    ]


def test_columns_come_in_the_declared_order_whatever_the_files_is():
    assert read("﻿ name , note,number\na,x,1\n".encode()) == [(1, b"a,x,1", ("1", "a", "x"))]


def test_titles_above_a_header_are_no_records():
    titled = replace(PEOPLE, header_row=3)
    content = b'\xef\xbb\xbfRegister "of, 2026,,\r\n\r\nnumber,name\r\n1,a\r\n'
    assert read(content, titled) == [(1, b"1,a", ("1", "a", None))]
    assert read("某某,\n,\nnumber,name\n1,甲\n".encode("gb18030"), replace(titled, encoding="gb18030")) == [
        (1, "1,甲".encode("gb18030"), ("1", "甲", None))
    ]
    assert broken(b"Register\n\n", titled) == ("no_header", None)
    assert broken(b"number,name\n1,a\n2,b\n", titled)[0] in ("no_header", "columns_unknown")
    assert broken(b"x" * (lines.MAX_TITLE_BYTES + 2**17), titled) == ("line_too_long", None)


def test_a_file_that_was_received_before_a_column_was_declared_has_nothing_there():
    kept = [row for batch in records.records(io.BytesIO(b"number\n1\n"), PEOPLE, is_kept=True) for row in batch]
    assert kept == [(1, b"1", ("1", None, None))]
    kept = [row for batch in records.records(io.BytesIO(b'{"number": "1"}'), LINES, is_kept=True) for row in batch]
    assert kept == [(1, b'{"number": "1"}', ("1", None, None))]
    assert broken(b"number\n1\n") == ("columns_missing", 0)
    with pytest.raises(FileBroken, match="other"):
        list(records.records(io.BytesIO(b"number,other\n1,2\n"), PEOPLE, is_kept=True))


def test_empty_lines_at_the_end_are_no_records():
    for end in (b"", b"\n", b"\r\n", b"\n\n\n", b"\r\n\r\n", b"\n" * 3_000_000):
        assert [raw for _, raw, _ in read(b"number,name\n1,a" + end)] == [b"1,a"]


def test_a_header_alone_is_a_file_of_no_rows():
    for content in (b"number,name", b"number,name\n", b'"number","name"\r\n\r\n'):
        assert read(content) == []


@pytest.mark.parametrize(
    ("content", "reason", "row"),
    [
        (b"", "no_header", None),
        (b"\n\n", "no_header", None),
        (b" , \n", "no_header", None),
        (b"\xef\xbb\xbf", "no_header", None),
        (b"\nnumber,name\n", "empty_line", 0),
        (b"1,a\n2,b\n", "no_header", None),
        (b"number\n1\n", "columns_missing", 0),
        (b"number,name,age\n", "columns_unknown", 0),
        (b"number,name,name\n", "header_repeated", 0),
        (b"number,name\n1,a\n2\n", "fields_differ", 2),
        (b"number,name\n1,a\n2,b,c\n", "fields_differ", 2),
        (b'number,name\n1,"a"\n2,"b","c"\n', "fields_differ", 2),
        (b"number,name\n1,a\n\n2,b\n", "empty_line", 2),
        (b"number,name\n\n1,a\n", "empty_line", 1),
        (b'number,name\n1,a\n2,"b\n3,c\n', "quoting", 2),
        (b'number,name\n1,a"b\n', "quoting", 1),
        (b'number,name\n1,"a"b\n2,c\n', "quoting", 1),
        (b'number,name\n1, "a"\n', "quoting", 1),
        (b'number,name\n1,"a"b"c"\n', "quoting", 1),
        (b'"number,name\n1,a\n', "quoting", 0),
        (b"number,name\n1,a\n2,b\rc\n", "line_ends", 2),
        (b"number,name\r1,a\r2,b\r", "line_ends", 0),
        (b'number,name\n1,"a"\n2,b\rc\n', "line_ends", 2),
        (b"number,name\n1,a\n2,\0\n", "control_character", 2),
        (b'number,name\n1,"a\n"\n2,"\0"\n', "control_character", 2),
        (b"number,\0name\n", "control_character", 0),
        (b"number,name\n1,a\n2,\xff\n", "encoding", 2),
        ("number,name\n1,姓\n".encode("gb18030"), "encoding", 1),
        ("number,姓名\n1,a\n".encode("gb18030"), "encoding", 0),
        ("number,name\n1,a\n".encode("utf-16"), "encoding", None),
        (b"number,name\n1,\0\n", "control_character", 1),
    ],
)
def test_broken_structure_is_named_with_its_place(content: bytes, reason: str, row: int | None):
    assert broken(content) == (reason, row)


def test_a_place_is_right_beyond_the_first_block(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(lines, "CHUNK_BYTES", 7)
    good = b"number,name\n" + b"1,a\n" * 9 + b'2,"b\n"\n' * 9
    assert len(read(good)) == 18
    for tail, reason in ((b"3\n", "fields_differ"), (b'3,"c\n', "quoting"), (b"3,\0", "control_character")):
        assert broken(good + tail) == (reason, 19)
    assert broken(good + b"\n" * 20 + b"3,c\n") == ("empty_line", 19)
    assert broken(good.replace(b'2,"b', b"\n2,b", 1)) == ("empty_line", 10)


def test_a_header_that_may_be_a_record_is_not_quoted():
    with pytest.raises(FileBroken) as error:
        read(b"number,name,69010119900101123X,13800138000,\xe5\xbc\xa0,2026-01-01\n")
    assert error.value.refusal.facts["columns"] == "#3, #4, 张, #6"
    with pytest.raises(FileBroken) as error:
        read("number,王,张\n".encode(), replace(resource(headers=("number", "b", "c", "d"))))
    assert error.value.refusal.facts["columns"] == "#2, #3"
    with pytest.raises(FileBroken) as error:
        read("王小明,69010119900101123X\n".encode())
    assert "王" not in str(error.value)
    assert "690101" not in str(error.value)


class Endless:
    """A file that begins with some bytes and then repeats one for ever."""

    def __init__(self, start: bytes, then: bytes) -> None:
        self._start, self._then = start, then

    def read(self, size: int) -> bytes:
        start, self._start = self._start, b""
        return start or self._then * size


@pytest.mark.parametrize(
    ("start", "then", "expected"),
    [
        (b"number,name\n1,", b"a", ("line_too_long", 1)),
        (b'number,name\n1,a\n2,"', b"\n", ("quoting", 2)),
        (b'number,name\n1,a\n2,"', b'"', ("line_too_long", 2)),
        (b",", b",", ("line_too_long", 0)),
        (b"number,name\n", b",", ("line_too_long", 1)),
    ],
)
def test_a_record_without_end_is_refused_before_it_fills_the_memory(start, then, expected):
    tracemalloc.start()
    with pytest.raises(FileBroken) as error:
        list(records.records(Endless(start, then), PEOPLE))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (error.value.refusal.reason, error.value.row) == expected
    assert peak < 1.5 * lines.MAX_LINE_BYTES


def test_a_line_of_delimiters_costs_no_more_memory_than_its_bytes():
    assert broken(b"number,name\n" + b"," * 2**20) == ("fields_differ", 1)
    assert broken(b"," * 2**19) == ("fields_differ", 0)


FIELDS = st.lists(st.sampled_from([*'ab,"\n |李龘\ue78d', "\r\n"]), max_size=6).map("".join)
TABLES = st.lists(st.tuples(FIELDS, FIELDS), max_size=12)


@given(TABLES, st.sampled_from(["\n", "\r\n"]), st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]), st.booleans())
@settings(max_examples=300)
def test_what_a_csv_writer_writes_is_read_back_with_its_bytes(table, line_end, quoting, is_gb):
    header = io.StringIO()
    csv.writer(header, lineterminator=line_end).writerow(("number", "name"))
    written = []
    for row in table:
        out = io.StringIO()
        csv.writer(out, lineterminator=line_end, quoting=quoting).writerow(row)
        written.append(out.getvalue().removesuffix(line_end))
    text = header.getvalue() + "".join(line + line_end for line in written)
    encoding = "gb18030" if is_gb else "utf-8"
    content = text.encode(encoding)
    try:
        rows = read(content, GB if is_gb else PEOPLE)
    except FileBroken as error:
        raise AssertionError(text) from error
    assert [raw for _, raw, _ in rows] == [line.encode(encoding) for line in written]
    values = [tuple(v.replace("\ue78d", "\ufe10") for v in row) if is_gb else row for row in table]
    assert [row[:2] for _, _, row in rows] == values


@given(st.text(st.sampled_from('a,"\r\n'), max_size=14))
@settings(max_examples=2000)
def test_a_text_is_read_exactly_when_the_grammar_of_rfc_4180_has_it(text):
    expected = rfc4180(text)
    try:
        actual = [row[:2] for _, _, row in read(b"number,name\n" + text.encode())]
    except FileBroken:
        actual = None
    assert actual == expected


def rfc4180(text: str) -> list[tuple[str, ...]] | None:
    """Read by the letter of the grammar, slowly: two fields a record; None where it is broken."""
    while text.endswith(("\n\n", "\n\r\n")) or text in ("\n", "\r\n"):
        text = text.removesuffix("\n").removesuffix("\r")
    rows, at = [], 0
    while at < len(text):
        row = []
        while True:
            value, at = _field(text, at)
            if value is None:
                return None
            row.append(value)
            if text[at : at + 1] != ",":
                break
            at += 1
        if len(row) != 2:
            return None
        rows.append(tuple(row))
        if text[at:] == "\r":  # cut off within its last line end
            break
        end = "\r\n" if text.startswith("\r\n", at) else "\n"
        if at < len(text) and not text.startswith(end, at):
            return None
        at += len(end)
    return rows


def _field(text: str, at: int) -> tuple[str | None, int]:
    if text[at : at + 1] != '"':
        end = at
        while end < len(text) and text[end] not in '",\r\n':
            end += 1
        return text[at:end], end
    value, at = "", at + 1
    while at < len(text):
        if text.startswith('""', at):
            value, at = value + '"', at + 2
        elif text[at] == '"':
            return value, at + 1
        else:
            value, at = value + text[at], at + 1
    return None, at


@given(st.lists(st.tuples(FIELDS, FIELDS), min_size=1, max_size=30), st.integers(1, 40))
@settings(max_examples=150)
def test_where_a_file_is_cut_into_blocks_makes_no_difference(table, size):
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows([("number", "name"), *table])
    content = out.getvalue().encode()
    whole = read(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "CHUNK_BYTES", size)
        assert read(content) == whole


def test_a_delimiter_may_be_the_second_byte_of_a_gb18030_character():
    bars = replace(GB, delimiter="|")
    content = b"number|name\n1|\x81|\x81\x5c\n"
    assert read(content, bars) == [(1, b"1|\x81|\x81\x5c", ("1", b"\x81|\x81\x5c".decode("gb18030"), None))]


def test_characters_that_gb18030_moved_out_of_the_private_use_area_are_read_as_of_2022():
    content = b"number,name\n1,\xfe\x59\xa6\xd9\xa8\xbc\xfe\x51\n2,\x82\x35\x90\x37\n"
    assert [row[1] for _, _, row in read(content, GB)] == ["\u9fb4\ufe10\u1e3f\U00020087", "\u9fb4"]


def test_utf8_where_gb18030_is_declared_is_caught():
    assert broken("number,name\n1,李明\n".encode(), GB) == ("encoding", None)
    assert broken("number,姓名\n1,李明\n".encode(), GB) == ("encoding", None)
    assert broken(b"\xef\xbb\xbfnumber,name\n1,a\n", GB) == ("encoding", None)
    assert broken(b"number,name\n" + b"1,a\n" * 400_000 + "2,李\n".encode(), GB) == ("encoding", None)


def test_gb18030_that_happens_to_be_wellformed_utf8_is_read():
    content = "number,name\n1,隆\n".encode("gb18030")
    assert content.decode("utf-8")
    assert read(content, GB)[0][2][1] == "隆"


def test_json_lines_give_text_as_written():
    content = b'{"number": 1.50, "name": "a\\u4e00"}\r\n{"name": null, "note": true, "number": -0}\n{"number": "x"}'
    assert read(content, LINES) == [
        (1, b'{"number": 1.50, "name": "a\\u4e00"}', ("1.50", "a一", None)),
        (2, b'{"name": null, "note": true, "number": -0}', ("-0", None, "true")),
        (3, b'{"number": "x"}', ("x", None, None)),
    ]
    assert read(b"", LINES) == []
    assert read(json.dumps({"number": "9" * 5000, "name": 10**400}).encode(), LINES)[0][2][1] == "1" + "0" * 400


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{", "json"),
        (b"", "empty_line"),
        (b" ", "json"),
        (b"[]", "json"),
        (b"1", "json"),
        (b'"number"', "json"),
        (b'{"number": 1} {"number": 2}', "json"),
        (b'{"number": [1]}', "json"),
        (b'{"number": {"a": 1}}', "json"),
        (b'{"number": NaN}', "json"),
        (b'{"number": 1, "number": 2}', "json"),
        (b'{"number": "\\ud800"}', "json"),
        (b'{"number": "\\u0000"}', "json"),
        (b'{"number": "\xff"}', "encoding"),
        (b'{"number": ' + b"[" * 100_000, "json"),
        (b"[" * 5_000_000, "json"),
        (b'{"a":' * 100_000, "json"),
    ],
)
def test_a_broken_json_line_is_named_with_its_row(line: bytes, reason: str):
    assert broken(b'{"number": 1, "name": ""}\n' + line + b'\n{"number": 3, "name": ""}\n', LINES) == (reason, 2)


def test_keys_of_json_lines_are_held_against_the_declaration():
    assert broken(b'{"number": 1, "name": "a", "age": 3}\n', LINES) == ("columns_unknown", 0)
    assert broken(b'{"number": 1}\n{"number": 2}\n', LINES) == ("columns_missing", 0)


def test_a_field_longer_than_pythons_own_csv_limit_is_read():
    long = "a" * 300_000 + '"'
    content = 'number,name\n1,"' + long.replace('"', '""') + '"\n'
    assert read(content.encode())[0][2][1] == long


def test_no_character_of_several_bytes_has_a_line_end_quote_comma_or_nul_in_it():
    for lead in range(0x81, 0xFF):
        for second in b'\n\r",\0':
            with pytest.raises(UnicodeDecodeError):
                bytes([lead, second]).decode("gb18030")
            with pytest.raises(UnicodeDecodeError):
                bytes([lead, 0x30, lead, second]).decode("gb18030")
