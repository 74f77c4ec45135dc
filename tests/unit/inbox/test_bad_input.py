"""What departments' systems send on bad days, in every format: refused in words or read as it is, in bounded memory."""

from __future__ import annotations

import io
import json
import tracemalloc
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from inbox import fixed_width, writing
from inbox.errors import FileBroken
from inbox.lines import MAX_LINE_BYTES
from inbox.records import records
from schemas.model import Resource
from tests.unit.inbox.hands import resource

PLAIN = resource()
WIDTHS: Mapping[str, int] = {"number": 8, "name": 2**20, "note": 2}
FORMS: Mapping[str, Resource] = {
    "csv": PLAIN,
    "csv in GB 18030": replace(PLAIN, encoding="gb18030"),
    "jsonl": replace(PLAIN, format="jsonl"),
    "xml": replace(PLAIN, format="xml", path=("data", "row")),
    "xlsx": replace(PLAIN, format="xlsx"),
    "fixed": replace(PLAIN, format="fixed", widths=WIDTHS),
    "zip of csv": replace(PLAIN, packed="zip"),
}
HEADED = [form for form in FORMS if form != "fixed"]


def made(of: Resource, *rows: Mapping[str, str]) -> bytes:
    """Return a file of these rows in the resource's form, with the fields of the first as its columns."""
    header = list(rows[0])
    cells = [[row[name] for name in header] for row in rows]
    if of.packed:
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a.csv", made(replace(of, packed=""), *rows))
        return content.getvalue()
    if of.format == "jsonl":
        return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)
    if of.format == "xml":
        body = writing.xml_rows(header, cells, of.path, of.encoding)
        return writing.xml_head(of.path, of.encoding) + body + writing.xml_tail(of.path, of.encoding)
    if of.format == "xlsx":
        return writing.excel(header, cells, (), writing.Place(None, 1, 1))
    if of.format == "fixed":
        lines = [[row.get(name) for name in WIDTHS] for row in rows]
        return b"".join(fixed_width.line(each, of.encoding, WIDTHS, of.widths_in) for each in lines)
    return "".join(f"{','.join(row)}\n" for row in [header, *cells]).encode(of.encoding)


def read(content: bytes, of: Resource) -> list[dict[str, str | None]]:
    found = []
    for batch in records(io.BytesIO(content), of):
        found += [dict(zip(batch.header, values, strict=True)) for _, _, values in batch]
    return found


@pytest.mark.parametrize("form", FORMS)
def test_a_cell_of_one_megabyte_is_read_as_it_is(form: str) -> None:
    cell = "档" * 2**18 + "x" * (2**18)  # 1 MiB of UTF-8
    [row] = read(made(FORMS[form], {"number": "1", "name": cell}), FORMS[form])
    assert row == {"number": "1", "name": cell, "note": None}


@pytest.mark.parametrize("form", HEADED)
def test_a_column_that_was_lost_overnight_is_named(form: str) -> None:
    with pytest.raises(FileBroken) as error:
        read(made(FORMS[form], {"number": "1"}), FORMS[form])
    assert (error.value.refusal.reason, error.value.refusal.facts["columns"]) == ("columns_missing", "name")


def test_a_field_that_was_lost_overnight_makes_every_line_too_short() -> None:
    short = b"1       " + b"x" * 2**20
    with pytest.raises(FileBroken) as error:
        read(short + b"\n", FORMS["fixed"])
    assert (error.value.refusal.reason, error.value.row) == ("width_differs", 1)


@pytest.mark.parametrize("form", HEADED)
def test_a_header_in_another_language_is_no_header(form: str) -> None:
    with pytest.raises(FileBroken) as error:
        read(made(FORMS[form], {"编号": "1", "姓名": "甲"}), FORMS[form])
    assert error.value.refusal.reason == "no_header"


@pytest.mark.parametrize("form", HEADED)
def test_a_header_that_changed_its_language_in_part_names_what_it_lacks_or_has(form: str) -> None:
    with pytest.raises(FileBroken) as error:
        read(made(FORMS[form], {"number": "1", "姓名": "甲"}), FORMS[form])
    assert error.value.refusal.reason == "columns_unknown"


DEEP = 10_000


@pytest.mark.parametrize(
    ("form", "content"),
    [
        ("jsonl", b'{"number": ' + b"[" * DEEP + b"]" * DEEP + b', "name": ""}\n'),
        ("jsonl", b'{"number": ' * DEEP + b"1" + b"}" * DEEP + b"\n"),
        ("jsonl", b"[" * DEEP),
        ("xml", b"<data><row><number>" + b"<a>" * DEEP + b"</a>" * DEEP + b"</number></row></data>"),
        ("xml", b"<data>" + b"<a>" * DEEP + b"</a>" * DEEP + b"</data>"),
    ],
)
def test_what_is_nested_ten_thousand_deep_is_refused(form: str, content: bytes) -> None:
    with pytest.raises(FileBroken) as error:
        read(content, FORMS[form])
    assert error.value.refusal.reason == form.replace("jsonl", "json")


