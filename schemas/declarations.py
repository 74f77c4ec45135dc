"""Loads everything that is declared about tables, code lists, one files, departments, licence types and items.

All problems of all files are told together. What a broken file would have declared is taken
as there, so that one fault is told once and not again wherever its name is used.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from schemas import layers
from schemas.code_extensions import Extension, extended, is_extension, read_extension
from schemas.code_lists import read_list
from schemas.errors import Problems, one_of
from schemas.file_reading import FilePart, assemble, read_part
from schemas.identifiers import InvalidIdentifier, credit_code
from schemas.licence_reading import AREA_DIGITS, DEPARTMENT_LEVELS, Known, read_licence_type
from schemas.licence_types import LicenceType
from schemas.model import SUBJECT_KINDS, CodeList, Declarations, Department, OneFile, Place, Table
from schemas.reading import Value, read
from schemas.relation_reading import KnownTables
from schemas.table_reading import checked_key, read_table

if TYPE_CHECKING:
    from schemas import item_reading

AREA_LIST = "area"


class _Named(Protocol):
    @property
    def place(self) -> Place: ...


T = TypeVar("T", bound=_Named)


def load(overlays: tuple[Path, ...] = ()) -> Declarations:
    """Read the built-in declarations and the folders laid over them, and check all of it; items are `catalog.load`'s.

    Raises:
        DeclarationsRefused: with every problem, its file and line, what was found, what is allowed.
    """
    problems = Problems()
    declarations = gather(layers.layers(overlays, problems), problems, with_items=False)
    problems.raise_if_any()
    return declarations


def gather(found: tuple[layers.Layer, ...], problems: Problems, with_items: bool = True) -> Declarations:
    """Read the declarations of the layers, telling what is wrong; only sound ones are returned."""
    codes = _code_lists(found, problems)
    departments = _departments(found, problems)
    tables = _tables(found, problems)
    for table in tables.values():
        _check_codes(table, codes, problems)
    files = _files(found, problems, tables)
    for file in files.values():
        _check_file(file, tables, codes, departments, problems)
    licences = _licences(found, problems, Known(KnownTables(tables, problems.broken), codes, departments))
    # Licence types and items are not in the digest: what they say changes no table and no one file.
    known = Declarations(tables, codes, files, departments, licences, digest(tables, codes, files, departments))
    if not with_items:
        return known
    services = _items(found, known, problems)
    return replace(known, items=services.items, bundles=services.bundles, materials=services.materials)


def _items(found: tuple[layers.Layer, ...], known: Declarations, problems: Problems) -> item_reading.Items:
    """Read the items. Where something else is broken already, built-in items that name it are not told of as well."""
    from schemas import item_reading  # most verbs need no items, and start sooner without their reader

    shown, told = {layer.root: layer.is_built_in for layer in found}, Problems()
    services = item_reading.gather(found, known, told)
    outside = tuple(f"{root}/" for root, is_built_in in shown.items() if not is_built_in)
    problems.found += [p for p in told.found if not problems.found or p.place.path.startswith(outside)]
    return services


def digest(*declared: object) -> str:
    """Return the SHA-256, hex, over what is declared: the same for the same meaning, wherever it is written."""
    text = json.dumps(declared, default=_plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: object) -> object:
    if is_dataclass(value):
        return {name: getattr(value, name) for name in _meant(value.__class__)}
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"a {type(value).__name__} has no canonical form: add one here")


@functools.cache
def _meant(kind: Any) -> tuple[str, ...]:
    """Return the names of a dataclass's fields that a declaration's meaning hangs on."""
    return tuple(field.name for field in fields(kind) if field.compare)


def _keep(found: dict[str, T], name: str, new: T, value: Value) -> None:
    """Keep a declaration under its name; tell when the name is taken."""
    if name in found:
        value.refuse(f"{name!r} declared again", f"it once (the first is at {found[name].place})")
    else:
        found[name] = new


def _check_stem(name: str, path: Path, value: Value) -> None:
    if name and name != path.stem:
        value.refuse(f"the name {name!r} in the file {path.name}", f"the file's own name, {path.stem!r}")


def _tables(found: tuple[layers.Layer, ...], problems: Problems) -> dict[str, Table]:
    tables: dict[str, Table] = {}
    for layer in found:
        for path, value in layers.documents("tables", layer, problems):
            table = read_table(value) if value is not None else None
            if value is not None and table is not None:
                _check_stem(table.name, path, value)
            if value is None or table is None or value.document.is_broken:
                problems.broken.add(path.stem)
            else:
                _keep(tables, table.name, table, value)
    return tables


def _code_lists(found: tuple[layers.Layer, ...], problems: Problems) -> dict[str, CodeList]:
    lists: dict[str, CodeList] = {}
    extensions: list[tuple[layers.Layer, Value, Extension]] = []
    for layer in found:
        for path, value in layers.documents("codes", layer, problems, (".csv",)):
            if value is not None and is_extension(value):
                extensions.append((layer, value, read_extension(value)))
                continue
            csv_path = path.with_suffix(".csv")
            code_list = read_list(value, csv_path, layer.shown(csv_path), layer.is_built_in) if value else None
            if value is not None and code_list is not None:
                _check_stem(code_list.name, path, value)
            if value is None or code_list is None or value.document.is_broken:
                problems.broken.add(path.stem)
            else:
                _keep(lists, code_list.name, code_list, value)
    for layer, value, extension in extensions:
        base = lists.get(extension.extends)
        if base is not None and not value.document.is_broken:
            lists[base.name] = extended(base, extension, None if layer.is_built_in else problems)
        elif base is None and extension.extends and extension.extends not in problems.broken:
            value.refuse(f"the code list {extension.extends!r}", one_of(lists, extension.extends))
    return lists


_AREAS = "6 digits at the county, 9 at the street, 12 at the community; none elsewhere"


def _departments(found: tuple[layers.Layer, ...], problems: Problems) -> dict[str, Department]:
    departments: dict[str, Department] = {}
    for layer in found:
        path = layer.departments
        value = read(path, layer.shown(path), problems) if path.is_file() else None
        if value is None:
            continue
        for _, key, entry in value.fields(("departments",)).entries("departments"):
            department = _department(key, entry)
            _keep(departments, department.id, department, key)
    return departments


def _department(key: Value, value: Value) -> Department:
    entry = value.fields(("name", "name_en", "code", "level"), ("area",))
    code = entry.text("code")
    try:
        credit_code(code)
    except InvalidIdentifier as error:
        if "code" in entry.values:
            entry.values["code"].refuse(f"{code!r} ({error.reason})", "the department's unified social credit code")
    level, area = entry.choice("level", DEPARTMENT_LEVELS), entry.maybe("area") or ""
    digits = AREA_DIGITS.get(level)
    if area and not (digits and re.fullmatch(f"[0-9]{{{digits}}}", area)):
        entry.values["area"].refuse(f"{area!r} of a department at level {level}", _AREAS)
    return Department(
        id=checked_key(key),
        name=entry.text("name"),
        name_en=entry.text("name_en"),
        code=code,
        level=level,
        place=key.place,
        area=area,
    )


def _files(found: tuple[layers.Layer, ...], problems: Problems, tables: Mapping[str, Table]) -> dict[str, OneFile]:
    parts: list[FilePart] = []
    for layer in found:
        parts += [read_part(value) for _, value in layers.documents("files", layer, problems) if value is not None]
    assembled = {kind: assemble(kind, parts, tables, problems.broken) for kind in SUBJECT_KINDS}
    return {kind: file for kind, file in assembled.items() if file is not None}


def _licences(found: tuple[layers.Layer, ...], problems: Problems, known: Known) -> dict[str, LicenceType]:
    licences: dict[str, LicenceType] = {}
    codes: dict[str, LicenceType] = {}
    for layer in found:
        for path, value in layers.documents("licences", layer, problems):
            licence = read_licence_type(value, known) if value is not None else None
            if value is None or licence is None:
                continue
            _check_stem(licence.name, path, value)
            first = codes.setdefault(licence.code, licence)
            if first.name != licence.name:
                value.refuse(f"the type code {licence.code} again", f"another number (it is that of {first.place})")
            if not value.document.is_broken:
                _keep(licences, licence.name, licence, value)
    return licences


def _check_codes(table: Table, codes: Mapping[str, CodeList], problems: Problems) -> None:
    for column in table.columns:
        wanted = AREA_LIST if column.type == "area_code" else column.codes
        if wanted is not None and wanted not in codes and wanted not in problems.broken:
            problems.add(column.place, f"the code list {wanted!r} of {column.name!r}", one_of(codes, wanted))


def _check_file(
    file: OneFile,
    tables: Mapping[str, Table],
    codes: Mapping[str, CodeList],
    departments: Mapping[str, Department],
    problems: Problems,
) -> None:
    for attribute in file.attributes:
        if attribute.lead is not None and attribute.lead not in departments:
            problems.add(attribute.place, f"the lead {attribute.lead!r}", one_of(departments, attribute.lead))
    for relation in file.relations:
        for name, values in relation.when.items():
            columns = {column.name: column for column in tables[relation.table].columns}
            code_list = codes.get(columns[name].codes or "") if name in columns else None
            known = code_list.codes if code_list is not None else dict.fromkeys(values)
            for value in values:
                if value not in known:
                    problems.add(relation.place, f"the code {value!r} under 'when: {name}'", one_of(known, value))
