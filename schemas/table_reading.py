"""From a table's YAML to `Table`: what can be checked within the one file."""

from __future__ import annotations

import re

from schemas.bridge_reading import read_bridges, read_earlier
from schemas.errors import one_of
from schemas.model import COLUMN_TYPES, SENSITIVITIES, SUBJECT_KINDS, Column, Retention, SubjectColumn, Table
from schemas.patterns import regex_fault
from schemas.reading import Fields, Value

RECEIVED = "received"
NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
SUBJECT_TYPES = {"person": ("person_number", "citizen_number"), "enterprise": ("credit_code",)}

# What other declaration languages call our types.
_ALIASES = {
    "uscc": "credit_code", "text": "string", "str": "string", "varchar": "string", "int": "long", "integer": "long",
    "bigint": "long", "float": "decimal", "double": "decimal", "number": "decimal", "numeric": "decimal",
    "bool": "boolean", "datetime": "instant", "timestamp": "instant", "time": "instant", "enum": "code",
    "id_card": "citizen_number", "area": "area_code",
}  # fmt: skip

# Which options belong to which types; the others belong to all.
_OPTIONS_OF = {
    "codes": ("code",),
    "pattern": ("string", "code"),
    "max_length": ("string",),
    "min": ("long", "decimal"),
    "max": ("long", "decimal"),
    "unit": ("long", "decimal"),
    "precision": ("decimal",),
    "scale": ("decimal",),
    "not_before": ("date",),
    "not_after": ("date",),
    "earlier": ("credit_code",),
}
_COLUMN_OPTIONS = ("required", "sensitivity", *_OPTIONS_OF)


def read_table(value: Value) -> Table:
    """Read one table; what does not hold is told."""
    optional = ("subject", "observed", "erasure", "retention", "bridges")
    fields = value.fields(("name", "label", "grain", "source", "key", "columns"), optional)
    columns = tuple(_column(key, entry) for _, key, entry in fields.entries("columns"))
    table = Table(
        name=checked_name(fields, "name"),
        label=fields.text("label"),
        grain=fields.text("grain"),
        source=fields.text("source"),
        key=fields.texts("key"),
        subjects=_subjects(fields),
        columns=columns,
        place=value.place,
        observed=fields.maybe("observed"),
        erasure=_erasure(fields),
        retention=_retention(fields),
        bridges=read_bridges(fields, columns),
    )
    _check_references(table, fields)
    return table


def _erasure(fields: Fields) -> str | None:
    value = fields.get("erasure")
    return None if value is None else value.fields(("basis",)).text("basis")


def _retention(fields: Fields) -> Retention | None:
    value = fields.get("retention")
    if value is None:
        return None
    kept = value.fields(("since", "basis"), ("years", "months"))
    years, months = kept.whole("years", 1), kept.whole("months", 1)
    if (years is None) == (months is None):
        value.refuse("both 'years' and 'months'" if years else "no term", "either 'years' or 'months'")
    return Retention(kept.text("since"), 12 * years if years is not None else months or 0, kept.text("basis"))


def checked_name(fields: Fields, key: str) -> str:
    """Read a name that may stand in a path, a table and an address."""
    value = fields.get(key)
    return "" if value is None else checked_key(value)


def checked_key(value: Value) -> str:
    """Read a name that is a key of its own, or a value."""
    name = value.text()
    if name and not NAME.fullmatch(name):
        value.refuse(f"{name!r}", "a name of a-z, 0-9 and _, beginning with a letter, at most 63 long")
    return name


def read_type(value: Value) -> str:
    """Read a column type; other languages' names for one get the right one suggested."""
    found = value.text()
    if found not in COLUMN_TYPES:
        meant = _ALIASES.get(found.lower())
        allowed = one_of(COLUMN_TYPES, None if meant else found)
        value.refuse(f"the type {found!r}", f"{allowed} (it is called {meant!r} here)" if meant else allowed)
    return found


