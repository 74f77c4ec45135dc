"""What a stranger's file may be: its type by content, whole, of so many pages, and harmless."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from licence_vault.materials import images
from licence_vault.materials.checking import JPEG, MOST_BYTES, MOST_PAGES, PDF, PNG, check
from licence_vault.materials.errors import REASONS, FileRefused, ScannerGone
from licence_vault.materials.office import DOCX, OFD
from licence_vault.materials.scanning import TEST_STRING, clamd
from tests import scans

GOOD = {PDF: scans.pdf(3), PNG: scans.png(), JPEG: scans.JPEG, DOCX: scans.docx(), OFD: scans.ofd()}
ZIP = scans.package(a=b"x" * 50)
COMMENT = b"\xff\xfe\x00\x10<?php evil(); "
OUTSIDE = b'<Relationship Type="x/attachedTemplate" Target="http://a.example/t.dotm" TargetMode="External"/>'
LINK = b'<Relationship Type="x/hyperlink" Target="https://a.example" TargetMode="External"/>'
HOSTILE = {
    "empty": ("empty", b""),
    "a text": ("type", b"just text"),
    "a program": ("type", b"MZ" + bytes(200)),
    "an old Office file": ("type", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)),
    "an HTML page": ("type", b"<html><script>x</script></html>"),
    "a ZIP of anything": ("type", ZIP),
    "a PDF behind something": ("polyglot", b"#!/bin/sh\n" + scans.pdf()),
    "a PDF with a ZIP behind it": ("polyglot", scans.pdf() + ZIP),
    "a PDF with a program behind it": ("polyglot", scans.pdf() + b"MZ" + bytes(100)),
    "a PNG with a ZIP behind it": ("polyglot", scans.png() + ZIP),
    "a JPEG with a ZIP behind it": ("polyglot", scans.JPEG + ZIP),
    "a JPEG with a script in a comment": ("polyglot", scans.JPEG[:2] + COMMENT + scans.JPEG[2:]),
    "a package behind something": ("type", b"x" + scans.docx()),
    "a package with something before its entries": ("polyglot", b"PK\x03\x04junk" + scans.docx()),
    "a PDF cut short": ("malformed", scans.pdf()[:-30]),
    "a PNG cut short": ("malformed", scans.png()[:-8]),
    "a PNG with a changed byte": ("malformed", scans.png()[:45] + b"\x00" + scans.png()[46:]),
    "a JPEG cut short": ("malformed", scans.JPEG[:-2]),
    "a package cut short": ("malformed", scans.docx()[:-10]),
    "a script in a PDF": ("active", scans.pdf(root=b"/OpenAction << /S /JavaScript /JS (app.alert) >>")),
    "a script under a name in hexadecimal": ("active", scans.pdf(root=b"/OpenAction << /S /J#61vaScript /J#53 (x) >>")),
    "a script that nothing leads to": ("active", scans.pdf(more=b"<< /S /JavaScript /JS (x) >>")),
    "a launch": ("active", scans.pdf(root=b"/OpenAction << /S /Launch /F (cmd.exe) >>")),
    "a file in a PDF": ("active", scans.pdf(root=b"/Names << /EmbeddedFiles << /Names [] >> >>")),
    "what runs when a page is opened": ("active", scans.pdf(root=b"/AA << >>")),
    "a form of scripts": ("active", scans.pdf(root=b"/AcroForm << /XFA [] >>")),
    "a macro": ("active", scans.docx(word__vbaProject_dot_bin=b"x")),
    "a macro by its type only": ("active", scans.docx(types=b'<Default ContentType="x.macroEnabled"/>')),
    "a template from outside": ("active", scans.docx(word___rels__document_dot_xml_dot_rels=OUTSIDE)),
    "a field that starts a program": ("active", scans.docx(b"<w:instrText>DDEAUTO c:\\\\cmd</w:instrText>")),
    "a program in a package": ("active", scans.docx(word__media__a_dot_png=b"MZ" + bytes(9))),
    "a package in a package": ("active", scans.docx(word__media__a_dot_png=ZIP)),
    "an attachment in an OFD": ("active", scans.ofd(b"<ofd:Attachments/>")),
    "a stream that unpacks to a mountain": ("bomb", scans.pdf(stream=bytes(257 * 2**20))),
    "a stream packed twice": ("bomb", scans.pdf(root=b"/X << /Filter [/FlateDecode /FlateDecode] >>")),
    "a picture of a mountain": ("bomb", scans.png(100_000, 100_000)),
    "a package that unpacks to a mountain": ("bomb", scans.docx(bytes(64 * 2**20))),
    "entities that grow": ("bomb", scans.docx(b'<!DOCTYPE x [<!ENTITY a "aaaa">]>')),
    "a PDF of no page": ("pages", scans.pdf(0)),
    "a PDF of too many pages": ("pages", scans.pdf(MOST_PAGES + 1)),
    "too many bytes": ("too_large", bytes(MOST_BYTES + 1)),
    "the scanners' test string": ("malware", TEST_STRING),
    "the test string in a packed stream": ("malware", scans.pdf(stream=TEST_STRING)),
    "the test string in a package": ("malware", scans.docx(TEST_STRING)),
    "the test string behind a picture": ("malware", scans.png() + TEST_STRING),
}  # fmt: skip


@pytest.mark.parametrize("kind", GOOD)
def test_a_file_is_what_its_content_is_whatever_it_is_called(kind: str) -> None:
    found = check(GOOD[kind], "invoice.exe")
    assert (found.type, found.pages) == (kind, 3 if kind == PDF else 1)
    assert (found.size, found.scanned_by) == (len(GOOD[kind]), "none")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_with_its_reason(name: str) -> None:
    reason, data = HOSTILE[name]
    with pytest.raises(FileRefused) as refused:
        check(data)
    assert refused.value.reason == reason


@pytest.mark.parametrize("name", ["../a.pdf", "/etc/a.pdf", "a\\b.pdf", "a\x00.pdf", "..", "C:a.pdf"])
def test_a_path_in_a_name_is_refused(name: str) -> None:
    with pytest.raises(FileRefused) as refused:
        check(GOOD[PDF], name)
    assert refused.value.reason == "name"


def test_another_type_than_was_said_is_refused_and_none_said_is_none_against_it() -> None:
    with pytest.raises(FileRefused) as refused:
        check(GOOD[PNG], "a.pdf", PDF)
    assert refused.value.reason == "type_differs"
    assert check(GOOD[PNG], "a.pdf", "application/octet-stream").type == PNG
    assert check(GOOD[JPEG], "a.jpg", "image/jpg").type == JPEG


def test_a_link_to_a_web_page_is_no_active_content() -> None:
    assert check(scans.docx(word___rels__document_dot_xml_dot_rels=LINK)).type == DOCX
    assert check(scans.pdf(root=b"/OpenAction [10 0 R /Fit]")).type == PDF


def test_every_reason_is_said_in_both_languages_and_tried_here() -> None:
    tried = {reason for reason, _ in HOSTILE.values()} | {"name", "type_differs", "encrypted"}
    assert tried == set(REASONS)
    for reason in REASONS:
        error = FileRefused(reason)
        assert REASONS[reason][1] in str(error)
        assert error.zh == REASONS[reason][0]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(GOOD)), st.integers(0, 3000), st.binary(max_size=8))
def test_whatever_is_changed_in_a_file_it_is_taken_or_refused_and_nothing_else(
    kind: str, place: int, other: bytes
) -> None:
    data = GOOD[kind]
    place %= len(data)
    try:
        found = check(data[:place] + other + data[place + len(other) :])
    except FileRefused:
        return
    assert found.pages >= 1


@pytest.fixture
def scanner(tmp_path: Path) -> Iterator[tuple[str, list[bytes]]]:
    """What speaks clamd's protocol: it finds `harm`, and hangs up on `hang up`."""
    path, seen = str(tmp_path / "clamd.sock"), list[bytes]()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(path)
        listener.listen()

        def serve() -> None:
            while True:
                try:
                    link, _ = listener.accept()
                except OSError:
                    return
                with link, link.makefile("rb") as read:
                    if read.read(10) != b"zINSTREAM\0":
                        continue
                    data = b""
                    while length := struct.unpack(">I", read.read(4))[0]:
                        data += read.read(length)
                    seen.append(data)
                    if b"hang up" not in data:
                        link.sendall(b"stream: Harm.Test FOUND\0" if b"harm" in data else b"stream: OK\0")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield path, seen
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(10)


