"""Files as people hand them in, made from nothing: a PDF, pictures, packages; and such as harm whoever opens them."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

JPEG = (
    b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
    b"\xff\xc0\x00\x0b\x08\x00\x10\x00\x10\x01\x01\x11\x00\xff\xda\x00\x08\x01\x01\x00\x00?\x00\x7f\xff\x00\x12\xff\xd9"
)
XML = b'<?xml version="1.0" encoding="UTF-8"?>'


def pdf(pages: int = 1, more: bytes = b"", root: bytes = b"", stream: bytes = b"q Q") -> bytes:
    """A PDF. `root` are further entries of its root, `more` further objects from number 100 on."""
    packed = zlib.compress(stream)
    kids = b" ".join(b"%d 0 R" % (10 + page) for page in range(pages))
    objects = {
        1: b"<< /Type /Catalog /Pages 2 0 R " + root + b" >>",
        2: b"<< /Type /Pages /Kids [" + kids + b"] /Count %d >>" % pages,
        3: b"<< /Length %d /Filter /FlateDecode >>\nstream\n" % len(packed) + packed + b"\nendstream",
        **{
            10 + page: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 10 10] /Resources << >> /Contents 3 0 R >>"
            for page in range(pages)
        },
    }
    if more:
        objects[100] = more
    made, places = bytearray(b"%PDF-1.7\n"), {}
    for number, content in objects.items():
        places[number] = len(made)
        made += b"%d 0 obj\n" % number + content + b"\nendobj\n"
    start, size = len(made), max(objects) + 1
    made += b"xref\n0 1\n0000000000 65535 f \n"
    for number, place in places.items():
        made += b"%d 1\n%010d 00000 n \n" % (number, place)
    made += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, start)
    return bytes(made)


def png(width: int = 4, height: int = 4) -> bytes:
    """A grey PNG; its header may say another size than its pixels have."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"\x00\x7f\x7f\x7f\x7f" * 4)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def package(**entries: bytes) -> bytes:
    """A ZIP package; `__` in a name stands for a slash, `_dot_` for a full stop."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, content in entries.items():
            zipped.writestr(zipfile.ZipInfo(named(name), (2026, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def named(name: str) -> str:
    return "[Content_Types].xml" if name == "types" else name.replace("__", "/").replace("_dot_", ".")


def docx(body: bytes = b"", types: bytes = b"", **more: bytes) -> bytes:
    """A text of a word processor."""
    return package(types=XML + b"<Types>" + types + b"</Types>",
                   word__document_dot_xml=XML + b"<w:document>" + body + b"</w:document>", **more)  # fmt: skip


def ofd(body: bytes = b"") -> bytes:
    """An OFD of one page."""
    return package(
        OFD_dot_xml=XML + b"<ofd:OFD/>",
        Doc_0__Document_dot_xml=XML + b'<ofd:Document><ofd:Pages><ofd:Page ID="1" BaseLoc="Pages/Page_0/Content.xml"/>'
        b"</ofd:Pages>" + body + b"</ofd:Document>",
    )
