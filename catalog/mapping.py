"""A mapping file: how another catalogue's fields become ours. A portal is connected by it, and by no code.

A path is names parted by dots (`publisher.name`); through a list it goes into every element. In RDF the names are
prefixed (`dct:title`, `dct:title@zh` for one language, `@id` for the address).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from schemas.errors import Problems, one_of
from schemas.model import SHARE_CLASSES, UPDATE_CYCLES
from schemas.reading import Fields, Value, read
from schemas.terms import OPENNESS

FORMATS = ("json", "json-ld", "turtle", "rdf-xml")
TARGETS = (
    "title", "title_en", "about", "code", "provider_name", "provider_name_en", "provider_code", "update_cycle",
    "openness", "share_class", "format", "published_on", "updated_on", "items", "subject_area",
)  # fmt: skip
CLOSED = {"update_cycle": UPDATE_CYCLES, "openness": OPENNESS, "share_class": SHARE_CLASSES}
"""Targets whose values are ours: `values` has to lead to one of them."""
_BUILT_IN = Path(__file__).parent / "mappings"


@dataclass(frozen=True)
class Field:
    """Where a field comes from: the first of `paths` with a value, or a constant.

    `values` maps their words to ours (none: as it is); `strip` are characters taken off the ends of each part, `split`
    what parts a text into several. `is_required`: a record without it is not taken.
    """

    paths: tuple[str, ...]
    constant: str | None
    values: Mapping[str, str]
    strip: str
    split: str | None
    is_required: bool


@dataclass(frozen=True)
class ForeignMapping:
    """A whole mapping. `name` is the source's name in ids; `records` the path to the list of records in JSON.

    `id_paths` are the paths whose values together are one record's own.
    """

    name: str
    format: str
    records: str
    id_paths: tuple[str, ...]
    fields: Mapping[str, Field]


def load(name_or_path: str) -> ForeignMapping:
    """Read a mapping: a file, or one that comes with the project, by name.

    Raises:
        DeclarationsRefused: with every problem, its file and line.
    """
    built_in = _BUILT_IN / f"{name_or_path}.yml"
    path = built_in if "/" not in name_or_path and built_in.is_file() else Path(name_or_path)
    problems = Problems()
    value = read(path, path.name, problems)
    found = _mapping(value) if value is not None else None
    problems.raise_if_any()
    if found is None:
        raise ValueError("a mapping that was read without a problem is there")
    return found


def built_in() -> list[str]:
    """Return the names of the mappings that come with the project."""
    return sorted(path.stem for path in _BUILT_IN.glob("*.yml"))


def _mapping(value: Value) -> ForeignMapping:
    fields = value.fields(("name", "format", "id", "fields"), ("records",))
    name = fields.text("name")
    if name and not name.replace("_", "").isalnum():
        fields.values["name"].refuse(f"the name {name!r}", "letters, digits and '_'")
    found = {}
    for target, key, entry in fields.entries("fields"):
        if target not in TARGETS:
            key.refuse(f"the field {target!r}", one_of(TARGETS, target))
        found[target] = _field(target, entry)
    if "fields" in fields.values and "title" not in found:
        fields.values["fields"].refuse("no field 'title'", "title: {from: …}")
    ids = fields.texts("id", may_be_single=True)
    return ForeignMapping(name, fields.choice("format", FORMATS), fields.text("records"), ids, found)


def _field(target: str, value: Value) -> Field:
    fields = value.fields((), ("from", "constant", "values", "strip", "split", "required"))
    paths, constant = fields.texts("from", may_be_single=True), fields.maybe("constant")
    if bool(paths) == (constant is not None):
        value.refuse("both 'from' and 'constant'" if paths else "neither 'from' nor 'constant'", "exactly one of them")
    values = {theirs: ours.text() for theirs, _, ours in fields.entries("values")}
    _check_closed(target, fields, values, constant)
    strip = fields.values["strip"].text_or_empty() if "strip" in fields.values else ""
    split = fields.values["split"].text_or_empty() if "split" in fields.values else None
    return Field(paths, constant, values, strip, split or None, fields.flag("required"))


def _check_closed(target: str, fields: Fields, values: Mapping[str, str], constant: str | None) -> None:
    allowed = CLOSED.get(target)
    if allowed is None:
        return
    if constant is not None and constant not in allowed:
        fields.values["constant"].refuse(f"{constant!r}", one_of(allowed, constant))
    for theirs, _, ours in fields.entries("values"):
        if values[theirs] not in allowed:
            ours.refuse(f"{values[theirs]!r} for {theirs!r}", one_of(allowed, values[theirs]))
