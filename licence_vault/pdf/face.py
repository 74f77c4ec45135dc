"""The sheet: a licence's fields, who asked, why, until when, the address to verify it at; also as metadata."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import segno
from pyhanko.pdf_utils.writer import PdfFileWriter

from licence_vault.pdf.canvas import BLACK, Canvas, Colour, wrapped
from licence_vault.pdf.font import drawable, width_of
from onefile.verify.copy import STATEMENT
from schemas.licence_templates import Template

_MM = 72 / 25.4
_A4 = (210 * _MM, 297 * _MM)
_GREY: Colour = (0.35, 0.35, 0.35)
_LEADING = 1.5


class SheetFull(ValueError):
    """The fields do not fit on one sheet; callers refuse the copy."""


@dataclass(frozen=True)
class Sheet:
    """What stands on a copy.

    `fields` are (label, value); `notes` the lines of the annotation; `statement` what the
    metadata says, as JSON; `properties` single metadata by their codes.
    """

    title: str
    fields: tuple[tuple[str, str], ...]
    notes: tuple[tuple[str, str], ...]
    nature: str
    address: str
    statement: str
    properties: Mapping[str, str]
    made_at: datetime


def draw(sheet: Sheet, template: Template) -> PdfFileWriter:
    """Return a sheet as a PDF that is to be signed; SheetFull when its fields need more room than it has."""
    width, height = _A4 if template.orientation == "portrait" else _A4[::-1]
    canvas, margin, ink = Canvas(width, height), template.margin_mm * _MM, _rgb(template.ink)
    canvas.frame(margin * 0.6, 2.2, ink)
    canvas.frame(margin * 0.68, 0.7, ink)
    y = height - margin * 1.3
    for text, size in ((sheet.title, template.title_points), (sheet.nature, template.note_points)):
        for line in wrapped(drawable(text), size, width - 2 * margin):
            y -= size * _LEADING
            canvas.text((width - width_of(line) * size) / 2, y, size, line, ink)
    y = _fields(canvas, sheet, template, y - template.field_points)
    if y < margin + template.qr_mm * _MM:
        raise SheetFull
    _annotation(canvas, sheet, template)
    return canvas.write(sheet.title, {**sheet.properties, STATEMENT: sheet.statement}, sheet.made_at)


def _fields(canvas: Canvas, sheet: Sheet, template: Template, y: float) -> float:
    """Draw labels and values from `y` down; return where they end."""
    margin, label, size = template.margin_mm * _MM, template.label_width_mm * _MM, template.field_points
    for name, value in sheet.fields:
        y -= size * 0.5
        canvas.text(margin, y - size * _LEADING, size, drawable(name), _GREY)
        for line in wrapped(drawable(value), size, canvas.width - 2 * margin - label):
            y -= size * _LEADING
            canvas.text(margin + label, y, size, line)
    return y


def _annotation(canvas: Canvas, sheet: Sheet, template: Template) -> None:
    """Draw the annotation at the foot: its lines, and the QR code beside them."""
    margin, side, size = template.margin_mm * _MM, template.qr_mm * _MM, template.note_points
    _qr(canvas, sheet.address, canvas.width - margin - side, margin, side)
    y = margin + side - (size + 3)
    canvas.text(margin, y, size + 3, drawable(template.watermark), _rgb(template.ink))
    for label, value in sheet.notes:
        for line in wrapped(drawable(f"{label}：{value}"), size, canvas.width - 2 * margin - side - size):
            y -= size * _LEADING
            canvas.text(margin, y, size, line, BLACK)


def _qr(canvas: Canvas, text: str, left: float, bottom: float, side: float) -> None:
    rows = [list(row) for row in segno.make(text, error="m").matrix_iter(border=2)]
    step = side / len(rows)
    for number, row in enumerate(rows):
        x, y = 0, bottom + side - (number + 1) * step
        while x < len(row):
            run = next((n for n in range(x, len(row)) if not row[n]), len(row)) - x
            if run:
                canvas.square(left + x * step, y, run * step, step)
            x += max(run, 1)


def _rgb(ink: str) -> Colour:
    red, green, blue = bytes.fromhex(ink)
    return red / 255, green / 255, blue / 255
