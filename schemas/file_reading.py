"""From the YAML of one files to parts, and from the parts of all layers to `OneFile`.

The built-in files say what a one file is; a file laid over may add attributes, relations and,
under `sources`, further sources of attributes that are there already.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, replace

from schemas.errors import one_of
from schemas.model import SENSITIVITIES, SUBJECT_KINDS, Attribute, AttributeSource, Column, OneFile, Table
from schemas.reading import Fields, Value
from schemas.relation_reading import KnownTables, read_relations
from schemas.table_reading import checked_key

_OF_THE_BASE = ("label", "about", "ended_on")
RESERVED = ("subject_id", "number_type", "number", "contradictions", "agreements", "relations", "identifiers")
"""Columns that gold has beside the attributes."""

_PARTS = ("attributes", "relations", "sources")


@dataclass(frozen=True)
class FilePart:
    """One file's share of a one file, with its values for later messages."""

    kind: str
    fields: Fields

    @property
    def is_base(self) -> bool:
        return any(name in self.fields.values for name in _OF_THE_BASE)


def read_part(value: Value) -> FilePart:
    """Read which one file the YAML is about; the rest is read when all tables are known."""
    fields = value.fields(("kind",), (*_OF_THE_BASE, *_PARTS))
    return FilePart(fields.choice("kind", SUBJECT_KINDS), fields)


def assemble(kind: str, parts: Iterable[FilePart], tables: Mapping[str, Table], broken: Set[str]) -> OneFile | None:
    """Put the parts of one kind together.

    Args:
        parts: in the order of the layers; exactly one of them is the base.
        tables: all sound tables.
        broken: names of tables whose own problems were told already.
    """
    mine = [part for part in parts if part.kind == kind]
    bases = [part for part in mine if part.is_base]
    for part in bases[1:]:
        again = f"label, about or ended_on of the one file {kind!r} again"
        part.fields.whole_value.refuse(again, f"them once (they stand at {bases[0].fields.place})")
    if not bases:
        for part in mine:
            part.fields.whole_value.refuse(f"a one file {kind!r} without label and about", "both, in its first file")
        return None
    context = KnownTables(tables, broken)
    attributes = _attributes(mine, context)
    base = bases[0].fields
    for name in ("label", "about"):
        if name not in base.values:
            base.whole_value.refuse(f"no {name!r}", f"the key {name!r}")
    found = OneFile(
        kind=kind,
        label=base.text("label"),
        about=base.text("about"),
        attributes=tuple(attributes.values()),
        relations=read_relations([item for part in mine for item in part.fields.items("relations")], context),
        ended_on=base.maybe("ended_on"),
        place=base.place,
    )
    _check_end(found, base)
    return found


def _check_end(file: OneFile, base: Fields) -> None:
    dates = {a.name for a in file.attributes if a.type == "date"}
    if file.ended_on is not None and file.ended_on not in dates:
        allowed = f"an attribute of type date: {one_of(dates, file.ended_on)}"
        base.values["ended_on"].refuse(f"{file.ended_on!r}", allowed)


def _attributes(parts: list[FilePart], context: KnownTables) -> dict[str, Attribute]:
    found: dict[str, Attribute] = {}
    for part in parts:
        for name, key, value in part.fields.entries("attributes"):
            if name in found:
                key.refuse(f"the attribute {name!r} twice", f"it once (the first is at {found[name].place})")
                continue
            attribute = _attribute(key, value, part.kind, context)
            if attribute is not None:
                found[name] = attribute
    for part in parts:
        for name, key, value in part.fields.entries("sources"):
            if name not in found:
                key.refuse(f"further sources of the attribute {name!r}", one_of(found, name))
                continue
            more = _sources(value.items(), part.kind, context, found[name])
            found[name] = replace(found[name], sources=(*found[name].sources, *(source for source, _ in more)))
    return found