def test_a_scanner_sees_every_byte_and_what_it_finds_is_refused(scanner: tuple[str, list[bytes]]) -> None:
    path, seen = scanner
    large = scans.pdf(root=b"/X (" + b"a" * 200_000 + b")")
    assert check(large, scan=clamd(path)).scanned_by == "clamd"
    assert seen == [large]
    with pytest.raises(FileRefused) as refused:
        check(scans.pdf(root=b"/X (harm)"), scan=clamd(path))
    assert refused.value.reason == "malware"


def test_where_the_scanner_does_not_answer_nothing_is_taken(scanner: tuple[str, list[bytes]], tmp_path: Path) -> None:
    for address in (str(tmp_path / "none.sock"), "127.0.0.1:1", "no port"):
        with pytest.raises(ScannerGone):
            check(GOOD[PDF], scan=clamd(address))
    with pytest.raises(ScannerGone):
        check(scans.pdf(root=b"/X (hang up)"), scan=clamd(scanner[0]))


def test_an_encrypted_pdf_is_refused() -> None:
    from io import BytesIO

    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.pdf_utils.writer import copy_into_new_writer

    writer = copy_into_new_writer(PdfFileReader(BytesIO(scans.pdf())))
    writer.encrypt("owner", "user")
    made = BytesIO()
    writer.write(made)
    with pytest.raises(FileRefused) as refused:
        check(made.getvalue())
    assert refused.value.reason == "encrypted"


def test_an_image_has_to_say_how_large_it_is() -> None:
    with pytest.raises(FileRefused):
        images.check_png(scans.png(0, 4))
    with pytest.raises(FileRefused):
        images.check_jpeg(b"\xff\xd8\xff\xd9")
