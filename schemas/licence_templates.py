"""How an annotated copy (加注件) of a licence looks: declared in `schemas/templates`, a sheet a file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from schemas.errors import Problems
from schemas.licence_types import METADATA_CODES
from schemas.reading import Fields, read

FOLDER = Path(__file__).parent / "templates"
ORIENTATIONS = ("portrait", "landscape")
_NUMBERS = ("margin_mm", "title_points", "field_points", "note_points", "label_width_mm", "qr_mm")
_INK = re.compile(r"[0-9A-F]{6}")


@dataclass(frozen=True)
class Template:
    """A sheet of A4. Lengths are millimetres and points as their names say; `ink` is the colour of frame and title.

    `first` are the codes of fields that come first; the type's own follow in their order.
    """

    name: str
    label: str
    about: str
    orientation: str
    margin_mm: int
    ink: str
    title_points: int
    field_points: int
    note_points: int
    label_width_mm: int
    qr_mm: int
    first: tuple[str, ...]
    watermark: str


@lru_cache(maxsize=1)
def templates() -> dict[str, Template]:
    """Return all templates by name.

    Raises:
        DeclarationsRefused: a file is none, or not named like its template.
    """
    problems = Problems()
    found = [_template(path, problems) for path in sorted(FOLDER.glob("*.yml"))]
    problems.raise_if_any()
    return {template.name: template for template in found if template is not None}


def _template(path: Path, problems: Problems) -> Template | None:
    value = read(path, f"schemas/templates/{path.name}", problems)
    if value is None:
        return None
    fields = value.fields(("name", "label", "about", "orientation", "ink", "first", "watermark", *_NUMBERS))
    if fields.text("name") != path.stem:
        value.refuse(f"the name {fields.text('name')!r}", f"{path.stem!r}, as the file is called")
    _check_ink(fields)
    for code in fields.get("first").items() if fields.get("first") else ():  # type: ignore[union-attr]  # it is there
        code.choice(METADATA_CODES)
    numbers = {name: fields.whole(name, 1) or 0 for name in _NUMBERS}
    return Template(
        name=fields.text("name"),
        label=fields.text("label"),
        about=fields.text("about"),
        orientation=fields.choice("orientation", ORIENTATIONS),
        ink=fields.text("ink"),
        first=fields.texts("first"),
        watermark=fields.text("watermark"),
        **numbers,
    )


def _check_ink(fields: Fields) -> None:
    if "ink" in fields.values and _INK.fullmatch(fields.text("ink")) is None:
        fields.values["ink"].refuse(repr(fields.text("ink")), 'a colour in quotes, like "6B1D1D"')
