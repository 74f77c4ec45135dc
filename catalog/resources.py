"""Loads the resources: what each department shares, on which terms, and how it becomes a table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import cast

from catalog.choices import check_choices
from catalog.cleaning import read_cleaners, read_map
from catalog.constants import constant_fault
from catalog.sources import check_source, read_source
from schemas import layers
from schemas.errors import Problems, one_of
from schemas.model import (
    UPDATE_CYCLES,
    Assertions,
    Cleaner,
    CodeList,
    Column,
    ColumnMapping,
    Declarations,
    Operation,
    Place,
    Resource,
    Table,
)
from schemas.reading import Fields, Value, read
from schemas.table_reading import checked_name
from schemas.terms import read_share, read_terms

FORMATS = ("csv", "jsonl", "xml", "xlsx", "fixed")
OPTIONS_OF: Mapping[str, tuple[str, ...]] = {
    "delimiter": ("csv",),
    "encoding": ("csv", "jsonl", "xml", "fixed"),
    "path": ("xml",),
    "sheet": ("xlsx",),
    "header_row": ("csv", "xlsx"),
    "header_rows": ("xlsx",),
    "widths": ("fixed",),
    "widths_in": ("fixed",),
}
"""Keys of a resource that belong to some formats only."""

UNITS = ("characters", "bytes")
"""What fixed widths are counted in."""
ENCODINGS = ("utf-8", "gb18030")
_REQUIRED = ("name", "department", "title", "title_en", "about", "table", "share", "update_cycle", "format", "columns")
_OPTIONAL = ("encoding", "delimiter", "signature_required", "empty", "ignore", "operation", "otherwise", "assertions",
             "catalogue", "path", "sheet", "header_row", "header_rows", "source", "widths", "widths_in",
             "packed")  # fmt: skip


def load(declarations: Declarations, overlays: tuple[Path, ...] = ()) -> Mapping[str, Resource]:
    """Read the built-in resources and those laid over them.

    Returns:
        Resource by id, in order of id.

    Raises:
        DeclarationsRefused: with every problem of the resources.
    """
    problems = Problems()
    resources = gather(layers.layers(overlays, problems), declarations, problems)
    problems.raise_if_any()
    return resources


class LazyResources(Mapping[str, Resource]):
    """Resources that are read when they are asked for, one by one, and not held against each other.

    A verb that shows a few lines of a few of them need not read all. Asking may raise DeclarationsRefused.
    """

    def __init__(self, found: Iterable[layers.Layer], declarations: Declarations, problems: Problems) -> None:
        self._declarations = declarations
        places = [(layer, department, path) for layer in found for department, path in _files(layer, problems)]
        self._places = {f"{department}.{path.stem}": (layer, path) for layer, department, path in places}
        self._read: dict[str, Resource] = {}

    def __getitem__(self, resource_id: str) -> Resource:
        if resource_id not in self._read:
            layer, path = self._places[resource_id]
            problems = Problems()
            value = read(path, layer.shown(path), problems)
            resource = _resource(value, path.parent.name, path.stem, self._declarations) if value is not None else None
            problems.raise_if_any()
            if resource is None:
                raise KeyError(resource_id)
            self._read[resource_id] = resource
        return self._read[resource_id]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._places))

    def __len__(self) -> int:
        return len(self._places)


def gather(found: Iterable[layers.Layer], declarations: Declarations, problems: Problems) -> Mapping[str, Resource]:
    """Read the resources of the layers, telling what is wrong; only sound ones are returned."""
    resources: dict[str, Resource] = {}
    for layer in found:
        for department, path in _files(layer, problems):
            value = read(path, layer.shown(path), problems)
            resource = _resource(value, department, path.stem, declarations) if value is not None else None
            if value is None or resource is None:
                continue
            if resource.id in resources:
                first = resources[resource.id].place
                value.refuse(f"the resource {resource.id!r} again", f"it once (the first is at {first})")
            elif not value.document.is_broken:
                resources[resource.id] = resource
    return dict(sorted(resources.items()))


def _files(layer: layers.Layer, problems: Problems) -> Iterable[tuple[str, Path]]:
    folder = layer.folders["resources"]
    for department in sorted(folder.iterdir()) if folder.is_dir() else ():
        if department.is_dir():
            for path in layers.yaml_files(department, layer, problems, (".py",)):
                yield department.name, path
        elif not department.name.startswith((".", "README")):
            place = Place(layer.shown(department), 1)
            problems.add(place, f"the file {department.name!r}", "resources/<department>/<resource>.yml")


def _resource(value: Value, folder: str, stem: str, declarations: Declarations) -> Resource | None:
    fields = value.fields(_REQUIRED, _OPTIONAL)
    name = checked_name(fields, "name")
    department = fields.text("department")
    if name and name != stem:
        fields.values["name"].refuse(f"the name {name!r} in the file {stem}.yml", f"the file's own name, {stem!r}")
    if department and department != folder:
        fields.values["department"].refuse(f"the department {department!r} in the folder {folder!r}", f"{folder!r}")
    else:
        _expect(fields, "department", declarations.departments)
    _expect(fields, "table", declarations.tables)
    table = declarations.tables.get(fields.text("table"))
    share = read_share(fields)
    resource = Resource(
        id=f"{department}.{name}",
        department=department,
        name=name,
        title=fields.text("title"),
        title_en=fields.text("title_en"),
        about=fields.text("about"),
        table=fields.text("table"),
        share_class=share.share_class,
        share_basis=share.basis,
        share_condition=share.condition,
        update_cycle=fields.choice("update_cycle", UPDATE_CYCLES),
        format=fields.choice("format", FORMATS),
        encoding=fields.choice("encoding", ENCODINGS, "utf-8"),
        delimiter=_delimiter(fields),
        signature_required=fields.flag("signature_required"),
        empty=_empty(fields),
        columns=_mappings(fields, table, declarations.codes),
        ignore=fields.texts("ignore"),
        operation=_operation(fields, table),
        assertions=_assertions(fields),
        place=value.place,
        terms=read_terms(fields, declarations.codes, share.share_class),
        otherwise={header: entry.texts(may_be_single=True) for header, _, entry in fields.entries("otherwise")},
        path=_path(fields),
        sheet=fields.maybe("sheet"),
        header_row=fields.whole("header_row", 1) or 1,
        header_rows=fields.whole("header_rows", 1) or 1,
        source=read_source(fields),
        widths={name: value.whole(1) for name, _, value in fields.entries("widths")},
        widths_in=fields.choice("widths_in", UNITS, UNITS[0]),
        packed=fields.choice("packed", ("zip",)),
    )
    check_source(resource, fields)
    _check_format(resource, fields)
    _check_erasable(resource, table, fields)
    _check(resource, table, fields)
    check_choices(resource, table, declarations.codes, fields)
    return resource


def _expect(fields: Fields, key: str, known: Mapping[str, object]) -> None:
    found = fields.text(key)
    if found and found not in known and found not in fields.whole_value.document.problems.broken:
        fields.values[key].refuse(f"the {key} {found!r}", one_of(known, found))


def _delimiter(fields: Fields) -> str:
    value = fields.get("delimiter")
    if value is None:
        return ","
    found = value.text_or_empty()
    if len(found) != 1 or found in '"\r\n' or found.isalnum():
        value.refuse(f"the delimiter {found!r}", 'one character such as "," ";" "|" or "\\t"')
    return found


def _path(fields: Fields) -> tuple[str, ...]:
    """Read `/data/record`: the elements from the root to a record."""
    value = fields.get("path")
    if value is None:
        return ()
    names = value.text().split("/")
    if names[0] or len(names) < 3 or not all(names[1:]):
        value.refuse(
            f"the path {value.text()!r}", "the root's element and those below it down to a record, like /data/record"
        )
    return tuple(names[1:])


def _check_format(resource: Resource, fields: Fields) -> None:
    """Tell options that belong to another format, and what a format cannot do."""
    for option, formats in OPTIONS_OF.items():
        if option in fields.values and resource.format not in formats:
            fields.values[option].refuse(f"{option!r} of {resource.format}", f"it with {' or '.join(formats)} only")
    if resource.format == "xml" and not resource.path and "format" in fields.values:
        fields.values["format"].refuse("xml without 'path'", "path: /data/record, the elements down to a record")
    if resource.format == "fixed":
        _check_widths(resource, fields)


def _check_erasable(resource: Resource, table: Table | None, fields: Fields) -> None:
    """Tell what has records erased, on demand or after a term, whose rows cannot be overwritten in the kept files."""
    if resource.is_erasable or resource.format not in FORMATS:
        return
    rows = f"{resource.packed or resource.format}, whose rows cannot be overwritten one by one"
    if resource.operation is not None and resource.operation.erase:
        fields.values["operation"].refuse(f"'erase' of {rows}", "csv, jsonl or fixed")
    if table is not None and table.retention is not None:
        fields.values["packed" if resource.packed else "format"].refuse(
            f"{rows}, for the table {table.name!r}, which has a 'retention'",
            f"csv, jsonl or fixed, so that records can be erased when their time is over; or no 'retention' in table "
            f"{table.name!r}",
        )


def _check_widths(resource: Resource, fields: Fields) -> None:
    """Tell headers that no field of a line gives, and fields that nobody uses."""
    if "widths" not in fields.values:
        fields.values["format"].refuse("fixed without 'widths'", "widths: {HEADER: WIDTH, …}, in the order of a line")
        return
    for header in (*resource.headers, *resource.ignore):
        if header not in resource.widths:
            fields.values["widths"].refuse(f"no width of {header!r}", f"{header}: WIDTH")
    for header in resource.widths:
        if header not in (*resource.headers, *resource.ignore):
            fields.values["widths"].refuse(f"{header!r}, which nothing uses", "it under 'columns' or 'ignore'")


def _empty(fields: Fields) -> tuple[str, ...]:
    return tuple(dict.fromkeys(("", *(item.text_or_empty() for item in fields.items("empty")))))


def _operation(fields: Fields, table: Table | None) -> Operation | None:
    value = fields.get("operation")
    if value is None:
        return None
    operation = value.fields(("column", "withdraw"), ("state", "erase"))
    values = operation.texts("withdraw", may_be_single=True)
    if not values and "withdraw" in operation.values:
        value.refuse("no text that withdraws", "at least one under 'withdraw'")
    meant = {"withdraw": values}
    for key in ("state", "erase"):
        meant[key] = operation.texts(key, may_be_single=True)
        for other in (other for other in meant if other != key):
            for text in (text for text in meant[key] if text in meant[other]):
                value.refuse(f"{text!r} under {other!r} and {key!r}", "it under one of the two")
    if meant["erase"] and table is not None and table.erasure is None:
        value.refuse("'erase', of a table that names no law for it", f"'erasure: {{basis: …}}' in table {table.name!r}")
    return Operation(operation.text("column"), values, meant["state"], meant["erase"])


def _assertions(fields: Fields) -> Assertions:
    value = fields.get("assertions")
    if value is None:
        return Assertions()
    asserted = value.fields((), ("min_rows", "max_rows", "max_quarantined_share", "fresh_days"))
    share_value = asserted.get("max_quarantined_share")
    share = Decimal(share_value.number()) if share_value else None
    if share_value is not None and share is not None and not 0 <= share <= 1:
        share_value.refuse(f"{share}", "a share from 0 to 1")
    least, most = asserted.whole("min_rows", 0), asserted.whole("max_rows", 0)
    if least is not None and most is not None and least > most:
        value.refuse(f"min_rows {least} above max_rows {most}", "min_rows not above max_rows")
    return Assertions(least, most, None if share is None else float(share), asserted.whole("fresh_days", 1))


def _mappings(fields: Fields, table: Table | None, codes: Mapping[str, CodeList]) -> tuple[ColumnMapping, ...]:
    columns = {column.name: column for column in table.columns} if table else {}
    found = []
    for name, key, value in fields.entries("columns"):
        if table is not None and name not in columns:
            key.refuse(f"the column {name!r}, not in the table {table.name!r}", one_of(columns, name))
        found.append(_mapping(name, key, value, columns.get(name), codes))
    return tuple(_alone(mapping, found) for mapping in found)


def _alone(mapping: ColumnMapping, beside: Iterable[ColumnMapping]) -> ColumnMapping:
    """Let an amount be in the default currency only, where no column tells the currency of the same header."""
    if _money_gives(mapping) != "amount_cents":
        return mapping
    if any(m.source == mapping.source and _money_gives(m) == "currency" for m in beside):
        return mapping
    *before, money = mapping.clean
    argument = {**cast("Mapping[str, str]", money.argument), "currencies": "default"}
    return replace(mapping, clean=(*before, Cleaner("money", argument)))


def _money_gives(mapping: ColumnMapping) -> str | None:
    last = mapping.clean[-1] if mapping.clean else None
    return last.argument["give"] if last and last.name == "money" and isinstance(last.argument, Mapping) else None


def _mapping(
    name: str, key: Value, value: Value, column: Column | None, codes: Mapping[str, CodeList]
) -> ColumnMapping:
    fields = value.fields((), ("from", "constant", "clean", "lookup", "when"))
    source, constant = fields.maybe("from"), fields.maybe("constant")
    if (source is None) == (constant is None):
        value.refuse("both 'from' and 'constant'" if source else "neither 'from' nor 'constant'", "exactly one of them")
    for option in ("clean", "lookup"):
        if constant is not None and option in fields.values:
            fields.values[option].refuse(f"{option!r} of a constant", "the constant as it should be")
    lookup_value = fields.get("lookup")
    lookup = read_map(lookup_value) if lookup_value else {}
    if column is not None and constant is not None:
        _check_value(constant, fields.values["constant"], column, codes)
    if column is not None and lookup_value is not None:
        for _, _, meant in lookup_value.entries():
            if meant.kind == "str" and meant.node.value:
                _check_value(str(meant.node.value), meant, column, codes)
    when = {header: entry.texts(may_be_single=True) for header, _, entry in fields.entries("when")}
    if when and column is not None and column.required:
        fields.values["when"].refuse(f"'when' on the required column {name!r}", "a value for every row")
    cleaners = read_cleaners(fields.items("clean"), column, codes)
    return ColumnMapping(name, source, constant, cleaners, lookup, key.place, when)


def _check_value(text: str, value: Value, column: Column, codes: Mapping[str, CodeList]) -> None:
    fault = constant_fault(text, column, codes)
    if fault is not None:
        value.refuse(f"{text!r} for {column.name!r}", fault)


def _check(resource: Resource, table: Table | None, fields: Fields) -> None:
    """Tell required columns that nothing fills, and headers that are both used and ignored."""
    mapped = {mapping.column for mapping in resource.columns}
    for column in table.columns if table else ():
        if column.required and column.name not in mapped and "columns" in fields.values:
            fields.values["columns"].refuse(
                f"no mapping onto {column.name!r}, which {resource.table!r} requires",
                f"{column.name}: {{from: HEADER}}",
            )
    for header in resource.ignore:
        if header in resource.headers:
            fields.values["ignore"].refuse(f"{header!r}, which is used", "headers that are not used")
    if not resource.headers and "columns" in fields.values:
        fields.values["columns"].refuse("constants only", "at least one column 'from' a header")
