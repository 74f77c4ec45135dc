"""A sheet of paper to draw on: text in one embedded font, lines, squares, metadata; by pyHanko's PDF writer.

The font is embedded with the drawn characters only (CIDFontType0, Identity-H), with the table by which
readers copy text out of it. Lengths are points from the lower left corner.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pyhanko.pdf_utils.generic import (
    ArrayObject,
    DictionaryObject,
    FloatObject,
    NameObject,
    NumberObject,
    StreamObject,
    pdf_date,
    pdf_name,
    pdf_string,
)
from pyhanko.pdf_utils.writer import PageObject, PdfFileWriter

from licence_vault.pdf.font import Subset, width_of

Colour = tuple[float, float, float]
BLACK: Colour = (0.0, 0.0, 0.0)


@dataclass
class Canvas:
    """One page. Draw on it, then `write` it."""

    width: float
    height: float
    _texts: list[tuple[float, float, float, Colour, str]] = field(default_factory=list)
    _shapes: list[str] = field(default_factory=list)

    def text(self, x: float, y: float, size: float, text: str, colour: Colour = BLACK) -> None:
        """Put a line of text with its left end there."""
        self._texts.append((x, y, size, colour, text))

    def frame(self, inset: float, line_width: float, colour: Colour) -> None:
        """Draw a frame that far from the edges."""
        box = f"{inset:.2f} {inset:.2f} {self.width - 2 * inset:.2f} {self.height - 2 * inset:.2f} re S"
        self._shapes.append(f"{_rgb(colour)} RG {line_width:.2f} w {box}")

    def square(self, x: float, y: float, width: float, height: float) -> None:
        """Fill a rectangle with black."""
        self._shapes.append(f"0 0 0 rg {x:.3f} {y:.3f} {width:.3f} {height:.3f} re f")

    def write(self, title: str, properties: Mapping[str, str], at: datetime) -> PdfFileWriter:
        """Return the page as a document, to be signed: title, further entries of its information, time of making."""
        font = Subset("".join(text for *_, text in self._texts))
        writer = PdfFileWriter(stream_xrefs=False)
        content = writer.add_object(StreamObject(stream_data=self._content(font)))
        resources = DictionaryObject({pdf_name("/Font"): DictionaryObject({pdf_name("/F"): embed(writer, font)})})
        writer.insert_page(PageObject(content, (0, 0, self.width, self.height), resources))
        writer.root[pdf_name("/Lang")] = pdf_string("zh-CN")
        texts = {"Title": title, "Producer": "One File", **properties}
        info = {"/CreationDate": pdf_date(at), **{f"/{name}": pdf_string(text) for name, text in texts.items()}}
        writer.set_info(writer.add_object(DictionaryObject({pdf_name(k): v for k, v in info.items()})))
        return writer

    def _content(self, font: Subset) -> bytes:
        lines = [
            f"BT {_rgb(colour)} rg /F {size:.2f} Tf {x:.2f} {y:.2f} Td <{font.encoded(text)}> Tj ET"
            for x, y, size, colour, text in self._texts
        ]
        return "\n".join([*self._shapes, *lines]).encode("ascii")


def wrapped(text: str, size: float, width: float) -> list[str]:
    """Return a text in lines that fit: broken between any two characters, as Chinese is, but not within Latin words."""
    lines, line, used = [], "", 0.0
    for piece in _pieces(text):
        needed = width_of(piece) * size
        if line and used + needed > width:
            lines.append(line.rstrip())
            line, used = "", 0.0
        for character in piece if needed > width else (piece,):
            step = width_of(character) * size
            if line and used + step > width:
                lines.append(line.rstrip())
                line, used = "", 0.0
            line, used = line + character, used + step
    return [*lines, line.rstrip()]


def embed(writer: PdfFileWriter, font: Subset) -> object:
    """Put a font into a document; return the reference to it."""
    file = StreamObject(stream_data=font.data)
    file[pdf_name("/Subtype")] = pdf_name("/CIDFontType0C")
    descriptor = DictionaryObject(
        {
            pdf_name("/Type"): pdf_name("/FontDescriptor"), pdf_name("/FontName"): pdf_name(font.name),
            pdf_name("/Flags"): NumberObject(4), pdf_name("/ItalicAngle"): NumberObject(0),
            pdf_name("/FontBBox"): _numbers(-1000, -1000, 3000, 2000), pdf_name("/Ascent"): NumberObject(880),
            pdf_name("/Descent"): NumberObject(-120), pdf_name("/CapHeight"): NumberObject(733),
            pdf_name("/StemV"): NumberObject(80), pdf_name("/FontFile3"): writer.add_object(file),
        }
    )  # fmt: skip
    widths = ArrayObject()
    for cid, width in font.widths:
        widths += [NumberObject(cid), _numbers(width)]
    descendant = DictionaryObject(
        {
            pdf_name("/Type"): pdf_name("/Font"), pdf_name("/Subtype"): pdf_name("/CIDFontType0"),
            pdf_name("/BaseFont"): pdf_name(font.name), pdf_name("/CIDSystemInfo"): DictionaryObject(
                {pdf_name("/Registry"): pdf_string("Adobe"), pdf_name("/Ordering"): pdf_string("Identity"),
                 pdf_name("/Supplement"): NumberObject(0)}),
            pdf_name("/FontDescriptor"): writer.add_object(descriptor), pdf_name("/DW"): NumberObject(1000),
            pdf_name("/W"): widths,
        }
    )  # fmt: skip
    to_unicode = writer.add_object(StreamObject(stream_data=font.to_unicode()))
    return writer.add_object(
        DictionaryObject(
            {
                pdf_name("/Type"): pdf_name("/Font"), pdf_name("/Subtype"): pdf_name("/Type0"),
                pdf_name("/BaseFont"): NameObject(f"{font.name}-Identity-H"),
                pdf_name("/Encoding"): pdf_name("/Identity-H"), pdf_name("/ToUnicode"): to_unicode,
                pdf_name("/DescendantFonts"): ArrayObject([writer.add_object(descendant)]),
            }
        )
    )  # fmt: skip


def _pieces(text: str) -> list[str]:
    """Part a text where a line may end: words of Latin letters and digits hold together."""
    pieces: list[str] = []
    for character in text:
        is_word = character.isascii() and not character.isspace()
        if pieces and is_word and pieces[-1][-1].isascii() and not pieces[-1][-1].isspace():
            pieces[-1] += character
        else:
            pieces.append(character)
    return pieces


def _numbers(*values: float) -> ArrayObject:
    return ArrayObject(NumberObject(v) if isinstance(v, int) else FloatObject(v) for v in values)


def _rgb(colour: Colour) -> str:
    return " ".join(f"{part:.3f}" for part in colour)
