"""The catalogue's entries: every resource and licence type with its core metadata, made from the declarations.

Nothing of an entry is typed by hand: what a resource is comes from its declaration, its information items from the
table, its provider from the departments. Structure of domain.md's core metadata, which follows deployed catalogues.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date

from catalog.checks import path
from catalog.errors import UnknownResource
from catalog.grades import highest
from catalog.model import Catalogue
from schemas.licence_types import METADATA_CODES, METADATA_SENSITIVITIES, LicenceType
from schemas.model import SUBJECT_KINDS, Column, Declarations, Resource, Table
from schemas.service_items import MaterialKind
from schemas.terms import CLASS_LIST, Share, Terms

KINDS = ("dataset", "licence", "material", "foreign")
DRAFT = "draft"
MATERIAL_ITEMS = (
    ("file", "文件", "The material itself", "string"),
    ("deposited_on", "存入日期", "Day on which it was deposited", "date"),
    ("verified_by", "核验部门", "Department that checked it", "string"),
    ("verified_on", "核验日期", "Day on which it was checked", "date"),
)
"""What is kept of every shared material: name, label, what it is, type."""


@dataclass(frozen=True)
class InformationItem:
    """One information item (数据项). `length` is the most characters, None: not bounded; `grade` a key of GRADES."""

    name: str
    label: str
    about: str
    type: str
    length: int | None
    is_required: bool
    grade: str


@dataclass(frozen=True)
class Entry:
    """One entry of the catalogue.

    `id` is `<department>.<resource>`, `licence.<type>`, `material.<kind>`, or `<source>:<id>` where it came from
    another catalogue.
    `classes` are class codes from the top down (类, 项, 目, 细目). `grade` is the highest of its items. `subjects`
    are the kinds of subject it is about. What a foreign catalogue does not say is empty.
    """

    id: str
    kind: str
    code: str
    title: str
    title_en: str
    about: str
    provider: str
    provider_name: str
    provider_name_en: str
    provider_code: str
    level: str
    classes: tuple[str, ...]
    share_class: str
    share_basis: str
    share_condition: str | None
    modes: tuple[str, ...]
    openness: str
    open_condition: str | None
    update_cycle: str
    format: str
    published_on: date | None
    updated_on: date | None
    service_items: tuple[str, ...]
    state: str
    subjects: tuple[str, ...]
    grade: str
    items: tuple[InformationItem, ...]

    def as_json(self) -> dict[str, object]:
        """Return the entry as JSON's types, days as YYYY-MM-DD, in the order of its fields."""
        found = asdict(self)
        for name in ("published_on", "updated_on"):
            day = getattr(self, name)
            found[name] = None if day is None else day.isoformat()
        return {name: list(value) if isinstance(value, tuple) else value for name, value in found.items()}

    def item(self, name: str) -> InformationItem | None:
        """Return the information item of that name; None when there is none."""
        return next((item for item in self.items if item.name == name), None)


def from_json(found: Mapping[str, object]) -> Entry:
    """Return the entry that `as_json` wrote."""
    values: dict[str, object] = {field.name: found[field.name] for field in fields(Entry)}
    for name in ("classes", "modes", "service_items", "subjects"):
        values[name] = tuple(values[name])  # type: ignore[arg-type] # our own writing
    for name in ("published_on", "updated_on"):
        values[name] = None if values[name] is None else date.fromisoformat(str(values[name]))
    values["items"] = tuple(InformationItem(**item) for item in values["items"])  # type: ignore[attr-defined]
    return Entry(**values)  # type: ignore[arg-type]


def entries(catalogue: Catalogue) -> dict[str, Entry]:
    """Return the entry of every resource, licence type and kind of shared material by id, in order of id."""
    known = catalogue.declarations
    found = [_of_resource(resource, known) for resource in catalogue.resources.values()]
    found += [_of_licence(licence, known) for licence in known.licences.values()]
    found += [_of_material(material, known) for material in known.materials.values()]
    return {entry.id: entry for entry in sorted(found, key=lambda entry: entry.id)}


def find(found: Mapping[str, Entry], asked: str) -> Entry:
    """Return the entry of an id or a code; raise UnknownResource with the nearest one."""
    if asked in found:
        return found[asked]
    for entry in found.values():
        if asked and asked == entry.code:
            return entry
    raise UnknownResource(asked, found)


