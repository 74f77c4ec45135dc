"""How another catalogue's records, or a portal's service items, become ours: a mapping file, and no code.

A mapping says where the records are, which paths make an id, and for each field of ours where it comes from, by which
steps it is cleaned, and which words mean what.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath

from catalog.mapping_words import CLOSED
from catalog.paths import Path
from catalog.steps import Step

__all__ = ["CLOSED", "Field", "ForeignMapping", "Lookup", "Nested", "Tree"]

FORMATS = ("json", "jsonl", "csv", "xml", "json-ld", "turtle", "rdf-xml")
CATALOGUE = (
    "title", "title_en", "about", "code", "provider_name", "provider_name_en", "provider_code", "level", "update_cycle",
    "openness", "open_condition", "share_class", "share_basis", "share_condition", "modes", "format", "published_on",
    "updated_on", "items", "subject_area", "class_code", "service_items",
)  # fmt: skip
"""Fields of a catalogue's entry that a mapping may fill."""
ITEMS = (
    "name", "code", "base_code", "main_item", "department", "department_code", "about", "level", "area", "kind",
    "basis",
    "legal_days", "promised_days", "visits", "channels", "process", "conditions", "materials", "fields", "results",
    "intermediaries",
)  # fmt: skip
"""Fields of a service item that a mapping may fill."""
NESTED: Mapping[str, tuple[str, ...]] = {
    "items": ("name", "label", "about", "type", "length", "required"),
    "materials": ("label",),
    "fields": ("label",),
}
"""Fields that may be lists of records, and the fields of each of these."""
BUILT_IN = FilePath(__file__).parent / "mappings"


@dataclass(frozen=True)
class Field:
    """Where a field comes from, and what is done with it.

    `take`: `first` of `paths` with a value, `all` of them, or `join`ed into one text. Then `steps`; then
    words: `values` (compared folded), else the first of `contains` that is in the text. Where nothing was there at all,
    `otherwise`.
    """

    paths: tuple[Path, ...]
    take: str = "first"
    joiner: str = ""
    constant: str | None = None
    steps: tuple[Step, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)
    contains: Mapping[str, str] = field(default_factory=dict)
    lookup: str | None = None
    otherwise: str | None = None
    dates: tuple[str, ...] = ()
    is_required: bool = False

    @property
    def said(self) -> str:
        """Say the paths in a message."""
        return " or ".join(path.text for path in self.paths)


@dataclass(frozen=True)
class Nested:
    """A field that is a list of records: where they are, and the fields of each."""

    each: Path
    fields: Mapping[str, Field]


@dataclass(frozen=True)
class Lookup:
    """A code table in the file itself: records at a path, the code and the word of each."""

    records: Path
    key: Path
    value: Path


@dataclass(frozen=True)
class Tree:
    """Classes in the file itself: records at a path; code, name and the code of the class above of each."""

    records: Path
    code: Path
    name: Path
    parent: Path


@dataclass(frozen=True)
class ForeignMapping:
    """A whole mapping. `name` is the source's name in ids; `records` the path to the records (None: the file).

    `ids` are ways to make an id, the first that gives one is taken: the values of all its paths together. `skips` are
    (field, words): a record of which the field has one of the words is left out and counted.
    """

    name: str
    format: str
    records: Path | None
    ids: tuple[tuple[Path, ...], ...]
    fields: Mapping[str, Field | Nested]
    encoding: str = "utf-8"
    delimiter: str = ","
    skip_lines: int = 0
    lookups: Mapping[str, Lookup] = field(default_factory=dict)
    classes: Tree | None = None
    skips: tuple[tuple[Field, tuple[str, ...]], ...] = ()

    def plain(self, target: str) -> Field | None:
        """Return a field that is no list of records; None where the mapping has none."""
        found = self.fields.get(target)
        return found if isinstance(found, Field) else None
