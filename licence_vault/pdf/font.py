"""The Chinese font in a copy: of 30,000 characters those that a sheet has (Noto Sans SC, SIL OFL 1.1)."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from importlib.resources import files
from io import BytesIO

import uharfbuzz
from fontTools.ttLib import TTFont

_AT_ONCE = 100


def drawable(text: str) -> str:
    """Return a text in one line, each character that the font lacks as its code point: none vanishes from a name."""
    return "".join(c if c == " " or _glyph(c) else f"〔U+{ord(c):04X}〕" for c in text)


def width_of(text: str) -> float:
    """Return how wide a text is, in the font's size."""
    return sum(_advance(character) for character in text) / 1000


class Subset:
    """The font with the characters of a text only, as CFF whose CIDs are the glyphs' places: readers differ otherwise.

    `widths` are (CID, width in thousandths), by CID.
    """

    def __init__(self, text: str) -> None:
        wanted = uharfbuzz.SubsetInput()
        wanted.unicode_set.update(map(ord, text))
        small: bytes = uharfbuzz.subset(_face(), wanted).blob.data
        glyphs = uharfbuzz.Font(uharfbuzz.Face(uharfbuzz.Blob(small)))
        self._cids = {c: int(glyphs.get_nominal_glyph(ord(c)) or 0) for c in sorted(set(text))}
        self.data = _renumbered(small)
        self.widths = sorted((cid, _advance(c)) for c, cid in self._cids.items())

    @property
    def name(self) -> str:
        """The font's name with the tag that says which part of it this is."""
        number = int.from_bytes(sha256(self.data).digest()[:8], "big")
        return "/" + "".join(chr(ord("A") + number // 26**place % 26) for place in range(6)) + "+NotoSansSC-Regular"

    def encoded(self, text: str) -> str:
        """Return a text as the CIDs of its characters, in hexadecimal digits."""
        return "".join(f"{self._cids[character]:04X}" for character in text)

    def to_unicode(self) -> bytes:
        """Return the CMap by which CIDs become text again."""
        pairs = [f"<{cid:04X}> <{c.encode('utf-16-be').hex()}>" for c, cid in self._cids.items()]
        parts = [pairs[start : start + _AT_ONCE] for start in range(0, len(pairs), _AT_ONCE)]
        body = "\n".join(f"{len(part)} beginbfchar\n" + "\n".join(part) + "\nendbfchar" for part in parts)
        return (
            "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /OneFile def /CMapType 2 def\n"
            f"1 begincodespacerange <0000> <FFFF> endcodespacerange\n{body}\n"
            "endcmap CMapName currentdict /CMap defineresource pop end end\n"
        ).encode("ascii")


def _renumbered(opentype: bytes) -> bytes:
    """Return the CFF table of a font, each glyph's CID made its place."""
    font = TTFont(BytesIO(opentype), lazy=True, recalcBBoxes=False)
    cff = font["CFF "].cff
    top = cff[0]
    names = [".notdef", *(f"cid{number:05d}" for number in range(1, len(top.charset)))]
    outlines = top.CharStrings.charStrings
    top.CharStrings.charStrings = {new: outlines[old] for new, old in zip(names, top.charset, strict=True)}
    top.charset, top.CIDCount = names, len(names)
    written = BytesIO()
    cff.compile(written, font)
    return written.getvalue()


@lru_cache(maxsize=1)
def _face() -> uharfbuzz.Face:
    return uharfbuzz.Face(uharfbuzz.Blob.from_file_path(str(files("pylopdf_fonts_zh_cn") / "NotoSansSC-Regular.otf")))


@lru_cache(maxsize=1)
def _font() -> uharfbuzz.Font:
    return uharfbuzz.Font(_face())


@lru_cache(maxsize=4096)
def _glyph(character: str) -> int:
    return _font().get_nominal_glyph(ord(character)) or 0


@lru_cache(maxsize=4096)
def _advance(character: str) -> int:
    return int(_font().get_glyph_h_advance(_glyph(character)))
