"""Several files in one zip: read in order of their names, never unpacked to a disk, refused where they mean harm."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from inbox import archives, writing
from inbox.errors import FileBroken
from inbox.records import records
from tests.declared import changed, told
from tests.unit.inbox.hands import RESOURCES, Hands

PLAIN = RESOURCES["civil.people"]
PACKED = replace(PLAIN, packed="zip")
ONE, TWO = b"number,name\n1,a\n2,b\n", b"name,number\nc,3\n"


def packed(**files: bytes) -> bytes:
    """Return an archive; `__` in a name stands for a dot."""
    return archive({name.replace("__", "."): data for name, data in files.items()})


def archive(files: Mapping[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in files.items():
            made.writestr(name, data)
    return content.getvalue()


def read(content: bytes, resource=PACKED) -> list[tuple[int, bytes, tuple[str | None, ...]]]:
    return [row for batch in records(io.BytesIO(content), resource) for row in batch]


def test_files_are_read_in_order_of_their_names_and_rows_numbered_through() -> None:
    rows = read(packed(b__csv=TWO, a__csv=ONE))
    assert [(number, raw, values[:2]) for number, raw, values in rows] == [
        (1, b"1,a", ("1", "a")), (2, b"2,b", ("2", "b")), (3, b"c,3", ("3", "c")),
    ]  # fmt: skip


def test_what_desktops_put_into_archives_is_passed_over() -> None:
    left = {
        "__MACOSX/._a.csv": b"\0\5\26\7",
        ".DS_Store": b"\0",
        "x/Thumbs.db": b"\0",
        "desktop.ini": b"",
        "._b.csv": b"\0",
    }
    assert read(archive({"a.csv": ONE, "b.csv": TWO} | left)) == read(archive({"a.csv": ONE, "b.csv": TWO}))
    with pytest.raises(FileBroken, match="no file"):
        read(archive(left))
    with pytest.raises(FileBroken, match="leads out of its folder"):
        read(archive({"a.csv": ONE, "__MACOSX/../../b.csv": TWO}))


def test_a_plain_file_may_come_all_the_same() -> None:
    assert len(read(ONE)) == 2


def test_the_door_takes_a_delivery_of_an_archive(tmp_path: Path) -> None:
    hands = Hands(tmp_path, {PACKED.id: PACKED})
    hands.put({"people.zip": packed(a__csv=ONE, b__csv=TWO)}, rows=3)
    [arrival] = hands.receive()
    assert (arrival.status, arrival.refusal) == ("taken", None)


def test_workbooks_may_be_packed_and_a_workbook_is_no_archive() -> None:
    resource = replace(PACKED, format="xlsx")
    book = writing.excel(PLAIN.headers, [("1", "a")], (), writing.Place(None, 1, 1))
    assert [values[:2] for _, _, values in read(book, resource)] == [("1", "a")]
    assert [values[:2] for _, _, values in read(packed(a__xlsx=book, b__xlsx=book), resource)] == [("1", "a")] * 2


def test_a_fault_names_the_file_in_the_archive() -> None:
    with pytest.raises(FileBroken) as error:
        read(packed(a__csv=ONE, b__csv=b"number,name\n1\n"))
    assert (error.value.row, error.value.in_file("x.zip").refusal.facts["file"]) == (1, "x.zip/b.csv")


def named_in_gbk() -> bytes:
    """Return an archive as Windows writes it: the names in GBK, and no mark that says so."""
    content = packed(AAAA__csv=TWO, BBBB__csv=ONE)
    return content.replace(b"AAAA.csv", "乙乙.csv".encode("gbk")).replace(b"BBBB.csv", "甲甲.csv".encode("gbk"))


def test_names_in_gbk_are_read_as_they_were_meant() -> None:
    names = [name for name, stream in archives.members(io.BytesIO(named_in_gbk()), "csv") if stream.read()]
    assert names == ["乙乙.csv", "甲甲.csv"]


def encrypted() -> bytes:
    content = bytearray(packed(a__csv=ONE))
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + place] |= 1
    return bytes(content)


def linked() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        info = zipfile.ZipInfo("a.csv")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    return content.getvalue()


def overlapping() -> bytes:
    """Return an archive whose second entry is the first one's bytes again."""
    content = bytearray(packed(a__csv=ONE, b__csv=ONE))
    second = content.rindex(b"PK\x01\x02")
    content[second + 42 : second + 46] = struct.pack("<I", 0)
    return bytes(content)


def bomb() -> bytes:
    return packed(a__csv=b"number,name\n" + b"1,a\n" * 300_000)


CASES: dict[str, tuple[Callable[[], bytes], str]] = {
    "a bomb": (bomb, "far more comes out"),
    "entries that overlap": (overlapping, "far more comes out"),
    "a path outside": (lambda: packed(**{"../a.csv": ONE}), "leads out of its folder"),
    "an absolute path": (lambda: packed(**{"/etc/a.csv": ONE}), "leads out of its folder"),
    "a path of Windows": (lambda: packed(**{"x\\..\\..\\a.csv": ONE}), "leads out of its folder"),
    "a drive": (lambda: packed(**{"C:a.csv": ONE}), "leads out of its folder"),
    "a link": (linked, "holds a link"),
    "a password": (encrypted, "has a password"),
    "an archive in it": (lambda: packed(a__zip=packed(a__csv=ONE)), "another kind"),
    "another kind": (lambda: packed(a__csv=ONE, readme__html=b""), "another kind"),
    "an archive by another name": (lambda: packed(a__csv=packed(a__csv=ONE)), "NUL"),
    "nothing": (packed, "no file"),
    "a torn one": (lambda: packed(a__csv=ONE)[:-10], "no zip archive"),
    "torn data": (lambda: packed(a__csv=ONE * 1000).replace(b"PK\x03\x04", b"PK\x03\x04", 1)[:60] + b"\0" * 200,
                  "no zip archive"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_an_archive_that_means_harm_is_refused(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(archives, "FREE_BYTES", 2**20)
    make, words = CASES[case]
    with pytest.raises(FileBroken, match=words):
        read(make())
    assert list(tmp_path.iterdir()) == []


def test_a_changed_byte_is_noticed() -> None:
    content = bytearray(packed(a__csv=ONE * 50))
    content[60] ^= 0xFF
    with pytest.raises(FileBroken):
        read(bytes(content))


def test_records_that_may_be_erased_cannot_come_packed(tmp_path: Path) -> None:
    files = changed("resources/market/shops.yml", "format: csv", "format: csv\npacked: zip\noperation: {column: 操作, "
                    "withdraw: [删], erase: [抹]}")  # fmt: skip
    assert any("'erase' of zip" in each for each in told(tmp_path, files))


def test_another_packing_is_told() -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("a.csv", ONE)
    with pytest.raises(FileBroken, match="otherwise than by deflate"):
        read(content.getvalue())
