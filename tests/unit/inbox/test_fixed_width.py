"""Lines of fixed width: cut where declared, in characters or in bytes, and refused where they are of another width."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from inbox import erased, fixed_width
from inbox.errors import FileBroken, NotDeliverable
from inbox.records import records
from pipelines import correction
from schemas.model import Resource
from tests.declared import changed, told
from tests.unit.inbox.hands import resource

WIDTHS: Mapping[str, int] = {"name": 6, "note": 2, "number": 4}
BYTES = replace(resource(), format="fixed", encoding="gb18030", widths=WIDTHS, widths_in="bytes")
SIGNS = replace(BYTES, encoding="utf-8", widths_in="characters")


def read(content: bytes, of: Resource) -> list[tuple[int, bytes, tuple[str | None, ...]]]:
    return [row for batch in records(io.BytesIO(content), of) for row in batch]


def test_bytes_of_gb18030_are_counted_where_that_is_declared() -> None:
    content = "甲乙  x 0001\r\n丙    y\t  2 \r\n".encode("gb18030")
    assert [values for _, _, values in read(content, BYTES)] == [("0001", "甲乙", "x"), ("  2", "丙", "y\t")]
    assert read(content, BYTES)[0][1] == "甲乙  x 0001".encode("gb18030")


def test_characters_are_counted_where_that_is_declared() -> None:
    content = "\ufeff甲乙丙丁𠮷己x 0001\n            \n".encode()
    assert [values for _, _, values in read(content, SIGNS)] == [("0001", "甲乙丙丁𠮷己", "x"), (None, None, None)]


@pytest.mark.parametrize(
    ("content", "of", "reason", "row"),
    [
        ("甲乙  x 0001\n甲乙  x 001\n".encode("gb18030"), BYTES, "width_differs", 2),
        ("甲乙  x 00012\n".encode("gb18030"), BYTES, "width_differs", 1),
        ("甲乙 丙 0001\n".encode("gb18030"), BYTES, "character_cut", 1),
        ("甲乙  x 0001\n".encode(), BYTES, "encoding", 0),
        ("甲乙丙丁戊己x 0001\n".encode("gb18030"), SIGNS, "encoding", 1),
        (b"abcdefx 0001\nabcdefx\r0001\n", SIGNS, "line_ends", 2),
        (b"abcdefx 0001\n\nabcdefx 0001\n", SIGNS, "empty_line", 2),
    ],
)
def test_a_line_of_another_shape_is_refused_with_its_number(
    content: bytes, of: Resource, reason: str, row: int
) -> None:
    with pytest.raises(FileBroken) as error:
        read(content, of)
    assert (error.value.refusal.reason, error.value.row or 0) == (reason, row)


@pytest.mark.parametrize("of", [BYTES, SIGNS])
def test_what_is_written_is_read_back(of: Resource) -> None:
    made = fixed_width.line(["甲乙", None, "7"], of.encoding, of.widths, of.widths_in)
    assert [values for _, _, values in read(made, of)] == [("7", "甲乙", None)]
    with pytest.raises(NotDeliverable, match="'number' does not go into 4"):
        fixed_width.line(["", "", "12345"], of.encoding, of.widths, of.widths_in)


def test_corrected_rows_go_back_in_the_same_form() -> None:
    content = correction.content([correction.Corrected("d", 1, {"number": "7", "name": "甲"})], BYTES)
    assert [values for _, _, values in read(content, BYTES)] == [("7", "甲", None)]


def test_a_row_can_be_blanked_in_the_kept_file() -> None:
    _, blank = erased._shape(io.BytesIO(b""), BYTES)
    assert [values for _, _, values in read(blank + b"\n", BYTES)] == [(None, None, None)]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("format: fixed", "fixed without 'widths'"),
        ("format: fixed\nwidths: {编号: 6, 信用代码: 18, 开业: 10, 类别: 4}", "no width of '备注'"),
        ("format: fixed\nwidths: {编号: 6, 信用代码: 18, 开业: 10, 类别: 4, 备注: 2, 电话: 9}", "nothing uses"),
        ("format: csv\nwidths: {编号: 6}", "'widths' of csv"),
        ("format: fixed\nwidths: {编号: 0, 信用代码: 18, 开业: 10, 类别: 4, 备注: 2}", "from 1"),
    ],
)
def test_widths_are_declared_for_every_header(tmp_path: Path, lines: str, words: str) -> None:
    assert any(words in each for each in told(tmp_path, changed("resources/market/shops.yml", "format: csv", lines)))