def _column(key: Value, value: Value) -> Column:
    fields = value.fields(("type", "label", "about"), _COLUMN_OPTIONS)
    type_value = fields.get("type")
    column_type = read_type(type_value) if type_value else "string"
    _check_options(fields, column_type)
    precision, scale = fields.whole("precision", 1), fields.whole("scale", 0)
    column = Column(
        name=checked_key(key),
        type=column_type,
        about=fields.text("about"),
        label=fields.text("label"),
        place=key.place,
        required=fields.flag("required"),
        codes=fields.maybe("codes"),
        pattern=fields.maybe("pattern"),
        minimum=fields.whole("min"),
        maximum=fields.whole("max"),
        max_length=fields.whole("max_length", 1),
        not_before=fields.maybe("not_before"),
        not_after=fields.maybe("not_after"),
        precision=18 if precision is None else precision,
        scale=2 if scale is None else scale,
        unit=fields.maybe("unit"),
        sensitivity=fields.choice("sensitivity", SENSITIVITIES, "ordinary"),
        earlier=read_earlier(fields),
    )
    _check_column(column, fields)
    return column


def _check_options(fields: Fields, column_type: str) -> None:
    for option, types in _OPTIONS_OF.items():
        given = fields.get(option)
        if given is not None and column_type in COLUMN_TYPES and column_type not in types:
            given.refuse(f"{option!r} on a column of type {column_type!r}", f"it on {' or '.join(types)} only")
    if column_type == "code" and fields.get("codes") is None:
        fields.whole_value.refuse("a code without 'codes'", "the name of its code list")


def _check_column(column: Column, fields: Fields) -> None:
    given = fields.get("pattern")
    fault = regex_fault(column.pattern) if column.pattern else None
    if given is not None and fault:
        given.refuse(f"{column.pattern!r}", fault)
    if column.minimum is not None and column.maximum is not None and column.minimum > column.maximum:
        fields.values["max"].refuse(f"{column.maximum} below min {column.minimum}", "min not above max")
    if column.type == "decimal" and not 0 <= column.scale <= column.precision <= 38:
        fields.whole_value.refuse(f"precision {column.precision}, scale {column.scale}", "scale ≤ precision ≤ 38")


def _subjects(fields: Fields) -> tuple[SubjectColumn, ...]:
    found = []
    for kind, key, value in fields.entries("subject"):
        if kind not in SUBJECT_KINDS:
            key.refuse(f"the subject kind {kind!r}", one_of(SUBJECT_KINDS, kind))
            continue
        found += [SubjectColumn(kind, column) for column in value.texts(may_be_single=True)]
    return tuple(found)


def _check_references(table: Table, fields: Fields) -> None:
    """Tell where key, subject, observed and bounds name no fitting column."""
    columns = {column.name: column for column in table.columns}
    for name in table.key:
        if name not in columns:
            fields.values["key"].refuse(f"the key column {name!r}", one_of(columns, name))
        elif not columns[name].required:
            fields.values["key"].refuse(f"the key column {name!r}, which may be empty", "it with 'required: true'")
    if "key" in fields.values and not table.key:
        fields.values["key"].refuse("an empty key", "at least one column")
    for subject in table.subjects:
        types = SUBJECT_TYPES[subject.kind]
        _expect(fields.values["subject"], columns, subject.column, types, f"the {subject.kind} column")
    _check_times(table, fields, columns)
    entries = {name: entry for name, _, entry in fields.entries("columns")} if _has_bounds(table) else {}
    for column in table.columns:
        for option, other in (("not_before", column.not_before), ("not_after", column.not_after)):
            if other is not None and other != RECEIVED:
                dates = {n: c for n, c in columns.items() if c.type == "date" and n != column.name}
                _expect(entries[column.name], dates, other, ("date",), f"the bound {option!r} of {column.name!r}:")


def _check_times(table: Table, fields: Fields, columns: dict[str, Column]) -> None:
    """Tell where no date column says since when a row is true, or is kept."""
    if table.observed is not None:
        _expect(fields.values["observed"], columns, table.observed, ("date",), "the observed column")
    if table.retention is not None:
        _expect(fields.values["retention"], columns, table.retention.since, ("date",), "the column 'since'")


def _has_bounds(table: Table) -> bool:
    return any(column.not_before or column.not_after for column in table.columns)


def _expect(value: Value, columns: dict[str, Column], name: str, types: tuple[str, ...], what: str) -> None:
    if name not in columns:
        value.refuse(f"{what} {name!r}", one_of(columns, name))
    elif columns[name].type not in types:
        value.refuse(f"{what} {name!r} of type {columns[name].type!r}", f"a column of type {' or '.join(types)}")