class Endless(io.RawIOBase):
    """A file that begins so and goes on with one sign, and is never whole in memory."""

    def __init__(self, start: bytes, sign: bytes, size: int) -> None:
        self._start, self._sign, self.left = start, sign, size

    def read(self, size: int = -1) -> bytes:
        if self._start:
            start, self._start = self._start, b""
            return start
        taken = min(size if size > 0 else self.left, self.left)
        self.left -= taken
        return self._sign * taken


LONG = 200_000_000


@pytest.mark.parametrize(
    ("form", "start", "sign"),
    [
        ("csv", b"number,name\n", b"x"),
        ("csv", b'number,name\n1,"', b"x"),
        ("csv", b'number,name\n1,"', b"\n"),
        ("csv in GB 18030", b"number,name\n", b"x"),
        ("jsonl", b'{"number": "1", "name": "', b"x"),
        ("xml", b"<data><row><number>1</number><name>", b"x"),
        ("fixed", b"", b"x"),
    ],
)
def test_a_single_line_of_200_megabytes_is_refused_before_it_fills_the_memory(
    form: str, start: bytes, sign: bytes
) -> None:
    file = Endless(start, sign, LONG)
    tracemalloc.start()
    try:
        with pytest.raises(FileBroken) as error:
            sum(len(batch) for batch in records(file, FORMS[form]))  # type: ignore[arg-type]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert error.value.refusal.reason in ("line_too_long", "quoting")
    assert peak < 3 * MAX_LINE_BYTES
    assert file.left > LONG - 2 * MAX_LINE_BYTES


BROKEN: Mapping[str, tuple[Callable[[], bytes], str]] = {
    "csv": (lambda: b'number,name\n1,"a\n', "quoting"),
    "csv in GB 18030": (lambda: b"number,name\n1,\x81\n", "encoding"),
    "jsonl": (lambda: b'{"number": "1", "name": "a"\n', "json"),
    "xml": (lambda: b"<data><row><number>1</number></data>", "xml"),
    "xlsx": (lambda: made(FORMS["xlsx"], {"number": "1", "name": "a"})[:-40], "excel"),
    "fixed": (lambda: b"1\n", "width_differs"),
    "zip of csv": (lambda: made(FORMS["zip of csv"], {"number": "1", "name": "a"})[:-40], "archive"),
}


@pytest.mark.parametrize("form", BROKEN)
def test_a_broken_file_of_every_format_is_refused_by_its_own_reason(form: str) -> None:
    make, reason = BROKEN[form]
    with pytest.raises(FileBroken) as error:
        read(make(), FORMS[form])
    assert error.value.refusal.reason == reason
    assert {lang: error.value.refusal.words(lang).do != "" for lang in ("zh", "en")} == {"zh": True, "en": True}


LAUGHS = b'<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "' + b"&a;" * 1000 + b'">]><data><row><name>&b;</name></row></data>'
OUTSIDE = b'<!DOCTYPE l [<!ENTITY a SYSTEM "file:///etc/passwd">]><data><row><name>&a;</name></row></data>'


@pytest.mark.parametrize("document", [LAUGHS, OUTSIDE])
def test_entities_are_refused_in_xml_and_in_the_parts_of_a_workbook(document: bytes) -> None:
    with pytest.raises(FileBroken) as error:
        read(document, FORMS["xml"])
    assert "document type" in error.value.refusal.words("en").found
    book = io.BytesIO(made(FORMS["xlsx"], {"number": "1", "name": "a"}))
    poisoned = io.BytesIO()
    with zipfile.ZipFile(book) as whole, zipfile.ZipFile(poisoned, "w") as archive:
        for part in whole.namelist():
            is_sheet = part.endswith("sheet1.xml")
            archive.writestr(part, document if is_sheet else whole.read(part))
    with pytest.raises(FileBroken) as error:
        read(poisoned.getvalue(), FORMS["xlsx"])
    assert "document type" in error.value.refusal.words("en").found


@pytest.mark.parametrize(
    ("written", "told"),
    [("-1", "-1"), ("0", "0"), ("0.5", "0.5"), ("1", "1900-01-01"), ("59", "1900-02-28"), ("60", "1900-02-29"),
     ("61", "1900-03-01"), ("2958466", "2958466")],
)  # fmt: skip
def test_a_day_before_1900_in_a_workbook_stays_the_number_that_it_is(written: str, told: str) -> None:
    from inbox.excel_rows import day

    assert day(written, with_time=False, is_1904=False) == told
    [row] = read(made(FORMS["xlsx"], {"number": "1", "name": "1899-12-31"}), FORMS["xlsx"])
    assert row["name"] == "1899-12-31"  # as text, as people help themselves
