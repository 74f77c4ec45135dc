"""The two encodings that departments write, read strictly: UTF-8 and GB 18030-2022.

In both, every byte of a character of several bytes is 0x30 or above (GB 18030) or 0x80 or
above (UTF-8), and never a line end, a NUL, a quote or a comma: a file may be cut at these bytes
before it is decoded. A delimiter such as '|' (0x7C) can be the second byte of a GB 18030
character, so fields are parted in the text.
"""

from __future__ import annotations

import codecs

from inbox.errors import FileBroken

BYTE_ORDER_MARKS = {"utf-8": codecs.BOM_UTF8, "gb18030": b"\x84\x31\x95\x33"}

_SHOWN = {"utf-8": "UTF-8", "gb18030": "GB18030"}

# Python decodes GB 18030 as of 2000. Since then characters have left the private use area: one
# in 2005 (A8BC), eighteen in 2022 (A6D9–A6F3 vertical forms; FE59–FEA0 ideographs), and six
# more have a code point of their own in CJK Extension B (FE51, FE52, FE53, FE6C, FE76, FE91).
# Source: GB 18030-2022, as tabled in the WHATWG Encoding Standard, index gb18030.
STANDARD_FOR_PRIVATE = {
    "\ue7c7": "\u1e3f",
    "\ue78d": "\ufe10", "\ue78e": "\ufe12", "\ue78f": "\ufe11", "\ue790": "\ufe13", "\ue791": "\ufe14",
    "\ue792": "\ufe15", "\ue793": "\ufe16", "\ue794": "\ufe17", "\ue795": "\ufe18", "\ue796": "\ufe19",
    "\ue81e": "\u9fb4", "\ue826": "\u9fb5", "\ue82b": "\u9fb6", "\ue82c": "\u9fb7",
    "\ue832": "\u9fb8", "\ue843": "\u9fb9", "\ue854": "\u9fba", "\ue864": "\u9fbb",
    "\ue816": "\U00020087", "\ue817": "\U00020089", "\ue818": "\U000200cc",
    "\ue831": "\U000215d7", "\ue83b": "\U0002298f", "\ue855": "\U000241fe",
}  # fmt: skip


def decode(content: bytes, encoding: str) -> str:
    """Decode strictly; `encoding` is utf-8 or gb18030.

    Raises:
        UnicodeDecodeError: the bytes are not of that encoding.
    """
    text = content.decode(encoding)
    return standard(text) if encoding == "gb18030" else text


def standard(text: str) -> str:
    """Put characters that Python decodes from GB 18030 as it was in 2000 as they stand since 2022."""
    for private, public in STANDARD_FOR_PRIVATE.items():
        if private in text:
            text = text.replace(private, public)
    return text


def encoding_differs(content: bytes, encoding: str, row: int | None) -> FileBroken:
    """Return the error that bytes at a row, or of a whole file, are not of the encoding."""
    return FileBroken("encoding", row, found=looks_like(content), wanted=_SHOWN[encoding])


def looks_like(content: bytes) -> str:
    """Guess, for an error's message, what bytes are that are not of the encoding declared."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "UTF-16"
    for encoding, name in _SHOWN.items():
        try:
            content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return name
    return "?"


def is_utf8_after_all(content: bytes) -> bool:
    """Say whether bytes that may decode as GB 18030 are UTF-8 all the same.

    Chinese in UTF-8 mostly decodes as GB 18030 too, into other characters. The reverse is rare:
    text that is well-formed UTF-8 throughout, with characters of three bytes in it, is UTF-8.
    """
    if content.isascii():
        return False
    try:
        return max(content.decode("utf-8")) >= "\u2e80"
    except UnicodeDecodeError:
        return False