def _of_resource(resource: Resource, known: Declarations) -> Entry:
    table = known.tables[resource.table]
    mapped = {mapping.column for mapping in resource.columns}
    items = tuple(_item(column) for column in table.columns if column.name in mapped)
    share = Share(resource.share_class, resource.share_basis, resource.share_condition)
    return _entry(
        resource.id, "dataset", (resource.title, resource.title_en, resource.about), resource.department, share,
        resource.terms, resource.update_cycle, resource.format, _kinds(table), items, known,
    )  # fmt: skip


def _of_licence(licence: LicenceType, known: Declarations) -> Entry:
    table = known.tables[licence.table]
    common = tuple(
        InformationItem(
            code, label, "Of every licence", "string", None, True, METADATA_SENSITIVITIES.get(code, "ordinary")
        )
        for code, label in METADATA_CODES.items()
    )
    items = common + tuple(
        InformationItem(found.code, found.label, column.about, column.type, column.max_length, column.required,
                        found.sensitivity)
        for found in licence.fields for column in (table.column(found.column),)
    )  # fmt: skip
    return _entry(
        f"licence.{licence.name}", "licence", (licence.label, licence.label_en, licence.about), licence.issuer,
        licence.share or Share("", "", None), licence.terms, licence.update_cycle or "", "json", _kinds(table),
        items, known,
    )  # fmt: skip


def _of_material(material: MaterialKind, known: Declarations) -> Entry:
    items = tuple(
        InformationItem(name, label, about, kind, None, True, material.sensitivity)
        for name, label, about, kind in MATERIAL_ITEMS
    )
    subjects = SUBJECT_KINDS if material.holder == "both" else (material.holder,)
    return _entry(
        f"material.{material.name}", "material", (material.label.zh, material.label.en, material.about),
        material.department, material.share or Share("", "", None), material.terms, "irregular", "file", subjects,
        items, known,
    )  # fmt: skip


def _kinds(table: Table) -> tuple[str, ...]:
    return tuple(dict.fromkeys(subject.kind for subject in table.subjects))


def _entry(
    entry_id: str, kind: str, titles: tuple[str, str, str], department_id: str, share: Share, terms: Terms | None,
    update_cycle: str, form: str, subjects: tuple[str, ...], items: tuple[InformationItem, ...], known: Declarations,
) -> Entry:  # fmt: skip
    department = known.departments[department_id]
    classes = path(known.codes[CLASS_LIST].codes, terms.class_code) if terms else ()
    return Entry(
        id=entry_id,
        kind=kind,
        code=terms.code if terms else "",
        title=titles[0],
        title_en=titles[1],
        about=titles[2],
        provider=department.id,
        provider_name=department.name,
        provider_name_en=department.name_en,
        provider_code=department.code,
        level=department.level,
        classes=classes or (),
        share_class=share.share_class,
        share_basis=share.basis,
        share_condition=share.condition,
        modes=terms.modes if terms else (),
        openness=terms.openness if terms else "closed",
        open_condition=terms.open_condition if terms else None,
        update_cycle=update_cycle,
        format=form,
        published_on=terms.published_on if terms else None,
        updated_on=None,
        service_items=terms.service_items if terms else (),
        state=terms.state if terms else DRAFT,
        subjects=subjects,
        grade=highest(item.grade for item in items),
        items=items,
    )


def _item(column: Column) -> InformationItem:
    return InformationItem(
        column.name, column.label, column.about, column.type, column.max_length, column.required, column.sensitivity
    )


def filtered(found: Iterable[Entry], wanted: Mapping[str, str | None]) -> list[Entry]:
    """Return the entries that have, for each facet asked for, that value."""
    asked = {name: value for name, value in wanted.items() if value}
    return [entry for entry in found if all(value in facet(entry, name) for name, value in asked.items())]


FACETS = ("department", "level", "share", "subject", "cycle", "kind", "state", "class")


def facet(entry: Entry, name: str) -> tuple[str, ...]:
    """Return an entry's values of a facet; `class` is every class from the top down."""
    return {
        "department": (entry.provider,),
        "level": (entry.level,),
        "share": (entry.share_class,),
        "subject": entry.subjects,
        "cycle": (entry.update_cycle,),
        "kind": (entry.kind,),
        "state": (entry.state,),
        "class": entry.classes,
    }[name]