def _attribute(key: Value, value: Value, kind: str, context: KnownTables) -> Attribute | None:
    if key.text() in RESERVED:
        key.refuse(
            f"the attribute {key.text()!r}", f"another name: every one file has {', '.join(RESERVED)} of its own"
        )
    fields = value.fields(("label", "about", "sources"), ("lead", "fresh_days", "sensitivity"))
    told = (fields.text("label"), fields.text("about"), fields.maybe("lead"), fields.whole("fresh_days", 1))
    sensitivity = fields.choice("sensitivity", SENSITIVITIES, "ordinary")
    items = fields.items("sources")
    sources = _sources(items, kind, context, None)
    if not items and "sources" in fields.values:
        value.refuse("no source", "at least one, like {table: population, column: name, rank: 1}")
    if not sources:
        return None
    column = sources[0][1]
    label, about, lead, fresh_days = told
    return Attribute(
        name=checked_key(key),
        label=label,
        about=about,
        type=column.type,
        codes=column.codes,
        precision=column.precision,
        scale=column.scale,
        lead=lead,
        fresh_days=fresh_days,
        sensitivity=sensitivity,
        sources=tuple(source for source, _ in sources),
        place=key.place,
    )


def _sources(
    items: list[Value], kind: str, context: KnownTables, known: Attribute | None
) -> list[tuple[AttributeSource, Column]]:
    """Read sources with their columns; all must be of one type, that of `known` if given."""
    found: list[tuple[AttributeSource, Column]] = []
    before = list(known.sources) if known else []
    wanted = (known.type, known.codes, known.precision, known.scale) if known else None
    for item in items:
        read = _source(item, kind, context)
        if read is None:
            continue
        source, column = read
        shape = (column.type, column.codes, column.precision, column.scale)
        if wanted is not None and shape != wanted:
            item.refuse(f"a source of {_shape(shape)}", f"one like the attribute's first source, {_shape(wanted)}")
        elif any((s.table, s.column, s.subject) == (source.table, source.column, source.subject) for s in before):
            item.refuse("the same source twice", "each once")
        else:
            wanted = shape
            before.append(source)
            found.append((source, column))
    return found


def _shape(shape: tuple[str, str | None, int, int]) -> str:
    column_type, codes, precision, scale = shape
    if codes:
        return f"type {column_type!r} with codes {codes!r}"
    return f"decimal({precision},{scale})" if column_type == "decimal" else f"type {column_type!r}"


def _source(value: Value, kind: str, context: KnownTables) -> tuple[AttributeSource, Column] | None:
    fields = value.fields(("table", "column", "rank"), ("subject",))
    rank = fields.whole("rank", 1)
    table = context.table(fields.get("table"))
    if table is None or "column" not in fields.values or rank is None:
        return None
    column = _column_of(table, fields.values["column"])
    subject = _subject_of(table, kind, fields)
    if column is None or subject is None:
        return None
    if column.name in {s.column for s in table.subjects if s.kind == kind and s.column == subject}:
        fields.values["column"].refuse(
            f"{column.name!r}, the number that the subject is known by", "another column: a number is an identifier"
        )
        return None
    return AttributeSource(table.name, column.name, subject, rank), column


def _column_of(table: Table, value: Value) -> Column | None:
    columns = {column.name: column for column in table.columns}
    name = value.text()
    if name not in columns:
        value.refuse(f"the column {name!r} of {table.name!r}", one_of(columns, name))
    return columns.get(name)


def _subject_of(table: Table, kind: str, fields: Fields) -> str | None:
    """Return the column that says whom the row is about: as written, or the only one there is."""
    mine = [subject.column for subject in table.subjects if subject.kind == kind]
    given = fields.get("subject")
    if given is None and len(mine) == 1:
        return mine[0]
    if given is None:
        allowed = one_of(mine) if mine else f"a table with a column for the {kind}"
        fields.whole_value.refuse(f"no 'subject' for the table {table.name!r}", allowed)
        return None
    name = given.text()
    if name not in mine:
        given.refuse(f"{name!r}, no {kind} column of {table.name!r}", one_of(mine, name))
        return None
    return name
