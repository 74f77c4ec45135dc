"""From a licence type's YAML to `LicenceType`: held against its table, its code list and its departments."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from schemas.errors import one_of
from schemas.licence_templates import templates
from schemas.licence_types import HOLDER_CATEGORIES, LICENCE_STATES, LicenceField, LicenceHolder, LicenceType
from schemas.model import SENSITIVITIES, SUBJECT_KINDS, UPDATE_CYCLES, CodeList, Column, Department, Table
from schemas.reading import Fields, Value
from schemas.relation_reading import KnownTables
from schemas.table_reading import SUBJECT_TYPES, checked_name
from schemas.terms import Share, Terms, read_share, read_terms

DEPARTMENT_LEVELS = ("national", "province", "city", "county", "street", "community")
AREA_DIGITS = {"county": 6, "street": 9, "community": 12}
"""How many digits the area of a department has, at the levels that get rows about their own people."""
CONSENTS = ("none", "holder")
_LISTED = ("share", "update_cycle", "catalogue")
_REQUIRED = (
    "name", "label", "label_en", "about", "authority", "number", "issuer", "issuing_level", "holder", "table",
    "holders", "validity", "states", "fields", "items", "template",
)  # fmt: skip
_NUMBER = re.compile(r"[0-9]{3}\Z")
_FIELD_CODE = re.compile(r"KZ_[A-Z][A-Z0-9_]{0,29}\Z")


@dataclass(frozen=True)
class Known:
    """What a licence type may speak of."""

    tables: KnownTables
    codes: Mapping[str, CodeList]
    departments: Mapping[str, Department]


def read_licence_type(value: Value, known: Known) -> LicenceType | None:
    """Read one licence type; what does not hold is told. None when its table or departments are not there."""
    fields = value.fields(_REQUIRED, ("printed", "since", "consent", *_LISTED))
    share, terms = _listed(fields, known)
    table = known.tables.table(fields.get("table"))
    authority = _department(fields, "authority", known)
    issuer = _department(fields, "issuer", known)
    number = fields.text("number")
    if "number" in fields.values and not _NUMBER.match(number):
        fields.values["number"].refuse(f"{number!r}", 'three digits in quotes, like "001"')
    if table is None or authority is None or issuer is None:
        return None
    validity = _validity(fields, table)
    state_column, states = _states(fields, table, known.codes)
    return LicenceType(
        name=checked_name(fields, "name"),
        label=fields.text("label"),
        label_en=fields.text("label_en"),
        about=fields.text("about"),
        code=authority.code + number,
        authority=authority.id,
        issuer=issuer.id,
        issuer_code=issuer.code,
        issuer_name=issuer.name,
        issuing_level=fields.choice("issuing_level", DEPARTMENT_LEVELS),
        holder=fields.choice("holder", HOLDER_CATEGORIES),
        table=table.name,
        printed=_named(fields, "printed", table),
        holders=_holders(fields, table),
        issued=validity[0],
        valid_from=validity[1],
        valid_until=validity[2],
        since=_named(fields, "since", table, ("date",)),
        state_column=state_column,
        states=states,
        fields=_fields(fields, table),
        items=tuple((item.text("code"), item.text("name")) for item in _items(fields)),
        template=fields.choice("template", templates()),
        place=value.place,
        share=share,
        terms=terms,
        update_cycle=fields.choice("update_cycle", UPDATE_CYCLES) or None,
        needs_consent=fields.text("consent") != "" and fields.choice("consent", CONSENTS) == "holder",
    )


def _listed(fields: Fields, known: Known) -> tuple[Share | None, Terms | None]:
    """Read what the catalogue says of it: all of it or nothing."""
    there = [key for key in _LISTED if key in fields.values]
    if there and len(there) < len(_LISTED):
        fields.values[there[0]].refuse(f"only {', '.join(there)}", f"all of {', '.join(_LISTED)}, or none")
    if len(there) < len(_LISTED):
        return None, None
    share = read_share(fields)
    return share, read_terms(fields, known.codes, share.share_class)


def _department(fields: Fields, key: str, known: Known) -> Department | None:
    name = fields.text(key)
    if key in fields.values and name not in known.departments:
        fields.values[key].refuse(f"the {key} {name!r}", one_of(known.departments, name))
    return known.departments.get(name)


def _named(fields: Fields, key: str, table: Table, types: tuple[str, ...] = ()) -> str | None:
    """Return the column that a key names, of one of the types if any are given; None when the key is not there."""
    value = fields.get(key)
    if value is None:
        return None
    column = _column(value, table)
    if column is not None and types and column.type not in types:
        value.refuse(f"the column {column.name!r} of type {column.type!r}", f"one of type {' or '.join(types)}")
    return value.text()


def _column(value: Value, table: Table) -> Column | None:
    columns = {column.name: column for column in table.columns}
    name = value.text()
    if name not in columns:
        value.refuse(f"the column {name!r} of {table.name!r}", one_of(columns, name))
    return columns.get(name)


def _holders(fields: Fields, table: Table) -> tuple[LicenceHolder, ...]:
    found = []
    for item in fields.items("holders"):
        holder = item.fields(("kind", "column", "name"))
        kind = holder.choice("kind", SUBJECT_KINDS)
        column = _named(holder, "column", table, SUBJECT_TYPES.get(kind, ()))
        found.append(LicenceHolder(kind, column or "", _named(holder, "name", table, ("string",)) or ""))
    if "holders" in fields.values and not found:
        fields.values["holders"].refuse("no holder", "at least one, like {kind: person, column: number, name: name}")
    category = fields.text("holder")
    for holder_found in found:
        if category in SUBJECT_KINDS and holder_found.kind not in ("", category):
            fields.values["holders"].refuse(
                f"a holder of kind {holder_found.kind!r}", f"{category!r}, as 'holder' says"
            )
    return tuple(found)


def _validity(fields: Fields, table: Table) -> tuple[str, str, str | None]:
    """Return the columns of the day of issue, the first day and the last day (None: no end)."""
    value = fields.get("validity")
    if value is None:
        return "", "", None
    found = value.fields(("issued", "from", "until"))
    until = found.text("until")
    return (
        _named(found, "issued", table, ("date",)) or "",
        _named(found, "from", table, ("date",)) or "",
        None if until == "none" else _named(found, "until", table, ("date",)),
    )


def _states(fields: Fields, table: Table, codes: Mapping[str, CodeList]) -> tuple[str | None, Mapping[str, str]]:
    """Return the state column and its dictionary, which has to map every code that the column may hold."""
    value = fields.get("states")
    if value is None:
        return None, {}
    if value.has("always"):
        return None, {"": value.fields(("always",)).choice("always", LICENCE_STATES)}
    found = value.fields(("column", "codes"))
    name = _named(found, "column", table, ("code",))
    states = {raw: state.choice(LICENCE_STATES) for raw, _, state in found.entries("codes")}
    column = next((c for c in table.columns if c.name == name and c.type == "code"), None)
    code_list = codes.get(column.codes or "") if column is not None else None
    if column is not None and code_list is not None:
        possible = [c for c in code_list.codes if column.pattern is None or re.search(column.pattern, c)]
        for code in possible:
            if code not in states:
                value.refuse(f"no state for the code {code!r} of {column.codes!r}", f"{code!r}: one of the states")
        for raw, key, _ in found.entries("codes"):
            if raw not in possible:
                key.refuse(f"the code {raw!r}", one_of(possible, raw))
    return name, states


def _fields(fields: Fields, table: Table) -> tuple[LicenceField, ...]:
    found: dict[str, LicenceField] = {}
    for name, key, value in fields.entries("fields"):
        column = _column(key, table)
        entry = value.fields(("code", "disclose"), ("label", "sensitivity"))
        code = entry.text("code")
        if "code" in entry.values and not _FIELD_CODE.match(code):
            entry.values["code"].refuse(f"{code!r}", "a code of one's own, KZ_ and capital letters, like KZ_JYFW")
        if code in found:
            entry.values["code"].refuse(
                f"the code {code!r} twice", f"each once (the first is of {found[code].column!r})"
            )
        if column is None:
            continue
        found[code] = LicenceField(
            code=code,
            column=name,
            label=entry.maybe("label") or column.label,
            sensitivity=entry.choice("sensitivity", SENSITIVITIES, column.sensitivity),
            is_disclosable=entry.flag("disclose"),
        )
    return tuple(found.values())


def _items(fields: Fields) -> list[Fields]:
    return [item.fields(("code", "name")) for item in fields.items("items")]
